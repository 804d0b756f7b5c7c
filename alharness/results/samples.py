"""Samples: what is compared, whether it comes from a document or from a CSV made anywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.wording import did_you_mean
from alharness.results.document import (
    DEFAULT_ENDPOINT,
    Endpoint,
    Family,
    Member,
    Method,
    Scenario,
    numbers,
)
from alharness.results.runs_csv import Runs
from alharness.results.setting import NotApplicable, Representation
from alharness.statistics import MEASURES, Measure, measure, measured, oriented

OVER = ("done", "failed", "blocked")
"""States of a run that goes no further."""

DEFAULT_REFERENCE = "random"
"""Of a CSV."""

_UNSAID = (
    "A CSV does not say how methods were tuned: where all initial sets shared one tuning, its "
    "verdicts are conditional on that.",
    "The family is the methods in this file: what was tried and is not in it does not count.",
)


@dataclass(frozen=True, eq=False)
class Samples:
    """The runs of methods on one metric, and what is known of them.

    title: the scenario's name, or the file's. suite, protocol: its name, and the digest of the
        protocol; None for a CSV.
    measure: whose ``values`` they are, in its own unit. declared: what the suite declares to be
        the endpoint.
    reference: the method that all others are compared with. tuning: as in a document.
    labels: (C,), of each cycle. first: the first cycle that is tested; 1 where cycle 0 is the
        same for all methods, else 0.
    values: by method, the reference's among them, (I, J, C) float64, aligned, NaN where missing.
    upper_bounds: methods that see labels. co_trained: by method, whether its task models were
        trained along with the sampler's training extension; without those of whom nobody says.
    family: what a family-wise decision counts beside the methods here; None where nobody knows.
    looked_at: methods of which further seeds are run only while their looks do not stop them, and
        how many seeds, from the first, are over of each and of the reference.
    representation: what models are trained on; None where that is images, or nobody says.
    not_applicable: methods that have no runs, with what the scenario lacks.
    notes: what a reader has to know of where they come from. untested: why nothing is tested.
    untestable: why a method is not, by its label.
    """

    title: str
    suite: str | None
    protocol: str | None
    measure: Measure
    declared: Endpoint
    reference: str
    tuning: str | None
    labels: tuple[int, ...]
    first: int
    values: Mapping[str, NDArray[np.float64]]
    upper_bounds: frozenset[str]
    family: Family | None
    notes: tuple[str, ...] = ()
    untested: str | None = None
    looked_at: Mapping[str, int] = field(default_factory=dict)
    representation: Representation | None = None
    not_applicable: tuple[NotApplicable, ...] = ()
    untestable: Mapping[str, str] = field(default_factory=dict)
    co_trained: Mapping[str, bool] = field(default_factory=dict)

    @property
    def secondary(self) -> bool:
        """Whether the suite declared another metric to be its endpoint."""
        return self.measure.name != self.declared.metric

    @property
    def budgets(self) -> tuple[int, ...]:
        """(B,), labels of the cycles that are tested."""
        return self.labels[self.first :]

    @property
    def compared(self) -> tuple[str, ...]:
        """The methods that have a verdict: all but the reference and what sees labels."""
        without = {self.reference, *self.upper_bounds}
        return tuple(method for method in self.values if method not in without)

    @property
    def ranked(self) -> tuple[str, ...]:
        """The methods that are ranked and tested together with the reference: run in full."""
        without = {*self.looked_at, *self.untestable}
        return tuple(method for method in self.compared if method not in without)

    def tested(self, method: str) -> NDArray[np.float64]:
        """(I, J, B), oriented so that more is better; NaN throughout where it is not tested."""
        values = self.oriented(method)[:, :, self.first :]
        left_out = self.untested or method in self.untestable
        return np.full_like(values, np.nan) if left_out else values

    def oriented(self, method: str) -> NDArray[np.float64]:
        """(I, J, C), oriented so that more is better."""
        return oriented(self.values[method], self.measure)

    def is_member(self, method: str) -> bool:
        """Whether a method counts in the family: it is compared, with results at tested budgets.

        What is looked at counts as one whose p is not known: its looks are no one question. What
        cannot be tested counts, too: it was tried.
        """
        values = self.values[method][:, :, self.first :]
        counts = method in self.compared and method not in self.looked_at
        return counts and not bool(np.isnan(values).all())


def samples_of(
    scenario: Scenario,
    suite: str | None = None,
    *,
    metric: str | None = None,
    reference: str | None = None,
) -> Samples:
    """The samples of a scenario of a document; on its endpoint's metric unless another is named.

    Rows that are outdated are left out. Against another reference than the scenario's, or on
    another metric than its endpoint's, what the family's other members came to is not known.
    Raises UsageError for a metric or a reference that is not there.
    """
    declared = scenario.endpoint
    asked = _measure(declared.metric if metric is None else metric, scenario.scenario)
    chosen = scenario.reference if reference is None else reference
    kept = (one for one in scenario.methods if not one.outdated or one.method == scenario.reference)
    rows = {one.method: one for one in kept}
    upper_bounds = frozenset(label for label, row in rows.items() if row.sees_labels)
    if chosen != scenario.reference:
        _require_reference(chosen, rows.keys() - upper_bounds, scenario.scenario)
    as_declared = (asked.name, chosen) == (declared.metric, scenario.reference)
    looked_at = _looked_at(scenario)
    if not as_declared:
        rows = {label: row for label, row in rows.items() if label not in looked_at}
    return Samples(
        title=scenario.scenario,
        suite=suite,
        protocol=scenario.protocol_digest,
        measure=asked,
        declared=declared,
        reference=chosen,
        tuning=scenario.tuning,
        labels=scenario.labels,
        first=scenario.first_tested,
        values={label: values_of(row, asked, scenario) for label, row in rows.items()},
        upper_bounds=upper_bounds - {chosen},
        family=scenario.family if as_declared else _unknown(scenario.family, chosen),
        notes=tuple(_notes(scenario, chosen, () if as_declared else looked_at)),
        looked_at={label: n for label, n in looked_at.items() if label in rows},
        untested=_untested(scenario, chosen),
        untestable=_untestable(scenario, chosen),
        representation=scenario.representation,
        not_applicable=scenario.not_applicable or (),
        co_trained={
            label: row.co_trained for label, row in rows.items() if row.co_trained is not None
        },
    )


def samples_of_runs(
    runs: Runs, path: Path, *, metric: str | None = None, reference: str | None = None
) -> Samples:
    """The samples of a CSV, where nobody declared anything but the harness's defaults.

    Its lowest budget is cycle 0 where all methods have the same values there. ``path``: of its
    file, which it is named after. Raises UsageError for a metric or a reference that is not there.
    """
    where = str(path)
    reference = DEFAULT_REFERENCE if reference is None else reference
    asked = _measure(DEFAULT_ENDPOINT.metric if metric is None else metric, where)
    if asked.name not in runs.values:
        remedy = f"Those there are: {', '.join(runs.values)}"
        raise UsageError(f"there is no column '{asked.name}'", where=where, remedy=remedy)
    values = runs.values[asked.name]
    _require_reference(reference, values.keys(), where)
    shared = len(runs.labels) > 1 and len(values) > 1 and _all_equal(values, cycle=0)
    return Samples(
        title=one_line(path.stem),
        suite=None,
        protocol=None,
        measure=asked,
        declared=DEFAULT_ENDPOINT,
        reference=reference,
        tuning=None,
        labels=runs.labels,
        first=int(shared),
        values=values,
        upper_bounds=frozenset(),
        family=Family(others=(), narrowed_to=None),
        notes=(_assumed(runs.labels, shared), *_UNSAID),
    )


def _require_reference(reference: str, methods: Collection[str], where: str) -> None:
    if reference not in methods:
        raise UsageError(
            f"the reference '{reference}' is not among the methods that are compared",
            where=where,
            remedy=did_you_mean(reference, methods),
        )


def _measure(metric: str, where: str) -> Measure:
    try:
        return measure(metric)
    except ValueError:
        known = [*MEASURES, "class_accuracy:0"]
        raise UsageError(
            f"there is no metric '{metric}'", where=where, remedy=did_you_mean(metric, known)
        ) from None


def values_of(row: Method, one: Measure, scenario: Scenario) -> NDArray[np.float64]:
    """(I, J, C), float64, of a row of a document; NaN where it does not have the metric.

    Raises UsageError for a class that the scenario does not have.
    """
    index, n_classes = one.class_index, scenario.n_classes
    if index is not None and n_classes is not None and index >= n_classes:
        raise UsageError(
            f"there is no class {index}",
            where=scenario.scenario,
            remedy=f"Write class_accuracy:0 to class_accuracy:{n_classes - 1}",
        )
    member = one.name if index is None else "class_accuracy"
    table = getattr(row, member)
    if table is None:
        return np.full(numbers(row.accuracy).shape, np.nan)
    return measured({member: numbers(table)}, one)


def _untested(scenario: Scenario, reference: str) -> str | None:
    """Why nothing is tested."""
    if scenario.stop_at_accuracy is not None:
        return "runs stop at an accuracy"
    alike = {one.method for one in scenario.first_sets or () if one.alike}
    return f"since all initial sets of {reference} are the same" if reference in alike else None


def _untestable(scenario: Scenario, reference: str) -> dict[str, str]:
    """Why methods are not tested: their initial sets, or the reference's, repeat nothing."""
    alike = [one.method for one in scenario.first_sets or () if one.alike]
    if reference in alike:
        why = f"since all initial sets of {reference} are the same"
        return dict.fromkeys((row.method for row in scenario.methods), why)
    return dict.fromkeys(alike, "since all its initial sets are the same")


