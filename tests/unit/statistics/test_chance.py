"""At chance level is what guessing explains."""

import numpy as np
import pytest
from scipy.stats import binomtest

from alharness.statistics.chance import LEVEL, at_chance


@pytest.mark.parametrize("chance", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("n", [10, 500, 2000])
def test_it_is_the_exact_one_sided_binomial_test(chance, n):
    """The independent source is scipy.stats.binomtest."""
    for right in {0, n // 100, n // 10, n // 8, n // 2, n // 2 + 40, n} - {n + 1}:
        if right <= n:
            p = binomtest(right, n, chance, alternative="greater").pvalue
            assert at_chance(right / n, chance, n) == (p > LEVEL)


def test_guessing_is_called_knowledge_as_rarely_as_it_is_said():
    right = np.random.default_rng(0).binomial(400, 0.1, 20_000)
    known = sum(not at_chance(number / 400, 0.1, 400) for number in np.unique(right))
    share = np.mean([not at_chance(number / 400, 0.1, 400) for number in right[:4000]])
    assert known
    assert share < 3 * LEVEL


def test_what_is_no_share_is_refused():
    for accuracy, chance, n in ((1.1, 0.1, 5), (0.1, -0.1, 5), (0.1, 0.1, 0)):
        with pytest.raises(ValueError, match="lie in"):
            at_chance(accuracy, chance, n)
