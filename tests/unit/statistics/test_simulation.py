"""The simulation decides as ``alharness.statistics`` does, and its pages are its own."""

import re
from pathlib import Path

import numpy as np
import pytest
import simulate_statistics
from scipy import stats
from simulation import benches, decisions, demands, example, looks, shares
from simulation.benches import DESIGNS, LAWS, NORMAL, ONE_SIDED, Design, generator
from simulation.demands import APART
from simulation.page import page

from alharness.statistics import compare, equivalence, looks_taken, marks, verdict

DOCS = Path(__file__).parents[3] / "docs"
PAGES = DOCS / "explanation"
SIGNS = {"better": 1, "worse": -1, "undetermined": 0}
EVERY_LAW = {**LAWS, **ONE_SIDED}


def draw(law, n=30, design=DESIGNS[0], difference=0.0):
    return EVERY_LAW[law](generator("test", law, *design), n, design, 0.5, difference)


# --- the same decisions -----------------------------------------------------------------------


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@pytest.mark.parametrize("law", EVERY_LAW)
def test_verdicts_are_ours(law, design):
    for difference in (0.0, 1.0):
        runs = draw(law, 15, design, difference)
        ours = [SIGNS[verdict(*pair)] for pair in zip(*runs, strict=True)]
        assert decisions.verdicts(decisions.paired(runs)).tolist() == ours


def test_differences_that_hardly_vary_are_undetermined_as_ours():
    """Few values: many benches without any spread, at each of the decisions."""
    rng = np.random.default_rng(0)
    method, reference = rng.integers(0, 2, (2, 30, 3, 5, 3)) / 10
    method = np.where(rng.random((30, 1, 1, 1)) < 0.5, reference + 0.1, method)
    sample = decisions.paired((method, reference))
    expected = [marks(*pair) for pair in zip(method, reference, strict=True)]
    assert (sample.s_d == 0).mean() > 0.4
    assert decisions.marks(sample).tolist() == [
        [SIGNS[one.verdict] for one in each] for each in expected
    ]
    assert not decisions.equivalent(sample, 10)[sample.s_d == 0].any()
    first = decisions.paired((method[..., 0], reference[..., 0]))
    assert decisions.verdicts(first).tolist() == [
        SIGNS[verdict(*pair)] for pair in zip(method[..., 0], reference[..., 0], strict=True)
    ]


def test_intervals_and_p_are_ours():
    runs = draw(NORMAL, difference=1.0)
    sample = decisions.paired(runs)
    expected = [compare(*pair) for pair in zip(*runs, strict=True)]
    assert sample.s_d == pytest.approx([one.s_d for one in expected])
    assert sample.p_values() == pytest.approx([one.p_value for one in expected])
    low = sample.difference - sample.half_width(0.05)
    assert low == pytest.approx([one.interval.low for one in expected])


def assert_marks_are_ours(law, n):
    rng = generator("test marks", law)
    runs = benches.over_budgets(shares.MARKED[law], rng, n, DESIGNS[0], 0.5, 0.5)
    runs = (runs[0] + rng.choice([0.0, 2.0], (n, 1, 1, 3)), runs[1])
    ours = [[SIGNS[m.verdict] for m in marks(*pair)] for pair in zip(*runs, strict=True)]
    assert decisions.marks(decisions.paired(runs)).tolist() == ours


def test_marks_are_ours():
    assert_marks_are_ours(NORMAL, 30)


@pytest.mark.slow
@pytest.mark.parametrize("law", shares.MARKED)
def test_marks_of_every_law_are_ours(law):
    assert_marks_are_ours(law, 80)


def assert_looks_are_ours(law, n):
    for difference in (0.0, 1.0, 3.0):
        runs = draw(law, n, Design(5, 5), difference)
        found = decisions.walked(runs)
        for i, pair in enumerate(zip(*runs, strict=True)):
            *_, last = looks_taken(*pair)
            assert found.verdict[i] == SIGNS[last.comparison.verdict]
            assert found.seeds[i] == last.look.seeds
            assert found.futile[i] == (last.stop == "futile")
            low, high = last.comparison.interval
            assert found.difference[i] == pytest.approx(last.comparison.difference)
            assert 2 * found.half_width[i] == pytest.approx(high - low)


