"""Whether an accuracy tells anything: what guessing would have given just as well."""

from __future__ import annotations

LEVEL = 0.001
"""How often guessing alone would pass for knowledge."""


def at_chance(accuracy: float, chance: float, n: int, level: float = LEVEL) -> bool:
    """Whether guessing explains an accuracy on ``n`` images.

    ``accuracy`` and ``chance``, what guessing has on average, are in [0, 1]. It does where so many
    right answers or more, binomial (n, chance), have a probability of more than ``level``: the
    exact one-sided binomial test. Raises ValueError for numbers outside these bounds.
    """
    if not (0 <= accuracy <= 1 and 0 <= chance <= 1 and n >= 1):
        raise ValueError("accuracy and chance lie in [0, 1], and there is at least one image")
    # Imported here: reports that have nothing to doubt do without SciPy.
    from scipy.stats import binom

    right = round(accuracy * n)
    return bool(binom.sf(right - 1, n, chance) > level)