def _unknown(family: Family | None, reference: str) -> Family | None:
    """The family where the p-values of its other members are not known."""
    if family is None:
        return None
    others = (one.method for one in family.others if one.method != reference)
    return family.model_copy(
        update={"others": tuple(Member(method=method, p_value=None) for method in others)}
    )


def _looked_at(scenario: Scenario) -> dict[str, int]:
    """The methods that are looked at, with how many seeds are over of them and of the reference."""
    over = {row.method: _seeds_over(row) for row in scenario.methods}
    return {
        row.method: min(over[row.method], over[scenario.reference])
        for row in scenario.methods
        if row.looked_at and row.method != scenario.reference and not row.sees_labels
    }


def _seeds_over(row: Method) -> int:
    """How many seeds, from the first, have been run to the end on every initial set."""
    over = {(run.initial_set, run.seed) for run in row.runs if run.state in OVER}
    seeds, n_initial_sets = 0, len(row.accuracy)
    while all((initial_set, seeds) in over for initial_set in range(n_initial_sets)):
        seeds += 1
    return seeds


def _notes(scenario: Scenario, reference: str, left_out: Collection[str]) -> Iterator[str]:
    if reference != scenario.reference:
        yield f"Compared with {reference}; the suite's reference is {scenario.reference}."
    if left_out:
        yield (
            f"Left out: {', '.join(left_out)}. Looks decided how many seeds were run of them, by "
            f"{scenario.endpoint.metric} against {scenario.reference}, so nothing else is tested."
        )
    yield from first_set_lines(scenario)
    if scenario.replay is not None:
        yield f"Transfer: trained on the labeled sets of {scenario.replay}, run by run."
    for row in scenario.methods:
        if row.outdated:
            yield f"Left out, because outdated: {row.method} ({row.outdated})."
    if scenario.stop_at_accuracy is not None:
        yield (
            f"A run ends at {100 * scenario.stop_at_accuracy:g}% validation accuracy. Later "
            "budgets hold the runs that went on, which are no fair sample: nothing is tested."
        )


