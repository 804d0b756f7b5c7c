"""What a paper says of tests and their outcome: written from a document alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from alharness.leaderboard.caveats import machine_words
from alharness.leaderboard.paper.prose import counted, listed, name, paragraph
from alharness.leaderboard.site.board import Entry
from alharness.leaderboard.tables import numerals
from alharness.leaderboard.tables.numerals import Scale
from alharness.leaderboard.wording import optimism
from alharness.protocol.units.representation import NOT_VERIFIABLE
from alharness.results.document import FamilyFindings, Scenario
from alharness.results.statistics_report import MethodStatistics, ScenarioStatistics
from alharness.statistics import Comparison, Verdict

_SAID: Mapping[Verdict, str] = {
    Verdict.BETTER: "Better than {}",
    Verdict.WORSE: "Worse than {}",
    Verdict.UNDETERMINED: "Undetermined against {}",
    Verdict.NOT_TESTABLE: "Not testable against {}",
}


def findings_paragraphs(entry: Entry, found: ScenarioStatistics) -> Iterator[str]:
    """The tests, with n and what they can detect; what they found; what to mind."""
    if entry.scenario.stop_at_accuracy is not None:
        yield (
            "Nothing was tested: runs that reach the accuracy end, and those that go on are no "
            "fair sample."
        )
    elif not _tested(found):
        yield f"Nothing was compared with {name(found.reference)}."
    else:
        yield paragraph(
            _endpoint(entry, found), _sizes(found), _marks(found), _family(found.family),
            _margin(entry, found), _detectable(entry, found),
        )  # fmt: skip
        yield paragraph(*_outcomes(entry, found), _equivalent(found), _one_condition(found))
    cautions = paragraph(*_cautions(entry, found))
    if cautions:
        yield cautions


def _tested(found: ScenarioStatistics) -> dict[str, Comparison]:
    return {label: one.verdict for label, one in found.methods.items() if one.verdict}


def _endpoint(entry: Entry, found: ScenarioStatistics) -> str:
    budgets = (
        f"{found.budgets[0]}"
        if len(found.budgets) == 1
        else (f"{found.budgets[0]} to {found.budgets[-1]}")
    )
    higher = "" if found.higher_is_better else ", turned so that above 0 is better"
    looks = [name(label) for label, one in found.methods.items() if one.looks is not None]
    but = f" Those of {listed(looks)} have the level of the last look." if looks else ""
    averaged = "averaged over seeds within each initial set, and their means " * (found.n_seeds > 1)
    return (
        f"The endpoint of a run is the area under its {entry.measure.phrase}–log(labels) curve "
        f"from {budgets} labels, as a mean {entry.measure.phrase}. For each method, the "
        f"differences to the reference {name(found.reference)}{higher} were {averaged}tested "
        "against 0 by a two-sided paired t-test over initial sets at 5%, with 95% intervals."
        f"{but} A verdict answers one question about one method and is not adjusted for others."
    )


def _sizes(found: ScenarioStatistics) -> str:
    """n of every test: initial sets, as seeds within one are not independent."""
    sizes = {label: one.n_initial_sets for label, one in _tested(found).items()}
    most = max(sizes.values())
    fewer = [f"{name(label)} ({n})" for label, n in sizes.items() if n < most]
    but = f", fewer for {listed(fewer)}" if fewer else ""
    return f"The sample size n is the number of initial sets: {most}{but}."


def _marks(found: ScenarioStatistics) -> str | None:
    if not any(one.marks for one in found.methods.values()):
        return None
    return (
        "At single budgets the same test was made with Holm's correction over the "
        f"{counted(len(found.budgets), 'budget')} of the method."
    )


def _family(family: FamilyFindings | None) -> str:
    if family is None:
        return "Which methods were tried beside these is not recorded, so no family is counted."
    size, before = len(family.methods), family.narrowed_from
    if size == 0:
        return "No method counts in a family."
    which = (
        f"every method recorded for this protocol, {size} in all"
        if before is None
        else f"{counted(size, 'method')}, narrowed by the authors from {before}"
    )
    return (
        f"Beside each verdict stands the decision with Holm's correction over its family: {which} "
        f"({listed([name(one) for one in dict.fromkeys(family.methods)])})."
    )


def _margin(entry: Entry, found: ScenarioStatistics) -> str | None:
    if all(one.equivalence is None for one in found.methods.values()):
        return None
    margin = numerals.number(found.margin, entry.scale)
    return (
        f"A method is called equivalent to {name(found.reference)} where the 90% interval of the "
        f"difference lies within ±{margin} {entry.unit_of_differences}, the margin of the suite."
    )


def _detectable(entry: Entry, found: ScenarioStatistics) -> str | None:
    effects = {
        label: one.minimum_detectable_effect
        for label, one in _tested(found).items()
        if one.minimum_detectable_effect is not None
    }
    if not effects:
        return None
    items = [
        f"{numerals.number(effect, entry.scale)} for {name(label)}"
        for label, effect in effects.items()
    ]
    return (
        "The smallest true difference that such a test finds with 80% power, in "
        f"{entry.unit_of_differences}, is {listed(items)}."
    )


def _outcomes(entry: Entry, found: ScenarioStatistics) -> Iterator[str]:
    yield f"Differences are in {entry.unit_of_differences}, with intervals in brackets."
    for verdict, words in _SAID.items():
        items = [
            f"{name(label)}{_numbers(found.methods[label], one, entry.scale)}"
            for label, one in _tested(found).items()
            if one.verdict is verdict
        ]
        if items:
            yield f"{words.format(name(found.reference))}: {listed(items)}."


def _numbers(method: MethodStatistics, one: Comparison, scale: Scale) -> str:
    """`` (+0.91 [+0.66, +1.16], p = 0.0039; in the family better, p = 0.0078)``."""
    if one.difference is None:
        return ""
    parts = [_minus(numerals.effect(one.difference, one.interval, scale))]
    if one.p_value is not None:
        parts.append(_p(one.p_value))
    decision = method.familywise
    in_family = ""
    if decision is not None and decision.p_value is not None:
        words = decision.verdict.replace("-", " ")
        in_family = f"; in the family {words}, {_p(decision.p_value)}"
    looks = method.looks
    after = f"; after {counted(looks[-1].look.seeds, 'seed')}" if looks else ""
    return f" ({', '.join(parts)}{in_family}{after})"


def _p(value: float) -> str:
    text = numerals.p_value(value)
    return f"p < {text[1:]}" if text.startswith("<") else f"p = {text}"


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _equivalent(found: ScenarioStatistics) -> str | None:
    names = [
        name(label)
        for label, one in found.methods.items()
        if one.equivalence is not None and one.equivalence.equivalent
    ]
    return f"Equivalent within the margin: {listed(names)}." if names else None


def _one_condition(found: ScenarioStatistics) -> str | None:
    """What verdicts are conditional on, once more where they stand."""
    match found.tuning:
        case "first-initial-set":
            return "These verdicts are conditional on one tuning."
        case "fixed":
            return "These verdicts are at fixed hyper-parameters."
    return None


def _cautions(entry: Entry, found: ScenarioStatistics) -> Iterator[str]:
    scenario = entry.scenario
    if entry.document.n_models == 1:
        yield "The suite has one architecture: what is said here holds for it alone."
    certain = [
        name(label)
        for label, one in found.methods.items()
        if one.looks and one.looks[-1].overstates
    ]
    if certain:
        yield (
            f"The difference of {listed(certain)} is biased away from 0: no more seeds were run "
            "because it was large."
        )
    looked_at = [name(label) for label, one in found.methods.items() if one.looks is not None]
    if looked_at:
        yield (
            f"Under looks, {listed(looked_at)} {'has' if len(looked_at) == 1 else 'have'} no "
            "marks, no rank and no decision in the family."
        )
    bounds = [name(one.method) for one in scenario.methods if one.sees_labels]
    if bounds:
        yield (
            f"Shown the hidden labels, and therefore an upper bound that is neither tested nor "
            f"ranked: {listed(bounds)}.{optimism(scenario)}"
        )
    together = [name(one.method) for one in scenario.methods if one.co_trained]
    if together:
        yield (
            "Trained together with the sampler's training extension, and so otherwise than the "
            f"other methods' models: {listed(together)}."
        )
    outdated = [name(one.method) for one in scenario.methods if one.outdated]
    if outdated:
        yield f"Left out, because its records are outdated: {listed(outdated)}."
    yield from _lacking(scenario)
    yield from _machines(scenario)


def _lacking(scenario: Scenario) -> Iterator[str]:
    shown, lacking = scenario.representation, scenario.not_applicable or ()
    if shown is not None and shown.order == NOT_VERIFIABLE:
        yield (
            f"The features {name(shown.label)} were computed elsewhere, and that they are in the "
            "order of the images could not be verified: all results rest on it."
        )
    if lacking:
        items = [f"{name(one.method)} ({name(one.reason)})" for one in lacking]
        yield f"Not applicable in this scenario, and so not run: {listed(items)}."


def _machines(scenario: Scenario) -> Iterator[str]:
    machines = scenario.machines or ()
    if len(machines) > 1:
        items = [f"{one.trainings} on {name(machine_words(one.machine))}" for one in machines]
        yield f"Trainings ran on several kinds of machines: {listed(items)}."
