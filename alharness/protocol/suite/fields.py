"""What keys of a suite hold: types for its tables, and the words for what to write."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from alharness.protocol.suite.bounds import LONGEST_NAME, LONGEST_TITLE

_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _kebab(name: str) -> str:
    if len(name) > LONGEST_NAME or not _KEBAB.fullmatch(name):
        raise ValueError(name)
    return name


def _line(text: str) -> str:
    if len(text) > LONGEST_TITLE or not text.isprintable():
        raise ValueError(text)
    return text


def is_none(value: object) -> bool:
    """Keys that came later leave the digests of suites without them as they were."""
    return value is None


as_tuple = BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
"""Of a list in TOML: what is frozen holds tuples."""

Name: TypeAlias = Annotated[str, AfterValidator(_kebab)]
Line: TypeAlias = Annotated[str, AfterValidator(_line)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Share: TypeAlias = Annotated[Number, Field(gt=0, lt=1)]
ShareOrNone: TypeAlias = Annotated[Number, Field(ge=0, lt=1)]

A_NAME = f"a name in kebab-case of at most {LONGEST_NAME} characters, such as my-suite"
A_SHARE = "a fraction of all training images, above 0 and below 1"
A_SHARE_OR_NONE = "a fraction, 0 or more and below 1"


def from_1_to(most: int) -> str:
    """Of a whole number, for messages."""
    return f"a whole number from 1 to {most}"
