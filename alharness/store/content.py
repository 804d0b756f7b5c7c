"""What is in somebody's files, so that it is noticed when they are others."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import blake2b, file_digest
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.protocol.keys import DIGEST_BYTES, digest
from alharness.store.seen import Seen


def content_digest(files: Iterable[Path], root: Path, seen: Seen) -> str:
    """Digest of the files' content and of their paths below ``root``, in any order.

    A file that is as it was when ``seen`` noted it is not read. Raises UsageError, naming
    the file, when one cannot be read.
    """
    found = {os.path.relpath(path, root): _file_digest(path, seen) for path in files}
    return digest(found)


def _file_digest(path: Path, seen: Seen) -> str:
    known = seen.taken_over(path)
    if isinstance(known, str):
        return known
    try:
        with path.open("rb") as stream:
            found = file_digest(stream, lambda: blake2b(digest_size=DIGEST_BYTES)).hexdigest()
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror or error})",
            where=str(path),
            remedy="Replace or remove the file",
        ) from error
    seen.note(path, found)
    return found
