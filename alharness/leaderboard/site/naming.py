"""Names of files that are safe, stable and never those of something else."""

from __future__ import annotations

import re

from alharness.protocol.keys import digest

_READABLE = 48
_DIGEST = 12
_OTHERS = re.compile(r"[^a-z0-9]+")


def page_name(label: str, *identity: str) -> str:
    """What the page of a thing is called: what can be read of its label, and a digest.

    ``identity``: all that tells it from others, its label among it where that does. The digest is
    of these, so a name does not hang on what else there is, and no two things share one.
    """
    readable = _OTHERS.sub("-", label[: 2 * _READABLE].lower())[:_READABLE].strip("-")
    of_identity = digest(list(identity))[:_DIGEST]
    return f"{readable}-{of_identity}" if readable else of_identity
