"""What is in a bundle, a zip file or a folder, looked at before anything of it is read.

Nothing is ever unpacked to a path that a bundle names: its files are read one by one, by the
names that a bundle's files have, and never beyond the size that was looked at.
"""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from alharness.api.errors import MismatchError, UsageError
from alharness.api.text import one_line
from alharness.bundles.layout import MANIFEST, place_of

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1


class Limits(NamedTuple):
    """What a bundle may have: files, bytes in all, and how far it may unpack.

    ``ratio`` counts only from ``ratio_from`` bytes on.
    """

    files: int = 500_000
    bytes: int = 64 << 30
    ratio: int = 200
    ratio_from: int = 16 << 20


LIMITS = Limits()


class Contents(Protocol):
    """The files of a bundle by name, with their sizes in bytes."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Sizes by name."""
        ...

    def read(self, name: str) -> bytes:
        """All of a file. Raises MismatchError when it has another size, or cannot be unpacked."""
        ...


def refused(what: str, where: str = "") -> MismatchError:
    """Why a bundle is not taken: one line; exit code 6."""
    return MismatchError(what, where=where)


@contextmanager
def opened(path: Path, limits: Limits = LIMITS) -> Iterator[Contents]:
    """The contents of the bundle at ``path``, a zip file or a folder.

    Raises UsageError when nothing is there, or it cannot be read; MismatchError for names that
    climb, are absolute, twice there or no bundle's, for links, and for more than ``limits`` allow.
    """
    with ExitStack() as stack:
        try:
            contents = _contents(path, limits, stack)
        except OSError as error:
            raise UsageError(
                f"cannot be read: {error.strerror or error}",
                where=str(path),
                remedy="Name a bundle, as 'alharness bundle pack' makes it",
            ) from error
        yield contents


def _contents(path: Path, limits: Limits, stack: ExitStack) -> Contents:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return _Folder(path, limits)
    if not stat.S_ISREG(mode):
        raise UsageError("is neither a file nor a folder", where=str(path))
    return _Zip(stack.enter_context(path.open("rb")), limits)


class _Zip:
    """A zip file. Its directory is looked at first; every entry has to bear it out."""

    def __init__(self, stream: IO[bytes], limits: Limits) -> None:
        try:
            self._file = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise refused(f"is no bundle: {one_line(str(error)) or 'no zip file'}") from None
        entries = self._file.infolist()
        _require_few(len(entries), limits)
        if min((entry.header_offset for entry in entries), default=0) != 0:
            raise refused("is no bundle: it is cut off, or something stands before its first file")
        for entry in entries:
            _require_plain(entry)
        files = [entry for entry in entries if not _is_empty_folder(entry)]
        sizes = [(entry.filename, entry.file_size) for entry in files]
        self.sizes: Mapping[str, int] = _named(sizes)
        self._entries = {entry.filename: entry for entry in files}
        _require_small(self.sizes, limits)
        for entry in files:
            _require_no_bomb(entry.filename, entry.file_size, entry.compress_size, limits)
        packed = sum(entry.compress_size for entry in files)
        _require_no_bomb("all files together", sum(self.sizes.values()), packed, limits)

    def read(self, name: str) -> bytes:
        """See ``Contents``."""
        try:
            with self._file.open(self._entries[name]) as stream:
                data = stream.read(self.sizes[name])
                beyond = stream.read(1)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise refused(f"cannot be unpacked: {one_line(str(error))}", name) from None
        return _whole(data, beyond, name, self.sizes[name])


class _Folder:
    """A folder. Links are refused, wherever they lead."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root = root
        found = []
        for path, size in _walked(root, ""):
            found.append((path, size))
            _require_few(len(found), limits)
        self.sizes: Mapping[str, int] = _named(found)
        _require_small(self.sizes, limits)

    def read(self, name: str) -> bytes:
        """See ``Contents``."""
        descriptor = os.open(self._root / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            data = stream.read(self.sizes[name])
            return _whole(data, stream.read(1), name, self.sizes[name])


def _walked(folder: Path, above: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            name = f"{above}{entry.name}"
            if entry.is_symlink():
                raise refused("is a link", name)
            if entry.is_dir(follow_symlinks=False):
                if name.count("/") > 4:
                    raise refused("is a folder deeper than a bundle's are", name)
                yield from _walked(Path(entry.path), f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name, entry.stat(follow_symlinks=False).st_size
            else:
                raise refused("is no file", name)


def _whole(data: bytes, beyond: bytes, name: str, size: int) -> bytes:
    if len(data) != size or beyond:
        raise refused("has another size than was said", name)
    return data


def _is_empty_folder(entry: zipfile.ZipInfo) -> bool:
    return entry.is_dir() and entry.file_size == 0


def _require_plain(entry: zipfile.ZipInfo) -> None:
    """Raises MismatchError for a link, a device, encryption, and unusual compressions."""
    name = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise refused("is a link", name)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise refused("is no file", name)
    if entry.flag_bits & _ENCRYPTED:
        raise refused("is encrypted", name)
    if entry.compress_type not in _COMPRESSIONS:
        raise refused("is neither stored nor deflated", name)
    if entry.filename != name:
        raise refused("is no name of a bundle's file", name)
    _require_inside(name)


def _require_inside(name: str) -> None:
    """Raises MismatchError for a name that leads out of a folder, on any system."""
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or parts[0].endswith(":"):
        raise refused("is an absolute path", name)
    if ".." in parts:
        raise refused("climbs out of the bundle", name)


def _named(files: list[tuple[str, int]]) -> dict[str, int]:
    """Sizes by name. Raises MismatchError for names that are twice there, or no bundle's."""
    sizes: dict[str, int] = {}
    folded: dict[str, str] = {}
    for name, size in files:
        if name in sizes:
            raise refused("is there twice", name)
        same = folded.setdefault(name.casefold(), name)
        if same != name:
            raise refused(f"is the same name as '{same}' where case does not count", name)
        sizes[name] = size
    for name in sizes:
        if place_of(name) is None:
            raise refused("is no name of a bundle's file", name)
    if MANIFEST not in sizes:
        raise refused(f"is no bundle: it has no {MANIFEST}")
    return sizes


def _require_few(files: int, limits: Limits) -> None:
    if files > limits.files:
        raise refused(f"has more than {limits.files} files")


def _require_small(sizes: Mapping[str, int], limits: Limits) -> None:
    for name, size in sizes.items():
        place = place_of(name)
        assert place is not None
        if size > place.role.largest:
            raise refused(
                f"has {size} bytes; a file that is {place.role.what} has at most "
                f"{place.role.largest}",
                name,
            )
    total = sum(sizes.values())
    if total > limits.bytes:
        raise refused(f"unpacks to {total} bytes; {limits.bytes} are the most")


def _require_no_bomb(name: str, size: int, packed: int, limits: Limits) -> None:
    if size > limits.ratio_from and size > limits.ratio * max(packed, 1):
        raise refused(
            f"unpacks from {packed} to {size} bytes, more than {limits.ratio} times as much", name
        )
