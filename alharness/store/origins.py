"""Origins: a note of each bundle that records were taken over from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.store.files import set_aside, write_over

SCHEMA = 1
SHORTEST = 6
"""Characters of an identity that tell which one is meant."""


@dataclass(frozen=True)
class Origin:
    """A bundle that was taken over.

    bundle: its identity. suite: of its document. records: how many were taken over, the last time.
    verified: how many units were computed again before, and agreed; 0 where it was trusted.
    taken: the day (UTC).
    """

    bundle: str
    suite: str
    records: int
    verified: int
    taken: str


class Origins:
    """The notes below ``root/origins``: ``BUNDLE.json``."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "origins"

    def note(self, origin: Origin) -> None:
        """Note a bundle, in place of an older note. Raises HarnessError: the disk refuses."""
        text = json.dumps({"schema": SCHEMA, **asdict(origin)}, indent=1)
        write_over(self._path(origin.bundle), text.encode())

    def all(self) -> list[Origin]:
        """Every bundle that was noted; a note that cannot be read is left out."""
        return [one for path in sorted(self._folder.glob("*.json")) if (one := _read(path))]

    def find(self, start: str) -> str:
        """The identity that begins so. Raises UsageError when none does, or several do."""
        found = [path.stem for path in self._folder.glob("*.json") if path.stem.startswith(start)]
        if len(start) < SHORTEST or len(found) != 1:
            known = ", ".join(one.bundle[:12] for one in self.all()) or "none"
            raise UsageError(
                f"'{start}' names no one bundle that records were taken over from",
                where="--origin",
                remedy=f"Those there are: {known}; give {SHORTEST} characters or more",
            )
        return found[0]

    def forget(self, bundle: str, folder: Path) -> None:
        """Set the note of a bundle aside in ``folder``."""
        set_aside(self._path(bundle), folder)

    def _path(self, bundle: str) -> Path:
        return self._folder / f"{bundle}.json"


def _read(path: Path) -> Origin | None:
    try:
        fields = json.loads(path.read_bytes())
        return Origin(**{name: fields[name] for name in Origin.__dataclass_fields__})
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
