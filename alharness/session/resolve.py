"""From a suite to a bench: plugins by their names, datasets prepared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import Dataset, ImageFiles, LabeledImages
from alharness.api.errors import PluginError
from alharness.api.needs import REPRESENTATIONS, Needs
from alharness.api.oracle import Oracle
from alharness.api.sampler import Sampler
from alharness.api.space import Space
from alharness.protocol.bench import Bench, Condition, DatasetFacts, make_condition
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.protocol.keys import canonical_json
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.tables import Scenario, Suite
from alharness.protocol.tuning.search_space import search_space
from alharness.registry import Registry
from alharness.registry.boundary import located, plugin_code
from alharness.store.workspace import Workspace


def find_suite(registry: Registry, name: str) -> Suite:
    """The suite of this name, or at this path when it ends in ``.toml``. Raises UsageError."""
    return load_suite(Path(name) if name.endswith(".toml") else registry.find_suite(name))


def find_method(registry: Registry, reference: Reference) -> Component:
    """The sampler that a reference stands for, with what it declares that it needs.

    Raises UsageError or PluginError for one that is not there or cannot be used.
    """
    component = registry.component("sampler", reference)
    sampler: Sampler = registry.create(component)
    return replace(component, needs=_declared(sampler.needs, component.origin))


def _declared(needs: Any, origin: str) -> MethodNeeds:
    """A sampler's ``needs`` as plain data. Raises PluginError for what nobody can provide."""

    def refused(what: str) -> PluginError:
        return PluginError(f"it needs {what}", where=origin, remedy="Correct its 'needs'")

    if not isinstance(needs, Needs):
        raise refused(f"{needs!r}, which is no alharness.Needs")
    if isinstance(needs.committee, bool) or not isinstance(needs.committee, int):
        raise refused(f"a committee of {needs.committee!r}; it is a whole number of models")
    if needs.committee < 0:
        raise refused(f"a committee of {needs.committee} models; it is 0 or more")
    if needs.representation not in (None, *REPRESENTATIONS):
        raise refused(
            f"the representation {needs.representation!r}; there is {', '.join(REPRESENTATIONS)}"
        )
    if not isinstance(needs.sees_labels, bool):
        raise refused(f"sees_labels = {needs.sees_labels!r}; it is True or False")
    return MethodNeeds(
        committee=needs.committee,
        extension=needs.extension is not None,
        representation=needs.representation,
        sees_labels=needs.sees_labels,
    )


def distinct(methods: Iterable[Component], reference: str) -> tuple[Component, ...]:
    """One method of those that are one under several labels (``bald``, ``bald:passes=25``).

    The first label stands for all, or ``reference`` when it is among them: every table is
    read against that one.
    """
    found: dict[bytes, Component] = {}
    for method in methods:
        key = canonical_json(method.identity)
        if key not in found or method.label == reference:
            found[key] = method
    return tuple(found.values())


@dataclass(frozen=True)
class Resolver:
    """Turns suites into benches with the plugins, the workspace and the data that are here."""

    registry: Registry
    workspace: Workspace
    data_dir: Path
    download: bool

    def bench(self, suite: Suite, origin: str) -> Bench:
        """The bench of a suite.

        Raises UsageError for names, parameters or data that do not exist,
        PluginError for plugins that cannot be used; ``origin`` names the suite.
        """
        with located(f"{origin}, methods"):
            found = [find_method(self.registry, reference) for reference in suite.methods.compared]
            methods = distinct(found, suite.methods.reference.label)
        return Bench(suite, methods, tuple(self._conditions(suite, origin)))

    def _conditions(self, suite: Suite, origin: str) -> Iterator[Condition]:
        for scenario in suite.scenarios:
            with located(f"{origin}, scenario '{scenario.name}'"):
                yield self._condition(suite, scenario)

    def _condition(self, suite: Suite, scenario: Scenario) -> Condition:
        dataset = self.registry.component("dataset", scenario.dataset)
        model = self.registry.component("model", scenario.model)
        oracle = self._oracle(scenario.oracle)
        regularizers = tuple(
            self.registry.component("regularizer", reference) for reference in scenario.regularizers
        )
        owned = {component.label: self._search_space(component) for component in regularizers}
        fixed = suite.tuning.scope == "fixed"
        return make_condition(
            suite,
            scenario,
            self._facts(dataset),
            dataset=dataset,
            model=model,
            regularizers=regularizers,
            oracle=oracle,
            space=search_space(suite.tuning.space, owned, fixed=fixed),
        )

    def _oracle(self, reference: Reference) -> Component:
        component = self.registry.component("oracle", reference)
        oracle: Oracle = self.registry.create(component)
        with plugin_code("fingerprint", component.origin):
            fingerprint = oracle.fingerprint()
        return replace(component, fingerprint=fingerprint, labels_stay=oracle.labels_stay)

    def _search_space(self, regularizer: Component) -> Space:
        with plugin_code("search_space", regularizer.origin):
            space: Space = self.registry.create(regularizer).search_space()
        return space

    def _facts(self, dataset: Component) -> DatasetFacts:
        loader: Dataset = self.registry.create(dataset)
        with plugin_code("fingerprint", dataset.origin):
            fingerprint = loader.fingerprint(self.data_dir)
        prepared = self.workspace.datasets.prepared(dataset, fingerprint)
        if prepared is not None:
            return prepared
        with plugin_code("load", dataset.origin):
            images = loader.load(self.data_dir, self.download)
        check_images(images, dataset.origin)
        return self.workspace.datasets.prepare(dataset, fingerprint, images)


def check_images(images: LabeledImages, origin: str) -> None:
    """Raises PluginError when a dataset breaks its contract."""
    parts = {
        "train": (images.train_images, images.train_labels),
        "test": (images.test_images, images.test_labels),
    }
    for name, (split_images, labels) in parts.items():
        if not isinstance(split_images, ImageFiles) and not _are_square_bytes(split_images):
            raise PluginError(
                f"its {name} images are {split_images.dtype} {split_images.shape}, "
                "expected uint8 (n, channels, side, side)",
                where=origin,
            )
        if labels.dtype != "int64" or labels.shape != (len(split_images),):
            raise PluginError(
                f"its {name} labels are {labels.dtype} {labels.shape}, "
                f"expected int64 ({len(split_images)},)",
                where=origin,
            )
        if len(labels) == 0 or labels.min() < 0 or labels.max() >= images.n_classes:
            raise PluginError(
                f"its {name} labels are not all in [0, {images.n_classes})", where=origin
            )


def _are_square_bytes(images: NDArray[Any]) -> bool:
    return bool(
        images.dtype == np.uint8 and images.ndim == 4 and images.shape[2] == images.shape[3]
    )
