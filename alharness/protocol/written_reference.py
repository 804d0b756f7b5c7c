"""References to plugins as a command line writes them: ``NAME:parameter=value,parameter=value``.

The grammar; ``docs/suites.md`` tells it to users::

    reference = name [ ":" member ] [ ":" settings ]
    settings  = setting { "," setting }
    setting   = parameter "=" value
    parameter = a bare TOML key (letters, digits, "_", "-")
    value     = a TOML value, or plain text without a comma

A value that begins with a quote, ``[`` or ``{`` is TOML and ends where that ends. Any other one
ends before the next comma; it is TOML if it can be (``3``, ``1e-3``, ``true``), else text
(``http://host:80/x=1``, ``12:30``). Dates and times are text, as they stand. A text that looks
like a number, or has a comma, takes quotes.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.components import Reference

LONGEST = 10_000
"""Characters of a reference."""

_DEEPEST = 50
"""Brackets within brackets."""

_SETTINGS = re.compile(r":(?=\s*[A-Za-z0-9_-]+\s*=)")
_SETTING = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*")
_END = re.compile(r"\s*(?:,[\s,]*|$)")
_FORM = "Write NAME or NAME:parameter=value,parameter=value; a text with a comma takes quotes"
_CLOSING = {"[": "]", "{": "}"}


def parse_reference(text: str) -> Reference:
    """Read a reference; see above for what it may say.

    Raises UsageError that quotes the place for a malformed text.
    """
    if len(text) > LONGEST:
        raise UsageError(
            f"'{one_line(text, 40)}' has {len(text)} characters; {LONGEST} are the most",
            remedy="Write it in a suite",
        )
    found = _SETTINGS.search(text)
    name, settings = (text[: found.start()], text[found.end() :]) if found else (text, "")
    name = name.strip()
    if not name or "=" in name or not name.isprintable():
        raise UsageError(f"'{one_line(text, 200)}' names no plugin", remedy=_FORM)
    parameters: dict[str, Any] = {}
    for key, value in _settings(settings, text):
        if key in parameters:
            raise UsageError(
                f"'{key}' is there twice in '{one_line(text, 200)}'", remedy="Write it once"
            )
        parameters[key] = value
    return Reference(name, parameters)


def name_in(text: str) -> str:
    """The name in a reference, whatever its settings say."""
    return _SETTINGS.split(text, maxsplit=1)[0].strip()


def _settings(text: str, whole: str) -> Iterator[tuple[str, Any]]:
    place = 0
    while place < len(text):
        setting = _SETTING.match(text, place)
        if setting is None:
            piece = text[place:].partition(",")[0].strip()
            raise _malformed("is not parameter=value", piece, whole)
        start = setting.end()
        end = _end_of_value(text, start, whole)
        yield setting[1], _value(text[start:end].strip(), whole)
        rest = _END.match(text, end)
        if rest is None:
            raise _malformed("stands behind a value", text[end:], whole)
        place = rest.end()


def _end_of_value(text: str, start: int, whole: str) -> int:
    """Where a value ends: with its TOML, or before the next comma."""
    if text[start : start + 1] in _CLOSING:
        return _end_of_brackets(text, start, whole)
    if text[start : start + 1] in ("'", '"'):
        return _end_of_string(text, start, whole)
    comma = text.find(",", start)
    return comma if comma >= 0 else len(text)


def _end_of_string(text: str, start: int, whole: str) -> int:
    quote = text[start]
    if text[start : start + 3] == quote * 3:
        quote *= 3
    place = start + len(quote)
    while place < len(text):
        if text[place] == "\\" and quote[0] == '"':
            place += 2
        elif text.startswith(quote, place):
            place += len(quote)
            while len(quote) == 3 and text[place : place + 1] == quote[0]:
                place += 1  # up to two quotes may stand before the closing ones
            return place
        else:
            place += 1
    raise _malformed(f"opens {quote} and does not close it", text[start:], whole)


def _end_of_brackets(text: str, start: int, whole: str) -> int:
    expected: list[str] = []
    place = start
    while place < len(text):
        letter = text[place]
        if letter in "'\"":
            place = _end_of_string(text, place, whole)
            continue
        if letter in _CLOSING:
            expected.append(_CLOSING[letter])
            if len(expected) > _DEEPEST:
                raise _malformed(f"nests more than {_DEEPEST} deep", text[start:], whole)
        elif letter in "]}":
            if letter != expected.pop():
                raise _malformed(f"closes '{letter}', which is not open", text[start:], whole)
            if not expected:
                return place + 1
        place += 1
    raise _malformed(f"does not close with '{expected[-1]}'", text[start:], whole)


def _value(text: str, whole: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError) as error:
        if text[:1] in ("'", '"', *_CLOSING):
            raise _malformed("is not TOML", text, whole) from error
        return text
    if len(value) > 1 or isinstance(value["value"], datetime.date | datetime.time):
        return text
    return _texts_for_dates(value["value"])


def _texts_for_dates(value: Any) -> Any:
    """Dates and times within lists and tables as texts, as JSON has none."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list):
        return [_texts_for_dates(item) for item in value]
    if isinstance(value, dict):
        return {name: _texts_for_dates(item) for name, item in value.items()}
    return value


def _malformed(what: str, place: str, whole: str) -> UsageError:
    return UsageError(f"'{one_line(place, 100)}' in '{one_line(whole, 200)}' {what}", remedy=_FORM)
