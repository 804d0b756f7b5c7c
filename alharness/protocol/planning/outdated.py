"""Why a unit is to be computed though its position has a record: what of its inputs changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alharness.protocol.keys import canonical_json
from alharness.protocol.units import Unit, UnitKind
from alharness.protocol.wording import spell

_NAMES = {
    "data": "the training data",
    "test": "the test data",
    "labeled": "the labeled set",
    "validation": "the validation set",
    "recipe.normalization": "the images that normalization is computed from",
    "hyperparameters": "the hyper-parameters",
}
_PLUGINS = ("sampler", "model", "oracle")
_CONSEQUENCES = frozenset({"trial", "previous", "committee", "labeled", "hyperparameters"})
"""Inputs that differ whenever something before them does: told only when nothing else is."""


@dataclass(frozen=True)
class Outdated:
    """So many units of a kind are to be computed again, for one reason."""

    kind: UnitKind
    why: str
    units: int


def outdated(
    ready: Iterable[Unit], recorded: Callable[[UnitKind], Iterable[Unit]]
) -> tuple[Outdated, ...]:
    """Why units that are ready were computed before and have to be computed again.

    ``recorded`` gives the recorded units of a kind; it is called for the kinds
    that are ready. A unit whose position has no record is new, and not mentioned;
    of several records at its position the one that differs least explains it.
    """
    kinds: dict[UnitKind, list[Unit]] = defaultdict(list)
    for unit in ready:
        kinds[unit.kind].append(unit)
    reasons: Counter[tuple[UnitKind, str]] = Counter()
    for kind, units in kinds.items():
        at: dict[Hashable, list[Unit]] = defaultdict(list)
        for record in recorded(kind):
            at[_position(record)].append(record)
        for unit in units:
            why = min((_why(record, unit) for record in at[_position(unit)]), key=len, default=[])
            if why:
                reasons[kind, "; ".join(why)] += 1
    return tuple(Outdated(kind, why, units) for (kind, why), units in reasons.items())


def _position(unit: Unit) -> Hashable:
    """What two units have in common of which one outdates the other.

    Samplers share seed paths: a trial after cycle 0 belongs to its labeled set.
    """
    inputs = unit.inputs
    match unit.kind:
        case "trial":
            later = inputs["seed"]["cycle"] > 0
            return canonical_json([inputs["seed"], inputs["labeled"] if later else None])
        case "evaluation":
            return canonical_json(inputs["trial"])
        case "query":
            sampler = inputs["sampler"]
            return canonical_json([inputs["seed"], sampler["name"], sampler["parameters"]])
        case _:
            return canonical_json([inputs["seed"], inputs["query"]])


def _why(record: Unit, unit: Unit) -> list[str]:
    """What changed from a record to the unit now at its position, causes only."""
    if record.key == unit.key:
        return ["its weights are needed and were not kept"]
    changes = dict(_changes(record.inputs, unit.inputs))
    causes = {name: text for name, text in changes.items() if name not in _CONSEQUENCES}
    found = list((causes or changes).values())
    return found or [f"alharness computes this kind of unit in another way now: {unit.kind}"]


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The inputs that differ, with what to say of each."""
    for name, new in now.items():
        old: Any = before.get(name)
        if old == new:
            continue
        if name == "recipe":
            for setting in sorted({*old, *new}):
                yield from _setting(f"recipe.{setting}", old.get(setting), new.get(setting))
        elif name in _PLUGINS:
            yield from _plugin(name, old, new)
        elif name == "regularizers":
            yield from _regularizers(old, new)
        else:
            yield from _setting(name, old, new)


def _setting(name: str, old: Any, new: Any) -> Iterator[tuple[str, str]]:
    if old == new:
        return
    if name in _NAMES or name in _CONSEQUENCES:
        yield name, f"{_NAMES.get(name, f'the {name}')} changed"
    else:
        label = name.removeprefix("recipe.").replace("_", " ")
        yield name, f"{label} changed from {spell(old)} to {spell(new)}"


def _plugin(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What differs between two identities of one kind."""
    if old["name"] != new["name"]:
        yield kind, f"the {kind} changed from '{old['name']}' to '{new['name']}'"
        return
    if old["source"] != new["source"]:
        yield f"{kind}.source", f"the source of {kind} '{new['name']}' changed"
    if old["parameters"] != new["parameters"]:
        yield f"{kind}.parameters", f"the parameters of {kind} '{new['name']}' changed"
    if old.get("fingerprint") != new.get("fingerprint"):
        yield f"{kind}.fingerprint", f"what {kind} '{new['name']}' reads changed"


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
