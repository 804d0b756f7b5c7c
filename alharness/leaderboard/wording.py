"""How numbers and verdicts are written for people: the same in every report."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from alharness.results.collect import ScenarioResult
from alharness.results.findings import MethodFinding, ScenarioFinding
from alharness.statistics import Comparison, Interval, Point, Verdict

_UNIT = re.compile(r"(, )?\b\w+ [0-9a-f]{32}(?=:)")

SYMBOLS = {
    Verdict.BETTER: "▲",
    Verdict.WORSE: "▼",
    Verdict.UNDETERMINED: "",
    Verdict.NOT_TESTABLE: "",
}


def header(finding: ScenarioFinding) -> list[str]:
    """Column titles of a scenario's table."""
    result = finding.result
    shares = (f"{labels} ({labels / result.n_train:.0%})" for labels in result.labels)
    spent = [f"labels to {result.stop_at_accuracy:.0%}"] if result.stop_at_accuracy else []
    verdict = [f"verdict against {result.reference}", "difference", "detectable"]
    return ["method", *shares, *spent, *verdict]


def row(method: MethodFinding, scenario: ScenarioResult) -> list[str]:
    """A method's cells, aligned with ``header``."""
    marks: list[Comparison | None] = [None, *(method.marks or [None] * (len(method.curve) - 1))]
    cells = [cell(point, mark) for point, mark in zip(method.curve, marks, strict=True)]
    if scenario.stop_at_accuracy:
        cells.append(spent(method))
    if method.verdict is None:
        return [method.result.label, *cells, "reference", "", ""]
    verdict = method.verdict
    return [
        method.result.label,
        *cells,
        sentence(verdict, scenario.reference),
        difference(verdict),
        detectable(verdict),
    ]


def cell(point: Point, mark: Comparison | None) -> str:
    """Mean accuracy in percent ± half its interval, and the mark."""
    if point.mean is None:
        return "–"
    spread = f" ± {_half(point.interval):.2f}" if point.interval else ""
    symbol = SYMBOLS[mark.verdict] if mark else ""
    return f"{100 * point.mean:.2f}{spread}{' ' + symbol if symbol else ''}"


def spent(method: MethodFinding) -> str:
    """Mean number of labels of the runs that reached the accuracy, and how many did."""
    labels = method.result.spent
    reached = labels[~np.isnan(labels)]
    mean = f"{reached.mean():.0f} " if len(reached) else ""
    return f"{mean}({len(reached)} of {labels.size} runs)"


def sentence(verdict: Comparison, reference: str) -> str:
    """The verdict in words."""
    return verdict.verdict.sentence(reference)


def difference(verdict: Comparison) -> str:
    """The difference in percentage points with its interval."""
    if verdict.difference is None:
        return "–"
    if verdict.interval is None:
        return f"{100 * verdict.difference:+.2f}"
    low, high = (100 * end for end in (verdict.interval.low, verdict.interval.high))
    return f"{100 * verdict.difference:+.2f} [{low:+.2f}, {high:+.2f}]"


def detectable(verdict: Comparison) -> str:
    """The smallest true difference that would be found with 80 % power, in percentage points."""
    effect = verdict.minimum_detectable_effect
    if effect is None:
        return "–"
    ends = verdict.minimum_detectable_effect_interval
    between = f" [{100 * ends.low:.2f}, {100 * ends.high:.2f}]" if ends else ""
    return f"{100 * effect:.2f}{between}"


def notes(finding: ScenarioFinding, n_models: int) -> list[str]:
    """What a reader has to know to read the table."""
    result = finding.result
    n_sets, n_seeds, _ = result.methods[0].accuracy.shape
    lines = [
        f"Test accuracy in %, mean over {n_sets} initial sets x {n_seeds} seeds ± half a 95 % "
        "interval over initial sets.",
        f"▲ ▼: better, worse than {result.reference} at that budget (Holm over the method's "
        "budgets).",
        "Verdict and difference: area under the accuracy-log(labels) curve after cycle 0, paired "
        "by initial set, in percentage points. Detectable: the smallest true difference found "
        "with 80 % power, with the interval that follows from that of the deviation.",
        f"Labels beside those of the columns: {result.n_validation} for validation.",
    ]
    trained = {method.result.label: method.result.trained for method in finding.methods}
    shared = frozenset.intersection(*trained.values())
    lines.append(
        "Trainings behind each method (tunings, seeds, committees): "
        + ", ".join(f"{label} {len(keys)}" for label, keys in trained.items())
        + f"; {len(shared)} of them are the same for all."
    )
    if result.stop_at_accuracy is not None:
        lines.append(
            f"A run ends at {result.stop_at_accuracy:.0%} validation accuracy. Later budgets hold "
            "the runs that went on, which are no fair sample: nothing is tested."
        )
    if n_models == 1:
        lines.append("One architecture: the verdicts hold for it alone.")
    return lines


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


def _half(interval: Interval) -> float:
    return 50 * (interval.high - interval.low)
