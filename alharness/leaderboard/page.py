"""The page that a bench leaves for itself: a site of its document alone."""

from __future__ import annotations

from pathlib import Path

from alharness.leaderboard.site.build import FIRST, site
from alharness.leaderboard.site.writing import write_site
from alharness.results.document import Document


def page_path(document: Document, folder: Path) -> Path:
    """Where the page of a document lies in a folder of reports: ``SUITE/index.html``."""
    return folder / document.suite.name / FIRST


def write_page(document: Document, folder: Path) -> Path:
    """Write the page into a folder; its path. Raises HarnessError when it cannot be written."""
    path = page_path(document, folder)
    write_site(site([document]), path.parent)
    return path
