"""One bench, analysed twice: the worked example of ``why-25-runs-are-not-25-samples.md``."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from alharness.statistics import Interval, compare
from alharness.statistics.intervals import mean_interval
from alharness.statistics.paired import ALPHA
from simulation import decisions
from simulation.benches import DESIGNS, LAWS, NORMAL, Array, Runs, generator

INTERACTION = 1.0
CANDIDATES = 100
MARKED = re.compile(r"(?<=<!-- example -->\n).*?(?=<!-- end -->)", re.DOTALL)
"""Where the example stands in its page."""


class Analysis(NamedTuple):
    """Mean, deviation and 95 % interval of n values."""

    n: int
    mean: float
    deviation: float
    interval: Interval


def bench() -> Runs:
    """The first bench of method and reference without true difference in which pooling errs.

    Each (I, J): pooled, all runs say *better*; the verdict on the initial sets is *undetermined*.
    """
    rng = generator("example")
    ours, theirs = LAWS[NORMAL](rng, CANDIDATES, DESIGNS[0], INTERACTION, 0.0)
    errs = decisions.pooled((ours, theirs))[decisions.OF_PAIRS] > 0
    first = int(np.argmax(errs & (decisions.verdicts(decisions.paired((ours, theirs))) == 0)))
    return ours[first], theirs[first]


def differences() -> Array:
    """Of the example's pairs, (I, J), rounded to what the page shows."""
    ours, theirs = bench()
    return np.round(ours - theirs, 1)


def as_25() -> Analysis:
    """Of the pairs, as if they were independent."""
    return _analysis(differences().ravel())


def as_5() -> Analysis:
    """Of the means of the initial sets, as our verdict has it."""
    d = differences()
    found = compare(d, np.zeros_like(d))
    assert found.s_d is not None
    assert found.interval is not None
    return Analysis(len(d), float(d.mean()), found.s_d, found.interval)


def _analysis(values: Array) -> Analysis:
    mean, deviation = float(values.mean()), float(values.std(ddof=1))
    interval = mean_interval(mean, deviation, len(values), ALPHA)
    return Analysis(len(values), mean, deviation, interval)


def tables() -> str:
    """The example in Markdown."""
    d = differences()
    head = ["initial set", *(f"seed {j}" for j in range(d.shape[1])), "mean"]
    rows = [[str(i), *(f"{x:+.1f}" for x in of), f"**{of.mean():+.2f}**"] for i, of in enumerate(d)]
    ways = [("25 pairs", as_25()), ("5 initial sets", as_5())]
    return "\n".join(
        [
            *_lines(head, rows),
            "",
            *_lines(
                ["taken as", "mean", "deviation", "standard error", "95 % interval"],
                [[name, *_numbers(one)] for name, one in ways],
            ),
            "",
        ]
    )


def _numbers(of: Analysis) -> list[str]:
    error = f"{of.deviation:.2f} / √{of.n} = {of.deviation / np.sqrt(of.n):.2f}"
    low, high = of.interval
    return [f"{of.mean:+.2f}", f"{of.deviation:.2f}", error, f"{low:+.2f} … {high:+.2f}"]


def _lines(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]
