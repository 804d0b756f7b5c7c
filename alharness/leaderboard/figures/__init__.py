"""Figures of results: pure functions from numbers to where everything stands on the paper.

What draws them is a template, so that one figure is the same in a page and in a file of its own.
Not Vega-Lite: its browser bundle makes functions of strings, which the pages' policy forbids, takes
seconds to be put together at the end of a bench, and has no points that a keyboard can reach.
"""
