"""Suites: frozen declarations of protocol, tuning, training, methods and scenarios, in TOML.

The whole of its tables, and what they require of each other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from alharness.api.space import Choice
from alharness.protocol.components import Reference
from alharness.protocol.partition.given import GivenSplits
from alharness.protocol.suite.bounds import LONGEST_TITLE, MOST_PARTS, MOST_TRAININGS
from alharness.protocol.suite.errors import misfit
from alharness.protocol.suite.fields import A_NAME, Line, Name, as_tuple
from alharness.protocol.suite.tables import (
    PAPERS_MOMENTUM,
    Endpoint,
    Methods,
    Protocol,
    Scenario,
    Table,
    Training,
    Tuning,
    refuse_repeats,
)
from alharness.protocol.wording import spell

SCHEMA = 1
"""The newest version of the suite format that is known."""

_ENDPOINT = Endpoint()


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
    def _given_splits_are_final(self) -> Suite:
        given = isinstance(self.protocol.initial_sets, GivenSplits)
        for number, scenario in enumerate(self.scenarios):
            if given and scenario.long_tail is not None:
                raise misfit(
                    "no long tail can be drawn from splits that are given",
                    "Leave it out, or write a number of initial sets",
                    key=f"scenarios[{number}].long_tail",
                )
        return self

    @model_validator(mode="after")
    def _can_be_planned(self) -> Suite:
        protocol, tuning = self.protocol, self.tuning
        runs = len(self.scenarios) * len(self.methods.compared) * protocol.n_initial_sets
        trainings = runs * protocol.n_cycles * (tuning.trials + protocol.seeds - 1)
        if trainings > MOST_TRAININGS:
            raise misfit(
                "scenarios, methods, initial sets, seeds, cycles and trials may make more than "
                f"{MOST_TRAININGS} trainings",
                "Lower one of them",
                key="protocol",
            )
        return self

    @model_validator(mode="after")
    def _options_of_sgd_are_used(self) -> Suite:
        optimizer = self.tuning.space["optimizer"]
        if isinstance(optimizer, Choice) and "sgd" in optimizer.options:
            return self
        for name, default in (("momentum", PAPERS_MOMENTUM), ("nesterov", False)):
            value = getattr(self.training, name)
            if value != default:
                raise misfit(
                    f"{spell(value)} is for sgd, which is not among the optimizers",
                    "Leave it out, or add sgd to tuning.space.optimizer",
                    key=f"training.{name}",
                )
        return self

    @model_validator(mode="after")
    def _weight_decay_is_fixed_or_tuned(self) -> Suite:
        for number, scenario in enumerate(self.scenarios):
            names = [regularizer.name for regularizer in scenario.regularizers]
            if self.training.weight_decay and "weight-decay" in names:
                raise misfit(
                    f"{spell(self.training.weight_decay)} is fixed, and the regularizer "
                    f"'weight-decay' of scenarios[{number}] tunes it",
                    "Leave one of them out",
                    key="training.weight_decay",
                )
        return self

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
