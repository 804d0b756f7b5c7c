"""How numbers and verdicts are written for people: the same in every report."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from alharness.leaderboard import setting
from alharness.leaderboard.caveats import caveats
from alharness.leaderboard.tables import numerals
from alharness.leaderboard.tables.numerals import PERCENT, Scale, scale_of
from alharness.leaderboard.tables.table import Mark
from alharness.protocol.wording import repeated_sentence
from alharness.results.document import (
    Document,
    Method,
    MethodFindings,
    Scenario,
    ScenarioFindings,
    numbers,
)
from alharness.results.sources import ONE_ARCHITECTURE
from alharness.selection.best_of import optimism as best_of_optimism
from alharness.statistics import Comparison, Measure, Point, Verdict, measure

_CANDIDATES = 100
"""Batches of which the built-in upper bound takes the best."""

_UNIT = re.compile(r"(, )?\b\w+ [0-9a-f]{32}(?=:)|/[0-9a-f]{32}\b")

SYMBOLS: Mapping[Verdict, Mark] = {
    Verdict.BETTER: "▲",
    Verdict.WORSE: "▼",
    Verdict.UNDETERMINED: "",
    Verdict.NOT_TESTABLE: "",
}

CO_TRAINED = "co-trained"
"""What marks a method whose training extension was trained together with the task model."""


def origin(document: Document) -> str:
    """Which suite a document is of, and what wrote it."""
    suite = document.suite
    return (
        f"Suite {suite.name} version {suite.version}, digest {suite.digest}; "
        f"alharness {document.alharness}."
    )


def header(scenario: Scenario, found: ScenarioFindings) -> list[str]:
    """Column titles of a scenario's table."""
    shares = (budget(labels, scenario.n_images) for labels in scenario.labels)
    stop = scenario.stop_at_accuracy
    spent = [f"labels to {threshold(stop)}"] if stop is not None else []
    counted = [f"in a family of {len(found.family.methods)}"] if found.family else []
    metric = measure(scenario.endpoint.metric)
    difference = "difference" if metric.name == "accuracy" else f"difference in {metric.phrase}"
    verdict = [f"verdict against {scenario.reference}", *counted, difference, "detectable"]
    return ["method", *shares, *spent, *verdict]


def budget(labels: int, n_images: int | None) -> str:
    """A number of labels, and which share of the images that are in a set it is."""
    return str(labels) if n_images is None else f"{labels} ({share(labels / n_images)})"


def share(part: float) -> str:
    """A share: whole percent, below ten percent two digits: ``0.08%``, ``2.5%``, ``20%``."""
    percent = 100 * part
    return f"{percent:.0f}%" if percent >= 10 else f"{percent:.2g}%"


def threshold(accuracy: float) -> str:
    """An accuracy in percent as the suite gives it: ``90%``, ``99.5%``."""
    return f"{100 * accuracy:g}%"


def rows(scenario: Scenario, found: ScenarioFindings) -> list[list[str]]:
    """The cells of every method, aligned with ``header``; what is not applicable comes last."""
    rows_of = [_row(method, found, scenario) for method in scenario.methods]
    return [*rows_of, *_lacking(scenario, found)]


def _lacking(scenario: Scenario, found: ScenarioFindings) -> Iterator[list[str]]:
    titles = header(scenario, found)
    before = titles.index(f"verdict against {scenario.reference}")
    for one in scenario.not_applicable or ():
        nothing = [numerals.NOTHING] * (before - 1)
        behind = [""] * (len(titles) - before - 1)
        yield [one.method, *nothing, setting.NOT_APPLICABLE, *behind]


def _row(method: Method, everything: ScenarioFindings, scenario: Scenario) -> list[str]:
    """A method's cells, aligned with ``header``."""
    found = everything.methods[method.method]
    scale = scale_of(measure(scenario.endpoint.metric))
    cells = [cell(point, mark, scale) for point, mark in marked(found, scenario)]
    if scenario.stop_at_accuracy is not None:
        cells.append(spent(method))
    verdict = found.verdict
    name = f"{method.method} ({CO_TRAINED})" if method.co_trained else method.method
    if verdict is None:
        why = untested(method, scenario)
        return [name, *cells, why, *([""] if everything.family else []), "", ""]
    return [
        name,
        *cells,
        found.sentence or "",
        *([familywise(found)] if everything.family else []),
        difference(verdict, scale),
        detectable(verdict, scale),
    ]


def marked(found: MethodFindings, scenario: Scenario) -> Iterator[tuple[Point, Comparison | None]]:
    """Each point of a method's curve with its mark; None where it has none."""
    first = scenario.first_tested
    tested = found.marks or (None,) * (len(found.curve) - first)
    yield from zip(found.curve, ((None,) * first) + tested, strict=True)


def untested(method: Method, scenario: Scenario) -> str:
    """What stands in the place of a verdict."""
    if method.method == scenario.reference:
        return "reference"
    return "outdated" if method.outdated else "sees labels"


def familywise(found: MethodFindings) -> str:
    """The verdict with the family counted, and its adjusted p-value."""
    decision = found.familywise
    if decision is None:
        return "not counted"
    p_value = "" if decision.p_value is None else f", p {numerals.p_value(decision.p_value)}"
    return f"{decision.verdict.replace('-', ' ')}{p_value}"


def cell(point: Point, mark: Comparison | None, scale: Scale = PERCENT) -> str:
    """A mean ± half its interval, and the mark; accuracies in percent."""
    if point.mean is None:
        return numerals.NOTHING
    symbol = SYMBOLS[mark.verdict] if mark else ""
    mean = numerals.mean(point.mean, point.interval, scale)
    return f"{mean} {symbol}" if symbol else mean


