"""Watching the global generators, which no plugin may draw from."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from alharness.engine.randomness import controlled
from alharness.testing.rules import Broken

SEED = 7_404_113_902
"""One that nobody seeds with: to seed must move the generators, too."""


@contextmanager
def watched_generators(remedy: str) -> Iterator[None]:
    """Controlled randomness, as around every unit.

    Raises Broken, ending in ``remedy``, when the code inside moved Python's or NumPy's
    global generator. Torch's may be drawn from: it is seeded for that.
    """
    with controlled(SEED):
        before = _states()
        yield
        moved = [name for name, state in _states().items() if state != before[name]]
    if moved:
        raise Broken(f"the global generator of {' and of '.join(moved)} was moved; {remedy}")


def _states() -> dict[str, bytes]:
    return {
        "Python (module random)": pickle.dumps(random.getstate()),
        "NumPy (numpy.random)": pickle.dumps(np.random.get_state()),  # noqa: NPY002
    }