def test_looks_are_ours():
    assert_looks_are_ours(NORMAL, 10)


@pytest.mark.slow
@pytest.mark.parametrize("law", EVERY_LAW)
def test_looks_of_every_law_are_ours(law):
    assert_looks_are_ours(law, 20)


def test_equivalence_is_ours():
    runs, margin = draw(NORMAL, 60), 1.2
    ours = [equivalence(*pair, margin).equivalent for pair in zip(*runs, strict=True)]
    assert 5 < sum(ours) < 55
    assert decisions.equivalent(decisions.paired(runs), margin).tolist() == ours


def test_equivalence_is_that_of_two_one_sided_tests():
    runs, margin = draw(NORMAL, 200), 1.2
    d = (runs[0] - runs[1]).mean(axis=2)
    above = stats.ttest_1samp(d, -margin, axis=1, alternative="greater").pvalue < 0.05
    below = stats.ttest_1samp(d, margin, axis=1, alternative="less").pvalue < 0.05
    found = decisions.equivalent(decisions.paired(runs), margin)
    assert 20 < found.sum() < 180
    assert found.tolist() == (above & below).tolist()


def test_the_papers_chain_is_scipys():
    runs = draw(NORMAL, 12, difference=0.8)
    found = decisions.pooled(runs)
    assert {0, 1} <= set(found[decisions.GAMES_HOWELL].tolist())
    for i, (ours, theirs) in enumerate(zip(*(one.reshape(12, -1) for one in runs), strict=True)):
        sign = np.sign(ours.mean() - theirs.mean())
        games_howell = stats.tukey_hsd(ours, theirs, equal_var=False).pvalue[0, 1] < 0.05
        kruskal_wallis = stats.kruskal(ours, theirs).pvalue < 0.05
        assert found[decisions.GAMES_HOWELL][i] == sign * games_howell
        assert found[decisions.CHAIN][i] == sign * (games_howell and kruskal_wallis)
        assert found[decisions.OF_PAIRS][i] == sign * (stats.ttest_rel(ours, theirs).pvalue < 0.05)


# --- benches ----------------------------------------------------------------------------------


@pytest.mark.parametrize("law", EVERY_LAW)
def test_the_true_difference_of_a_law_is_the_one_asked_for(law):
    ours, theirs = EVERY_LAW[law](generator("test", law), 60_000, Design(1, 1), 0.5, 1.0)
    difference = (ours - theirs).ravel()
    assert difference.mean() == pytest.approx(1, abs=4 * difference.std() / np.sqrt(60_000))


@pytest.mark.parametrize(
    "law", [one for one in LAWS if "unevenly" not in one and "t, 3" not in one]
)
def test_deviations_are_those_of_seed_and_interaction(law):
    _, runs = LAWS[law](generator("test", law), 200_000, Design(1, 2), 1.0, 0.0)
    first, second = runs[:, 0, 0], runs[:, 0, 1]
    assert (first - second).std() / np.sqrt(2) == pytest.approx(1, rel=0.05)
    assert np.cov(first, second)[0, 1] == pytest.approx(1, rel=0.1)


# --- shares -----------------------------------------------------------------------------------


def by_chance(share, expected, n):
    low, high = stats.binom.interval(0.9999, n, expected)
    return low <= share.value * n <= high


def false_verdicts(n, analysed):
    """Where nothing differs, 5 × 5, interaction 1; ``analysed`` says what counts as a sample."""
    runs = LAWS[NORMAL](generator("test"), n, DESIGNS[0], 1.0, 0.0)
    return shares.share(decisions.verdicts(decisions.paired(analysed(runs))) != 0)


def test_verdicts_are_false_in_five_percent_and_runs_as_samples_are_not():
    n = 4_000
    ours = false_verdicts(n, lambda runs: runs)
    # The planted error: 25 "initial sets" of one seed each.
    independent = false_verdicts(n, lambda runs: tuple(one.reshape(n, 25, 1) for one in runs))
    assert by_chance(ours, 0.05, n)
    assert not by_chance(independent, 0.05, n)
    assert independent.value == pytest.approx(pooled_error(1.0), abs=0.04)
    assert ours.error == pytest.approx(np.sqrt(ours.value * (1 - ours.value) / n))


