"""From a suite to a bench: plugins by their names, datasets prepared or only looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from alharness.api.dataset import DatasetShape
from alharness.api.oracle import Oracle
from alharness.api.space import Space
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, Reference
from alharness.protocol.condition import Condition, DatasetFacts, make_condition
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.tuning.search_space import search_space
from alharness.registry import Registry
from alharness.registry.boundary import located, plugin_code
from alharness.session.data import Data, DataFound
from alharness.session.methods import distinct, find_method
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
    """Turns suites into benches with the plugins, the workspace and the data that are here."""

    registry: Registry
    workspace: Workspace
    data_dir: Path
    download: bool

    def bench(self, suite: Suite, origin: str) -> Bench:
        """The bench of a suite, its datasets prepared.

        Raises UsageError for names, parameters or data that do not exist,
        PluginError for plugins that cannot be used; ``origin`` names the suite.
        """
        return self._bench(suite, origin, lambda data: self._data.prepare(data, self.download))

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
        bench = self._bench(suite, origin, lambda data: self._found(data).known)
        return bench, {one.name: self._found(one.dataset) for one in bench.conditions}

    def _found(self, dataset: Component) -> DataFound:
        return self._data.find(dataset, self.download)

    @cached_property
    def _data(self) -> Data:
        return Data(self.registry, self.workspace.datasets, self.data_dir)

    def _bench(self, suite: Suite, origin: str, known: Known) -> Bench:
        with located(f"{origin}, methods"):
            found = [find_method(self.registry, reference) for reference in suite.methods.compared]
            methods = distinct(found, suite.methods.reference.label)
        return Bench(suite, methods, tuple(self._conditions(suite, origin, known)))

    def _conditions(self, suite: Suite, origin: str, known: Known) -> Iterator[Condition]:
        for scenario in suite.scenarios:
            with located(f"{origin}, scenario '{scenario.name}'"):
                yield self._condition(suite, scenario, known)

    def _condition(self, suite: Suite, scenario: Scenario, known: Known) -> Condition:
        dataset = self.registry.component("dataset", scenario.dataset)
        model = self.registry.component("model", scenario.model)
        data = known(dataset)
        oracle = self._oracle(scenario.oracle, data)
        regularizers = tuple(
            self.registry.component("regularizer", reference) for reference in scenario.regularizers
        )
        owned = {component.label: self._search_space(component) for component in regularizers}
        fixed = suite.tuning.scope == "fixed"
        return make_condition(
            suite,
            scenario,
            data,
            dataset=dataset,
            model=model,
            regularizers=regularizers,
            loss=self.registry.component("loss", scenario.loss),
            schedule=self.registry.component("schedule", suite.training.schedule),
            oracle=oracle,
            space=search_space(suite.tuning.space, owned, fixed=fixed),
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
