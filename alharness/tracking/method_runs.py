"""What MLflow shows of a finished bench: a run for each method, and the experiment's note.

A pure function of the bench's document, as observers get it (``docs/results.md``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from alharness.protocol.keys import digest
from alharness.tracking.logged_run import LAYOUT, LoggedRun, MetricValue
from alharness.tracking.tracking_plan import Planned

VERDICT_TAG = "alharness.verdict"

_Value: TypeAlias = tuple[str, int, float]


class Found(NamedTuple):
    """What a bench found: the methods' runs, to be logged, and the note of their experiment."""

    runs: Sequence[Planned]
    note: str


def found(document: Mapping[str, Any], now: int) -> Found:
    """``now``, in milliseconds since 1970, is when its methods' runs are said to have ended."""
    runs, tables = [], []
    for scenario in document["scenarios"]:
        findings = document["findings"][scenario["scenario"]]["methods"]
        rows = []
        for method in scenario["methods"]:
            of_method = findings[method["method"]]
            if method["outdated"] is None:
                runs.append(_planned(document, scenario, method, of_method, now))
            verdict = _verdict(scenario, method, of_method)
            rows.append(f"| {_cell(method['method'])} | {_cell(verdict)} |")
        tables.append("\n".join([f"**{scenario['scenario']}**", "", *_HEADER, *rows]))
    return Found(runs, experiment_note(document["suite"]["title"] or "", tables))


_HEADER = ["| method | verdict |", "| --- | --- |"]


def experiment_note(title: str, tables: Sequence[str] = ()) -> str:
    """Markdown: the title, what was found, and how to look at it."""
    guide = (
        "Filter ``tags.`alharness.kind` = 'method'`` for a run per method: its `test_accuracy` "
        "(or another metric that the suite declares) by the number of labeled images (the step) "
        "is the mean curve, with `test_accuracy_low` and `test_accuracy_high` the ends of its "
        "interval; the column `alharness.verdict` has the verdict. Kind `run`: each initial set "
        "and seed. Kind `trial`: each training."
    )
    return "\n\n".join([title, *tables, guide])


def _planned(
    document: Mapping[str, Any],
    scenario: Mapping[str, Any],
    method: Mapping[str, Any],
    findings: Mapping[str, Any],
    now: int,
) -> Planned:
    tags = {
        "alharness.kind": "method",
        "alharness.suite": f"{document['suite']['name']} {document['suite']['version']}",
        "alharness.protocol": scenario["protocol_digest"],
        VERDICT_TAG: _verdict(scenario, method, findings),
    }
    key = digest(
        {
            "kind": "method",
            "protocol": scenario["protocol_digest"],
            "components": scenario["components"],
            "method": method["sampler"],
        }
    )
    values = list(_metrics(scenario, findings))
    state = f"layout-{LAYOUT} {digest([values, tags])[:16]}"
    params = {
        "scenario": scenario["scenario"],
        "method": method["method"],
        "reference": scenario["reference"],
    }
    name = f"{scenario['scenario']}/{method['method']}"
    points = [MetricValue(metric, value, step, now) for metric, step, value in values]
    run = partial(
        LoggedRun, key, state, name, None, "FINISHED", now, now, params, points, tags, whole=True
    )
    return Planned(key, state, run)


def _metrics(scenario: Mapping[str, Any], findings: Mapping[str, Any]) -> Iterator[_Value]:
    """Metric, step (labeled images) and value; the difference stands at the last step."""
    metric = f"test_{scenario['endpoint']['metric']}"
    for labels, point in zip(scenario["labels"], findings["curve"], strict=True):
        if point["mean"] is not None:
            yield metric, labels, point["mean"]
        yield from _ends(metric, labels, point["interval"])
    comparison = findings["verdict"]
    if comparison is not None and comparison["difference"] is not None:
        last = scenario["labels"][-1]
        yield "difference", last, comparison["difference"]
        yield from _ends("difference", last, comparison["interval"])


def _ends(name: str, step: int, interval: Sequence[float] | None) -> Iterator[_Value]:
    if interval is not None:
        low, high = interval
        yield f"{name}_low", step, low
        yield f"{name}_high", step, high


def _verdict(
    scenario: Mapping[str, Any], method: Mapping[str, Any], findings: Mapping[str, Any]
) -> str:
    if findings["sentence"] is not None:
        return str(findings["sentence"])
    if method["method"] == scenario["reference"]:
        return "reference"
    outdated = method["outdated"]
    return "none: it sees labels" if outdated is None else f"none: outdated, {outdated}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
