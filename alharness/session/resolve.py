"""From a suite to a bench: plugins by their names, datasets prepared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.dataset import Dataset, ImageFiles, LabeledImages
from alharness.api.errors import HarnessError, PluginError
from alharness.api.oracle import Oracle
from alharness.api.space import Space
from alharness.protocol.bench import Bench, Condition, DatasetFacts, make_condition
from alharness.protocol.components import Component, Reference
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.tables import Scenario, Suite
from alharness.protocol.tuning.search_space import search_space
from alharness.registry import Registry
from alharness.registry.broken import one_line
from alharness.store.workspace import Workspace


def find_suite(registry: Registry, name: str) -> Suite:
    """The suite of this name, or at this path when it ends in ``.toml``. Raises UsageError."""
    return load_suite(Path(name) if name.endswith(".toml") else registry.find_suite(name))


def find_method(registry: Registry, reference: Reference) -> Component:
    """The sampler that a reference stands for, with the committee that it declares.

    Raises UsageError or PluginError for one that is not there or cannot be used.
    """
    component = registry.component("sampler", reference)
    size = getattr(registry.create(component), "committee_size", 0)
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise PluginError(
            f"committee_size is {size!r}, expected a whole number of 0 or more",
            where=component.origin,
        )
    return replace(component, committee_size=size)


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
        with _located(f"{origin}, methods"):
            methods = tuple(
                find_method(self.registry, reference) for reference in suite.methods.compared
            )
        return Bench(suite, methods, tuple(self._conditions(suite, origin)))

    def _conditions(self, suite: Suite, origin: str) -> Iterator[Condition]:
        for scenario in suite.scenarios:
            with _located(f"{origin}, scenario '{scenario.name}'"):
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
            loss=self.registry.component("loss", scenario.loss),
            schedule=self.registry.component("schedule", suite.training.schedule),
            oracle=oracle,
            space=search_space(suite.tuning.space, owned, fixed=fixed),
        )

    def _oracle(self, reference: Reference) -> Component:
        component = self.registry.component("oracle", reference)
        oracle: Oracle = self.registry.create(component)
        with _plugin_code(component, "fingerprint raised"):
            fingerprint = oracle.fingerprint()
        return replace(component, fingerprint=fingerprint, labels_stay=oracle.labels_stay)

    def _search_space(self, regularizer: Component) -> Space:
        with _plugin_code(regularizer, "search_space raised"):
            space: Space = self.registry.create(regularizer).search_space()
        return space

    def _facts(self, dataset: Component) -> DatasetFacts:
        loader: Dataset = self.registry.create(dataset)
        with _plugin_code(dataset, "fingerprint raised"):
            fingerprint = loader.fingerprint(self.data_dir)
        prepared = self.workspace.datasets.prepared(dataset, fingerprint)
        if prepared is not None:
            return prepared
        with _plugin_code(dataset, "load raised"):
            images = loader.load(self.data_dir, self.download)
        check_images(images, dataset.origin)
        return self.workspace.datasets.prepare(dataset, fingerprint, images)


@contextmanager
def _located(origin: str) -> Iterator[None]:
    """An expected failure says where in the suite it comes from."""
    try:
        yield
    except HarnessError as error:
        where = f"{origin}: {error.where}" if error.where else origin
        raise type(error)(error.what, where=where, remedy=error.remedy) from error


@contextmanager
def _plugin_code(component: Component, doing: str) -> Iterator[None]:
    """What a plugin's code raises becomes a PluginError that names it; a HarnessError stays."""
    try:
        yield
    except HarnessError:
        raise
    except (Exception, SystemExit) as error:
        raise PluginError(f"{doing} {one_line(error)}", where=component.origin) from error


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
