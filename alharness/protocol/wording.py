"""The wording of messages: values as TOML spells them, durations, what was probably meant."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence

_ALIKE = 0.6
_SHOWN = 3
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy: ``Did you mean 'seeds'?``, or the list of what there is, sorted."""
    names = sorted(known)
    meant = nearest(name, names)
    if meant is not None:
        return f"Did you mean '{meant}'?"
    return f"Known: {', '.join(names)}" if names else "There are none"


def nearest(name: str, others: Iterable[str]) -> str | None:
    """The name most alike, the first in alphabetical order of several; None if none is alike."""
    alike = [(-resemblance(name, other), other) for other in set(others)]
    best = min(alike, default=(0.0, ""))
    return best[1] if -best[0] >= _ALIKE else None


def best_resemblance(name: str, others: Iterable[str]) -> float:
    """The highest resemblance, 0 when nothing is alike."""
    best = max((resemblance(name, other) for other in others), default=0.0)
    return best if best >= _ALIKE else 0.0


def resemblance(name: str, other: str) -> float:
    """How alike two names are, in [0, 1]; 1 when ``name`` is ``other`` or the end or start of it.

    Of whole words: ``vaal`` is the end of ``my-vaal``, not of ``evaal``.
    """
    words, other_words = _words(name), _words(other)
    if words and words in (other_words[: len(words)], other_words[-len(words) :]):
        return 1.0
    return difflib.SequenceMatcher(None, " ".join(words), " ".join(other_words)).ratio()


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def spell(value: object) -> str:
    """A value as TOML spells it: ``true``, ``"sgd"``, ``[1, 2]``, ``{ log = [0.1, 1.0] }``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        # JSON leaves DEL as it is, TOML does not.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spell, value))}]"
    if isinstance(value, dict):
        settings = ", ".join(f"{spell_key(name)} = {spell(item)}" for name, item in value.items())
        return f"{{ {settings} }}"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return hex(value)  # Python spells no longer ones in decimals
    return str(value)


def spell_key(name: str) -> str:
    """A key as TOML spells it, in quotes where it has to be."""
    return name if _BARE_KEY.fullmatch(name) else spell(name)


def spell_kind(value: object) -> str:
    """What kind of TOML value it is: ``a boolean``, ``a whole number``, ``a table``, …"""
    kinds = {
        bool: "a boolean",
        int: "a whole number",
        float: "a number",
        str: "a string",
        list: "a list",
        dict: "a table",
    }
    return kinds.get(type(value), "a date or time")


def clock(seconds: float) -> str:
    """A duration for people: ``45 s``, ``12 min``, ``3 h 05 min``, ``4 d 02 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min"
    return f"{hours // 24} d {hours % 24:02d} h"


def several(names: Sequence[str]) -> str:
    """The first of several names: ``a, b, c and 4 more``."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def repeated_sentence(n: int, n_test: int, examples: Iterable[tuple[str, str]]) -> str:
    """How many test images are training images too, and some of them."""
    pairs = "; ".join(f"{test} is {train}" for train, test in examples)
    return f"{n} of {n_test} test images are training images too, pixel by pixel ({pairs})"
