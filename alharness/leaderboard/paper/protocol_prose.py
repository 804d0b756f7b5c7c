"""What a paper says of the protocol: written from a document alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alharness.leaderboard import wording
from alharness.leaderboard.paper.prose import counted, listed, name, paragraph
from alharness.leaderboard.site.board import Entry
from alharness.protocol.wording import spell
from alharness.results.document import Document, Scenario, numbers


def protocol_paragraphs(entry: Entry) -> Iterator[str]:
    """What was trained on what, with which labels, and how it was tuned."""
    document, scenario = entry.document, entry.scenario
    yield paragraph(_made_of(entry), _data(scenario), _runs(scenario), _budgets(scenario))
    yield paragraph(_tuning(document, scenario), _training(document, scenario), _looks(scenario))


def _made_of(entry: Entry) -> str:
    scenario, suite = entry.scenario, entry.document.suite
    what = (
        f"The scenario {name(scenario.scenario)} of the suite {name(suite.name)}, version "
        f"{suite.version}, was run with alharness {name(entry.document.alharness)}."
    )
    if not scenario.components:
        return f"{what} Which model, data and oracle it is made of is not recorded."
    model, data, oracle, loss, schedule = (
        [name(one.label) for one in scenario.plugins(kind)]
        for kind in ("model", "dataset", "oracle", "loss", "schedule")
    )
    regularizers = [name(one.label) for one in scenario.plugins("regularizer")]
    noun = "regularizer" if len(regularizers) == 1 else "regularizers"
    parts = [
        f"the model {listed(model)}" if model else "",
        f"the data set {listed(data)}" if data else "",
        f"the {noun} {listed(regularizers)}" if regularizers else "no regularizer",
        f"the loss {listed(loss)}" if loss else "",
        f"the learning-rate schedule {listed(schedule)}" if schedule else "",
        f"the oracle {listed(oracle)}" if oracle else "",
    ]
    return f"{what} It has {listed([part for part in parts if part])}."


def _data(scenario: Scenario) -> str | None:
    if scenario.n_train is None:
        return None
    classes = (
        ""
        if scenario.n_classes is None
        else f" of {counted(scenario.n_classes, 'class', 'classes')}"
    )
    repeated = scenario.repeated_images
    tested = "" if repeated is None else f" and {counted(repeated.n_test, 'test image')}"
    said = f"There are {counted(scenario.n_train, 'training image')}{tested}{classes}."
    if repeated is None or not repeated.n:
        return said
    verb = "is" if repeated.n == 1 else "are"
    return (
        f"{said} Pixel by pixel, {counted(repeated.n, 'test image')} {verb} a training image, too."
    )


def _runs(scenario: Scenario) -> str:
    n_sets, n_seeds, _ = numbers(scenario.methods[0].accuracy).shape
    incomplete = [
        f"{name(one.method)} ({done} of {len(one.runs)})"
        for one in scenario.methods
        if (done := sum(run.state == "done" for run in one.runs)) < len(one.runs)
    ]
    missing = f" Not all runs of {listed(incomplete)} are complete." if incomplete else ""
    return (
        f"Each method has {counted(n_sets * n_seeds, 'run')}: {counted(n_sets, 'initial set')} × "
        f"{counted(n_seeds, 'seed')}, the same for all methods.{missing}"
    )


def _budgets(scenario: Scenario) -> str:
    labels = [wording.budget(one, scenario.n_train) for one in scenario.labels]
    validation = counted(scenario.n_validation, "label")
    stop = scenario.stop_at_accuracy
    ended = (
        ""
        if stop is None
        else (f" A run ended when it reached {wording.threshold(stop)} validation accuracy.")
    )
    of_all = " (in brackets, the share of the training images)" if scenario.n_train else ""
    said = f"Models were trained with {listed(labels) if labels else 'no'} labels{of_all}"
    return f"{said}; {validation} beside these were spent on validation.{ended}"  # fmt: skip


def _tuning(document: Document, scenario: Scenario) -> str:
    searched = _searched(scenario)
    trials = _declared(document, "tuning", "trials")
    many = "" if trials is None else f", with {counted(trials, 'trial')} in each tuning"
    _, n_seeds, _ = numbers(scenario.methods[0].accuracy).shape
    seeds = (
        " Tunings used the first seed; each further seed trained once, with the hyper-parameters "
        "that were found."
        if n_seeds > 1
        else ""
    )
    match scenario.tuning:
        case "per-initial-set":
            return (
                "In every cycle, hyper-parameters were tuned for each initial set on its own by "
                f"random search{many}{searched}; the trial of highest validation accuracy was kept."
                f"{seeds}"
            )
        case "first-initial-set":
            return (
                "In every cycle, hyper-parameters were tuned on the first initial set by random "
                f"search{many}{searched}; the trial of highest validation accuracy was kept, and "
                "all initial sets share its hyper-parameters. All verdicts are conditional on one "
                f"tuning: its luck is not averaged out by more initial sets.{seeds}"
            )
        case "fixed":
            return (
                f"Nothing was tuned{_fixed(scenario)}: all verdicts are at fixed hyper-parameters, "
                "which have to come from initial sets that are not compared here."
            )
        case None:
            return (
                "How hyper-parameters were tuned is not recorded; where all initial sets shared "
                "one tuning, the verdicts are conditional on it."
            )


def _searched(scenario: Scenario) -> str:
    parts = [f"{name(key)} ({_range(value)})" for key, value in (scenario.space or {}).items()]
    return f" over {listed(parts)}" if parts else ""


def _fixed(scenario: Scenario) -> str:
    parts = [f"{name(key)} = {_range(value)}" for key, value in (scenario.space or {}).items()]
    return f" ({', '.join(parts)})" if parts else ""


def _range(value: Any) -> str:
    match value:
        case [_, *_]:
            *others, last = map(_value, value)
            return f"{', '.join(others)} or {last}" if others else last
        case {"log": [low, high]}:
            return f"{_value(low)} to {_value(high)}, log-uniform"
        case {"uniform": [low, high]}:
            return f"{_value(low)} to {_value(high)}, uniform"
        case _:
            return _value(value)


def _value(value: Any) -> str:
    return name(value if isinstance(value, str) else spell(value))


def _training(document: Document, scenario: Scenario) -> str:
    epochs = _declared(document, "training", "epochs")
    long = "" if epochs is None else f"Each training took {counted(epochs, 'epoch')}. "
    if any(one.looked_at for one in scenario.methods):
        return (
            f"{long}Nothing was decided by test images but, under looks declared beforehand, "
            "whether further seeds were run."
        )
    return f"{long}Nothing was decided by test images."


def _looks(scenario: Scenario) -> str | None:
    looked_at = [name(one.method) for one in scenario.methods if one.looked_at]
    if not looked_at:
        return None
    return (
        f"Seeds of {listed(looked_at)} were run one look after another, and only while the "
        f"comparison with {name(scenario.reference)} left it open."
    )


def _declared(document: Document, table: str, key: str) -> int | None:
    """A whole number that the suite declares; None where it does not say."""
    part = (document.suite.declaration or {}).get(table)
    value = part.get(key) if isinstance(part, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
