"""The documents of a workspace: the last one of each suite, ``reports/SUITE.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from alharness.api.errors import HarnessError, UsageError
from alharness.results.document import Document
from alharness.results.reading import read_document, read_documents
from alharness.store.files import write_over
from alharness.store.workspace import Workspace


class NotWritten(HarnessError):
    """A bench is done, and a file that should say what it found cannot be written.

    ``document`` is what it found.
    """

    def __init__(self, document: Document, unwritten: Sequence[str]) -> None:
        super().__init__("; ".join(unwritten))
        self.document = document

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.document, [self.what]))


def results(workspace: str | os.PathLike[str], suite: str | None = None) -> Document:
    """What a bench in a workspace found, as ``alharness.bench`` returned it; ``alharness.results``.

    ``suite`` is the name of its suite, None for the only one there is. Needs no plugin, no
    dataset and no suite. Raises UsageError when there is no such document, and as ``from_json``.
    """
    documents = documents_of(workspace)
    return documents.read(documents.only() if suite is None else suite)


def documents_at(path: Path) -> Iterator[Document]:
    """The documents of a workspace's folder, or of a file: one, or a list of them.

    A list is what ``alharness report --json`` prints. Raises UsageError when there is none, and as
    ``read_document``.
    """
    if path.is_dir():
        documents = documents_of(path)
        yield from map(documents.read, documents.suites())
    else:
        yield from read_documents(path)


def documents_of(workspace: str | os.PathLike[str]) -> Documents:
    """The documents in a workspace."""
    return Documents(Workspace(Path(workspace)).reports)


class Documents:
    """The documents in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, document: Document) -> None:
        """Put a document there, in the place of an older one of the same suite."""
        text = json.dumps(document.to_json(), indent=1, allow_nan=False)
        write_over(self.path(document.suite.name), text.encode())

    def last(self, suite: str) -> Document | None:
        """The document of a suite's last bench; None where there is none that can be read."""
        try:
            return read_document(self.path(suite))
        except HarnessError:
            return None

    def suites(self) -> list[str]:
        """The suites that there are documents of, by name. Raises UsageError when there is none."""
        names = sorted(path.stem for path in self._folder.glob("*.json"))
        if not names:
            raise UsageError(
                "there is no document of a bench",
                where=str(self._folder),
                remedy="Run 'alharness bench', or name another --workspace",
            )
        return names

    def only(self) -> str:
        """The one suite that has a document here. Raises UsageError for none, and for several."""
        names = self.suites()
        if len(names) > 1:
            raise UsageError(
                "there are documents of several suites",
                where=str(self._folder),
                remedy=f"Name one of {', '.join(names)}",
            )
        return names[0]

    def read(self, suite: str) -> Document:
        """The document of a suite. Raises UsageError when there is none, and as ``from_json``."""
        names = self.suites()
        if suite not in names:
            raise UsageError(
                f"there is no document of suite '{suite}'",
                where=str(self._folder),
                remedy=f"Those there are: {', '.join(names)}",
            )
        return read_document(self.path(suite))

    def path(self, suite: str) -> Path:
        """Where the document of a suite lies, or would."""
        return self._folder / f"{suite}.json"
