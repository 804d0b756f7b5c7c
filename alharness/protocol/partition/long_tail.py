"""Long tails: class sizes that fall from class to class.

Of the initial set alone (paper, section 6.3): the published code's law, by which class i of C gets
int(a + k · exp(α · (i + 0.5))) images, scaled to the size of the initial set. Of all images that
are used: the law of Cui et al. (2019, section 5.1), by which class i keeps ⌊n_max · ρ^(−i/(C−1))⌋;
ρ is the ratio of the largest class, the first, to the smallest, the last.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


def class_counts(
    n_classes: int, total: int, *, a: float, k: float, alpha: float
) -> NDArray[np.int64]:
    """Images of each class of an initial set, (n_classes,) int64, ``total`` in all.

    The law's counts are scaled down to whole numbers; what is missing goes to the
    classes with the largest remainders, of equals to the first.
    """
    law = np.array([int(a + k * math.exp(alpha * (i + 0.5))) for i in range(n_classes)])
    scaled = law * total
    counts = scaled // law.sum()
    remainders = scaled % law.sum()
    missing = total - counts.sum()
    counts[np.argsort(-remainders, kind="stable")[:missing]] += 1
    return np.asarray(counts, dtype=np.int64)


def tail_counts(n_classes: int, largest: int, ratio: float) -> NDArray[np.int64]:
    """Images of each class of all that is used, (n_classes,) int64, the first ``largest``.

    Whole numbers below ``largest · ratio^(−i/(n_classes − 1))``, without floating-point error.
    """
    exact = Fraction(str(ratio))
    counts = [_kept(largest, exact, i, n_classes - 1) for i in range(n_classes)]
    return np.array(counts, dtype=np.int64)


def _kept(largest: int, ratio: Fraction, step: int, steps: int) -> int:
    """The largest m with m^steps · ratio^step ≤ largest^steps."""
    bound = largest**steps * ratio.denominator**step
    near = int(largest * math.pow(ratio, -step / steps))
    fitting = (m for m in (near + 1, near) if m**steps * ratio.numerator**step <= bound)
    return next(fitting, near - 1)
