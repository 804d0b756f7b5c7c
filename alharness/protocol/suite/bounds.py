"""The largest that a suite may declare: far beyond what anybody computes, and planned at once."""

from __future__ import annotations

from typing import Any

LONGEST_NAME = 100
"""Characters of a name: files and folders are named after it."""

LONGEST_TITLE = 500
"""Characters of a title."""

LARGEST_FILE = 1 << 20
"""Bytes of a suite's file."""

DEEPEST = 50
"""Tables and lists within each other."""

MOST_SETS = 10_000
"""Initial sets, and seeds."""

MOST_CYCLES = 10_000
"""Cycles of a run."""

MOST_TRIALS = 100_000
"""Trials of a tuning."""

MOST_EPOCHS = 1_000_000
"""Epochs of a training."""

MOST_PARTS = 1_000
"""Scenarios, methods, regularizers of a scenario, hyper-parameters, choices."""

MOST_TRAININGS = 1_000_000
"""Trainings of a whole bench: planning takes some seconds for 100 000."""

LARGEST_BATCH = 1_000_000
"""Images of a batch."""

LARGEST_NUMBER = 2**63 - 1
"""Of whole numbers anywhere, either sign."""


def depth_exceeds(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether tables and lists lie deeper within each other."""
    level = [value]
    for _ in range(deepest + 1):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return False
    return True


def has_larger_number(value: Any, largest: int = LARGEST_NUMBER) -> bool:
    """Whether a JSON value holds a whole number beyond what 64 bits hold."""
    if isinstance(value, dict):
        return any(has_larger_number(one, largest) for one in value.values())
    if isinstance(value, list | tuple):
        return any(has_larger_number(one, largest) for one in value)
    return isinstance(value, int) and abs(value) > largest
