"""Checking a bundle: everything that can be told without executing anything of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from alharness.api.errors import HarnessError, MismatchError
from alharness.bundles.anonymous import absolute_path
from alharness.bundles.arrays import read_features, read_set, require_arrays, require_weights
from alharness.bundles.contents import LIMITS, Contents, Limits, opened, refused
from alharness.bundles.evidence import Rested, require_concluded, require_supported, rested
from alharness.bundles.held import by_query
from alharness.bundles.layout import (
    BESIDE,
    DOCUMENT,
    ENVIRONMENT,
    FEATURES,
    INDEX_SET,
    RECORD,
    WEIGHTS,
    Place,
    beside_name,
    features_name,
    place_of,
    set_name,
    weights_name,
)
from alharness.bundles.manifest import Manifest, read_listed, read_manifest, require_listed
from alharness.bundles.records import read_record
from alharness.bundles.strict_json import parsed
from alharness.protocol.keys import digest_bytes
from alharness.protocol.partition.sets import Added, IndexSet
from alharness.protocol.units import RepresentationInputs
from alharness.results.document import Document
from alharness.results.reading import from_json
from alharness.store.feature_file import FeatureHeader
from alharness.store.records import OUTPUTS, Record


@dataclass(frozen=True)
class Bundle:
    """A bundle that was checked: it is what it claims to be; whether that is true, nobody knows.

    identity: the SHA-256 of its manifest, which stands for all of it.
    records: by key. rests_on: of each scenario of the document. without_outputs: evaluations
    whose outputs were left out.
    """

    manifest: Manifest
    identity: str
    document: Document
    environment: dict[str, Any]
    records: Mapping[str, Record]
    rests_on: tuple[Rested, ...]
    without_outputs: frozenset[str]
    contents: Contents

    def index_set(self, digest: str) -> IndexSet:
        """An index set."""
        return read_set(self.read(set_name(digest)), digest, set_name(digest))

    def index_sets(self) -> list[str]:
        """The digests of its index sets."""
        places = map(place_of, self.manifest.files)
        return [one.key for one in places if one is not None and one.role is INDEX_SET]

    def beside(self, record: Record) -> dict[str, bytes]:
        """The files beside a record that are in the bundle, by their names."""
        unit = record.unit
        names = {name: beside_name(unit.kind, unit.key, name) for name in record.beside}
        return {
            name: self.read(path) for name, path in names.items() if path in self.manifest.files
        }

    def weights(self, trial: str) -> bytes | None:
        """The weights of a trial, where they are in the bundle."""
        name = weights_name(trial)
        return self.read(name) if name in self.manifest.files else None

    def has_features(self, unit: str) -> bool:
        """Whether the features that a unit computed are in the bundle."""
        return features_name(unit) in self.manifest.files

    def features(self, unit: str) -> NDArray[Any] | None:
        """The features that a unit computed, where they are there: (n, D) in the data's order."""
        if not self.has_features(unit):
            return None
        name = features_name(unit)
        return features_of(self.records[unit], self.read(name), name)

    def read(self, name: str) -> bytes:
        """A file, which still has to be what it was when it was checked. Raises MismatchError."""
        return read_listed(self.contents, self.manifest, name)

    def counts(self) -> Counter[str]:
        """How many units of each kind there are."""
        return Counter(record.unit.kind for record in self.records.values())


def features_of(record: Record, data: bytes, name: str) -> NDArray[Any]:
    """The features that a representation's record names, (n, D). Raises MismatchError."""
    inputs, result = record.unit.inputs, record.result
    assert isinstance(inputs, RepresentationInputs)
    header = FeatureHeader(inputs.precision, result["n"], result["width"])
    return read_features(data, header, result["features"], name)


@contextmanager
def checked(path: Path, limits: Limits = LIMITS) -> Iterator[Bundle]:
    """The bundle at ``path``, checked as a whole; its files can be read inside.

    Executes nothing in it, and needs no plugin and no dataset. Raises UsageError for what cannot
    be read, MismatchError with the reason for what is not what it claims to be.
    """
    with ExitStack() as stack:
        try:
            bundle = _checked(stack.enter_context(opened(path, limits)))
        except MismatchError as error:
            where = ": ".join(filter(None, (str(path), error.where)))
            raise MismatchError(error.what, where=where, remedy=error.remedy) from None
        yield bundle


def _checked(contents: Contents) -> Bundle:
    manifest, identity = read_manifest(contents)
    require_listed(contents, manifest)
    document = _document(contents, manifest)
    held = _Held(contents, manifest)
    try:
        found = rested(document, held)
        require_supported(document, found)
        require_concluded(document)
    except HarnessError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AssertionError, OverflowError) as error:
        raise refused(f"does not follow from its records ({error!r})", DOCUMENT) from None
    held.require_used(found)
    return Bundle(
        manifest,
        identity,
        document,
        _environment(contents, manifest),
        held.records,
        tuple(found),
        frozenset(held.without_outputs),
        contents,
    )


