"""The family: what still holds of verdicts when all methods that were ever tried are counted."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from alharness.statistics.holm import holm
from alharness.statistics.paired import ALPHA, Comparison, Verdict

_NODES = 60


@dataclass(frozen=True)
class FamilyDecision:
    """A verdict that counts the other methods of its family.

    verdict: that of the comparison, but ``undetermined`` where Holm's procedure over the family
        does not reject at 0.05.
    p_value: of the comparison, adjusted by Holm over the family; None where it has none.
    """

    verdict: Verdict
    p_value: float | None


def familywise(
    comparisons: Mapping[str, Comparison], others: Sequence[float | None]
) -> dict[str, FamilyDecision]:
    """Holm's decisions over a family: ``comparisons``, by method, and the p-values of ``others``.

    The family is all of both. A p-value that is not there, of a comparison that cannot be tested
    or of a method whose results are elsewhere (None), counts as 1. That is the cautious choice:
    no adjusted p-value falls when another p-value rises, so that whatever the unknown ones are,
    what is rejected with 1 in their place is rejected with them. At most 5 % of families in which
    no method differs from the reference have any false decision, however the methods depend on
    each other.

    Raises ValueError for a p-value outside [0, 1].
    """
    p_values = [*(one.p_value for one in comparisons.values()), *others]
    adjusted = holm([1.0 if p is None else p for p in p_values], ALPHA)
    steps = zip(comparisons.items(), adjusted.rejected, adjusted.adjusted, strict=False)
    return {
        name: FamilyDecision(
            verdict=one.verdict if rejected or one.p_value is None else Verdict.UNDETERMINED,
            p_value=None if one.p_value is None else float(p),
        )
        for (name, one), rejected, p in steps
    }


def chance_of_a_verdict(methods: int) -> float:
    """How often at least one of ``methods`` that equal the reference gets an unadjusted verdict.

    For normal differences of known deviation. All are from the same reference, hence correlated
    by 1/2: given the reference's luck Z, each method gets a verdict independently of the others
    (Dunnett, 1955). ``methods``: 0 or more. In [0, 1): 0.05 for one, 0.23 for seven.
    """
    critical = 1.959964
    points, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    reach = math.sqrt(2) * critical
    none = [(_normal(z + reach) - _normal(z - reach)) ** methods for z in points]
    return float(1 - np.dot(weights, none) / weights.sum())


def _normal(z: float) -> float:
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))
