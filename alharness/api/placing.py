"""Placing: files that appear whole or not at all, one by one or from an archive."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO


@contextmanager
def placed(path: Path) -> Iterator[IO[bytes]]:
    """A stream to a temporary file, beside ``path`` and ``stream.name``, that then takes its place.

    When the block raises, what is at ``path`` stays as it is. Folders are made as needed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = tempfile.NamedTemporaryFile(prefix=".placing-", dir=path.parent, delete=False)  # noqa: SIM115
    try:
        with stream:
            yield stream
        Path(stream.name).chmod(0o644)
        Path(stream.name).replace(path)
    finally:
        Path(stream.name).unlink(missing_ok=True)


def unpack(archive: Path, folder: Path) -> None:
    """Put the files of a tar archive, compressed or not, below ``folder``, over those there.

    Links and devices are passed over. Raises ValueError for a name that leads out of the folder,
    and what tarfile and the compression raise for what is no archive or is damaged: OSError,
    EOFError, tarfile.TarError, zlib.error, lzma.LZMAError.
    """
    with tarfile.open(archive, "r|*") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                continue
            with placed(folder / _inside(member.name)) as stream:
                shutil.copyfileobj(content, stream, 1 << 20)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"its file '{name}' would lie elsewhere")
    return path
