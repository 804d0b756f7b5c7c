"""Specifications drawn: SVG, PNG and PDF, by vl-convert."""

from __future__ import annotations

from alharness.leaderboard.figures.sheet import Specification

_VEGA_LITE = "6.4"
PIXELS_PER_INCH = 300


def svg(specification: Specification) -> str:
    """The drawing: the same on every machine. Nothing is fetched."""
    import vl_convert

    return vl_convert.vegalite_to_svg(specification, vl_version=_VEGA_LITE, allowed_base_urls=[])


def png(drawing: str) -> bytes:
    """An SVG as pixels, for slides and screens."""
    import vl_convert

    return vl_convert.svg_to_png(drawing, scale=1.0, ppi=PIXELS_PER_INCH)


def pdf(drawing: str) -> bytes:
    """An SVG as a page of its size; its font is in it."""
    import vl_convert

    return vl_convert.svg_to_pdf(drawing)
