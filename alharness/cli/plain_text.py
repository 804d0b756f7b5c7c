"""Terminals and pipes that are not UTF-8: plain characters in place of those that they lack."""

from __future__ import annotations

import codecs
import sys

PLAIN = {
    "±": "+-",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "▲": "^",
    "▼": "v",
    "×": "x",
    "·": "*",
    "→": "->",
    "━": "-",
    "─": "-",
    "│": "|",
    "┃": "|",
}
"""What stands for a character; any other is escaped, so that nothing is lost."""

_ERRORS = "alharness-plain"


def write_plainly() -> None:
    """Let standard output and error take every character, whatever their encoding."""
    codecs.register_error(_ERRORS, _in_plain)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        # Of undecodable bytes in UTF-8, surrogates are left, which are escaped, too.
        if reconfigure is not None:
            reconfigure(errors=_ERRORS)


def _in_plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(PLAIN.get(one) or _escaped(one) for one in lacking)
    return plain, error.end


def _escaped(character: str) -> str:
    return character.encode("ascii", errors="backslashreplace").decode("ascii")
