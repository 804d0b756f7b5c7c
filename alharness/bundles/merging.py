"""Taking over another machine's records into a workspace, so that trials are not paid for twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from alharness.api.errors import MismatchError
from alharness.bundles.checking import Bundle
from alharness.protocol.units import KINDS, RepresentationInputs
from alharness.store.origins import Origin
from alharness.store.records import ORIGINS, Record
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Merged:
    """What was taken over: new records, records that were there already, of how many weights.

    features: of how many representations.
    """

    taken: int
    there: int
    weights: int
    features: int


def require_no_conflict(bundle: Bundle, workspace: Workspace) -> None:
    """Raises MismatchError when a workspace has another result of one of a bundle's units.

    What rests on the one does not rest on the other.
    """
    others = [record for record in bundle.records.values() if _other(record, workspace) is not None]
    if others:
        first = min(others, key=lambda one: (list(KINDS).index(one.unit.kind), one.unit.key)).unit
        raise MismatchError(
            f"the workspace has other results of {len(others)} of the bundle's units than this, "
            f"first of {first.kind} {first.key}",
            where=str(workspace.root),
            remedy="Take it over into another workspace, or drop one's own: "
            f"`alharness forget {first.key}`",
        )


def merge(bundle: Bundle, workspace: Workspace, verified: int) -> Merged:
    """Write a bundle's records, index sets, weights and features into a workspace.

    Rows of features lie there in a secret order of their own (``store.features``).
    A record that is there stays; one that is taken over names the bundle as its origin. Its
    methods are noted as tried. ``verified``: how many units were computed again before, and agreed.
    An interruption costs nothing: the same call goes on. Raises as ``require_no_conflict``.
    """
    require_no_conflict(bundle, workspace)
    known = {key for kind in KINDS for key, _ in workspace.records.keys(kind)}
    taken = [key for key in bundle.records if key not in known]
    _note(bundle, workspace, len(taken), verified)
    for place in bundle.index_sets():
        workspace.sets.put(bundle.index_set(place))
    weights = features = 0
    for record in sorted(bundle.records.values(), key=lambda one: list(KINDS).index(one.unit.kind)):
        data = bundle.weights(record.unit.key)
        if data is not None and not workspace.checkpoints.has(record.unit.key):
            workspace.checkpoints.put(record.unit.key, data)
            weights += 1
        features += _take_features(bundle, record, workspace)
        workspace.records.write(_from(bundle, record), bundle.beside(record))
    for scenario in bundle.document.scenarios:
        for method in scenario.methods:
            if method.method != scenario.reference and not method.sees_labels:
                workspace.tried.note(scenario.protocol_digest, method.sampler, scenario.reference)
    return Merged(len(taken), len(bundle.records) - len(taken), weights, features)


def _take_features(bundle: Bundle, record: Record, workspace: Workspace) -> bool:
    """Whether the bundle has features that the workspace did not have."""
    inputs = record.unit.inputs
    if not isinstance(inputs, RepresentationInputs) or workspace.features.has(record.unit.key):
        return False
    found = bundle.features(record.unit.key)
    if found is None:
        return False
    workspace.features.write(record.unit.key, len(found), inputs.precision, [found])
    return True


def _other(record: Record, workspace: Workspace) -> Record | None:
    there = workspace.records.read(record.unit.kind, record.unit.key)
    return there if there is not None and there.digest != record.digest else None


def _from(bundle: Bundle, record: Record) -> Record:
    earlier = record.facts.get(ORIGINS)
    through = earlier if isinstance(earlier, list) else []
    return replace(record, facts={**record.facts, ORIGINS: [bundle.identity, *through]})


def _note(bundle: Bundle, workspace: Workspace, records: int, verified: int) -> None:
    today = datetime.now(UTC).date().isoformat()
    suite = bundle.manifest.suite.name
    workspace.origins.note(Origin(bundle.identity, suite, records, verified, today))
