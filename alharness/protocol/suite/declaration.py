"""Suites: frozen declarations of protocol, tuning, training, methods and scenarios, in TOML.

The whole of its tables, and what they require of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from alharness.api.errors import UsageError
from alharness.api.space import Choice
from alharness.protocol.components import Reference
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.partition.sizes import absolute_sizes, queried_sizes, require_subset
from alharness.protocol.suite.bounds import LONGEST_TITLE, MOST_PARTS, MOST_TRAININGS
from alharness.protocol.suite.errors import misfit
from alharness.protocol.suite.fields import A_NAME, Line, Name, as_tuple
from alharness.protocol.suite.protocol_table import BUDGET_KEYS, Protocol
from alharness.protocol.suite.replaying import require_replays
from alharness.protocol.suite.table import Table, refuse_repeats
from alharness.protocol.suite.tables import Endpoint, Methods, Queries, Scenario, Tuning
from alharness.protocol.suite.training_table import PAPERS_MOMENTUM, Training
from alharness.protocol.suite.validation import require_validation
from alharness.protocol.wording import spell

SCHEMA = 1
"""The newest version of the suite format that is known."""

_ENDPOINT = Endpoint()
_QUERIES = Queries()


class Suite(Table):
    """A frozen declaration: protocol, scenarios and the methods compared.

    Fields are the keys of the TOML file. Read one with ``load_suite``.
    """

    # ``schema`` is a deprecated method of pydantic's models, hence the alias.
    schema_version: int = Field(
        alias="schema", ge=SCHEMA, le=SCHEMA, description=f"schema = {SCHEMA}"
    )
    name: Name = Field(description=A_NAME)
    version: int = Field(ge=1, lt=2**31, description="a whole number of 1 or more, below 2**31")
    title: Line = Field(description=f"a line of at most {LONGEST_TITLE} characters")
    departures: Annotated[tuple[Line, ...], as_tuple, Field(max_length=MOST_PARTS)] = Field(
        default=(),
        exclude_if=lambda departures: departures == (),
        description="a list of sentences: how it differs from what produced the results that it is "
        "held against",
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        default=0, description="a whole number of 0 or more, below 2**63"
    )
    protocol: Protocol = Field(description="a table [protocol]")
    tuning: Tuning = Field(description="a table [tuning]")
    training: Training = Field(description="a table [training]")
    methods: Methods = Field(description="a table [methods]")
    queries: Queries = Field(
        default=_QUERIES,
        exclude_if=lambda queries: queries == _QUERIES,
        description="a table [queries]",
    )
    endpoint: Endpoint = Field(
        default=_ENDPOINT,
        exclude_if=lambda endpoint: endpoint == _ENDPOINT,
        description="a table [endpoint]",
    )
    scenarios: Annotated[
        tuple[Scenario, ...], as_tuple, Field(min_length=1, max_length=MOST_PARTS)
    ] = Field(description=f"from 1 to {MOST_PARTS} tables [[scenarios]]")

    @model_validator(mode="after")
    def _scenarios_distinct(self) -> Suite:
        refuse_repeats([scenario.name for scenario in self.scenarios], key="scenarios")
        return self

    @model_validator(mode="after")
    def _long_tails_can_be_drawn(self) -> Suite:
        protocol = self.protocol
        for number, scenario in enumerate(self.scenarios):
            tail, key = scenario.long_tail, f"scenarios[{number}].long_tail"
            if tail is None:
                continue
            if isinstance(protocol.initial_sets, GivenSplits):
                raise misfit(
                    "no long tail can be drawn from splits that are given",
                    "Leave it out, or write a number of initial sets",
                    key=key,
                )
            if tail.ratio is not None and protocol.initial_sets == "munjal2022":
                raise misfit(
                    "the partitions 'munjal2022' are of all images",
                    "Leave ratio out, or write a number of initial sets",
                    key=key,
                )
            if tail.ratio is None and protocol.initial_draw != "uniform":
                raise misfit(
                    "it says the class sizes of the initial set, and so does initial_draw = "
                    '"per-class"'
                    if protocol.initial_draw == "per-class"
                    else "it says the class sizes of the initial set, which samplers choose by "
                    'initial_draw = "chosen"',
                    "Leave one of them out",
                    key=key,
                )
        return self

    @model_validator(mode="after")
    def _what_is_tuned_is_validated(self) -> Suite:
        require_validation(self)
        return self

    @model_validator(mode="after")
    def _own_budgets_fit(self) -> Suite:
        for number, scenario in enumerate(self.scenarios):
            if scenario.says_budgets:
                protocol = self.of(scenario).protocol
                protocol.require_room(f"scenarios[{number}].{protocol.schedule.keys.final}")
        return self

    @model_validator(mode="after")
    def _replays_fit(self) -> Suite:
        require_replays(self)
        return self

    @model_validator(mode="after")
    def _is_normalized_by_what_is_drawn(self) -> Suite:
        if self.protocol.chooses_first_sets and self.training.normalize:
            raise misfit(
                "true normalizes by the initial labeled set, which each sampler chooses for itself "
                'by initial_draw = "chosen"',
                "Write normalize = false",
                key="training.normalize",
            )
        return self

    @model_validator(mode="after")
    def _subset_holds_every_query(self) -> Suite:
        for number, scenario in enumerate(self.scenarios):
            sizes = absolute_sizes(self.of(scenario).protocol)
            if sizes is None:
                continue
            try:
                queried = queried_sizes(self.protocol, sizes)
                require_subset(self.pool_subset(scenario), queried)
            except UsageError as error:
                own = scenario.pool_subset is not None
                key = f"scenarios[{number}].pool_subset" if own else error.where
                raise misfit(error.what, error.remedy, key=key) from None
        return self

    @model_validator(mode="after")
    def _can_be_planned(self) -> Suite:
        protocol, tuning = self.protocol, self.tuning
        runs = len(self.methods.compared) * protocol.n_initial_sets
        cycles = sum(self.of(scenario).protocol.n_cycles for scenario in self.scenarios)
        trainings = runs * cycles * (tuning.trials + protocol.seeds - 1)
        if trainings > MOST_TRAININGS:
            raise misfit(
                "scenarios, methods, initial sets, seeds, cycles and trials may make more than "
                f"{MOST_TRAININGS} trainings",
                "Lower one of them",
                key="protocol",
            )
        return self

    @model_validator(mode="after")
    def _starts_once(self) -> Suite:
        if self.protocol.warm_start and self.training.same_start:
            raise misfit(
                "true starts all cycles of a run from the same weights, and protocol.warm_start "
                "from those of the cycle before",
                "Leave one of them out",
                key="training.same_start",
            )
        return self

    @model_validator(mode="after")
    def _options_of_sgd_are_used(self) -> Suite:
        for key, table, cycle in self.training.said():
            if any(self._takes_sgd(one) for one in ((0, 1) if cycle is None else (cycle,))):
                continue
            for name, default in (("momentum", PAPERS_MOMENTUM), ("nesterov", False)):
                value = getattr(table, name)
                if value not in (None, default):
                    raise misfit(
                        f"{spell(value)} is for sgd, which is not among the optimizers",
                        "Leave it out, or add sgd to tuning.space.optimizer",
                        key=f"{key}.{name}",
                    )
        return self

    def _takes_sgd(self, cycle: int) -> bool:
        optimizer = {**self.tuning.space, **self.tuning.lines_of(cycle)}["optimizer"]
        return isinstance(optimizer, Choice) and "sgd" in optimizer.options

    @model_validator(mode="after")
    def _weight_decay_is_fixed_or_tuned(self) -> Suite:
        for number, scenario in enumerate(self.scenarios):
            names = [regularizer.name for regularizer in scenario.regularizers]
            for key, table, _ in self.training.said():
                if table.weight_decay and "weight-decay" in names:
                    raise misfit(
                        f"{spell(table.weight_decay)} is fixed, and the regularizer "
                        f"'weight-decay' of scenarios[{number}] tunes it",
                        "Leave one of them out",
                        key=f"{key}.weight_decay",
                    )
        return self

    @property
    def leaves_images_out(self) -> bool:
        """Whether training images are in no set: held back, spared, or beyond a long tail."""
        tails = (scenario.long_tail for scenario in self.scenarios)
        beyond = any(tail is not None and tail.ratio is not None for tail in tails)
        held_back = self.protocol.held_back_fraction > 0
        return beyond or held_back or self.protocol.chooses_first_sets

    def pool_subset(self, scenario: Scenario) -> int | None:
        """How many unlabeled images a sampler sees at most in a scenario; None for all."""
        return scenario.pool_subset or self.queries.pool_subset

    def source(self, scenario: Scenario) -> Scenario | None:
        """The scenario whose labeled sets a scenario replays; None where it queries itself."""
        return next((one for one in self.scenarios if one.name == scenario.replay), None)

    def of(self, scenario: Scenario) -> Suite:
        """The suite of one scenario: what that says of sizes and queries is in its own tables."""
        own = dict.fromkeys((*BUDGET_KEYS, "validation_fraction", "pool_subset"))
        return self.model_copy(
            update={
                "protocol": self.protocol.with_sizes(scenario, scenario.validation_fraction),
                "queries": Queries(pool_subset=self.pool_subset(scenario)),
                "scenarios": (scenario.model_copy(update=own),),
            }
        )

    def with_methods(self, references: Iterable[Reference]) -> Suite:
        """This suite comparing ``references`` with its own reference, and nothing else.

        What ``--plugin A_NAME`` means. A method given twice, or given though it is the
        reference, is compared once.
        """
        return self._comparing((self.methods.reference, *references))

    def with_added(self, references: Iterable[Reference]) -> Suite:
        """This suite comparing ``references`` beside its own methods; what ``--add NAME`` means.

        A method given twice, or given though it is compared, is compared once.
        """
        return self._comparing((*self.methods.compared, *references))

    def _comparing(self, references: Iterable[Reference]) -> Suite:
        distinct = {method.label: method for method in references}
        methods = Methods(compared=tuple(distinct.values()), reference=self.methods.reference)
        return self.model_copy(update={"methods": methods})
