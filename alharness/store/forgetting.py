"""Forgetting units: their records and all that was computed from them are set aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from alharness.api.errors import UsageError
from alharness.protocol.units import KINDS
from alharness.store.files import set_aside
from alharness.store.records import Record
from alharness.store.workspace import Workspace

FOLDER = "forgotten"


def forget(workspace: Workspace, key: str) -> list[Record]:
    """Set aside the record of a unit and those of all units that rest on what it computed.

    Those are units that read it, and units on the labels that such a query asked for.

    They lie in ``root/forgotten`` then, and the next bench computes them anew. So do weights
    go that were read. Reads every record of the workspace. Raises UsageError for a key without
    a record.
    """
    found = {record.unit.key: record for record in _recorded(workspace)}
    if key not in found:
        raise UsageError(
            "no record has this key",
            where=key,
            remedy="Give the key that the message names, and its workspace with --workspace",
        )
    return _forget(workspace, [key], found)


def forget_origin(workspace: Workspace, bundle: str) -> list[Record]:
    """Set aside every record that was taken over from a bundle, and all that rests on one.

    The same as ``forget``, of each. Nothing happens where there is none.
    """
    found = {record.unit.key: record for record in _recorded(workspace)}
    keys = [key for key, record in found.items() if record.origin == bundle]
    forgotten = _forget(workspace, keys, found)
    workspace.origins.forget(bundle, workspace.root / FOLDER)
    return forgotten


def _forget(workspace: Workspace, keys: Iterable[str], found: Mapping[str, Record]) -> list[Record]:
    resting: dict[str, list[str]] = defaultdict(list)
    for record in found.values():
        for basis in _bases(record):
            resting[basis].append(record.unit.key)
    forgotten = {key: found[key] for key in keys}
    waiting = list(forgotten)
    while waiting:
        next_key = waiting.pop()
        bases = (next_key, *_labels(found[next_key]))
        for reader in (one for basis in bases for one in resting[basis]):
            if reader not in forgotten:
                forgotten[reader] = found[reader]
                waiting.append(reader)
    # Those that read first: what is left after an interruption can be forgotten again.
    for record in reversed(forgotten.values()):
        _set_aside(workspace, record)
    return list(forgotten.values())


def _bases(record: Record) -> tuple[str, ...]:
    """Keys of the units that a unit read, and digests of the labels that it was computed on."""
    inputs = record.unit.inputs
    reads = inputs.reads()
    return (*reads.weights, *reads.features, *reads.records, *getattr(inputs, "labeled", ()))


def _labels(record: Record) -> tuple[str, ...]:
    """Digests of the index sets that an annotation made."""
    return tuple(record.result[name] for name in ("added", "corrected") if name in record.result)


def _recorded(workspace: Workspace) -> list[Record]:
    every = (
        workspace.records.read(kind, key)
        for kind in KINDS
        for key, _ in workspace.records.keys(kind)
    )
    return [record for record in every if record is not None]


def _set_aside(workspace: Workspace, record: Record) -> None:
    records, folder = workspace.records, workspace.root / FOLDER
    workspace.checkpoints.drop(record.unit.key)
    workspace.features.drop(record.unit.key)
    for name in record.beside:
        if records.path_beside(record, name).exists():
            set_aside(records.path_beside(record, name), folder)
    set_aside(records.path(record.unit.kind, record.unit.key), folder)
