"""``alharness suites show``: what a suite trains and compares, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alharness.cli import options
from alharness.cli.layout import output
from alharness.cli.plugins.printing import print_json
from alharness.protocol.suite.budgets import EqualSteps
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.protocol_table import Protocol
from alharness.protocol.suite.reading import suite_json
from alharness.protocol.suite.tables import Endpoint, LongTail, Scenario
from alharness.protocol.suite.trainings import committee_trainings, trainings
from alharness.protocol.tuning.declared_space import write_space
from alharness.protocol.wording import spell

if TYPE_CHECKING:
    from alharness.registry import Registry


@click.command()
@click.argument("name", metavar="NAME|PATH")
@options.as_json
@options.plugin_files
def show(name: str, as_json: bool, plugin_files: tuple[Path, ...]) -> None:
    """Say what a suite trains, how often, and what it compares: by its name or its TOML file."""
    from alharness.registry import discover
    from alharness.session.methods import committees
    from alharness.session.resolve import find_suite

    registry = discover(plugin_files)
    suite = find_suite(registry, name)
    if as_json:
        sizes, unknown = committees(registry, suite)
        number = {
            **asdict(trainings(suite)),
            "committees": committee_trainings(suite, sizes.values()),
            "not_told_of": unknown,
        }
        print_json(suite=suite_json(suite), trainings=number)
        return
    printed = output()
    for line in (*described(suite, registry), f"How long it takes: alharness plan --suite {name}"):
        printed.print(line, markup=False, highlight=False)


def described(suite: Suite, registry: Registry) -> Iterator[str]:
    """A suite in sentences; its methods are asked for the committees that they need."""
    from alharness.session.methods import committees

    protocol, number = suite.protocol, trainings(suite)
    yield f"{suite.name}, version {suite.version}: {suite.title}"
    reference = suite.methods.reference.label
    compared = (one.label for one in suite.methods.compared if one.label != reference)
    yield f"Compares with {reference}: {', '.join(compared) or 'nothing'}."
    for scenario in suite.scenarios:
        yield _scenario(suite, scenario)
    sizes = "".join(f", {one}" for one in _sizes(suite))
    yield (
        f"Runs: {protocol.n_initial_sets} initial sets x {protocol.seeds} seeds for each method "
        f"and scenario{sizes}."
    )
    yield from _sets(protocol)
    if suite.queries.pool_subset is not None:
        yield (
            f"A sampler sees {suite.queries.pool_subset} of the unlabeled images, drawn at random "
            "for each query, or all where there are fewer."
        )
    yield f"{_tuning(suite)} {_epochs(suite)}{_start(suite)}{_batches(suite)}{_passes(suite)}"
    yield from _otherwise(suite)
    stops, chosen = protocol.stop_at_accuracy is not None, protocol.chooses_first_sets
    most = "at most " if stops or chosen else ""
    share = "of the same initial sets share" if chosen else "share"
    yield (
        f"Trainings: {most}{number.cycle} in a cycle, {most}{number.method} for one method, "
        f"{most}{number.total} in all, because methods {share} the first cycle."
    )
    yield from _on_top(suite, *committees(registry, suite))
    if suite.endpoint != Endpoint():
        yield (
            f"Endpoint: the area under the curve of {suite.endpoint.metric}; two methods that "
            f"differ by less than {suite.endpoint.margin:g} are as good as equal."
        )
    if suite.departures:
        yield "Departs from what it is held against:"
        yield from (f"- {sentence}" for sentence in suite.departures)


def _on_top(suite: Suite, sizes: Mapping[str, int], unknown: Sequence[str]) -> Iterator[str]:
    """What is trained beside the trials."""
    if sizes:
        models = ", ".join(f"{size} models for {label}" for label, size in sizes.items())
        yield (
            f"Committees on top, in each cycle that queries: {models}; at most "
            f"{committee_trainings(suite, sizes.values())} trainings in all."
        )
    if unknown:
        yield f"Whether they train committees cannot be told here: {', '.join(unknown)}."
    yield "What a sampler trains for itself, within a query, is not counted."


def _sizes(suite: Suite) -> Iterator[str]:
    """What a suite says of budgets and validation, where not every scenario says it for itself."""
    if not all(one.says_budgets for one in suite.scenarios):
        yield _cycles(suite)
    if any(one.validation_fraction is None for one in suite.scenarios):
        yield _validation(suite.protocol)


def _cycles(suite: Suite) -> str:
    return f"{suite.protocol.n_cycles} cycles {_budgets(suite)}"


def _budgets(suite: Suite) -> str:
    budgets = suite.protocol.schedule.cumulative
    first, *between, last = (
        str(one) if isinstance(one, int) else _percent(float(one)) for one in budgets
    )
    if isinstance(budgets[0], int):
        of_what = "labels"
    elif suite.leaves_images_out:
        of_what = "of the training images that are in a set"
    else:
        of_what = "of all training images"
    if isinstance(suite.protocol.schedule, EqualSteps):
        return f"from {first} to {last} {of_what}"
    return f"of {', '.join([first, *between])} and {last} {of_what}"


def _validation(protocol: Protocol) -> str:
    if protocol.validation_fraction == 0:
        return "nothing for validation: the weights of the last epoch count"
    return f"{_percent(protocol.validation_fraction)} for validation"


def _sets(protocol: Protocol) -> Iterator[str]:
    if protocol.held_back_fraction:
        yield (
            f"Held back: {_percent(protocol.held_back_fraction)} of all training images, the same "
            "for all runs, are in no set and in no pool."
        )
    if protocol.held_out:
        yield (
            f"Held out: {protocol.held_out} images of every pool, of each class its share, are "
            "queried by no method; upper bounds measure on them what a batch gains."
        )
    if protocol.initial_draw == "per-class":
        yield "Initial sets have as equal numbers of each class as their size allows."
    if protocol.chooses_first_sets:
        yield (
            "Initial sets are chosen by samplers that need no model, for the others by the "
            "reference, each from its own random 90 % of the images; cycle 0 belongs to the "
            "endpoint."
        )


def _scenario(suite: Suite, scenario: Scenario) -> str:
    regularizers = ", ".join(one.label for one in scenario.regularizers) or "none"
    held_against = f" Held against {', '.join(scenario.published)}." if scenario.published else ""
    replays = (
        f" It queries nothing: it trains on the sets that {scenario.replay} labeled, run by run."
        if scenario.replay
        else ""
    )
    not_run = (
        f" Not run by those who ship the suite: {scenario.not_run}." if scenario.not_run else ""
    )
    shown = scenario.representation
    on = "" if shown is None else f" on features of {shown.label} ({scenario.features})"
    return (
        f"Scenario {scenario.name}: dataset {scenario.dataset.label}, model "
        f"{scenario.model.label}{on}, regularizers {regularizers}, loss {scenario.loss.label}, "
        f"oracle {scenario.oracle.label}.{_long_tail(scenario.long_tail)}{_own(suite, scenario)}"
        f"{replays}{held_against}{not_run}"
    )


def _own(suite: Suite, scenario: Scenario) -> str:
    """What a scenario says of budgets, of validation, and of what samplers see of its pool."""
    own = suite.of(scenario)
    cycles = f" {_cycles(own)}." if scenario.says_budgets else ""
    validated = (
        "" if scenario.validation_fraction is None else f" It has {_validation(own.protocol)}."
    )
    subset = scenario.pool_subset
    seen = "" if subset is None else f" A sampler sees {subset} of the unlabeled images."
    return f"{cycles}{validated}{seen}"


def _long_tail(tail: LongTail | None) -> str:
    if tail is None:
        return ""
    if tail.ratio is None:
        return " Its initial sets are long-tailed."
    return f" Its training images are long-tailed, from class to class down to 1 / {tail.ratio:g}."


def _tuning(suite: Suite) -> str:
    trials = f"{suite.tuning.trials} trials"
    return {
        "per-initial-set": f"Each initial set is tuned in every cycle, {trials} each.",
        "first-initial-set": f"One tuning in every cycle serves all initial sets, {trials}.",
        "fixed": "Hyper-parameters are fixed: nothing is tuned.",
    }[suite.tuning.scope]


def _epochs(suite: Suite) -> str:
    first, later = (suite.training.of_cycle(cycle).epochs for cycle in (0, 1))
    if first == later:
        return f"A training has {first} epochs."
    return f"A training has {first} epochs in cycle 0, {later} in later cycles."


def _start(suite: Suite) -> str:
    if suite.protocol.warm_start:
        return (
            " Warm start: after cycle 0 it goes on from the weights that its run chose in the "
            "cycle before."
        )
    if suite.training.same_start:
        return " All cycles of a run start from the same initial weights."
    return ""


def _batches(suite: Suite) -> str:
    return " Batches that are not whole are dropped." if suite.training.drop_last else ""


def _passes(suite: Suite) -> str:
    training, ways = suite.training, []
    if training.precision != "float32":
        ways.append(f"in {training.precision}")
    if training.channels_last:
        ways.append("with channels last")
    if training.compile is not None:
        ways.append(f'compiled ("{training.compile}")')
    return f" Training and validation are computed {', '.join(ways)}." if ways else ""


def _otherwise(suite: Suite) -> Iterator[str]:
    """What else cycle 0 and later cycles are trained with, each in a sentence."""
    for cycles, training, lines in (
        ("cycle 0", suite.training.first, suite.tuning.first),
        ("later cycles", suite.training.later, suite.tuning.later),
    ):
        said = [] if training.schedule is None else [f"schedule {training.schedule.label}"]
        for name in ("momentum", "nesterov", "weight_decay"):
            value = getattr(training, name)
            said += [] if value is None else [f"{name} {spell(value)}"]
        said += [f"{name} {_line(value)}" for name, value in write_space(lines).items()]
        if said:
            yield f"In {cycles}: {'; '.join(said)}."


def _line(written: Any) -> str:
    """A line of a search space: its only value, or what it is drawn from."""
    return spell(written[0] if isinstance(written, list) and len(written) == 1 else written)


def _percent(fraction: float) -> str:
    return f"{100 * fraction:g} %"
