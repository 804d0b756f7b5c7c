"""Why a unit is to be computed though its position has a record: code or data changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from alharness.protocol.keys import digest
from alharness.protocol.units import KINDS, Unit

Described: TypeAlias = Mapping[str, Any]
"""A unit as its record describes it: kind, step, key and inputs, of whatever version."""

RECORDED_WITHOUT_WEIGHTS = (
    "it is recorded, but its weights, which what is left to do reads, are not here"
)
"""They were not kept, or records were taken over without them."""

_DATA = {"data": "the training data", "test": "the test data"}
_PLUGINS = (
    *("sampler", "model", "oracle", "loss", "extension", "recipe.schedule"),
    "representation",
)
_CONSEQUENCES = frozenset(
    {
        "seed",  # at one position it says the same, however it is spelled
        *("trial", "previous", "committee", "query", "stored"),
        *("labeled", "validation", "hyperparameters", "recipe.normalization", "recipe.start"),
        *("n_classes", "in_channels", "image_size"),
        *("features", "own_features"),
    }
)
"""Inputs that differ whenever something before them does, and so explain nothing."""


@dataclass(frozen=True)
class Outdated:
    """So many units of a kind are to be computed again, for one reason."""

    kind: str
    why: str
    units: int


def outdated(
    ready: Iterable[Unit],
    recorded_at: Callable[[str, AbstractSet[str]], Mapping[str, Sequence[Described]]],
) -> tuple[Outdated, ...]:
    """Why units that are ready were computed before and have to be computed again.

    ``recorded_at`` gives the recorded units of a kind at each of some positions
    (``position_of``). A record is outdated when code or data changed since, and nothing that a
    suite declares: one of other epochs, say, is another suite's, and stays what it is. A unit
    that outdates no record is new, and not mentioned; of several records the one that differs
    least explains it.
    """
    at: dict[str, dict[str, Described]] = defaultdict(dict)
    for unit in ready:
        described = unit.to_json()
        at[unit.kind][position_of(unit.kind, described["inputs"])] = described
    reasons: Counter[tuple[str, str]] = Counter()
    for kind, units in at.items():
        for position, records in recorded_at(kind, units.keys()).items():
            found = (_why(record, units[position]) for record in records)
            why = min(filter(None, found), key=len, default=[])
            if why:
                reasons[kind, "; ".join(why)] += 1
    return tuple(Outdated(kind, why, units) for (kind, why), units in reasons.items())


def position_of(kind: str, inputs: dict[str, Any]) -> str:
    """Digest of what a unit has in common with those that it outdates; inputs in JSON."""
    return digest(KINDS[kind].position(inputs))


def _why(record: Described, unit: Described) -> list[str]:
    """What of code and data changed from a record to the unit now at its position.

    Nothing when a declaration changed, too: then the record is no older form of the unit.
    """
    if record["key"] == unit["key"]:
        return [RECORDED_WITHOUT_WEIGHTS]
    changes = list(_changes(_flat(record["inputs"]), _flat(unit["inputs"])))
    if not all(change.from_outside for change in changes):
        return []
    if record["step"] != unit["step"]:
        return [f"alharness computes this kind of unit in another way now: {unit['kind']}"]
    return [change.text for change in changes]


def _flat(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by name, those of network and recipe among them."""
    flat = {name: value for name, value in inputs.items() if name not in ("network", "recipe")}
    recipe = {f"recipe.{name}": value for name, value in inputs.get("recipe", {}).items()}
    return {**flat, **inputs.get("network", {}), **recipe}


class _Change(NamedTuple):
    """An input that differs. ``from_outside``: by code or data, not by what a suite declares."""

    text: str
    from_outside: bool


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[_Change]:
    """What differs, but for what follows from it; None stands for a default."""
    for name in dict.fromkeys([*now, *before]):
        old, new = before.get(name), now.get(name)
        if old == new or name in _CONSEQUENCES:
            continue
        if name in _PLUGINS and old is not None and new is not None:
            yield from _plugin(name.rpartition(".")[2], old, new)
        elif name == "regularizers":
            yield from _regularizers(old or [], new or [])
        else:
            yield _Change(f"{_DATA.get(name, name)} changed", name in _DATA)


def _plugin(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Change]:
    """What differs between two identities of one kind."""
    named = f"{kind} '{new['name']}'"
    if old["name"] != new["name"] or old.get("parameters") != new.get("parameters"):
        yield _Change(f"{named} is another", False)
    if old["source"] != new["source"]:
        yield _Change(f"the files of {named} changed", True)
    for name, digest_now in new.get("files", {}).items():
        if old.get("files", {}).get(name) != digest_now:
            yield _Change(f"the file that {name} of {named} names changed", True)
    if old.get("fingerprint") != new.get("fingerprint"):
        yield _Change(f"what {named} reads changed", True)


def _regularizers(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> Iterator[_Change]:
    if [one["name"] for one in old] != [one["name"] for one in new]:
        yield _Change("regularizers changed", False)
        return
    for before, now in zip(old, new, strict=True):
        yield from _plugin("regularizer", before, now)
