"""The simulation of shared tunings, against the t distribution and binomial bounds."""

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from alharness.statistics import Verdict, chance_of_a_verdict, compare, verdict

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def simulation():
    return runpy.run_path(str(ROOT / "benchmarks" / "false_verdicts.py"))


def expected(luck: float, n: int) -> float:
    """By hand: a difference varies by 2 · (0.5² + 1²), and what all share by luck² beside.

    So t is Student's t, stretched by √(1 + n · luck² / 2.5).
    """
    stretched = np.sqrt(1 + n * luck**2 / 2.5)
    return float(2 * stats.t.sf(stats.t.isf(0.025, n - 1) / stretched, n - 1))


@pytest.mark.parametrize(("luck", "n"), [(0.0, 9), (0.5, 9), (1.0, 25)])
def test_as_often_as_expected(simulation, luck, n):
    experiments = 600
    share = simulation["false_verdicts"](luck, n, experiments, seed=1)
    low, high = stats.binom.interval(0.999, experiments, expected(luck, n))
    assert low <= share.false * experiments <= high
    assert share == simulation["false_verdicts"](luck, n, experiments, seed=1)
    assert share.error == pytest.approx(np.sqrt(share.false * (1 - share.false) / experiments))


def test_as_often_for_one_of_several(simulation):
    experiments = 300
    share = simulation["families_with_one"](7, 25, experiments, seed=1)
    low, high = stats.binom.interval(0.999, experiments, chance_of_a_verdict(7))
    assert low <= share.false * experiments <= high


def test_the_figures_in_the_docs_are_those(simulation):
    text = (ROOT / "docs" / "statistics.md").read_text()
    rows = re.findall(r"^\| (0|0\.25|0\.5|1) \| (\S+) ± (\S+) % \| (\S+) ± (\S+) % \|", text, re.M)
    assert [float(row[0]) for row in rows] == list(simulation["LUCK"])
    for luck, *cells in rows:
        for n, told, error in zip(simulation["INITIAL_SETS"], cells[::2], cells[1::2], strict=True):
            distance = abs(float(told) / 100 - expected(float(luck), n))
            assert distance < 4 * float(error) / 100 < 0.02


@pytest.mark.parametrize("shape", [(2, 2), (3, 1), (9, 2)])
def test_a_verdict_alone_is_that_of_the_comparison(shape):
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.5, -3.0):
        ours, theirs = rng.normal(size=(2, *shape))
        assert verdict(ours + shift, theirs) is compare(ours + shift, theirs).verdict
    assert verdict(ours, ours) is compare(ours, ours).verdict
    assert verdict([[0.5]], [[0.5]]) is Verdict.NOT_TESTABLE
