"""The family that a bench is asked to narrow its decisions to."""

from __future__ import annotations

from collections.abc import Iterable

from alharness.protocol.suite.reading import protocol_digest
from alharness.results.family import read_labels, require_members
from alharness.session.opening import Opened


def family_of(opened: Opened, texts: Iterable[str]) -> tuple[str, ...]:
    """The labels in ``texts``, each of a method that is compared or was recorded before.

    Raises UsageError for another.
    """
    labels = read_labels(texts)
    suite = opened.bench.suite
    known = {method.label for method in opened.bench.methods}
    for condition in opened.bench.conditions:
        noted = opened.workspace.tried.under(protocol_digest(suite, condition.scenario))
        known |= {one.method for one in noted.values()}
    require_members(labels, known - {suite.methods.reference.label}, f"suite '{suite.name}'")
    return labels
