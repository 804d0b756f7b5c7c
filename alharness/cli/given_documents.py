"""The documents that a command is given: of workspaces, of files, and of bundles once checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alharness.results.document import Document


def is_bundle(path: Path) -> bool:
    """Whether a path is a bundle's: a zip file, or a folder with a manifest."""
    if path.is_dir():
        return (path / "bundle.json").exists()
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def documents_given(path: Path) -> Iterator[Document]:
    """The documents at a path. A bundle is checked as a whole first, and nothing in it executed.

    Raises UsageError for what cannot be read, MismatchError for what is not what it claims to be.
    """
    from alharness.results.documents import documents_at

    if not is_bundle(path):
        yield from documents_at(path)
        return
    from alharness.bundles.checking import checked

    with checked(path) as bundle:
        yield bundle.document
