"""The search space of a scenario: what its suite declares and what its regularizers own."""

from __future__ import annotations

from collections.abc import Mapping

from alharness.api.errors import UsageError
from alharness.api.space import Choice, Distribution, Space
from alharness.protocol.tuning.declared_space import (
    HARNESS_KEYS,
    equal,
    is_number,
    key,
    require_single_values,
    write_distribution,
)
from alharness.protocol.wording import did_you_mean, spell


def search_space(
    suite_space: Space, regularizer_spaces: Mapping[str, Space], *, fixed: bool = False
) -> Space:
    """What a tuning draws from: the suite's space, and what regularizers own beside it.

    ``regularizer_spaces`` maps a regularizer's name to its ``search_space()``. A
    suite may only narrow what a regularizer owns: a range inside its range, a
    subset of its choices, a value inside. ``fixed`` (scope "fixed") demands a
    single value of every hyper-parameter. Raises UsageError naming the key: for
    a space that is not narrower (with its owner), two owners, no owner.
    """
    owners = _owners(regularizer_spaces)
    for name in suite_space:
        if name not in owners:
            raise UsageError(
                "the scenario has no such hyper-parameter",
                where=key(name),
                remedy=did_you_mean(name, owners),
            )
    space = dict(suite_space)
    for owned_space in regularizer_spaces.values():
        for name, owned in owned_space.items():
            narrow = space.setdefault(name, owned)
            if not _inside(narrow, owned):
                raise _wider(narrow, owned, owners[name], key(name))
    if fixed:
        require_single_values(space)
    return space


def require_narrower(lines: Space, regularizer_spaces: Mapping[str, Space], table: str) -> None:
    """Raises UsageError for a line of a suite's ``table`` that widens what a regularizer owns."""
    for regularizer, space in regularizer_spaces.items():
        for name in space.keys() & lines.keys():
            if not _inside(lines[name], space[name]):
                owner = f"the regularizer '{regularizer}'"
                raise _wider(lines[name], space[name], owner, key(name, table))


def _wider(narrow: Distribution, owned: Distribution, owner: str, where: str) -> UsageError:
    return UsageError(
        f"{spell(write_distribution(narrow))} is not inside "
        f"{spell(write_distribution(owned))} of {owner}",
        where=where,
        remedy="A suite may only narrow what a regularizer owns",
    )


def _owners(regularizer_spaces: Mapping[str, Space]) -> dict[str, str]:
    owners = dict.fromkeys(HARNESS_KEYS, "the harness")
    for regularizer, space in regularizer_spaces.items():
        for name in space:
            if name in owners:
                raise UsageError(
                    f"{owners[name]} and the regularizer '{regularizer}' both own it",
                    where=key(name),
                    remedy=f"Leave '{regularizer}' out of the scenario",
                )
            owners[name] = f"the regularizer '{regularizer}'"
    return owners


def _inside(narrow: Distribution, owned: Distribution) -> bool:
    if isinstance(owned, Choice):
        return isinstance(narrow, Choice) and all(
            any(equal(value, option) for option in owned.options) for value in narrow.options
        )
    if isinstance(narrow, Choice):
        return all(is_number(v) and owned.low <= float(v) < owned.high for v in narrow.options)
    return type(narrow) is type(owned) and owned.low <= narrow.low and narrow.high <= owned.high
