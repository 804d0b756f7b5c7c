"""One split's folder: the images of each class that it holds, and what is passed over, and why."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import alharness

SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jif", ".jfif", ".jp2", ".j2k", ".jpx"),
        *(".png", ".apng", ".gif", ".webp", ".avif", ".qoi", ".bmp", ".dib", ".tga", ".pcx"),
        *(".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm", ".sgi"),
    }
)
"""Of the images that Pillow reads without another program."""

HIDDEN_FILES = "hidden file"
HIDDEN_FOLDERS = "hidden folder"
OTHERS = "file without an image's extension"
NESTED = "folder below a class's folder"
LOOSE = "file in no class's folder"

SHOWN = 3
LISTED_CLASSES = 12


@dataclass(frozen=True)
class SplitFolder:
    """What a split's folder holds.

    images: file names by class folder, both in alphabetical order, a class without images too.
    passed_over: names below the folder, by why.
    limit: how many images of each class are used, the first ones; None for all.
    """

    path: Path
    images: Mapping[str, Sequence[str]]
    passed_over: Mapping[str, Sequence[str]]
    limit: int | None = None

    @property
    def used(self) -> Mapping[str, Sequence[str]]:
        """As ``images``, within the limit."""
        return {name: files[: self.limit] for name, files in self.images.items()}

    def lines(self) -> Iterator[str]:
        """A census: how many images of each class are used; what is not."""
        counts = {name: len(files) for name, files in self.used.items()}
        each = (
            ", ".join(f"{name} {count}" for name, count in counts.items())
            if len(counts) <= LISTED_CLASSES
            else f"{min(counts.values())} to {max(counts.values())} of each"
        )
        unlimited = sum(map(len, self.images.values()))
        of = f" of {unlimited}, by its limit," if unlimited > sum(counts.values()) else ""
        used = f"{sum(counts.values())}{of} images in {len(counts)} classes"
        yield f"{self.path.name}: {used} ({each})"
        for why, names in self.passed_over.items():
            yield f"{self.path.name}: passed over {len(names)} x {why} ({_some(names)})"

    def passed_over_in(self, name: str) -> str:
        """What is passed over in a class's folder; empty when nothing is."""
        found = (
            f"'{one.removeprefix(f'{name}/')}' is passed over, a {why}"
            for why, names in self.passed_over.items()
            for one in names
            if one.startswith(f"{name}/")
        )
        return next(found, "")


def look(folder: Path, limit: int | None = None) -> SplitFolder:
    """What is in a split's folder, by names alone; nothing when it is absent.

    Hidden are names that begin with a dot, and what macOS puts into archives. Raises UsageError for
    folders that cannot be read, and for names that are no text.
    """
    images: dict[str, list[str]] = {}
    passed_over: dict[str, list[str]] = defaultdict(list)
    for one in _entries(folder):
        if _is_hidden(one.name):
            passed_over[HIDDEN_FOLDERS if _is_folder(one) else HIDDEN_FILES].append(one.name)
        elif not _is_folder(one):
            passed_over[LOOSE].append(one.name)
        else:
            images[one.name] = []
            for inner in _entries(folder / one.name):
                _require_readable(inner)
                why = _why_passed_over(inner)
                if why:
                    passed_over[why].append(f"{one.name}/{inner.name}")
                else:
                    images[one.name].append(inner.name)
    return SplitFolder(folder, images, passed_over, limit)


def _why_passed_over(inner: os.DirEntry[str]) -> str:
    """Why something in a class's folder is no image of it; empty for an image."""
    if _is_hidden(inner.name):
        return HIDDEN_FILES
    if PurePath(inner.name).suffix.lower() in SUFFIXES:
        return NESTED if _is_folder(inner) else ""
    return NESTED if _is_folder(inner) else OTHERS


def _require_readable(one: os.DirEntry[str]) -> None:
    """Raises UsageError for a link that leads nowhere, unless it is hidden."""
    if not one.is_symlink() or _is_hidden(one.name):
        return
    try:
        Path(one.path).stat()
    except OSError as error:
        raise alharness.UsageError(
            f"cannot be read ({error.strerror})",
            where=one.path,
            remedy="Replace or remove the link",
        ) from error


def _is_folder(one: os.DirEntry[str]) -> bool:
    """A link that leads nowhere is none."""
    try:
        return one.is_dir()
    except OSError:
        return False


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, by name."""
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda one: one.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise alharness.UsageError(
            f"folder cannot be read ({error.strerror})",
            where=str(folder),
            remedy="Allow it to be read, or remove it",
        ) from error
    for one in entries:
        try:
            one.name.encode()
        except UnicodeEncodeError as error:
            raise alharness.UsageError(
                "its name is no text in UTF-8",
                where=os.fsencode(one.path).decode("utf-8", "backslashreplace"),
                remedy="Rename it",
            ) from error
    return entries


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown if len(names) <= SHOWN else f"{shown}, …"