def test_benches_with_a_false_mark_are_five_percent_and_unadjusted_marks_are_not():
    n = 4_000
    runs = benches.over_budgets((benches.normal,) * 2, generator("test"), n, DESIGNS[0], 0.5, 0.0)
    sample = decisions.paired(runs)
    # Independent budgets: Holm's error is 1 − (1 − 0.05/3)³.
    assert by_chance(shares.share(decisions.marks(sample).any(axis=1)), 0.0492, n)
    # The planted error: each budget at 5 %.
    assert by_chance(shares.share(decisions.verdicts(sample).any(axis=1)), 1 - 0.95**3, n)


def pooled_error(interaction):
    """By hand, but for how much the deviation of 25 pairs varies itself.

    The mean varies as 2 (τ²/5 + 1/25); pooling takes it for the mean square of 25 pairs / 25.
    """
    of_mean = 2 * (interaction**2 / 5 + 1 / 25)
    mean_square = (2 * (interaction**2 + 1) - of_mean) * 25 / 24
    stretched = np.sqrt(of_mean / (mean_square / 25))
    return float(2 * stats.norm.sf(stats.norm.isf(0.025) / stretched))


def test_power_is_that_of_scipys_own_noncentral_f():
    for (design, effect), one in shares.power(2_000).items():
        noncentrality = effect**2 * design.initial_sets / (2 * (0.5**2 + 1 / design.seeds))
        df = design.initial_sets - 1
        # SciPy's ncf fails at 0.
        f = stats.ncf(1, df, noncentrality) if effect else stats.f(1, df)
        expected = f.sf(stats.t.isf(0.025, df) ** 2)
        assert one.expected == pytest.approx(expected, abs=1e-6)
        assert by_chance(one.found, expected, 2_000)


def test_a_cell_does_not_hang_on_those_before_it():
    assert generator("a", 1).random() == generator("a", 1).random() != generator("a", 2).random()


def test_a_demand_that_does_not_hold_says_so():
    cells = [shares.Share(0.049, 0.001), shares.Share(0.057, 0.001)]
    assert demands.within("", cells, 0, 0.055).holds is False
    assert demands.within("", cells, 0, 0.055, by_chance=3).holds is True
    assert demands.within("", cells, 0.05, 0.06).holds is False
    assert demands.within("", cells, 0, 0.06).seen == "4.90 ± 0.10 … 5.70 ± 0.10"


# --- pages ------------------------------------------------------------------------------------

SIMULATION = (PAGES / "simulation.md").read_text()
NOT_HELD = {
    "false verdicts, other laws, differing in shape: at most 5.5 %",
    "benches with a false mark, other laws, differing in shape: at most 5.5 %",
    "false equivalence, other laws, differing in shape: at most 5 %",
    "false verdicts under looks, normal law: not below 4 %",
}


def skeleton(text):
    """A page without what is measured: of each row of a table its first cell and its length."""
    rows = (line.split(" | ") for line in text.splitlines())
    return [(row[0], len(row)) for row in rows]


def test_the_page_is_that_of_this_code():
    """If this fails: ``python benchmarks/simulate_statistics.py --write``."""
    few = page(demands.simulate(40))
    repetitions = f"{simulate_statistics.REPETITIONS:,} benches"
    assert repetitions in SIMULATION
    assert skeleton(few.replace("40 benches", repetitions)) == skeleton(SIMULATION)
    assert simulate_statistics.REPETITIONS >= 40_000


def test_what_does_not_hold_is_what_the_pages_explain():
    rows = re.findall(r"^\| (.+?) \| .+ \| (yes|\*\*no\*\*) \|$", SIMULATION, re.MULTILINE)
    assert len(rows) == 15
    assert {what for what, holds in rows if holds != "yes"} == NOT_HELD


