"""Checking a plugin against all rules of its kind."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.testing.rules import Checked, Outcome, Rule
from alharness.testing.subject import Subject, find_subject

_MODULES = {
    "sampler": "samplers",
    "model": "models",
    "regularizer": "regularizers",
    "loss": "losses",
    "schedule": "schedules",
    "oracle": "oracles",
    "dataset": "datasets",
    "representation": "representations",
    "executor": "executors",
    "suite": "suites",
}

KINDS = tuple(_MODULES)
"""Kinds that have rules."""


def rules(kind: str) -> tuple[Rule, ...]:
    """The rules of a kind's contract. Raises UsageError for a kind that has none."""
    if kind not in _MODULES:
        raise UsageError(
            f"there are no rules for the kind '{kind}'",
            remedy=f"Kinds with rules are {', '.join(KINDS)}",
        )
    found: tuple[Rule, ...] = importlib.import_module(f"alharness.testing.{_MODULES[kind]}").RULES
    return found


def checked(subject: Subject) -> tuple[Checked, ...]:
    """Check every rule of the plugin's kind, in the order of ``rules``."""
    return tuple(rule.checked(subject) for rule in rules(subject.kind))


def check(
    name: str,
    *,
    kind: str | None = None,
    only: Rule | None = None,
    exceptions: Mapping[str, str] | None = None,
    plugin_files: Sequence[str | Path] = (),
    data_dir: str | Path = "data",
) -> None:
    """Check the plugin NAME, or NAME:parameter=value, against the rules of its kind.

    kind: needed when several kinds have the name, and for suites.
    only: one of ``rules(kind)``, for a test of its own.
    exceptions: names of rules that are known to be broken, each with the reason. One
        that is not broken any more is an error as well, so that the list stays true.
    plugin_files: Python files to load as plugins, without packaging.
    data_dir: where datasets look for their data.

    Raises AssertionError that lists the broken rules with what was seen, from the
    first exception behind it; UsageError and PluginError for a plugin that cannot be
    found or built. A rule that does not apply passes.
    """
    subject = find_subject(name, kind, [Path(path) for path in plugin_files], Path(data_dir))
    found = checked(subject) if only is None else (only.checked(subject),)
    known = exceptions or {}
    _require_rules(subject.kind, known)
    broken = [one for one in found if one.outcome is Outcome.BROKEN and one.rule.name not in known]
    if broken:
        raise AssertionError(_listed(subject, broken)) from broken[0].cause
    for one in found:
        if one.rule.name in known and one.outcome is not Outcome.BROKEN:
            raise AssertionError(f"{subject.origin}: {one}, though it is an exception")


def _require_rules(kind: str, names: Iterable[str]) -> None:
    known = [rule.name for rule in rules(kind)]
    for name in names:
        if name not in known:
            raise UsageError(
                f"there is no rule '{name}' for the kind '{kind}'",
                where="exceptions",
                remedy=f"Rules are {', '.join(known)}",
            )


def _listed(subject: Subject, broken: Sequence[Checked]) -> str:
    lines = [f"{one.rule}: {one.rule.demand}\n    {one.seen}" for one in broken]
    return "\n  ".join([f"{subject.origin} breaks", *lines])
