"""Fetching: the official files of a dataset, from their publishers' servers.

For datasets that everybody takes from the same place: a file with its URLs and its MD5 sum as
published. Whatever goes wrong says which file of which URL, and where to put it by hand.
"""

from __future__ import annotations

import hashlib
import lzma
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.api.placing import placed, unpack

TIMEOUT_SECONDS = 30
"""A server that is silent for so long is given up."""

_DAMAGED = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a damaged archive raises, beside OSError."""


@dataclass(frozen=True)
class OfficialFiles:
    """The official files of a dataset, kept below ``root``; ``dataset`` is its name."""

    dataset: str
    root: Path

    def unusable(self, why: str) -> UsageError:
        """The error to raise where nothing may be fetched; ``why`` continues its sentence."""
        return UsageError(
            f"{self.dataset} is not in '{self.root}'{why}",
            where=f"dataset '{self.dataset}'",
            remedy="Point --data-dir at the folder that holds it, or allow --download",
        )

    def absent(self, name: str) -> UsageError:
        """That the file of this name, below ``root``, is absent."""
        return self.unusable(f": there is no '{name}'")

    def damaged(self, files: Iterable[tuple[str, str]]) -> UsageError | None:
        """The error to raise for the first file, given by name and MD5 sum, that is not whole.

        None when all are there and what their sums say.
        """
        for name, md5 in files:
            if not is_whole(self.root / name, md5):
                return self.unusable(
                    f", or its files are damaged ('{name}' is absent or not what its published MD5 "
                    "sum says)"
                )
        return None

    def fetch(self, name: str, md5: str, urls: Sequence[str]) -> None:
        """Put a file at this path below ``root``, from the first URL that has it.

        A file that is there with this MD5 sum stays. Raises UsageError when no URL gives it,
        saying why for each, and where to put the file.
        """
        path = self.root / name
        if is_whole(path, md5):
            return
        there = f"'{name}' there is not what its published MD5 sum says"
        reasons = [there] if path.is_file() else []
        for url in urls:
            print(f"Fetching {url} into '{path}'", file=sys.stderr)
            try:
                _fetch(url, path, md5)
            except (OSError, ValueError, EOFError) as error:
                reasons.append(f"{url}: {_reason(error)}")
            else:
                return
        raise UsageError(
            f"{self.dataset} is not in '{self.root}' and cannot be fetched ({'; '.join(reasons)})",
            where=f"dataset '{self.dataset}'",
            remedy="Run the same command where there is a network, or fetch the file elsewhere, "
            f"put it at '{path}' and run the same command",
        )

    def unpack(self, name: str, below: str = "") -> None:
        """Put the files of a tar archive, given by its path below ``root``, into ``below`` there.

        They replace those that are there, each whole or not at all. Raises UsageError for what is
        no archive or is damaged, and where its files cannot be written.
        """
        try:
            unpack(self.root / name, self.root / below)
        except (*_DAMAGED, OSError, ValueError) as error:
            raise UsageError(
                f"'{self.root / name}' cannot be unpacked ({_reason(error)})",
                where=f"dataset '{self.dataset}'",
                remedy="Fetch it again, or make room for its files beside it",
            ) from error


def is_whole(path: Path, md5: str) -> bool:
    """Whether a file is there with this MD5 sum. Raises no OSError."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, _md5)
    except OSError:
        return False
    return found.hexdigest() == md5


def _fetch(url: str, path: Path, md5: str) -> None:
    """Fetch a file; nothing is at ``path`` before all of it is there and what its sum says."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer, placed(path) as stream:
        shutil.copyfileobj(answer, stream, 1 << 20)
        stream.flush()
        if not is_whole(Path(stream.name), md5):
            raise ValueError("what it gives is not what the published MD5 sum says")


def _reason(error: Exception) -> str:
    """Why a URL gave nothing."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"no connection, perhaps no network: {error.reason}"
    if isinstance(error, TimeoutError):
        return f"no answer for {TIMEOUT_SECONDS} s"
    return str(error) or type(error).__name__


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