def first_set_lines(scenario: Scenario) -> Iterator[str]:
    """What is to be said of initial sets that samplers chose; nothing where they were drawn."""
    if not scenario.first_sets:
        return
    own = [one for one in scenario.first_sets if one.chosen_by == one.method]
    others = [one for one in scenario.first_sets if one.chosen_by != one.method]
    yield (
        "Initial sets were chosen, not drawn: each by the method itself where it needs no model, "
        "from its own random 90 % of the images; their labels count, so cycle 0 belongs to the "
        "endpoint."
    )
    for chooser in dict.fromkeys(one.chosen_by for one in others):
        named = ", ".join(one.method for one in others if one.chosen_by == chooser)
        yield f"Of {named} they are those of {chooser}: without a model nothing else can choose."
    shares = [f"{one.method} {one.overlap:.2g}" for one in own if one.overlap is not None]
    if shares:
        yield f"Overlap of two initial sets of a method, the mean of |A∩B|/b: {', '.join(shares)}."
    alike = [one.method for one in own if one.alike]
    if alike:
        what = "Nothing is" if scenario.reference in alike else "Such methods are not"
        yield (
            f"The initial sets of {', '.join(alike)} are all the same: they repeat one choice and "
            f"say nothing of others. {what} tested."
        )


def _all_equal(values: Mapping[str, NDArray[np.float64]], cycle: int) -> bool:
    """Whether all methods that have a run have the same value there, and some have."""
    stacked = np.stack([one[:, :, cycle] for one in values.values()])
    present = ~np.isnan(stacked)
    shared = present.sum(axis=0) > 1
    high = np.where(present, stacked, -np.inf).max(axis=0)
    low = np.where(present, stacked, np.inf).min(axis=0)
    return bool(shared.any() and (high == low)[shared].all())


def _assumed(labels: tuple[int, ...], shared: bool) -> str:
    if len(labels) == 1:
        return f"There is one budget: verdicts are on the values at {labels[0]} labels."
    if shared:
        return (
            f"Assumed: {labels[0]} labels are cycle 0, before any query, because all methods have "
            "the same values there. Verdicts are on the budgets after it."
        )
    return (
        f"Assumed: {labels[0]} labels are a budget after a query like the others, because methods "
        "differ there. Verdicts are on all budgets."
    )
