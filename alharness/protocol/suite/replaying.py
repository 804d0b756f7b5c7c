"""Transfer: what a scenario that replays another one's labeled sets has to have in common with it.

Source: Munjal et al. (2022), section 6.6: sets drawn with one network train another.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from alharness.protocol.suite.errors import misfit
from alharness.protocol.wording import did_you_mean, spell

if TYPE_CHECKING:
    from alharness.protocol.suite.declaration import Suite
    from alharness.protocol.suite.tables import Scenario


def require_replays(suite: Suite) -> None:
    """For validators: raises what says which scenario cannot replay what it names, and why."""
    scenarios = {one.name: one for one in suite.scenarios}
    for number, scenario in enumerate(suite.scenarios):
        if scenario.replay is not None:
            where = f"scenarios[{number}]"
            source = _source(scenario, scenarios, f"{where}.replay")
            _require_fitting(suite, scenario, source, where)


def _source(scenario: Scenario, scenarios: dict[str, Scenario], key: str) -> Scenario:
    name = str(scenario.replay)
    others = [one for one in scenarios if one != scenario.name]
    if name == scenario.name:
        raise misfit("it is the scenario itself", "Write the name of another one", key=key)
    if name not in scenarios:
        raise misfit(f"there is no scenario '{name}'", did_you_mean(name, others), key=key)
    source = scenarios[name]
    if source.replay is not None:
        raise misfit(
            f"'{name}' queries nothing: it replays '{source.replay}'",
            f"Write replay = {spell(source.replay)}",
            key=key,
        )
    return source


def _require_fitting(suite: Suite, scenario: Scenario, source: Scenario, where: str) -> None:
    if suite.protocol.stop_at_accuracy is not None:
        raise misfit(
            "runs stop at an accuracy (protocol.stop_at_accuracy), and leave nothing to replay",
            "Leave one of them out",
            key=f"{where}.replay",
        )
    if scenario.pool_subset is not None:
        raise misfit(
            f"it queries nothing: what samplers see is said by '{source.name}', which it replays",
            "Leave it out",
            key=f"{where}.pool_subset",
        )
    for key, what in _differing(suite, scenario, source):
        raise misfit(
            f"it replays '{source.name}', which has {what}",
            f"Write what '{source.name}' has",
            key=f"{where}.{key}",
        )


def _differing(suite: Suite, scenario: Scenario, source: Scenario) -> Iterator[tuple[str, str]]:
    """Keys of the replaying scenario, with what of its source is other, in words."""
    if scenario.dataset != source.dataset:
        yield "dataset", f"another dataset, {source.dataset.label}"
    if scenario.oracle != source.oracle:
        yield "oracle", f"another oracle, {source.oracle.label}"
    if scenario.long_tail != source.long_tail:
        yield "long_tail", "another long tail, or none"
    own, its = (suite.of(one).protocol for one in (scenario, source))
    if own.validation_fraction != its.validation_fraction:
        yield "validation_fraction", "another share of images for validation"
    if own.schedule.cumulative != its.schedule.cumulative:
        yield "replay", "other budgets"
