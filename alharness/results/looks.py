"""Looks: which were taken of a method whose further seeds are run only if they are needed."""

from __future__ import annotations

from alharness.results.samples import Samples
from alharness.statistics import LOOKS, Comparison, LookDecision, compare, endpoint, looks_taken


def looks_at(samples: Samples, method: str) -> tuple[LookDecision, ...]:
    """The looks taken of a method, in order; none before the first is due."""
    seeds = samples.looked_at[method]
    ours, theirs = (
        endpoint(samples.tested(one)[:, :seeds], samples.budgets)
        for one in (method, samples.reference)
    )
    return looks_taken(ours, theirs)


def comparison_at(samples: Samples, method: str) -> Comparison:
    """The comparison of the last look taken; before the first, one that is not testable."""
    taken = looks_at(samples, method)
    if taken:
        return taken[-1].comparison
    nothing = endpoint(samples.tested(method)[:0], samples.budgets)
    return compare(nothing, nothing)


def sentence_of(taken: tuple[LookDecision, ...]) -> str:
    """What stands behind a verdict under looks, e.g. ``stopped after 2 of 5 seeds (certain)``."""
    if not taken:
        return f"before its first look, at {LOOKS[0].seeds} seeds"
    last = taken[-1]
    if last.stop is None:
        return f"looked at after {last.look.seeds} of {LOOKS[-1].seeds} seeds, and going on"
    if last.look == LOOKS[-1]:
        return f"at the last of {len(taken)} looks"
    return f"stopped after {last.look.seeds} of {LOOKS[-1].seeds} seeds ({last.stop})"
