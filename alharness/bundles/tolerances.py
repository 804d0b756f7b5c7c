"""How far a unit that is computed again may be from its record, by kind."""

from __future__ import annotations

from types import MappingProxyType

TOLERANCES = MappingProxyType(
    {"trial": 0.02, "evaluation": 0.03, "query": 0.6, "representation": 0.01}
)
"""Difference in accuracy; share of the picks that are others; share of the length of features.

Of the suite digits-quick computed again with other instructions (AVX-512, then none), the farthest
were 0.7 and 1.9 points, and 48 % of the picks (docs/bundles.md). They are for weights that differ:
where those trained again are the recorded ones to the bit, nothing is tolerated but near-ties.
Of features, float16 alone rounds by 0.05 % of each number, and a network's sums by less.
"""