def spent(method: Method) -> str:
    """Mean number of labels of the runs that reached the accuracy, and how many did."""
    labels = numbers(method.labels_spent)
    reached = labels[~np.isnan(labels)]
    mean = f"{reached.mean():.0f} " if len(reached) else ""
    return f"{mean}({len(reached)} of {labels.size} runs)"


def difference(verdict: Comparison, scale: Scale = PERCENT) -> str:
    """The difference with its interval; of accuracies in percentage points."""
    if verdict.difference is None:
        return numerals.NOTHING
    return numerals.effect(verdict.difference, verdict.interval, scale)


def detectable(verdict: Comparison, scale: Scale = PERCENT) -> str:
    """The smallest true difference that would be found with 80 % power."""
    effect = verdict.minimum_detectable_effect
    if effect is None:
        return numerals.NOTHING
    return numerals.ranged(effect, verdict.minimum_detectable_effect_interval, scale)


def notes(scenario: Scenario, found: ScenarioFindings, n_models: int | None) -> list[str]:
    """What a reader has to know to read the table; ``n_models`` are those of the document."""
    n_sets, n_seeds, _ = numbers(scenario.methods[0].accuracy).shape
    metric = measure(scenario.endpoint.metric)
    lines = [
        *setting.sentences(scenario),
        f"Test {metric.phrase}{unit(metric)}, mean over {n_sets} initial sets x {n_seeds} seeds "
        "± half a 95 % interval over initial sets.",
        f"▲ ▼: better, worse than {scenario.reference} at that budget (Holm over the method's "
        "budgets).",
        f"Verdict and difference: area under the {metric.phrase}-log(labels) curve "
        f"{_from(scenario)}, paired by initial set{differences(metric)}. Detectable: the smallest "
        "true difference found with 80 % power, with the interval that follows from that of the "
        "deviation.",
        *caveats(scenario, found),
        _beside(scenario),
        _trainings(scenario),
    ]
    if scenario.stop_at_accuracy is not None:
        lines.append(
            f"A run ends at {threshold(scenario.stop_at_accuracy)} validation accuracy. Later "
            "budgets hold the runs that went on, which are no fair sample: nothing is tested."
        )
    repeated = scenario.repeated_images
    if repeated is not None and repeated.n:
        said = repeated_sentence(repeated.n, repeated.n_test, repeated.examples)
        lines.append(f"{said}. Accuracy counts them, and rewards remembering.")
    seeing = [method.method for method in scenario.methods if method.sees_labels]
    if seeing:
        lines.append(
            f"{', '.join(seeing)}: shown the hidden labels. An upper bound, not a method: it is "
            f"neither tested nor ranked.{optimism(scenario)}"
        )
    lines += co_trained(method.method for method in scenario.methods if method.co_trained)
    if n_models == 1:
        lines.append(ONE_ARCHITECTURE)
    return lines


def co_trained(methods: Iterable[str]) -> list[str]:
    """What is said of methods that are co-trained: one sentence or none."""
    named = ", ".join(methods)
    if not named:
        return []
    return [
        f"{named}: {CO_TRAINED}. The sampler's own training extension trains the task model, too: "
        "a difference may be one of training and not of selection. A scenario that replays this "
        "one shows what the labeled sets are worth to plainly trained models."
    ]


def _from(scenario: Scenario) -> str:
    """From which cycle on results are tested."""
    return "after cycle 0" if scenario.first_tested else "from cycle 0 on"


def _beside(scenario: Scenario) -> str:
    """Labels beside those of the columns, and images that have no part in it."""
    said = (
        f"Labels beside those of the columns: {scenario.n_validation} for validation."
        if scenario.n_validation
        else "Nothing was validated: the weights of a training's last epoch count."
    )
    if scenario.n_left_out:
        said += f" {scenario.n_left_out} training images are in no set, and no share counts them."
    if scenario.n_held_out:
        said += f" {scenario.n_held_out} images of every pool are held out: no method queries them."
    return said


def optimism(scenario: Scenario) -> str:
    """How far an upper bound may overrate what it tries; empty where nothing is held out."""
    if not scenario.n_held_out:
        return ""
    points = 100 * best_of_optimism(_CANDIDATES, 0.5, scenario.n_held_out)
    return (
        f" Gains are measured on the {scenario.n_held_out} images held out: the best of "
        f"{_CANDIDATES} batches seems up to {points:.1f} percentage points better there than it "
        "is, and another one may be the best."
    )


def unit(metric: Measure) -> str:
    """What stands behind a metric's name: `` in %``, `` in nats``, and what is better."""
    name = {"share": " in %", "nats": " in nats", "score": ""}[metric.unit]
    return name if metric.higher_is_better else f"{name} (lower is better)"


def differences(metric: Measure) -> str:
    """What is said of differences behind what they are of: their unit, and which are better."""
    name = {"share": ", in percentage points", "nats": ", in nats", "score": ""}[metric.unit]
    return name if metric.higher_is_better else f"{name}; above 0 is better"


def _trainings(scenario: Scenario) -> str:
    numbers_of = ", ".join(
        f"{method.method} {method.trainings}" for method in scenario.methods if not method.outdated
    )
    shared = scenario.shared_trainings
    same = "" if shared is None else f"; {shared} of them are the same for all"
    return f"Trainings behind each method (tunings, seeds, committees): {numbers_of}{same}."


def counted(lines: Iterable[str]) -> list[str]:
    """Each line once, in order, with how often it came: ``3 x sampler 'mine' …``.

    Lines that differ only in the unit they name count as one, which names none.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        alike[_UNIT.sub("", line).removeprefix(": ")].append(line)
    return [
        f"{len(several)} x {what}" if len(several) > 1 else several[0]
        for what, several in alike.items()
    ]
