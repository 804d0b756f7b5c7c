"""Index sets on disk, named by their digests."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alharness.api.errors import HarnessError
from alharness.protocol.partition.sets import IndexSet, joined
from alharness.store.files import read, set_aside, write_once


def load_index_set(path: Path) -> IndexSet:
    """The set in a file. Raises OSError when it cannot be read, ValueError when it is damaged."""
    data = read(path)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return IndexSet(arrays["indices"], arrays.get("labels"))
    except Exception as error:  # zipfile, zlib and NumPy each raise kinds of their own
        raise ValueError(f"{path} is damaged") from error


class IndexSets:
    """Index sets below ``root/sets``, compressed, one file per digest."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "sets"
        self._damaged = root / "damaged"
        self._known: set[str] = set()

    def put(self, index_set: IndexSet) -> None:
        """Keep a set, unless it is there; one that is damaged is set aside."""
        name = index_set.digest
        if name in self._known:
            return
        if not self._is_whole(name):
            stream = io.BytesIO()
            np.savez_compressed(stream, allow_pickle=False, **index_set.arrays())
            write_once(self.path(name), stream.getvalue())
        self._known.add(name)

    def has(self, name: str) -> bool:
        """Whether the set with this digest is there, undamaged."""
        if name not in self._known and self._is_whole(name):
            self._known.add(name)
        return name in self._known

    def labeled(self, names: Sequence[str]) -> IndexSet:
        """The labeled set that these make up, in their order. Raises HarnessError as ``get``."""
        return joined([self.get(name) for name in names])

    def get(self, name: str) -> IndexSet:
        """The set with this digest. Raises HarnessError when it is absent or damaged."""
        index_set = self._read(name)
        if index_set is None:
            raise self._lost(name, "index set is not what its name says; it was set aside")
        return index_set

    def _is_whole(self, name: str) -> bool:
        """Whether the set with this digest is there; a damaged one is set aside."""
        try:
            return self._read(name) is not None
        except HarnessError:
            return False

    def _read(self, name: str) -> IndexSet | None:
        """The set with this digest, or None when it was damaged and is now set aside.

        Raises HarnessError when it cannot be read.
        """
        path = self.path(name)
        try:
            index_set = load_index_set(path)
        except FileNotFoundError as error:
            raise self._lost(name, f"index set cannot be read ({error.strerror})") from error
        except OSError as error:
            set_aside(path, self._damaged)
            raise self._lost(name, f"index set cannot be read ({error.strerror})") from error
        except ValueError:
            pass
        else:
            if index_set.digest == name:
                return index_set
        set_aside(path, self._damaged)
        return None

    def _lost(self, name: str, what: str) -> HarnessError:
        self._known.discard(name)
        return HarnessError(
            what,
            where=str(self.path(name)),
            remedy="Run the same command again: it is written anew",
        )

    def path(self, name: str) -> Path:
        """The file of the set with this digest."""
        return self._folder / name[:2] / f"{name}.npz"
