"""The wording of messages: values as TOML spells them, durations, what was probably meant."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy: ``Did you mean 'seeds'?``, or the list of what there is, sorted."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}" if names else "There are none"


def spell(value: object) -> str:
    """A value as TOML spells it: ``true``, ``"sgd"``, ``[1, 2]``, ``{ log = [0.1, 1.0] }``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spell, value))}]"
    if isinstance(value, dict):
        settings = ", ".join(f"{name} = {spell(item)}" for name, item in value.items())
        return f"{{ {settings} }}"
    return str(value)


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
