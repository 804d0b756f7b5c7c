"""The data of scenarios: prepared for a bench, only looked at for a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path

from alharness.api.dataset import Dataset, DatasetShape
from alharness.api.errors import PluginError, UsageError
from alharness.api.specs import DatasetSpec
from alharness.protocol.components import Component
from alharness.protocol.condition import DatasetFacts
from alharness.protocol.keys import digest
from alharness.protocol.wording import several
from alharness.registry import Registry
from alharness.registry.boundary import plugin_code
from alharness.session.contract import checked_images
from alharness.session.data_notes import data_notes
from alharness.store.content import content_digest
from alharness.store.datasets import Datasets


class DataState(Enum):
    """Where a dataset stands before a bench."""

    PREPARED = "prepared"
    UNPREPARED = "not prepared"
    MISSING = "missing"


@dataclass(frozen=True, eq=False)
class DataFound:
    """What a plan finds of a dataset.

    ``known`` are facts when it is prepared, else what it declares and what names tell; ``missing``
    says why it is not there and how to get it. ``notes`` are what a user has to know of it.
    """

    dataset: Component
    known: DatasetFacts | DatasetShape
    missing: UsageError | None = None
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> DataState:
        """Prepared, there, or missing."""
        if isinstance(self.known, DatasetFacts):
            return DataState.PREPARED
        return DataState.UNPREPARED if self.missing is None else DataState.MISSING


class Data:
    """The datasets that one command needs, each looked at once."""

    def __init__(self, registry: Registry, datasets: Datasets, folder: Path) -> None:
        self._registry = registry
        self._datasets = datasets
        self._folder = folder
        self._prepared: dict[str, DatasetFacts] = {}
        self._notes: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, DataFound] = {}

    def prepare(self, dataset: Component, download: bool) -> DatasetFacts:
        """A dataset that is prepared now if it was not before.

        Raises UsageError when its data is absent, damaged or refused, PluginError when it
        breaks its contract.
        """
        key = dataset.identity.spelled()
        if key not in self._prepared:
            loader: Dataset = self._registry.create(dataset)
            census = self._census(dataset, loader)
            self._prepared[key] = facts = self._prepare(dataset, loader, download)
            self._notes.setdefault(dataset.label, tuple(data_notes(census, facts)))
            self._datasets.seen.save()
        return self._prepared[key]

    @property
    def notes(self) -> Mapping[str, Sequence[str]]:
        """What a user has to know of the datasets that were prepared, by their labels."""
        return self._notes

    def find(self, dataset: Component, download: bool = False) -> DataFound:
        """What is there of a dataset. Prepares nothing, fetches nothing, writes nothing.

        ``download``: whether who prepares it may fetch it, which is then said of missing data.
        """
        key = dataset.identity.spelled()
        if key not in self._found:
            self._found[key] = self._find(dataset, download)
        return self._found[key]

    def train_names(self, dataset: Component) -> Sequence[str] | None:
        """What the training images are called, such as by their files; None where by nothing.

        Asked of data that is somebody's own files alone: that has names. Reads it once more.
        """
        loader: Dataset = self._registry.create(dataset)
        if self._missing(dataset, loader) is not None:
            return None
        with plugin_code("files", dataset.origin):
            if not list(loader.files(self._folder)):
                return None
        with plugin_code("load", dataset.origin):
            return loader.load(self._folder, False).train_names

    def _prepare(self, dataset: Component, loader: Dataset, download: bool) -> DatasetFacts:
        fingerprint = self._fingerprint(dataset, loader)
        prepared = self._datasets.prepared(dataset, fingerprint)
        if prepared is not None:
            return prepared
        with plugin_code("load", dataset.origin):
            images = loader.load(self._folder, download)
        images = checked_images(images, dataset.origin)
        return self._datasets.prepare(dataset, fingerprint, images)

    def _find(self, dataset: Component, download: bool) -> DataFound:
        loader: Dataset = self._registry.create(dataset)
        census = self._census(dataset, loader)
        # Without an entry nothing can be taken over: then no file need be read.
        if self._datasets.knows(dataset):
            prepared = self._datasets.prepared(dataset, self._fingerprint(dataset, loader))
            if prepared is not None:
                return DataFound(dataset, prepared, notes=tuple(data_notes(census, prepared)))
        known = declared(self._registry, dataset)
        missing = self._missing(dataset, loader)
        if missing is None:
            known = _more_exactly(known, self._shape(dataset, loader))
        elif download:
            missing = self._to_be_fetched(dataset, loader, missing)
        return DataFound(dataset, known, missing, tuple(data_notes(census, known)))

    def _missing(self, dataset: Component, loader: Dataset) -> UsageError | None:
        with plugin_code("missing", dataset.origin):
            return loader.missing(self._folder)

    def _to_be_fetched(
        self, dataset: Component, loader: Dataset, missing: UsageError
    ) -> UsageError:
        """What is missing, with bench as the remedy where that fetches it."""
        with plugin_code("sources", dataset.origin):
            sources = list(loader.sources())
        if not sources:
            return missing
        remedy = f"bench fetches it from {several(sources)} into '{self._folder}'"
        return UsageError(missing.what, where=missing.where, remedy=remedy)

    def _shape(self, dataset: Component, loader: Dataset) -> DatasetShape:
        with plugin_code("shape", dataset.origin):
            return _require_shape(loader.shape(self._folder), "shape", dataset.origin)

    def _census(self, dataset: Component, loader: Dataset) -> list[str]:
        """What the dataset says of its data; nothing where it is missing."""
        if self._missing(dataset, loader) is not None:
            return []
        with plugin_code("census", dataset.origin):
            return list(loader.census(self._folder))

    def _fingerprint(self, dataset: Component, loader: Dataset) -> str:
        """What tells this data from other data of the same name and parameters."""
        with plugin_code("fingerprint", dataset.origin):
            fingerprint = loader.fingerprint(self._folder)
        with plugin_code("files", dataset.origin):
            files = list(loader.files(self._folder))
        if not files:
            return fingerprint
        return digest([fingerprint, content_digest(files, self._folder, self._datasets.seen)])


def declared(registry: Registry, dataset: Component) -> DatasetShape:
    """What a dataset's spec says of it, all None when nothing.

    Raises PluginError when the spec's code fails or returns something else.
    """
    registered = registry.find(dataset.kind, dataset.name)
    declares = registered.spec.declares if isinstance(registered.spec, DatasetSpec) else None
    if declares is None:
        return DatasetShape()
    members = [registered.member] if registered.is_family else []
    with plugin_code("declares", dataset.origin):
        shape = declares(*members, **dataset.parameters)
    return _require_shape(shape, "declares", dataset.origin)


def _require_shape(shape: object, what: str, origin: str) -> DatasetShape:
    if not isinstance(shape, DatasetShape):
        raise PluginError(
            f"{what} returned {type(shape).__name__}, expected DatasetShape", where=origin
        )
    return shape


def _more_exactly(declared: DatasetShape, found: DatasetShape) -> DatasetShape:
    """What is declared, and in its place whatever is found."""
    told = {name: value for name, value in asdict(found).items() if value is not None}
    return replace(declared, **told)
