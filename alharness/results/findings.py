"""Findings: what the statistics say of the numbers in a document."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from alharness.results.document import (
    FamilyFindings,
    Method,
    MethodFindings,
    Scenario,
    ScenarioFindings,
    numbers,
)
from alharness.statistics import (
    PaperChain,
    Verdict,
    chance_of_a_verdict,
    compare,
    curve,
    endpoint,
    familywise,
    marks,
    paper_chain,
)

CONDITIONS = {
    "first-initial-set": "conditional on one tuning",
    "fixed": "at fixed hyper-parameters",
}
"""What a verdict says beside, by what was tuned."""


def findings(scenario: Scenario) -> ScenarioFindings:
    """Curves, verdicts against the reference, alone and family-wise, marks, the paper's chain.

    Where runs stop at an accuracy, those that go on are no fair sample: nothing is tested.
    What sees labels is not tested either, nor what is outdated.
    """
    (reference,) = (one for one in scenario.methods if one.method == scenario.reference)
    alone = ScenarioFindings(
        methods={one.method: _method(one, reference, scenario) for one in scenario.methods},
        family=None,
        paper_chain={} if scenario.stop_at_accuracy else _chains(scenario),
    )
    return with_family(scenario, alone)


def with_family(scenario: Scenario, found: ScenarioFindings) -> ScenarioFindings:
    """Findings of a scenario with the decisions that count its family, and nothing else anew."""
    family = scenario.family
    if family is None or scenario.stop_at_accuracy:
        return found
    rows = [one.method for one in scenario.methods if is_member(one, scenario)]
    everything = [*rows, *(other.method for other in family.others)]

    def counts(label: str) -> bool:
        return family.narrowed_to is None or label in family.narrowed_to

    verdicts = {label: found.methods[label].verdict for label in rows if counts(label)}
    decisions = familywise(
        {label: verdict for label, verdict in verdicts.items() if verdict is not None},
        [other.p_value for other in family.others if counts(other.method)],
    )
    members = tuple(filter(counts, everything))
    return found.model_copy(
        update={
            "methods": {
                label: one.model_copy(update={"familywise": decisions.get(label)})
                for label, one in found.methods.items()
            },
            "family": FamilyFindings(
                methods=members,
                narrowed_from=None if family.narrowed_to is None else len(everything),
                chance=chance_of_a_verdict(len(members)),
            ),
        }
    )


def is_member(method: Method, scenario: Scenario) -> bool:
    """Whether a method of a document is in its family: it has results after cycle 0."""
    if method.method == scenario.reference or method.sees_labels or method.outdated:
        return False
    return not np.isnan(numbers(method.accuracy)[:, :, 1:]).all()


def sentence(verdict: Verdict, reference: str, tuning: str | None) -> str:
    """A verdict in words, e.g. ``better than random, conditional on one tuning``."""
    condition = CONDITIONS.get(tuning or "")
    alone = verdict.sentence(reference)
    if condition is None or verdict is Verdict.NOT_TESTABLE:
        return alone
    return f"{alone}, {condition}"


def untested(method: Method) -> MethodFindings:
    """Findings of a method that is compared with nothing: its curve."""
    return MethodFindings(
        curve=curve(numbers(method.accuracy)),
        verdict=None,
        sentence=None,
        familywise=None,
        marks=None,
    )


def _method(method: Method, reference: Method, scenario: Scenario) -> MethodFindings:
    if method is reference or method.sees_labels or method.outdated:
        return untested(method)
    ours, theirs = _queried(method, scenario), _queried(reference, scenario)
    budgets = scenario.labels[1:]
    verdict = compare(endpoint(ours, budgets), endpoint(theirs, budgets))
    return MethodFindings(
        curve=curve(numbers(method.accuracy)),
        verdict=verdict,
        sentence=sentence(verdict.verdict, scenario.reference, scenario.tuning),
        familywise=None,
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
        if one.method == scenario.reference or not (one.sees_labels or one.outdated)
    }
    return {
        labels: paper_chain(
            {method: values[:, :, cycle].ravel() for method, values in accuracies.items()},
            scenario.reference,
        )
        for cycle, labels in enumerate(scenario.labels[1:], start=1)
    }
