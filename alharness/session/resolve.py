"""From a suite to a bench: plugins by their names, datasets prepared or only looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from alharness.api.dataset import DatasetShape
from alharness.api.errors import UsageError
from alharness.api.oracle import Oracle
from alharness.api.space import Space
from alharness.protocol.applicability import require_given
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, ModelTraits, Reference
from alharness.protocol.condition import Condition, DatasetFacts, make_condition
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.tuning.search_space import require_narrower, search_space
from alharness.protocol.wording import did_you_mean
from alharness.registry import Registry
from alharness.registry.boundary import located, plugin_code
from alharness.registry.model_traits import traits_of
from alharness.session.data import Data, DataFound
from alharness.session.methods import distinct, find_method
from alharness.session.representations import Identified, Representations
from alharness.store.workspace import Workspace


def find_suite(registry: Registry, asked: str | Path | Suite) -> Suite:
    """The suite of this name, or at this path, which is a Path or ends in ``.toml``.

    Raises UsageError.
    """
    if isinstance(asked, Suite):
        return asked
    if isinstance(asked, Path) or asked.endswith(".toml"):
        return load_suite(asked)
    return load_suite(registry.find_suite(asked))


Known: TypeAlias = Callable[[Component], DatasetFacts | DatasetShape]
"""What is known of a dataset."""


@dataclass(frozen=True)
class Resolver:
    """Turns suites into benches with the plugins, the workspace and the data that are here.

    scenarios: those of a suite that its bench is of, by name; none given, all.
    """

    registry: Registry
    workspace: Workspace
    data_dir: Path
    download: bool
    scenarios: tuple[str, ...] = ()

    def bench(self, suite: Suite, origin: str) -> Bench:
        """The bench of a suite, its datasets prepared.

        Raises UsageError for names, parameters or data that do not exist,
        PluginError for plugins that cannot be used; ``origin`` names the suite.
        """
        return self._bench(
            suite,
            origin,
            lambda data: self._data.prepare(data, self.download),
            self._representations.ready,
        )

    @property
    def data_notes(self) -> tuple[str, ...]:
        """What a user has to know of the datasets that were prepared, a line each."""
        return tuple(
            f"{label}: {note}" for label, notes in self._data.notes.items() for note in notes
        )

    def plan(self, suite: Suite, origin: str) -> tuple[Bench, Mapping[str, DataFound]]:
        """The bench of a suite as far as its data is prepared, and what is there, by scenario.

        Writes nothing. Raises as ``bench`` does, but not for data that is not there.
        """
        bench = self._bench(
            suite, origin, lambda data: self._found(data).known, self._representations.noted
        )
        return bench, {one.name: self._found(one.dataset) for one in bench.conditions}

    def _found(self, dataset: Component) -> DataFound:
        return self._data.find(dataset, self.download)

    @cached_property
    def _data(self) -> Data:
        return Data(self.registry, self.workspace.datasets, self.data_dir)

    @property
    def missing(self) -> tuple[str, ...]:
        """What a plan did not find of representations, a line each."""
        return tuple(
            f"representation '{label}': {error.what}. {error.remedy}"
            for label, error in self._representations.missing.items()
        )

    @cached_property
    def _representations(self) -> Representations:
        return Representations(self.registry, self.download)

    def _bench(self, suite: Suite, origin: str, known: Known, identified: Identified) -> Bench:
        with located(f"{origin}, methods"):
            found = [find_method(self.registry, reference) for reference in suite.methods.compared]
            methods = distinct(found, suite.methods.reference.label)
            own = self._representations.asked_for(methods, identified)
        models = self._models(suite, methods, origin)
        conditions = tuple(self._conditions(suite, origin, known, identified, models))
        return Bench(suite, methods, conditions, representations=own)

    def _asked_for(self, suite: Suite, origin: str) -> list[Scenario]:
        """The scenarios of the bench, in the suite's order: with one that replays what it replays.

        Raises UsageError for a name that the suite does not have.
        """
        known = [one.name for one in suite.scenarios]
        for name in self.scenarios:
            if name not in known:
                raise UsageError(
                    f"--scenario: there is no scenario '{name}'",
                    where=origin,
                    remedy=did_you_mean(name, known),
                )
        wanted = {*(self.scenarios or known)}
        wanted |= {str(one.replay) for one in suite.scenarios if one.name in wanted}
        return [one for one in suite.scenarios if one.name in wanted]

    def _models(
        self, suite: Suite, methods: Sequence[Component], origin: str
    ) -> dict[str, Component]:
        """Models by scenario, asked what their networks have where that decides anything.

        To build one may import torch, which takes seconds. Whether a model takes images is seen
        when two of them pass through it. Raises UsageError for one that takes no features.
        """
        matters = any(method.needs.dropout or method.needs.layers for method in methods)
        found = {}
        for scenario in self._asked_for(suite, origin):
            with located(f"{origin}, scenario '{scenario.name}'"):
                model = self.registry.component("model", scenario.model)
                if matters or scenario.representation is not None:
                    model = replace(model, traits=self._traits(model))
                require_given(model, "images" if scenario.representation is None else "features")
                found[scenario.name] = model
        return found

    def _traits(self, model: Component) -> ModelTraits:
        return traits_of(self.registry.create(model), model.origin)

    def _conditions(
        self,
        suite: Suite,
        origin: str,
        known: Known,
        identified: Identified,
        models: Mapping[str, Component],
    ) -> Iterator[Condition]:
        for scenario in self._asked_for(suite, origin):
            with located(f"{origin}, scenario '{scenario.name}'"):
                yield self._condition(suite, scenario, known, identified, models[scenario.name])

    def _condition(
        self,
        suite: Suite,
        scenario: Scenario,
        known: Known,
        identified: Identified,
        model: Component,
    ) -> Condition:
        dataset = self.registry.component("dataset", scenario.dataset)
        data = known(dataset)
        oracle = self._oracle(scenario.oracle, data)
        regularizers = tuple(
            self.registry.component("regularizer", reference) for reference in scenario.regularizers
        )
        shown = scenario.representation
        representation = (
            None if shown is None else self._representations.trained_on(shown, identified)
        )
        owned = {component.label: self._search_space(component) for component in regularizers}
        fixed = suite.tuning.scope == "fixed"
        for table, lines in (("first", suite.tuning.first), ("later", suite.tuning.later)):
            require_narrower(lines, owned, f"tuning.{table}")
        first, later = (suite.training.of_cycle(cycle).schedule for cycle in (0, 1))
        return make_condition(
            suite,
            scenario,
            data,
            dataset=dataset,
            model=model,
            regularizers=regularizers,
            loss=self.registry.component("loss", scenario.loss),
            schedule=self.registry.component("schedule", first),
            oracle=oracle,
            space=search_space(suite.tuning.space, owned, fixed=fixed),
            representation=representation,
            later_schedule=(None if later == first else self.registry.component("schedule", later)),
        )

    def _oracle(self, reference: Reference, data: DatasetFacts | DatasetShape) -> Component:
        component = self.registry.component("oracle", reference)
        oracle: Oracle = self.registry.create(component)
        with plugin_code("fingerprint", component.origin):
            fingerprint = oracle.fingerprint()
        if data.n_train is not None and data.n_classes is not None:
            with plugin_code("check", component.origin):
                oracle.check(data.n_train, data.n_classes)
        return replace(component, fingerprint=fingerprint, labels_stay=oracle.labels_stay)

    def _search_space(self, regularizer: Component) -> Space:
        with plugin_code("search_space", regularizer.origin):
            space: Space = self.registry.create(regularizer).search_space()
        return space
