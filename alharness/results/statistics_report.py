"""The statistics report: all that ``alharness stats`` says, in a documented JSON schema.

``docs/results.md`` says the same for people.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

from pydantic import Field

from alharness.results.document import Endpoint, FamilyFindings
from alharness.results.part import Part
from alharness.results.setting import NotApplicable, Representation
from alharness.statistics import (
    Comparison,
    Equivalence,
    FamilyDecision,
    GapShare,
    Interval,
    LookDecision,
    PaperChain,
    Point,
    Rank,
    Saving,
    SavingInterval,
)

SCHEMA: Final = 1
"""The version of the reports that are written."""

Matrix: TypeAlias = tuple[tuple[float | None, ...], ...]
"""(M, M), None on the diagonal and for a pair that cannot be tested."""


class BudgetSaving(Part):
    """The label saving at one budget, and its bootstrap interval at 95 %."""

    saving: Saving
    interval: SavingInterval | None


class MethodStatistics(Part):
    """What the statistics say of a method; but for the first three, None where it is not tested.

    role: ``upper-bound`` is what sees labels. curve: of the metric, in its own unit, by cycle.
    co_trained: whether its task models were trained along with the sampler's training extension,
        and so otherwise than those of other methods; None of a CSV, and of early documents.
    verdict, marks (one for each budget), equivalence, bootstrap: differences from the reference
        are improvements, above 0 is better, in the metric's unit.
    sentence: the verdict in words, with what it is conditional on.
    familywise: the verdict with the family counted; None, too, for what is not in the family.
    bootstrap: 95 % interval of the difference by the two-level paired bootstrap.
    rank: within ``Ranking.methods``; the reference has one, too.
    savings: of labels against the reference, at each cycle.
    gap_share: of the gap between the reference and an upper bound, by the upper bound.
    looks: of a method that is looked at, those taken: its verdict is that of the last, at that
        look's level, and nothing else is tested.
    """

    role: Literal["method", "reference", "upper-bound"]
    curve: tuple[Point, ...]
    co_trained: bool | None = None
    verdict: Comparison | None = None
    sentence: str | None = None
    familywise: FamilyDecision | None = None
    marks: tuple[Comparison, ...] | None = None
    equivalence: Equivalence | None = None
    bootstrap: Interval | None = None
    rank: Rank | None = None
    savings: tuple[BudgetSaving, ...] | None = None
    gap_share: dict[str, GapShare] = Field(default_factory=dict)
    looks: tuple[LookDecision, ...] | None = None


class Ranking(Part):
    """All pairs within a named set of methods, at row a and column b.

    p_values: of each pair, adjusted by Holm over all ``n_pairs``, symmetric. wins: the share of
    budgets at which a is better than b.
    """

    methods: tuple[str, ...]
    n_pairs: int
    p_values: Matrix
    wins: Matrix


class ScenarioStatistics(Part):
    """What the statistics say of one scenario, or of a CSV, on one metric.

    scenario: its name, or that of the CSV's file. suite, protocol_digest: None for a CSV.
    metric: what everything is on. secondary: it is not the one of ``declared``, which the suite
        declares to be its endpoint (for a CSV, accuracy). margin: of the equivalence, in the
        metric's unit; margin_declared: whether it is that of ``declared``.
    higher_is_better: of the metric's own numbers, in which curves are.
    unit: ``share`` (in [0, 1]), ``nats`` or ``score``.
    labels: of each cycle. budgets: of the cycles that are tested, those of ``labels`` but for
        cycle 0.
    methods: by name. family: None where nothing is tested, or nobody knows what it is.
    ranking: None where nothing is tested. paper_chain: by budget, of the methods ranked.
    notes: what a reader has to know of where the numbers come from.
    representation: what models are trained on; None where that is images, and of a CSV.
    not_applicable: methods without a run, with what the scenario lacks.
    """

    scenario: str
    suite: str | None
    protocol_digest: str | None
    metric: str
    unit: Literal["share", "nats", "score"]
    higher_is_better: bool
    secondary: bool
    declared: Endpoint
    margin: float
    margin_declared: bool
    reference: str
    tuning: str | None
    n_initial_sets: int
    n_seeds: int
    labels: tuple[int, ...]
    budgets: tuple[int, ...]
    methods: dict[str, MethodStatistics]
    family: FamilyFindings | None
    ranking: Ranking | None
    paper_chain: dict[int, PaperChain]
    notes: tuple[str, ...]
    representation: Representation | None = None
    not_applicable: tuple[NotApplicable, ...] = ()


class StatisticsReport(Part):
    """Everything, scenario by scenario. ``schema_version``: ``schema`` in JSON."""

    # ``schema`` is a deprecated method of pydantic's models, hence the alias.
    schema_version: Literal[1] = Field(alias="schema", default=SCHEMA)
    alharness: str
    scenarios: tuple[ScenarioStatistics, ...]

    def to_json(self) -> dict[str, Any]:
        """The JSON form."""
        return self.model_dump(mode="json", by_alias=True)