def _document(contents: Contents, manifest: Manifest) -> Document:
    _require_there(manifest, DOCUMENT)
    fields = parsed(read_listed(contents, manifest, DOCUMENT), DOCUMENT)
    document = from_json(fields, DOCUMENT)
    suite = document.suite
    told = manifest.suite
    if (suite.name, suite.version, suite.digest) != (told.name, told.version, told.digest):
        raise refused("is of another suite than the manifest", DOCUMENT)
    path = absolute_path(fields)
    if path is not None:
        raise refused(f"names the path '{path}' of somebody's machine", DOCUMENT)
    if document.failures:
        raise refused("has units that failed", DOCUMENT)
    return document


def _environment(contents: Contents, manifest: Manifest) -> dict[str, Any]:
    _require_there(manifest, ENVIRONMENT)
    fields = parsed(read_listed(contents, manifest, ENVIRONMENT), ENVIRONMENT)
    if not isinstance(fields, dict) or not isinstance(fields.get("packages"), dict):
        raise refused("says nothing of packages", ENVIRONMENT)
    return fields


def _require_there(manifest: Manifest, name: str) -> None:
    if name not in manifest.files:
        raise refused("is missing", name)


class _Held:
    """What a bundle holds, every file of it read once and found to be what its name says."""

    def __init__(self, contents: Contents, manifest: Manifest) -> None:
        self.records: dict[str, Record] = {}
        self.without_outputs: set[str] = set()
        self._contents = contents
        self._manifest = manifest
        self._sets: dict[str, IndexSet] = {}
        places = {name: place_of(name) for name in manifest.files}
        self._places = {name: place for name, place in places.items() if place is not None}
        for name, place in self._places.items():
            if place.role is RECORD:
                self.records[place.key] = read_record(self._read(name), name, place)
            elif place.role is INDEX_SET:
                self._sets[place.key] = read_set(self._read(name), place.key, name)
        for name, place in self._places.items():
            if place.role in (BESIDE, WEIGHTS, FEATURES):
                self._require_named(name, place)
        for record in self.records.values():
            self._require_beside(record)

    def record(self, kind: str, key: str) -> Record | None:
        """See ``held.Held``."""
        record = self.records.get(key)
        return record if record is not None and record.unit.kind == kind else None

    def annotations(self, query: str) -> Sequence[Record]:
        """See ``held.Held``."""
        return self._annotations.get(query, ())

    def index_set(self, digest: str) -> IndexSet:
        """See ``held.Held``."""
        if digest not in self._sets:
            raise refused("is missing", set_name(digest))
        return self._sets[digest]

    def require_used(self, found: Sequence[Rested]) -> None:
        """Raises MismatchError for a record or an index set that nothing rests on, or needs."""
        units = {key: unit for one in found for key, unit in one.units().items()}
        for key, record in self.records.items():
            if key not in units:
                raise refused(f"no row of the document rests on this {record.unit.kind}", key)
        needed = {
            part.digest
            for unit in units.values()
            for part in unit.sets
            if isinstance(part, IndexSet | Added)
        }
        for digest in needed:
            self.index_set(digest)
        for digest in self._sets:
            if digest not in needed and digest not in self._made():
                raise refused("no unit names this index set", set_name(digest))

    def _made(self) -> set[str]:
        """The index sets that annotations made; the last one of a run is named by no trial."""
        made = (one for one in self.records.values() if one.unit.kind == "annotation")
        return {
            one.result[name]
            for one in made
            for name in ("added", "corrected")
            if name in one.result
        }

    def _require_named(self, name: str, place: Place) -> None:
        """A file beside a record, weights, or features, are those that the record names."""
        data = self._read(name)
        if place.role is FEATURES:
            made = self.record("representation", place.key)
            if made is None:
                raise refused("no record names it", name)
            features_of(made, data, name)
            return
        if place.role is WEIGHTS:
            record = self.record("trial", place.key)
            expected = None if record is None else record.result["checkpoint"]
            require_weights(data, name)
        else:
            record = self.record(place.kind, place.key)
            expected = None if record is None else record.beside.get(place.beside)
            require_arrays(data, name)
        if expected is None:
            raise refused("no record names it", name)
        if digest_bytes(data) != expected:
            raise refused("is not what its record names", name)

    def _require_beside(self, record: Record) -> None:
        unit = record.unit
        for beside in record.beside:
            name = beside_name(unit.kind, unit.key, beside)
            if name in self._places:
                continue
            if (unit.kind, beside) != ("evaluation", OUTPUTS):
                raise refused("is missing: its record names it", name)
            self.without_outputs.add(unit.key)

    def _read(self, name: str) -> bytes:
        return read_listed(self._contents, self._manifest, name)

    @cached_property
    def _annotations(self) -> Mapping[str, Sequence[Record]]:
        return by_query(one for one in self.records.values() if one.unit.kind == "annotation")
