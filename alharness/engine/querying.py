"""Queries and annotations: calling a sampler or an oracle, and checking what it answers."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import ContractViolation
from alharness.api.oracle import Oracle
from alharness.api.pool import Pool
from alharness.api.sampler import MOST_NEAR, Sampler
from alharness.api.text import one_line, plain_name
from alharness.registry import Registered
from alharness.registry.boundary import plugin_code

NOTES, NOTE_NAME = 100, 100
"""How many notes a query may have, and characters of a name."""


def ask_sampler(
    sampler: Sampler,
    pool: Pool,
    budget: int,
    rng: np.random.Generator,
    origin: str,
    involved: Iterable[Registered] = (),
) -> NDArray[np.int64]:
    """The positions that a sampler picks, (budget,) int64, checked against its contract.

    ``involved`` are the sampler and the plugins behind the models of the pool.

    Raises ContractViolation, naming the plugin and the rule, when the sampler
    raises or answers anything but ``budget`` distinct positions of the pool; a
    HarnessError of the sampler stays one.
    """
    with plugin_code("query", origin, ContractViolation, involved):
        answer = sampler.query(pool, budget, rng)
    return checked_positions(answer, pool.n_unlabeled, budget, origin)


def checked_positions(answer: Any, n_unlabeled: int, budget: int, origin: str) -> NDArray[np.int64]:
    """``answer`` as (budget,) int64. Raises ContractViolation when a rule is broken."""
    rule = f"a query returns {budget} distinct integers in [0, {n_unlabeled})"

    def broken(how: str) -> ContractViolation:
        return ContractViolation(f"{how}; {rule}", where=origin)

    positions = as_array(answer)
    if positions is None:
        raise broken("the answer is no array")
    if positions.ndim != 1:
        raise broken(f"the answer has shape {positions.shape}")
    if len(positions) != budget:
        raise broken(f"{len(positions)} positions were returned")
    if not np.issubdtype(positions.dtype, np.integer):
        raise broken(f"positions are {positions.dtype}, no integers")
    outside = positions[(positions < 0) | (positions >= n_unlabeled)]
    if len(outside):
        raise broken(f"position {outside[0]} is out of range")
    repeated = budget - len(np.unique(positions))
    if repeated:
        raise broken(f"{repeated} positions are duplicates")
    return positions.astype(np.int64)


def checked_near(near: Any, n_unlabeled: int) -> NDArray[np.int64]:
    """Positions near to the cut, as another process tells them; none where they are no positions.

    They are no part of a result: what cannot be used costs nobody a query.
    """
    positions = as_array(near)
    if positions is None or positions.ndim != 1 or len(positions) > MOST_NEAR:
        return np.zeros(0, dtype=np.int64)
    if not np.issubdtype(positions.dtype, np.integer):
        return np.zeros(0, dtype=np.int64)
    inside = (positions >= 0) & (positions < n_unlabeled)
    return positions[inside].astype(np.int64)


def checked_notes(notes: Any, origin: str) -> dict[str, str | float | bool]:
    """A sampler's ``notes`` as JSON values.

    In names, characters other than letters, digits and ``_-.:/`` and space become ``_``; long
    names and texts lose their middle. Raises ContractViolation for what is no mapping of names
    to text, finite numbers or booleans, for more than ``NOTES`` of them, and for two names that
    become the same.
    """
    rule = "notes are a mapping of names to text, finite numbers or booleans"
    if not isinstance(notes, Mapping):
        raise ContractViolation(f"notes are {type(notes).__name__}; {rule}", where=origin)
    if len(notes) > NOTES:
        raise ContractViolation(f"{len(notes)} notes; a query has {NOTES} at most", where=origin)
    checked: dict[str, str | float | bool] = {}
    for name, value in notes.items():
        noted = _plain(value)
        if not isinstance(name, str) or not name.strip() or noted is None:
            shown = f"note {_spelled(name)} is {_spelled(value)}"
            raise ContractViolation(f"{shown}; {rule}", where=origin)
        cleaned = plain_name(name, NOTE_NAME)
        if cleaned in checked:
            raise ContractViolation(f"two notes are named '{cleaned}'", where=origin)
        checked[cleaned] = noted
    return checked


def _plain(value: Any) -> str | float | bool | None:
    """Text, a finite number or a boolean, NumPy's too, as JSON knows it; None for the rest."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    try:
        if isinstance(value, numbers.Integral) and math.isfinite(value):
            return int(value)
        if isinstance(value, numbers.Real) and math.isfinite(value):
            return float(value)
    except OverflowError:  # an integer beyond what a float holds
        pass
    return None


def _spelled(value: Any) -> str:
    """What a plugin gave, for a message."""
    try:
        return one_line(repr(value), 100)
    except Exception:
        return f"a {type(value).__name__}"


def as_array(answer: Any) -> NDArray[Any] | None:
    """A plugin's answer, which may be anything, as an array; None when it is none."""
    try:
        return np.asarray(answer.detach().cpu() if hasattr(answer, "detach") else answer)
    except Exception:
        return None


def ask_oracle(
    oracle: Oracle,
    true_labels: NDArray[np.int64],
    indices: NDArray[np.int64],
    n_classes: int,
    rng: np.random.Generator,
    origin: str,
) -> NDArray[np.int64]:
    """The labels that an oracle gives, (n,) int64, checked against its contract."""
    with plugin_code("annotate", origin, ContractViolation):
        answer = oracle.annotate(true_labels.copy(), indices.copy(), n_classes, rng)
    labels = as_array(answer)
    rule = f"an annotation is {len(indices)} integers in [0, {n_classes})"
    if labels is None:
        raise ContractViolation(f"the answer is no array; {rule}", where=origin)
    fits = labels.shape == indices.shape and np.issubdtype(labels.dtype, np.integer)
    if not fits or labels.min() < 0 or labels.max() >= n_classes:
        raise ContractViolation(
            f"the answer has shape {labels.shape} and dtype {labels.dtype}"
            if not fits
            else f"labels span [{labels.min()}, {labels.max()}]",
            where=origin,
            remedy=rule[0].upper() + rule[1:],
        )
    return labels.astype(np.int64)