def test_what_the_statistics_page_tells_is_what_was_simulated():
    told = " ".join((DOCS / "statistics.md").read_text().split())
    for sentence, seen in {
        r"up to (\S+) % of benches where only the method's noise": largest_false_verdict(),
        r"in up to (\S+) % where one of its runs in fifty fails": largest("false verdicts"),
        r"an equivalence is false in up to (\S+) %": largest("false equivalence"),
        r"up to (\S+) % where only the method is very skewed": largest("benches with a false mark"),
    }.items():
        (value,) = re.findall(sentence, told)
        assert float(value) == round(seen, len(value.partition(".")[2]))


def largest(what):
    """Where the laws of method and reference differ in shape."""
    (cell,) = (row[1] for row in rows_of("What must hold") if row[0].startswith(f"{what}, {APART}"))
    return percent(cell.split(" … ")[1])


def largest_false_verdict():
    """Where only the method is very skewed."""
    rows = [row for row in rows_of("The verdict") if row[0] == benches.LOPSIDED]
    assert len(rows) == len(DESIGNS)
    return max(percent(cell) for row in rows for cell in row[1:4])


def rows_of(heading):
    """The rows of the first table below a heading, as lists of cells."""
    below = SIMULATION.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line.strip("| ").split(" | ") for line in re.findall(r"^\|.*", below, re.MULTILINE)][2:]


def percent(cell):
    return float(cell.split(" ")[0])


WHY = (PAGES / "why-25-runs-are-not-25-samples.md").read_text()


def test_the_worked_example_is_the_one_that_is_drawn():
    (shown,) = example.MARKED.findall(WHY)
    assert shown == example.tables()
    low, high = example.as_25().interval
    assert low > 0
    low, high = example.as_5().interval
    assert low < 0 < high


def test_what_pooling_does_is_what_was_simulated():
    told = re.findall(r"^\| (0|0\.5|1) \| (\d+) % \| (\d+) % \| (\S+) initial", WHY, re.MULTILINE)
    simulated = {float(row[1]): row[2:] for row in rows_of(POOLED) if row[0] == "0.0"}
    assert len(told) == 3
    for interaction, pooled, ours, worth in told:
        tau = float(interaction)
        cells = dict(zip(decisions_in_order(), simulated[tau], strict=True))
        assert float(pooled) == round(percent(cells[decisions.OF_PAIRS]))
        assert float(ours) == round(percent(cells[shares.VERDICT]))
        assert float(pooled) / 100 == pytest.approx(pooled_error(tau), abs=0.03)
        assert float(worth) == round(25 * (tau**2 + 1) / (5 * tau**2 + 1), 1)


POOLED = "Tests that take 25 runs for 25 samples"


def decisions_in_order():
    return [shares.VERDICT, decisions.OF_PAIRS, decisions.GAMES_HOWELL, decisions.CHAIN]


def test_what_more_initial_sets_find_is_what_was_simulated():
    (of_one,) = (row[1:] for row in rows_of("Power") if row[0] == "1")
    told = re.search(
        r"(\d+) % of benches as 5 × 5, in (\d+) % as 25 × 1.*?in (\d+) %", WHY, re.DOTALL
    )
    as_5, as_9, as_25 = (round(float(cell.split("(")[1][:-1])) for cell in of_one)
    assert tuple(map(int, told.groups())) == (as_5, as_25, as_9)


def test_what_looks_cost_is_what_was_simulated():
    text = (PAGES / "looks.md").read_text()
    told = re.findall(r"^\| (0\.5|1|2) \| (\d+) % \| (\d+) % \| (\d+) % \|", text, re.MULTILINE)
    simulated = {tuple(row[:3]): row[3:6] for row in rows_of("What looks save, and what they cost")}
    assert len(told) == 3
    for difference, *cells in told:
        assert [float(cell) for cell in cells] == [
            round(percent(cell)) for cell in simulated["0.5", "9", difference]
        ]


def test_looks_are_simulated_with_the_seeds_that_they_hold_for():
    assert looks.SEEDS == 5
    assert set(looks.INITIAL_SETS) == {5, 9, 25}
    assert set(looks.INTERACTIONS) == {0, 0.5, 1, 2}
