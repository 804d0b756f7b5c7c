"""Findings: what the statistics say of the numbers in a document."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alharness.results.document import (
    Method,
    MethodFindings,
    Scenario,
    ScenarioFindings,
    numbers,
)
from alharness.statistics import PaperChain, compare, curve, endpoint, marks, paper_chain


def findings(scenario: Scenario) -> ScenarioFindings:
    """Curves, verdicts against the reference, marks per budget, and the paper's chain.

    Where runs stop at an accuracy, those that go on are no fair sample: nothing is tested.
    What sees labels is not tested either.
    """
    (reference,) = (one for one in scenario.methods if one.method == scenario.reference)
    return ScenarioFindings(
        methods={one.method: _method(one, reference, scenario) for one in scenario.methods},
        paper_chain={} if scenario.stop_at_accuracy else _chains(scenario),
    )


def _method(method: Method, reference: Method, scenario: Scenario) -> MethodFindings:
    points = curve(numbers(method.accuracy))
    if method is reference or method.sees_labels:
        return MethodFindings(curve=points, verdict=None, sentence=None, marks=None)
    ours, theirs = _queried(method, scenario), _queried(reference, scenario)
    budgets = scenario.labels[1:]
    verdict = compare(endpoint(ours, budgets), endpoint(theirs, budgets))
    return MethodFindings(
        curve=points,
        verdict=verdict,
        sentence=verdict.verdict.sentence(scenario.reference),
        marks=marks(ours, theirs),
    )


def _queried(method: Method, scenario: Scenario) -> NDArray[np.float64]:
    """Accuracies that are to be tested: (initial sets, seeds, budgets after cycle 0)."""
    accuracy = numbers(method.accuracy)[:, :, 1:]
    return np.full_like(accuracy, np.nan) if scenario.stop_at_accuracy else accuracy


def _chains(scenario: Scenario) -> dict[int, PaperChain]:
    accuracies = {
        one.method: numbers(one.accuracy)
        for one in scenario.methods
        if one.method == scenario.reference or not one.sees_labels
    }
    return {
        labels: paper_chain(
            {method: values[:, :, cycle].ravel() for method, values in accuracies.items()},
            scenario.reference,
        )
        for cycle, labels in enumerate(scenario.labels[1:], start=1)
    }
