"""The site of documents: a pure function to the bytes of each of its files."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from alharness.leaderboard.site.board import board
from alharness.leaderboard.site.method_page import method_page
from alharness.leaderboard.site.overview import overview, title
from alharness.leaderboard.site.rendering import render
from alharness.leaderboard.site.scenario_page import scenario_page
from alharness.results.document import Document

SHARED = ("site.css", "site.js")
"""Every page has these and nothing else."""

FIRST = "index.html"


def site(documents: Iterable[Document]) -> dict[str, bytes]:
    """The files of a site, by their paths in it, which are ASCII with ``/`` between folders.

    The same documents, in whatever order, give the same bytes on every machine.
    """
    everything = board(documents)
    common = {"site_title": title(everything)}
    pages = {FIRST: render("overview", page=overview(everything), root="", **common)}
    for entry in everything.entries:
        view = scenario_page(entry, everything)
        pages[entry.path] = render("scenario", page=view, root="../", **common)
    for entrant in everything.entrants:
        view_of_method = method_page(entrant)
        pages[entrant.path] = render("method", page=view_of_method, root="../", **common)
    return {**_shared(), **dict(sorted(pages.items()))}


def _shared() -> dict[str, bytes]:
    folder = files("alharness.leaderboard.site") / "static"
    return {name: (folder / name).read_bytes() for name in SHARED}
