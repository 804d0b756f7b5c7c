"""Foreign text made fit to be shown and kept: bounded, without control characters.

Whatever somebody else wrote (an exception's message, a traceback, a note of a sampler) passes
here before it reaches a terminal, a file, a record or MLflow.
"""

from __future__ import annotations

import re

LINE = 1000
"""Characters of a line, at most."""

BLOCK = 20_000
"""Characters of a text of several lines, at most."""

_ESCAPES = re.compile(
    r"\x1b\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)?"  # titles, links
    r"|\x1b[PX^_][^\x1b]{0,4096}(?:\x1b\\)?"  # strings to the terminal
    r"|[\x1b\x9b]\[?[0-?]*[ -/]*[@-~]"  # colours, the cursor, modes
)
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]"  # directions of reading
)
_HALVES = re.compile("[\ud800-\udfff]")
_UNSPELLABLE = re.compile(r"[^\w\-.:/ ]")
_LEFT_OUT = " […] "
_ENDS = re.compile(" *[\t\n\v\f\r\x85\u2028\u2029]\\s*")


def one_line(text: str, limit: int = LINE) -> str:
    """A text in one line of at most ``limit`` characters, its middle left out if it has more.

    Escape sequences of terminals and other control characters go; line ends and tabs become a
    space, halves of characters (undecodable bytes) the replacement character.
    """
    return _shortened(_plain(_ENDS.sub(" ", _within(text, limit).strip())), limit)


def block(text: str, limit: int = BLOCK) -> str:
    """A text of several lines with at most ``limit`` characters, its middle left out if longer.

    Tabs and line ends stay; the rest is as in ``one_line``.
    """
    text = _within(text, limit).replace("\r\n", "\n")
    return _shortened(_plain(text), limit)


def plain_name(text: str, limit: int) -> str:
    """A name that trackers can spell: ``gap (%)`` becomes ``gap ___``.

    Letters, digits and ``_-.:/`` and space stay; the middle of a long one becomes ``_``.
    """
    return _UNSPELLABLE.sub("_", one_line(text, limit).replace(_LEFT_OUT, "_"))


def _plain(text: str) -> str:
    return _HALVES.sub("\ufffd", _CONTROLS.sub("", _ESCAPES.sub("", text)))


def _within(text: str, limit: int) -> str:
    """Both ends of a text that is much too long: cleaning costs no more than what is kept."""
    reach = 4 * limit
    return text if len(text) <= 2 * reach else text[:reach] + "\n" + text[-reach:]


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = (limit - len(_LEFT_OUT)) * 2 // 3
    tail = limit - len(_LEFT_OUT) - head
    return f"{text[:head]}{_LEFT_OUT}{text[len(text) - tail :]}"
