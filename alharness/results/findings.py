"""Findings: what the statistics say of the numbers in a document."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from alharness.results.document import (
    Family,
    FamilyFindings,
    Method,
    MethodFindings,
    Scenario,
    ScenarioFindings,
)
from alharness.results.looks import comparison_at, looks_at, sentence_of
from alharness.results.samples import Samples, samples_of, values_of
from alharness.statistics import (
    MEASURES,
    Comparison,
    FamilyDecision,
    Measure,
    PaperChain,
    Verdict,
    chance_of_a_verdict,
    compare,
    curve,
    endpoint,
    familywise,
    marks,
    measure,
    paper_chain,
)

CONDITIONS = {
    "first-initial-set": "conditional on one tuning",
    "fixed": "at fixed hyper-parameters",
}
"""What a verdict says beside, by what was tuned."""

ACCURACY = MEASURES["accuracy"]


def findings(scenario: Scenario) -> ScenarioFindings:
    """Curves, verdicts against the reference, alone and family-wise, marks, the paper's chain.

    All on the metric that the suite declares as its endpoint; differences are oriented so that
    above 0 is better. Where runs stop at an accuracy, those that go on are no fair sample: nothing
    is tested. Nor is a method whose initial sets samplers chose and that are all the same; what
    sees labels is not tested either, nor what is outdated.
    """
    samples = samples_of(scenario)
    alone = ScenarioFindings(
        methods={
            one.method: _tested(one, samples)
            if one.method in samples.compared
            else untested(one, scenario)
            for one in scenario.methods
        },
        family=None,
        paper_chain=chains(samples, (scenario.reference, *samples.ranked)),
    )
    return with_family(scenario, alone)


def with_family(scenario: Scenario, found: ScenarioFindings) -> ScenarioFindings:
    """Findings of a scenario with the decisions that count its family, and nothing else anew."""
    samples = samples_of(scenario)
    verdicts = {label: one.verdict for label, one in found.methods.items() if one.verdict}
    decided = family_decisions(samples, verdicts)
    if decided is None:
        return found
    decisions, family = decided
    return found.model_copy(
        update={
            "methods": {
                label: one.model_copy(update={"familywise": decisions.get(label)})
                for label, one in found.methods.items()
            },
            "family": family,
        }
    )


def family_decisions(
    samples: Samples, verdicts: Mapping[str, Comparison]
) -> tuple[dict[str, FamilyDecision], FamilyFindings] | None:
    """Decisions that count the family, by method, and what the family is.

    verdicts: of all methods compared. None where nobody knows what the family is, or nothing is
    tested.
    """
    family = samples.family
    if family is None or samples.untested:
        return None
    rows = list(filter(samples.is_member, samples.values))
    counted = [label for label in rows if _counts(label, family)]
    decisions = familywise(
        {label: verdicts[label] for label in counted},
        [other.p_value for other in family.others if _counts(other.method, family)],
    )
    everything = [*rows, *(other.method for other in family.others)]
    members = tuple(label for label in everything if _counts(label, family))
    return decisions, FamilyFindings(
        methods=members,
        narrowed_from=None if family.narrowed_to is None else len(everything),
        chance=chance_of_a_verdict(len(members)),
    )


def _counts(label: str, family: Family) -> bool:
    return family.narrowed_to is None or label in family.narrowed_to


def is_member(method: Method, scenario: Scenario) -> bool:
    """Whether a method of a document is in its family: it has results at tested budgets."""
    if method.method == scenario.reference or method.sees_labels or method.outdated:
        return False
    values = values_of(method, measure(scenario.endpoint.metric), scenario)
    return not bool(np.isnan(values[:, :, scenario.first_tested :]).all())


def sentence(
    verdict: Verdict, reference: str, tuning: str | None, measure: Measure = ACCURACY
) -> str:
    """A verdict in words, e.g. ``better than random, conditional on one tuning``.

    Another metric than accuracy is named: ``better than random on Brier score``.
    """
    said = verdict.sentence(reference)
    if verdict is Verdict.NOT_TESTABLE:
        return said
    if measure != ACCURACY:
        said = f"{said} on {measure.phrase}"
    condition = CONDITIONS.get(tuning or "")
    return said if condition is None else f"{said}, {condition}"


def untested(method: Method, scenario: Scenario) -> MethodFindings:
    """Findings of a method that is compared with nothing: its curve."""
    metric = measure(scenario.endpoint.metric)
    return MethodFindings(
        curve=curve(values_of(method, metric, scenario)),
        verdict=None,
        sentence=None,
        familywise=None,
        marks=None,
    )


def _tested(method: Method, samples: Samples) -> MethodFindings:
    verdict = compared(samples, method.method)
    if method.method in samples.looked_at:
        return MethodFindings(
            curve=curve(samples.values[method.method]),
            verdict=verdict,
            sentence=said_of(method.method, samples, verdict),
            familywise=None,
            marks=None,
            looks=looks_at(samples, method.method),
        )
    return MethodFindings(
        curve=curve(samples.values[method.method]),
        verdict=verdict,
        sentence=said_of(method.method, samples, verdict),
        familywise=None,
        marks=marks(samples.tested(method.method), samples.tested(samples.reference)),
    )


def said_of(method: str, samples: Samples, verdict: Comparison) -> str:
    """The verdict on a method in words, with the look that it is from."""
    alone = sentence(verdict.verdict, samples.reference, samples.tuning, samples.measure)
    if method in samples.untestable and verdict.verdict is Verdict.NOT_TESTABLE:
        return f"{alone}, {samples.untestable[method]}"
    if method not in samples.looked_at:
        return alone
    return f"{alone}, {sentence_of(looks_at(samples, method))}"


def compared(samples: Samples, method: str) -> Comparison:
    """The verdict on a method, as ``compare`` has it; of what is looked at, its last look's."""
    if method in samples.looked_at:
        return comparison_at(samples, method)
    ours, theirs = (samples.tested(one) for one in (method, samples.reference))
    return compare(endpoint(ours, samples.budgets), endpoint(theirs, samples.budgets))


def chains(samples: Samples, methods: Collection[str]) -> dict[int, PaperChain]:
    """The paper's chain of tests by the number of labels; empty where nothing is tested."""
    if samples.untested:
        return {}
    tested = {method: samples.tested(method) for method in methods}
    return {
        labels: paper_chain(
            {method: values[:, :, budget] for method, values in tested.items()}, samples.reference
        )
        for budget, labels in enumerate(samples.budgets)
    }
