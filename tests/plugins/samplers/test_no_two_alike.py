"""Published trap 22, one method under two names: no two built-in samplers pick alike."""

from __future__ import annotations

import itertools

from alharness.registry import discover
from alharness.testing import find_subject
from alharness.testing.asking import ask, pools_for

SHORT = {
    "vaal": "vaal:epochs=1,width=4",
    "ta-vaal": "ta-vaal:epochs=1,width=4",
    "sraal": "sraal:epochs=1,width=4",
    "uncertain-gcn": "uncertain-gcn:epochs=20",
    "core-gcn": "core-gcn:epochs=20",
    "coreset-mip": "coreset-mip:max_pairs=20000",
    "oracle-best-of": "oracle-best-of:batches=4",
    "batch-bald": "batch-bald:passes=25,samples=500",
    "refine": "refine:rounds=2,batches=9",
}
"""Samplers that take long; of so few images Refine filters none if it picks more batches."""

BY_TURNS = {"tcm", "dcom"}
"""They are one of the others in some queries, by definition: TypiClust first, then margin; margin
where everything is covered.
"""

BUDGET = 30


def test_no_two_samplers_pick_alike() -> None:
    """Published trap 22. Thirty of the kit's pool, with equally seeded generators."""
    names = [
        one.name
        for one in discover().registered
        if one.kind == "sampler" and not one.is_family and one.name not in BY_TURNS
    ]
    picked = {}
    for name in names:
        subject = find_subject(SHORT.get(name, name), "sampler")
        picked[name] = frozenset(ask(subject, pools_for(subject).ordinary(), BUDGET).tolist())
    assert len(picked) > 15
    alike = [
        f"{name} is {other}"
        for name, other in itertools.combinations(names, 2)
        if picked[name] == picked[other]
    ]
    assert not alike
