"""Figures of results: pure functions from numbers to where everything stands on the paper.

On pages they are drawn by a template (``curves``), for a paper from a Vega-Lite specification
(``lines``, ``heat_map``, ``images``), in the same colours, dashes and marks. Pages are not drawn by
Vega-Lite: its browser bundle makes functions of strings, which the pages' policy forbids, takes
seconds to be put together at the end of a bench, and has no points that a keyboard can reach.
"""
