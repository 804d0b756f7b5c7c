"""Why a unit is to be computed though its position has a record: what of its inputs changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, TypeAlias

from alharness.protocol.keys import digest
from alharness.protocol.units import KINDS, Unit
from alharness.protocol.wording import spell

Described: TypeAlias = Mapping[str, Any]
"""A unit as its record describes it: kind, step, key and inputs, of whatever version."""

_NAMES = {
    "data": "the training data",
    "test": "the test data",
    "labeled": "the labeled set",
    "validation": "the validation set",
    "recipe.normalization": "the images that normalization is computed from",
    "hyperparameters": "the hyper-parameters",
    "stored": "what the sampler stored at its last query",
}
_PLUGINS = ("sampler", "model", "oracle", "loss", "extension", "recipe.schedule")
_CONSEQUENCES = frozenset(
    {"trial", "previous", "committee", "labeled", "hyperparameters", "query", "stored"}
)
"""Inputs that differ whenever something before them does: told only when nothing else is."""


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
    (``position_of``). A unit at whose position nothing is recorded is new, and not mentioned; of
    several records there the one that differs least explains it.
    """
    at: dict[str, dict[str, Described]] = defaultdict(dict)
    for unit in ready:
        described = unit.to_json()
        at[unit.kind][position_of(unit.kind, described["inputs"])] = described
    reasons: Counter[tuple[str, str]] = Counter()
    for kind, units in at.items():
        for position, records in recorded_at(kind, units.keys()).items():
            why = min((_why(record, units[position]) for record in records), key=len, default=[])
            if why:
                reasons[kind, "; ".join(why)] += 1
    return tuple(Outdated(kind, why, units) for (kind, why), units in reasons.items())


def position_of(kind: str, inputs: dict[str, Any]) -> str:
    """Digest of what a unit has in common with those that it outdates; inputs in JSON."""
    return digest(KINDS[kind].position(inputs))


def _why(record: Described, unit: Described) -> list[str]:
    """What changed from a record to the unit now at its position, causes only."""
    if record["key"] == unit["key"]:
        return ["its weights are needed and were not kept"]
    if record["step"] != unit["step"]:
        return [f"alharness computes this kind of unit in another way now: {unit['kind']}"]
    changes = dict(_changes(_flat(record["inputs"]), _flat(unit["inputs"])))
    causes = {name: text for name, text in changes.items() if name not in _CONSEQUENCES}
    return list((causes or changes).values())


def _flat(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs by name, those of network and recipe among them."""
    flat = {name: value for name, value in inputs.items() if name not in ("network", "recipe")}
    recipe = {f"recipe.{name}": value for name, value in inputs.get("recipe", {}).items()}
    return {**flat, **inputs.get("network", {}), **recipe}


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The inputs that differ, with what to say of each; None stands for a default."""
    for name in dict.fromkeys([*now, *before]):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if name in _PLUGINS and old is not None and new is not None:
            yield from _plugin(name.rpartition(".")[2], old, new)
        elif name == "regularizers":
            yield from _regularizers(old or [], new or [])
        elif name in _NAMES or name in _CONSEQUENCES:
            yield name, f"{_NAMES.get(name, f'the {name}')} changed"
        else:
            label = name.removeprefix("recipe.").replace("_", " ")
            yield name, f"{label} changed from {_spell(old)} to {_spell(new)}"


def _spell(value: Any) -> str:
    return "its default" if value is None else spell(value)


def _plugin(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What differs between two identities of one kind."""
    if old["name"] != new["name"]:
        yield kind, f"the {kind} changed from '{old['name']}' to '{new['name']}'"
        return
    named = f"{kind} '{new['name']}'"
    if old["source"] != new["source"]:
        yield f"{kind}.source", f"the source of {named} changed"
    if old.get("parameters") != new.get("parameters"):
        yield f"{kind}.parameters", f"the parameters of {named} changed"
    for name, digest_now in new.get("files", {}).items():
        if old.get("files", {}).get(name) != digest_now:
            yield f"{kind}.files.{name}", f"the file that {name} of {named} names changed"
    if old.get("fingerprint") != new.get("fingerprint"):
        yield f"{kind}.fingerprint", f"what {named} reads changed"


def _regularizers(
    old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    names = [[one["name"] for one in several] for several in (old, new)]
    if names[0] != names[1]:
        yield "regularizers", f"regularizers changed from {spell(names[0])} to {spell(names[1])}"
        return
    for before, now in zip(old, new, strict=True):
        for name, text in _plugin("regularizer", before, now):
            yield f"{name}.{now['name']}", text
