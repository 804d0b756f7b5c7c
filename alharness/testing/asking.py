"""Asking a sampler as the engine does, here or in another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alharness.api.pool import Pool
from alharness.api.sampler import Sampler
from alharness.engine.querying import ask_sampler
from alharness.engine.randomness import controlled
from alharness.engine.stored import packed_stored, unpacked_stored
from alharness.testing.pools import Pools
from alharness.testing.rules import Broken
from alharness.testing.subject import Subject, find_subject

HASH_SEED = "20220619"
"""The other process hashes strings in another way."""

PROBED = 3
"""So many unlabeled images show whether a sampler stores anything."""


def pools_for(subject: Subject) -> Pools:
    """Pools with what the sampler declares that it needs, and what it stored the cycle before."""
    needs = subject.plugin.needs

    def store(pool: Pool) -> dict[str, NDArray[Any]]:
        return unpacked_stored(stored_by(subject, pool, 1), subject.origin)

    try:
        extension = subject.create().needs.extension
    except Exception:
        extension = None  # whatever is wrong, the rules find it
    try:
        stores = bool(store(Pools(needs, extension=extension).first_cycle(PROBED)))
    except Exception:
        stores = False  # whatever is wrong, the rules find it
    return Pools(needs, store if stores else None, extension)


def ask(subject: Subject, pool: Pool, budget: int, seed: int = 0) -> NDArray[np.int64]:
    """The positions that a new instance picks, checked, (budget,) int64.

    ``seed`` determines all randomness. Raises ContractViolation, or a HarnessError
    of the sampler's own.
    """
    return ask_instance(subject.create(), subject, pool, budget, seed)


def stored_by(subject: Subject, pool: Pool, budget: int) -> bytes | None:
    """What a query of a new instance stores, packed; None for nothing. Raises ContractViolation."""
    sampler: Sampler = subject.create()
    ask_instance(sampler, subject, pool, budget)
    return packed_stored(getattr(sampler, "stored", {}), subject.origin)


def ask_instance(
    sampler: Sampler, subject: Subject, pool: Pool, budget: int, seed: int = 0
) -> NDArray[np.int64]:
    """The positions that this instance picks, checked, (budget,) int64. Raises
    ContractViolation."""
    with controlled(seed):
        return ask_sampler(sampler, pool, budget, np.random.default_rng(seed), subject.origin)


def ask_elsewhere(subject: Subject, budget: int) -> list[int]:
    """What ``ask`` answers in a new process for the ordinary pool. Raises Broken if it fails."""
    request = {
        "name": subject.name,
        "plugin_files": [str(path) for path in subject.plugin_files],
        "budget": budget,
    }
    finished = subprocess.run(
        [sys.executable, "-m", __name__],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": HASH_SEED},
        check=False,
    )
    if finished.returncode:
        last = (finished.stderr.strip() or "nothing was said").splitlines()[-1]
        raise Broken(f"the other process failed: {last}")
    positions: list[int] = json.loads(finished.stdout)
    return positions


def _answer() -> None:
    request = json.load(sys.stdin)
    # What the plugin prints must not get into the answer.
    with redirect_stdout(sys.stderr):
        files = [Path(path) for path in request["plugin_files"]]
        subject = find_subject(request["name"], "sampler", files)
        positions = ask(subject, pools_for(subject).ordinary(), request["budget"])
    print(json.dumps(positions.tolist()))


if __name__ == "__main__":
    _answer()
