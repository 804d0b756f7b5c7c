"""The search space that a suite declares: ``[tuning.space]``, read and written."""

from __future__ import annotations

import math
import re
from typing import Any

from alharness.api.errors import UsageError
from alharness.api.space import Choice, Distribution, LogUniform, Space, Uniform, Value
from alharness.api.text import one_line
from alharness.protocol.suite.bounds import LARGEST_BATCH, LARGEST_NUMBER, LONGEST_NAME, MOST_PARTS
from alharness.protocol.wording import spell, spell_key

HARNESS_KEYS = ("learning-rate", "batch-size", "optimizer")
"""The hyper-parameters that the harness itself owns; every suite gives all three."""

SPACE = "tuning.space"
"""The dotted key of the table with a line for each hyper-parameter."""

OPTIMIZERS = ("sgd", "adam", "adamw", "radam")

_NAME = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")
_RANGES: dict[str, type[LogUniform | Uniform]] = {"log": LogUniform, "uniform": Uniform}
_FORMS = "Write { log = [low, high] }, { uniform = [low, high] }, a list of choices or one value"


def read_space(table: object) -> Space:
    """The search space of ``[tuning.space]``, as TOML gives it.

    ``{ log = [low, high] }`` and ``{ uniform = [low, high] }`` are half-open
    ranges, a list is of equally likely choices, any other value is fixed. Raises
    UsageError, its ``where`` a dotted key, for what is none of these, for a harness
    key that is missing and for values that a harness key cannot have.
    """
    space = read_lines(table, SPACE)
    for name in HARNESS_KEYS:
        if name not in space:
            raise UsageError("is missing", where=key(name), remedy=_FORMS)
    return space


def read_lines(table: object, where: str) -> Space:
    """Lines of a search space, written in the table of this dotted key. Raises as ``read_space``.

    A harness key may be missing.
    """
    if not isinstance(table, dict):
        raise UsageError(
            f"{_shown(table)} is not a table",
            where=where,
            remedy=f"Write [{where}] and a line for each hyper-parameter",
        )
    if len(table) > MOST_PARTS:
        raise UsageError(
            f"{len(table)} hyper-parameters; {MOST_PARTS} are the most",
            where=where,
            remedy="Leave some out",
        )
    lines = {name: _read_distribution(name, value, where) for name, value in table.items()}
    for name, line in lines.items():
        _check_harness_key(name, line, where)
    return lines


def write_space(space: Space) -> dict[str, Any]:
    """JSON of a space, as ``read_space`` reads it."""
    return {name: write_distribution(distribution) for name, distribution in space.items()}


def write_distribution(distribution: Distribution) -> dict[str, list[float]] | list[Value]:
    """JSON of a distribution, as ``read_space`` reads it."""
    if isinstance(distribution, Choice):
        return list(distribution.options)
    kind = "log" if isinstance(distribution, LogUniform) else "uniform"
    return {kind: [distribution.low, distribution.high]}


def require_single_values(space: Space, table: str = SPACE) -> None:
    """Raise UsageError unless every hyper-parameter has one value, as scope "fixed" demands."""
    for name, distribution in space.items():
        if not isinstance(distribution, Choice) or len(distribution.options) > 1:
            raise UsageError(
                f"{_shown(write_distribution(distribution))} is not a single value, "
                'but tuning.scope is "fixed"',
                where=key(name, table),
                remedy=f"Write {spell_key(name)} = VALUE, or another tuning.scope",
            )


def key(name: str, table: str = SPACE) -> str:
    """The dotted key of a hyper-parameter, its name in quotes where it has a point, as in TOML."""
    return f"{table}.{spell_key(name)}"


def is_number(value: object) -> bool:
    """Whether a value is a finite number of at most 64 bits; a boolean is none."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    return isinstance(value, float) and math.isfinite(value)


def equal(one: Value, other: Value) -> bool:
    """Whether two values are the same; a boolean is not the number that it equals."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _read_distribution(name: str, value: object, table: str) -> Distribution:
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name):
        raise UsageError(
            f"{_shown(name)} is not the name of a hyper-parameter",
            where=table,
            remedy="Write it in kebab-case, such as learning-rate",
        )
    if isinstance(value, dict):
        return _read_range(name, value, key(name, table))
    return _read_choice(key(name, table), value if isinstance(value, list) else [value])


def _read_choice(where: str, options: list[Any]) -> Choice:
    if not options:
        raise UsageError("[] has no choice", where=where, remedy=_FORMS)
    if len(options) > MOST_PARTS:
        raise UsageError(
            f"{len(options)} choices; {MOST_PARTS} are the most", where=where, remedy=_FORMS
        )
    for position, option in enumerate(options):
        if not (isinstance(option, bool | str) or is_number(option)):
            raise _no_choice(option, where)
        if any(equal(option, earlier) for earlier in options[:position]):
            raise UsageError(
                f"{_shown(option)} is listed twice",
                where=where,
                remedy="Choices are equally likely: list it once",
            )
    return Choice(tuple(options))


def _no_choice(option: object, where: str) -> UsageError:
    if isinstance(option, int | float):
        return UsageError(
            f"{_shown(option)} is no finite number of at most 64 bits",
            where=where,
            remedy="Write finite numbers, whole ones between -2**63 and 2**63",
        )
    return UsageError(f"{_shown(option)} is not a choice", where=where, remedy=_FORMS)


def _read_range(name: str, table: dict[str, Any], where: str) -> LogUniform | Uniform:
    if len(table) != 1 or not table.keys() <= _RANGES.keys():
        inner = next(iter(table), "n")
        raise UsageError(
            f"{_shown(table)} is not a range",
            where=where,
            remedy=f"{_FORMS}. A name with a point stands in quotes: "
            f"{one_line(spell(f'{name}.{inner}'), 100)} = VALUE",
        )
    ((kind, bounds),) = table.items()
    if not (isinstance(bounds, list) and len(bounds) == 2 and all(map(is_number, bounds))):
        raise UsageError(
            f"{_shown(bounds)} is not [low, high], two finite numbers", where=where, remedy=_FORMS
        )
    low, high = map(float, bounds)
    if kind == "log" and low <= 0:
        raise UsageError(
            f"a logarithmic range cannot begin at {low:g}",
            where=where,
            remedy="Begin above 0, such as at 1e-5",
        )
    if low >= high:
        raise UsageError(
            f"the range from {low:g} to {high:g} is empty",
            where=where,
            remedy="Write the lower end first, or one value instead of a range",
        )
    return _RANGES[kind](low, high)


def _check_harness_key(name: str, line: Distribution, table: str) -> None:
    """Raises UsageError for values that a harness key cannot have."""
    fits, expected = True, ""
    match name:
        case "learning-rate":
            rates = line.options if isinstance(line, Choice) else (line.low,)
            fits = all(is_number(value) and float(value) > 0 for value in rates)
            expected = "finite numbers above 0"
        case "batch-size":
            fits = isinstance(line, Choice) and all(map(_is_count, line.options))
            expected = f"whole numbers from 1 to {LARGEST_BATCH}, such as [16, 32, 64]"
        case "optimizer":
            fits = isinstance(line, Choice) and set(line.options) <= set(OPTIMIZERS)
            expected = f"choices among {spell(OPTIMIZERS)}"
    if not fits:
        raise UsageError(
            f"{_shown(write_distribution(line))} does not fit",
            where=key(name, table),
            remedy=f"Write {expected}",
        )


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_BATCH


def _shown(value: object) -> str:
    return one_line(spell(value), 100)
