"""Validation sets: what suite and scenarios say of their size, and what needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.suite.errors import misfit
from alharness.protocol.wording import spell

if TYPE_CHECKING:
    from alharness.protocol.suite.declaration import Suite
    from alharness.protocol.suite.protocol_table import Protocol


def require_validation(suite: Suite) -> None:
    """For validators: raises what says where validation sets and the rest of a suite do not fit.

    A scenario without a size of its own has that of the protocol.
    """
    _require_tunable(suite, suite.protocol, "protocol.validation_fraction")
    for number, scenario in enumerate(suite.scenarios):
        if scenario.validation_fraction is None:
            continue
        key, protocol = f"scenarios[{number}].validation_fraction", suite.of(scenario).protocol
        if isinstance(protocol.initial_sets, GivenSplits):
            raise misfit(
                "splits that are given have their own validation sets", "Leave it out", key=key
            )
        _require_tunable(suite, protocol, key)
        if protocol.stop_at_accuracy is not None and protocol.validation_fraction == 0:
            raise misfit(
                "0 leaves no images to measure protocol.stop_at_accuracy on",
                "Write a larger one",
                key=key,
            )
        if not scenario.says_budgets:
            protocol.require_room(key=key)


def _require_tunable(suite: Suite, protocol: Protocol, key: str) -> None:
    if protocol.validation_fraction == 0 and suite.tuning.scope != "fixed":
        raise misfit(
            f"0 leaves no images to tune on, and tuning.scope = {spell(suite.tuning.scope)}",
            'Write a larger one, or scope = "fixed"',
            key=key,
        )
