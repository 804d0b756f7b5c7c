"""What a paper says of the protocol: written from a document alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alharness.leaderboard import wording
from alharness.leaderboard.paper.prose import counted, listed, name, paragraph
from alharness.leaderboard.site.board import Entry
from alharness.protocol.wording import spell
from alharness.results.document import Document, Scenario, numbers
from alharness.results.setting import Representation


def protocol_paragraphs(entry: Entry) -> Iterator[str]:
    """What was trained on what, with which labels, and how it was tuned."""
    document, scenario = entry.document, entry.scenario
    asked = _asked(scenario)
    yield paragraph(_made_of(entry), _data(scenario), _runs(scenario), _budgets(scenario), asked)
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
        _shown(scenario.representation),
        f"the {noun} {listed(regularizers)}" if regularizers else "no regularizer",
        f"the loss {listed(loss)}" if loss else "",
        _scheduled(schedule),
        f"the oracle {listed(oracle)}" if oracle else "",
    ]
    return f"{what} It has {listed([part for part in parts if part])}."


def _scheduled(schedules: list[str]) -> str:
    """The second of two is that of later cycles."""
    match schedules:
        case []:
            return ""
        case [first, later]:
            return f"the learning-rate schedule {first} in cycle 0 and {later} in later ones"
        case _:
            return f"the learning-rate schedule {listed(schedules)}"


def _shown(one: Representation | None) -> str:
    if one is None:
        return ""
    many = "" if one.width is None else f"{counted(one.width, 'number')} of each image, "
    return (
        f"in place of images the representation {name(one.label)} ({many}kept in {one.precision})"
    )


def _asked(scenario: Scenario) -> str | None:
    """What samplers were shown and which model they asked, here or in what is replayed."""
    one = scenario.querying
    if one is None:
        return None
    seen = (
        "all unlabeled images"
        if one.pool_subset is None
        else f"at most {counted(one.pool_subset, 'unlabeled image')}, drawn at random"
    )
    said = f"At each query a sampler was shown {seen}, and asked {name(one.model)}."
    if scenario.replay is None:
        return said
    return (
        "Nothing was queried in it: run by run, its models were trained on the labeled sets of the "
        f"scenario {name(scenario.replay)}. {said}"
    )


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
    labels = [wording.budget(one, scenario.n_images) for one in scenario.labels]
    validation = (
        f"{counted(scenario.n_validation, 'label')} beside these were spent on validation"
        if scenario.n_validation
        else "none were spent on validation, and the weights of a training's last epoch count"
    )
    stop = scenario.stop_at_accuracy
    ended = (
        ""
        if stop is None
        else (f" A run ended when it reached {wording.threshold(stop)} validation accuracy.")
    )
    of_all = " (in brackets, the share of the training images)" if scenario.n_train else ""
    said = f"Models were trained with {listed(labels) if labels else 'no'} labels{of_all}"
    left_out = (
        f" Of the training images {scenario.n_left_out} were in no set, and no share counts these."
        if scenario.n_left_out
        else ""
    )
    held_out = (
        f" Of every pool {counted(scenario.n_held_out, 'image')}, of each class its share, were "
        "held out and queried by no method."
        if scenario.n_held_out
        else ""
    )
    chosen = (
        " What runs started from was chosen, by methods that need no model themselves and for the "
        f"others by {name(scenario.reference)}, each from a random 90 % of the images."
        if scenario.first_sets
        else ""
    )
    return f"{said}; {validation}.{left_out}{held_out}{chosen}{ended}"


def _tuning(document: Document, scenario: Scenario) -> str:
    searched = _searched(document, scenario)
    trials = document.suite.number("tuning", "trials")
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
                f"Nothing was tuned{_fixed(document, scenario)}: all verdicts are at fixed "
                "hyper-parameters, which have to come from initial sets that are not compared here."
            )
        case None:
            return (
                "How hyper-parameters were tuned is not recorded; where all initial sets shared "
                "one tuning, the verdicts are conditional on it."
            )


def _searched(document: Document, scenario: Scenario) -> str:
    parts = [f"{name(key)} ({_range(value)})" for key, value in (scenario.space or {}).items()]
    return f" over {listed(parts)}{_otherwise(document)}" if parts else ""


def _fixed(document: Document, scenario: Scenario) -> str:
    parts = [f"{name(key)} = {_range(value)}" for key, value in (scenario.space or {}).items()]
    return f" ({', '.join(parts)}{_otherwise(document)})" if parts else ""


def _otherwise(document: Document) -> str:
    """What hyper-parameters were instead in cycle 0, and in later ones."""
    said = []
    for table, cycles in (("first", "in cycle 0"), ("later", "in later cycles")):
        lines = document.suite.table(f"tuning.{table}").items()
        said += [f", {cycles} {name(key)} = {_range(value)}" for key, value in lines]
    return "".join(said)


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
    long = f"{_epochs(document)}{_started(scenario)}{_precision(document)}"
    if any(one.looked_at for one in scenario.methods):
        return (
            f"{long}Nothing was decided by test images but, under looks declared beforehand, "
            "whether further seeds were run."
        )
    return f"{long}Nothing was decided by test images."


def _epochs(document: Document) -> str:
    usual = document.suite.number("training", "epochs")
    if usual is None:
        return ""
    own = [document.suite.number(f"training.{table}", "epochs") for table in ("first", "later")]
    first, later = (usual if one is None else one for one in own)
    if first == later:
        return f"Each training took {counted(first, 'epoch')}. "
    return (
        f"Each training took {counted(first, 'epoch')} in cycle 0 and {counted(later, 'epoch')} in "
        "later cycles. "
    )


def _started(scenario: Scenario) -> str:
    if not scenario.warm_start:
        return ""
    return (
        "In cycle 0 models were trained from random initializations; in later cycles each training "
        "went on from the weights that its run had chosen in the cycle before. "
    )


def _precision(document: Document) -> str:
    if document.suite.table("training").get("precision") != "bfloat16":
        return ""
    return (
        "Passes of training and validation were computed in bfloat16 under autocast; test images "
        "were measured, and samplers were asked, in float32. "
    )


def _looks(scenario: Scenario) -> str | None:
    looked_at = [name(one.method) for one in scenario.methods if one.looked_at]
    if not looked_at:
        return None
    return (
        f"Seeds of {listed(looked_at)} were run one look after another, and only while the "
        f"comparison with {name(scenario.reference)} left it open."
    )
