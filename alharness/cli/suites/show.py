"""``alharness suites show``: what a suite trains and compares, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import suite_json
from alharness.protocol.suite.tables import Endpoint, Scenario
from alharness.protocol.suite.trainings import trainings


@click.command()
@click.argument("name", metavar="NAME|PATH")
@options.as_json
@options.plugin_files
def show(name: str, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Say what a suite trains, how often, and what it compares: by its name or its TOML file."""
    from alharness.registry import discover
    from alharness.session.resolve import find_suite

    suite = find_suite(discover(plugin_files), name)
    if as_json:
        print_json(suite=suite_json(suite), trainings=asdict(trainings(suite)))
        return
    printed = output()
    for line in described(suite):
        printed.print(line, markup=False, highlight=False)


def described(suite: Suite) -> Iterator[str]:
    """A suite in sentences."""
    protocol, number = suite.protocol, trainings(suite)
    yield f"{suite.name}, version {suite.version}: {suite.title}"
    reference = suite.methods.reference.label
    compared = (one.label for one in suite.methods.compared if one.label != reference)
    yield f"Compares with {reference}: {', '.join(compared) or 'nothing'}."
    for scenario in suite.scenarios:
        yield _scenario(scenario)
    yield (
        f"Runs: {protocol.n_initial_sets} initial sets x {protocol.seeds} seeds for each method "
        f"and scenario, {protocol.n_cycles} cycles from {_percent(protocol.initial_fraction)} to "
        f"{_percent(protocol.final_fraction)} of all training images, "
        f"{_percent(protocol.validation_fraction)} for validation."
    )
    yield f"{_tuning(suite)} A training has {suite.training.epochs} epochs."
    most = "at most " if protocol.stop_at_accuracy is not None else ""
    yield (
        f"Trainings: {most}{number.cycle} in a cycle, {most}{number.method} for one method, "
        f"{most}{number.total} in all, because methods share the first cycle. What a sampler "
        "trains itself, such as a committee, comes on top."
    )
    if suite.endpoint != Endpoint():
        yield (
            f"Endpoint: the area under the curve of {suite.endpoint.metric}; two methods that "
            f"differ by less than {suite.endpoint.margin:g} are as good as equal."
        )
    if suite.departures:
        yield "Departs from what it is held against:"
        yield from (f"- {sentence}" for sentence in suite.departures)


def _scenario(scenario: Scenario) -> str:
    regularizers = ", ".join(one.label for one in scenario.regularizers) or "none"
    held_against = f" Held against {', '.join(scenario.published)}." if scenario.published else ""
    return (
        f"Scenario {scenario.name}: dataset {scenario.dataset.label}, model "
        f"{scenario.model.label}, regularizers {regularizers}, loss {scenario.loss.label}, "
        f"oracle {scenario.oracle.label}.{held_against}"
    )


def _tuning(suite: Suite) -> str:
    trials = f"{suite.tuning.trials} trials"
    return {
        "per-initial-set": f"Each initial set is tuned in every cycle, {trials} each.",
        "first-initial-set": f"One tuning in every cycle serves all initial sets, {trials}.",
        "fixed": "Hyper-parameters are fixed: nothing is tuned.",
    }[suite.tuning.scope]


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g} %"
