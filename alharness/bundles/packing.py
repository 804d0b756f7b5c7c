"""Packing: from what a workspace holds of a bench to a bundle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import alharness
from alharness.api.errors import HarnessError, MismatchError, UsageError
from alharness.bundles.anonymous import anonymous, personal_names, require_no_paths
from alharness.bundles.archive import File, write_bundle
from alharness.bundles.arrays import packed_features, packed_set
from alharness.bundles.complete import complete
from alharness.bundles.environment import environment
from alharness.bundles.evidence import Rested, require_results, restated, rested
from alharness.bundles.held import HeldInWorkspace
from alharness.bundles.layout import (
    DOCUMENT,
    ENVIRONMENT,
    beside_name,
    features_name,
    record_name,
    set_name,
    weights_name,
)
from alharness.bundles.manifest import (
    LeftOut,
    Manifest,
    PackedSuite,
    Tolerances,
    listed,
    manifest_file,
    sha256,
)
from alharness.bundles.strict_json import written
from alharness.bundles.tolerances import TOLERANCES
from alharness.protocol.units import Unit
from alharness.results.document import Document
from alharness.results.documents import Documents
from alharness.store.features import open_features
from alharness.store.files import read
from alharness.store.records import OUTPUTS, Record
from alharness.store.workspace import Workspace

OUTPUTS_BYTES = 64 << 20
"""Outputs of all evaluations together that are packed without being asked for."""


@dataclass(frozen=True)
class PackedBundle:
    """A bundle that was written.

    identity: the SHA-256 of its manifest. weights: of how many trials there are weights.
    features: those of how many units are in it, and without_features: of how many they are not.
    outputs: whether the outputs of evaluations are in it. left_out: rows that are not.
    """

    path: Path
    identity: str
    files: int
    bytes: int
    weights: int
    features: int
    without_features: int
    outputs: bool
    left_out: tuple[LeftOut, ...]


def pack(
    workspace: Workspace,
    suite: str | None,
    path: Path,
    *,
    weights: bool = False,
    features: bool = False,
    outputs: bool | None = None,
) -> PackedBundle:
    """Write the bundle of a suite's document and of all that its complete rows rest on.

    suite: its name, None for the only one. path: a zip file where it ends in ``.zip``, else a
    folder. weights: those of the chosen models of cycle 0, too. features: those that its units
    read, too. outputs: of evaluations; None:
    where they have up to ``OUTPUTS_BYTES`` all together. Needs no plugin and no dataset.

    Raises UsageError when there is no such document, or a path of this machine would be
    published; MismatchError when the document does not follow from the records.
    """
    documents = Documents(workspace.reports)
    document, left_out = complete(documents.read(documents.only() if suite is None else suite))
    held = HeldInWorkspace(workspace)
    try:
        document, found = _borne_out(document, held)
    except MismatchError as error:
        raise MismatchError(
            f"the workspace's document no longer follows from its records: {error.what}",
            where=error.where,
            remedy="Run 'alharness bench' again, then pack",
        ) from error
    packing = _Packing(workspace, held, found)
    with_outputs = packing.outputs_bytes() <= OUTPUTS_BYTES if outputs is None else outputs
    files = [
        _json_file(DOCUMENT, document.to_json(), "the document"),
        File(ENVIRONMENT, partial(written, environment())),
        *packing.records(),
        *packing.beside(with_outputs),
        *packing.sets(),
        *(packing.weights() if weights else ()),
        *(packing.features() if features else ()),
    ]
    manifest = _manifest(document, left_out, files)
    own = manifest_file(manifest)
    write_bundle([own, *files], path)
    return PackedBundle(
        path,
        sha256(own.read()),
        len(files) + 1,
        sum(one.bytes for one in manifest.files.values()),
        sum(name.startswith("weights/") for name in manifest.files),
        packed_features := sum(name.startswith("features/") for name in manifest.files),
        len(packing.representations()) - packed_features,
        with_outputs,
        left_out,
    )


def _borne_out(document: Document, held: HeldInWorkspace) -> tuple[Document, list[Rested]]:
    """A document as its records give it now, and what it rests on."""
    found = rested(document, held)
    require_results(document, found)
    return restated(document, found), found


def _manifest(document: Document, left_out: tuple[LeftOut, ...], files: list[File]) -> Manifest:
    suite = document.suite
    return Manifest(
        schema=1,
        format="alharness-bundle",
        alharness=alharness.__version__,
        suite=PackedSuite(name=suite.name, version=suite.version, digest=suite.digest),
        left_out=left_out,
        tolerances=Tolerances(**TOLERANCES),
        files=listed(files),
    )


def _json_file(name: str, value: object, where: str) -> File:
    require_no_paths(value, where)
    return File(name, partial(written, value))


class _Packing:
    """The files that a bench's units become; records and arrays are read when they are written."""

    def __init__(self, workspace: Workspace, held: HeldInWorkspace, found: list[Rested]) -> None:
        self._workspace = workspace
        self._held = held
        self._found = found
        self._units: Mapping[str, Unit] = {
            key: unit for one in found for key, unit in one.units().items()
        }

    def records(self) -> Iterator[File]:
        """A file for each record."""
        names = personal_names(self._workspace.root)
        for unit in self._units.values():
            record = anonymous(self._record(unit), names)
            where = f"{unit.kind} {unit.key}"
            name = record_name(unit.kind, unit.key)
            yield _json_file(name, record.to_json(), where)

    def beside(self, outputs: bool) -> Iterator[File]:
        """The files beside records; those of evaluations only where they are asked for."""
        for unit in self._units.values():
            record = self._record(unit)
            for name in record.beside:
                if name != OUTPUTS or outputs:
                    yield File(
                        beside_name(unit.kind, unit.key, name),
                        partial(self._beside, record, name),
                    )

    def outputs_bytes(self) -> int:
        """Bytes of the outputs of all evaluations."""
        return sum(
            self._workspace.records.path_beside(self._record(unit), OUTPUTS).stat().st_size
            for unit in self._units.values()
            if OUTPUTS in self._record(unit).beside
        )

    def sets(self) -> Iterator[File]:
        """The index sets that units name, or made."""
        named = {part.digest for unit in self._units.values() for part in unit.sets}
        made = (self._record(one) for one in self._units.values() if one.kind == "annotation")
        for record in made:
            named |= {record.result[one] for one in ("added", "corrected") if one in record.result}
        for digest in sorted(named):
            yield File(set_name(digest), partial(self._set, digest))

    def weights(self) -> Iterator[File]:
        """The weights of the chosen models of cycle 0. Raises UsageError when some are gone."""
        chosen = {run.chosen[0].key: run for one in self._found for run in one.survey.runs}
        checkpoints = self._workspace.checkpoints
        for key in sorted(chosen):
            record = self._held.record("trial", key)
            assert record is not None
            try:
                path = checkpoints.checked(key, record.result["checkpoint"])
            except HarnessError as error:
                raise UsageError(
                    f"there are {error.what} of trial {key}",
                    where=chosen[key].name,
                    remedy="Pack without --weights",
                ) from error
            yield File(weights_name(key), partial(read, path))

    def representations(self) -> list[Unit]:
        """The units that computed features."""
        return [unit for unit in self._units.values() if unit.kind == "representation"]

    def features(self) -> Iterator[File]:
        """The features that units read. Raises UsageError when some are gone."""
        for unit in self.representations():
            digest = self._record(unit).result["features"]
            try:
                folder = self._workspace.features.checked(unit.key, digest)
            except HarnessError as error:
                raise UsageError(
                    f"there are {error.what} of representation {unit.key}",
                    where=str(self._workspace.root),
                    remedy="Pack without --features",
                ) from error
            yield File(features_name(unit.key), partial(packed_features, open_features(folder)))

    def _record(self, unit: Unit) -> Record:
        record = self._held.record(unit.kind, unit.key)
        assert record is not None
        return record

    def _beside(self, record: Record, name: str) -> bytes:
        data = self._workspace.records.beside(record, name)
        assert data is not None
        return data

    def _set(self, digest: str) -> bytes:
        return packed_set(self._held.index_set(digest))
