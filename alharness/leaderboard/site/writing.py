"""A site's files into a folder: into an empty one, or one that a site was written to before."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from alharness.api.errors import UsageError
from alharness.store.files import cannot_write, read, write_over

MARKER = "alharness-site.json"
"""What a folder that holds a site has: the names of the site's files."""

_OURS = re.compile(
    r"(?:[a-z0-9-]+/)?[a-z0-9-]+\.(?:html|css|js)"
    r"|paper/(?:[a-z0-9-]+/)?[a-z0-9-]+\.(?:md|tex|csv|json|vl\.json|svg|png|pdf)"
)


def write_site(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a site's files, and remove those that an earlier site had and this one has not.

    Raises UsageError for a folder that something else lies in, HarnessError when the disk refuses.
    What is there already, byte for byte, is left alone.
    """
    before = _earlier(folder)
    for name in _folders((*files, *before)):
        if (folder / name).is_symlink():
            raise _not_ours(folder, f"'{name}' in it is a link")
    names = sorted({*files, *before})
    _write(folder / MARKER, json.dumps({"files": names}, indent=1).encode())
    for path, data in files.items():
        _write(folder / path, data)
    for path in sorted(set(before) - set(files)):
        _remove(folder / path)
    _write(folder / MARKER, json.dumps({"files": sorted(files)}, indent=1).encode())


def _folders(paths: Iterable[str]) -> list[str]:
    """Every folder in which one of these lies."""
    above = {parent for path in paths for parent in PurePosixPath(path).parents}
    return sorted(str(one) for one in above if one.name)


def require_place(folder: Path) -> None:
    """Raises UsageError where ``write_site`` would, before anything is computed."""
    _earlier(folder)


def _earlier(folder: Path) -> list[str]:
    """The files of the site that lies in a folder; none where nothing does."""
    try:
        if not any(os.scandir(folder)):
            return []
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(
            f"cannot be written to: {error.strerror}", where=str(folder), remedy="Name a folder"
        ) from None
    try:
        names = list(json.loads(read(folder / MARKER))["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise _not_ours(folder, "there are files in it, and no site") from None
    return [one for one in names if isinstance(one, str) and _OURS.fullmatch(one)]


def _not_ours(folder: Path, why: str) -> UsageError:
    return UsageError(
        f"is not overwritten: {why}", where=str(folder), remedy="Name an empty or a new folder"
    )


def _write(path: Path, data: bytes) -> None:
    try:
        if not path.is_symlink() and read(path) == data:
            return
    except OSError:
        pass
    write_over(path, data)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
