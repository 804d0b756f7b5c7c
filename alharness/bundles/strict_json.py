"""JSON of strangers: no NaN, no member twice, no control characters; and how ours is written."""

from __future__ import annotations

import json
from typing import Any

from alharness.api.text import block
from alharness.bundles.contents import refused


def written(value: Any) -> bytes:
    """JSON as bundles hold it: indented, ASCII; the same value gives the same bytes."""
    text = json.dumps(value, indent=1, allow_nan=False)
    return f"{text}\n".encode("ascii")


def parsed(data: bytes, where: str) -> Any:
    """The JSON in ``data``; ``where`` names it in errors.

    Raises MismatchError for what is none, for NaN, members that are there twice, and texts
    with control characters or escapes of the terminal.
    """
    try:
        value = json.loads(data, parse_constant=_refuse_constant, object_pairs_hook=_members)
    except (ValueError, RecursionError) as error:
        raise refused(f"is no JSON that can be read: {error}", where) from None
    everything = texts(value)
    if not _is_plain("\n".join(everything)):
        text = next((one for one in everything if not _is_plain(one)), "")
        raise refused(f"control characters in the text '{text}'", where)
    return value


def texts(value: Any) -> list[str]:
    """Every text in a JSON value, names of members too."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            found += one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def _is_plain(text: str) -> bool:
    return block(text, max(len(text), 1)) == text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members
