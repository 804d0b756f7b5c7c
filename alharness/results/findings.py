"""Findings: what the statistics say of a scenario's results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alharness.results.collect import MethodResult, ScenarioResult
from alharness.statistics import (
    Comparison,
    PaperChain,
    Point,
    compare,
    curve,
    endpoint,
    marks,
    paper_chain,
)


@dataclass(frozen=True, eq=False)
class MethodFinding:
    """One method: its curve over all cycles, its verdict and marks (None for the reference)."""

    result: MethodResult
    curve: tuple[Point, ...]
    verdict: Comparison | None
    marks: tuple[Comparison, ...] | None


@dataclass(frozen=True, eq=False)
class ScenarioFinding:
    """All methods of a scenario, and the paper's chain of tests at each budget after cycle 0."""

    result: ScenarioResult
    methods: tuple[MethodFinding, ...]
    chain: Mapping[int, PaperChain]


def findings(result: ScenarioResult) -> ScenarioFinding:
    """Curves, verdicts against the reference, marks per budget, and the paper's chain.

    Where runs stop at an accuracy, those that go on are no fair sample: nothing is tested.
    """
    reference = next(one for one in result.methods if one.label == result.reference)
    return ScenarioFinding(
        result,
        tuple(_method(method, reference, result) for method in result.methods),
        {} if result.stop_at_accuracy else _chains(result),
    )


def _chains(result: ScenarioResult) -> dict[int, PaperChain]:
    return {
        labels: paper_chain(
            {method.label: method.accuracy[:, :, cycle].ravel() for method in result.methods},
            result.reference,
        )
        for cycle, labels in enumerate(result.labels[1:], start=1)
    }


def _method(method: MethodResult, reference: MethodResult, result: ScenarioResult) -> MethodFinding:
    points = curve(method.accuracy)
    if method is reference:
        return MethodFinding(method, points, None, None)
    ours, theirs = (
        np.full_like(one.accuracy, np.nan) if result.stop_at_accuracy else one.accuracy
        for one in (method, reference)
    )
    ours, theirs = ours[:, :, 1:], theirs[:, :, 1:]
    queried = result.labels[1:]
    return MethodFinding(
        method,
        points,
        compare(endpoint(ours, queried), endpoint(theirs, queried)),
        marks(ours, theirs),
    )


def as_json(finding: ScenarioFinding) -> dict[str, Any]:
    """Everything found, as JSON; accuracies in [0, 1], None where there is none."""
    result = finding.result
    return {
        "scenario": result.name,
        "protocol_digest": result.protocol,
        "reference": result.reference,
        "labels": list(result.labels),
        "stop_at_accuracy": result.stop_at_accuracy,
        "labels_with_validation": [labels + result.n_validation for labels in result.labels],
        "methods": [_method_json(method, result.reference) for method in finding.methods],
        "paper_chain": {str(labels): asdict(chain) for labels, chain in finding.chain.items()},
    }


def _method_json(finding: MethodFinding, reference: str) -> dict[str, Any]:
    result = finding.result
    verdict = finding.verdict
    return {
        "method": result.label,
        "distribution": result.method.distribution,
        "version": result.method.version,
        "source": result.method.source,
        "runs": {name: state.value for name, state in result.states.items()},
        "accuracy": _nested(result.accuracy.tolist()),
        "labels_spent": _nested(result.spent.tolist()),
        "trainings": len(result.trained),
        "annotation_cost": result.cost.tolist(),
        "curve": [asdict(point) for point in finding.curve],
        "verdict": verdict and {**asdict(verdict), "sentence": verdict.verdict.sentence(reference)},
        "marks": finding.marks and [asdict(mark) for mark in finding.marks],
    }


def _nested(value: Any) -> Any:
    """Lists of numbers with None for NaN, which JSON does not have."""
    if isinstance(value, list):
        return [_nested(item) for item in value]
    return None if value != value else value
