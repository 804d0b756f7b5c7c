"""Figures of results: pure functions from numbers to where everything stands on the paper.

What draws them is a template, so that one figure is the same in a page and in a file of its own.
"""
