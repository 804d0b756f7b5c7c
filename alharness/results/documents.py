"""The documents of a workspace: the last one of each suite, ``reports/SUITE.json``."""

from __future__ import annotations

import json
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.results.document import Document
from alharness.results.reading import read_document
from alharness.store.files import write_over


class Documents:
    """The documents in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, document: Document) -> None:
        """Put a document there, in the place of an older one of the same suite."""
        text = json.dumps(document.to_json(), indent=1, allow_nan=False)
        write_over(self._path(document.suite.name), text.encode())

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

    def read(self, suite: str) -> Document:
        """The document of a suite. Raises UsageError when there is none, and as ``from_json``."""
        names = self.suites()
        if suite not in names:
            raise UsageError(
                f"there is no document of suite '{suite}'",
                where=str(self._folder),
                remedy=f"Those there are: {', '.join(names)}",
            )
        return read_document(self._path(suite))

    def _path(self, suite: str) -> Path:
        return self._folder / f"{suite}.json"
