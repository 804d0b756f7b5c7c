"""Our statistics against pingouin, statsmodels, scikit-posthocs and scikit-learn.

Each of these has formulas of its own. What they compute of the paired differences has to be what
``compare`` and the others say, to rounding, or to what they themselves round or interpolate.
"""

from itertools import combinations

import numpy as np
import pytest

from alharness.statistics import (
    compare,
    equivalence,
    holm,
    minimum_detectable_effect,
    paper_chain,
    ranks,
)
from alharness.statistics.isotonic import isotonic

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

SEEDS = range(5)


def experiment(seed, gain=0.01, shape=(9, 3)):
    """Runs of a method and the reference, in percent: what a method does to a set varies."""
    rng = np.random.default_rng(seed)
    shared = 70 + rng.normal(0, 2, (shape[0], 1))
    per_set = rng.normal(0, 1, (2, shape[0], 1))
    method, reference = shared + per_set + rng.normal(0, 0.7, (2, *shape))
    return method + 100 * gain, reference


def means(seed):
    return [runs.mean(axis=1) for runs in experiment(seed)]


def by_method(groups):
    """A data frame of runs, one a row."""
    import pandas as pd

    rows = [(name, value) for name, values in groups.items() for value in values]
    return pd.DataFrame(rows, columns=["method", "accuracy"])


# --- verdicts and equivalence -----------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_paired_t_test_of_pingouin(seed):
    import pingouin

    found = compare(*experiment(seed))
    row = pingouin.ttest(*means(seed), paired=True).iloc[0]
    assert found.p_value == pytest.approx(row["p_val"], rel=1e-9)
    # It rounds its interval to two digits.
    assert found.interval == pytest.approx(tuple(row["CI95"]), abs=0.00501)


@pytest.mark.parametrize("seed", SEEDS)
def test_one_sample_t_test_and_interval_of_statsmodels(seed):
    from statsmodels.stats.weightstats import DescrStatsW

    method, reference = means(seed)
    found = compare(*experiment(seed))
    theirs = DescrStatsW(method - reference)
    assert found.p_value == pytest.approx(theirs.ttest_mean(0)[1], rel=1e-9)
    assert found.interval == pytest.approx(theirs.tconfint_mean(0.05), rel=1e-9)
    assert found.s_d == pytest.approx(theirs.std * np.sqrt(9 / 8))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("margin", [1.0, 2.0, 3.0])
def test_two_one_sided_tests_of_pingouin_and_statsmodels(seed, margin):
    import pingouin
    from statsmodels.stats.weightstats import DescrStatsW, ttost_paired

    method, reference = means(seed)
    found = equivalence(*experiment(seed), margin)
    p = float(pingouin.tost(method, reference, bound=margin, paired=True)["pval"].iloc[0])
    assert p == pytest.approx(ttost_paired(method, reference, -margin, margin)[0])
    assert found.equivalent == (p < 0.05)
    theirs = DescrStatsW(method - reference).tconfint_mean(0.10)
    assert found.interval == pytest.approx(theirs, rel=1e-9)


def test_margins_above_decide_both_ways():
    decisions = {equivalence(*experiment(seed), margin).equivalent for seed in SEEDS
                 for margin in (1.0, 2.0, 3.0)}  # fmt: skip
    assert decisions == {True, False}


@pytest.mark.parametrize(
    ("n", "alpha", "power"), [(3, 0.05, 0.8), (9, 0.0125, 0.8), (25, 0.05, 0.9)]
)
def test_minimum_detectable_effect_of_statsmodels(n, alpha, power):
    from statsmodels.stats.power import TTestPower

    theirs = TTestPower().solve_power(
        effect_size=None, nobs=n, alpha=alpha, power=power, alternative="two-sided"
    )
    ours = minimum_detectable_effect(n, 2.5, alpha, power)
    assert ours == pytest.approx(2.5 * float(np.squeeze(theirs)), rel=1e-5)


# --- the mixed model --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [(9, 3), (25, 2)])
def test_mixed_model_of_statsmodels(seed, shape):
    """accuracy ~ method + (1 | initial set) + (1 | initial set : method), by REML.

    On balanced data the generalized least squares estimate of the method's effect is the
    difference of the two grand means, whatever the variances are: D. Its variance is
    2·(σ²_interaction + σ²_seed/J)/I, and where both variances are estimated inside their range,
    REML gives the estimators of the analysis of variance (Searle, Casella and McCulloch, 1992).
    For two methods the mean square of the interaction is J·s_d²/2, and estimates σ²_seed +
    J·σ²_interaction: hence a standard error of s_d/√I. Where the interaction is estimated as 0,
    at the end of its range, REML pools it with the seeds, and the standard error is another one.
    """
    import pandas as pd
    import statsmodels.formula.api as formulas

    method, reference = experiment(seed, shape=shape)
    sets, _ = np.indices(shape)
    frame = pd.DataFrame(
        {
            "accuracy": np.concatenate([method.ravel(), reference.ravel()]),
            "method": np.repeat([1.0, 0.0], method.size),
            "initial_set": np.tile(sets.ravel(), 2),
        }
    )
    model = formulas.mixedlm(
        "accuracy ~ method",
        frame,
        groups="initial_set",
        re_formula="1",
        vc_formula={"interaction": "0 + C(method)"},
    )
    fitted = model.fit(reml=True, method=["lbfgs", "powell"], pgtol=1e-10, ftol=1e-14)
    found = compare(method, reference)
    assert fitted.vcomp[0] > 0.05  # inside
    assert fitted.cov_re.iloc[0, 0] > 0.05
    assert fitted.params["method"] == pytest.approx(found.difference, rel=1e-8)
    # Their likelihood is maximized numerically.
    assert fitted.bse["method"] == pytest.approx(found.s_d / np.sqrt(shape[0]), rel=2e-3)


# --- many at once -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_holm_of_statsmodels(seed):
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(seed).beta(0.3, 2, 12)
    rejected, adjusted, *_ = multipletests(p, alpha=0.05, method="holm")
    ours = holm(p, 0.05)
    np.testing.assert_array_equal(ours.rejected, rejected)
    np.testing.assert_allclose(ours.adjusted, adjusted, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_ranks_by_every_pair_and_holm_of_statsmodels(seed):
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.weightstats import DescrStatsW

    rng = np.random.default_rng(seed)
    base = rng.normal(0, 0.02, (9, 1))
    endpoints = {f"m{k}": base + rng.normal(0.01 * (k // 2), 0.01, (9, 2)) for k in range(8)}
    pairs = list(combinations(endpoints, 2))
    differences = [(endpoints[a] - endpoints[b]).mean(axis=1) for a, b in pairs]
    p = [DescrStatsW(d).ttest_mean(0)[1] for d in differences]
    rejected, adjusted, *_ = multipletests(p, alpha=0.05, method="holm")
    beats = {
        (a, b) if d.mean() > 0 else (b, a)
        for (a, b), d, is_rejected in zip(pairs, differences, rejected, strict=True)
        if is_rejected
    }
    ranking = ranks(endpoints)
    assert 0 < len(beats) < len(pairs)
    for name, one in ranking.ranks.items():
        assert one.rank == 1 + sum(loser == name for _, loser in beats)
    rows, columns = np.triu_indices(8, 1)
    np.testing.assert_allclose(ranking.p_values[rows, columns], adjusted, rtol=1e-9)


# --- the paper's chain ------------------------------------------------------------------------


def groups_of(seed, n=25):
    rng = np.random.default_rng(seed)
    means, spreads = (70, 70.8, 71.5, 69.5), (0.7, 1.5, 0.9, 1.1)
    names = ("random", "coreset", "dbal", "bald")
    return {k: rng.normal(m, s, n) for k, m, s in zip(names, means, spreads, strict=True)}


@pytest.mark.parametrize("seed", SEEDS)
def test_games_howell_of_pingouin(seed):
    import pingouin

    groups = groups_of(seed)
    table = pingouin.pairwise_gameshowell(by_method(groups), dv="accuracy", between="method")
    theirs = {frozenset((row["A"], row["B"])): row["pval"] for _, row in table.iterrows()}
    for name, p in paper_chain(groups, "random").games_howell.items():
        assert p == pytest.approx(theirs[frozenset((name, "random"))], abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_games_howell_of_scikit_posthocs(seed):
    import scikit_posthocs

    groups = groups_of(seed)
    theirs = scikit_posthocs.posthoc_games_howell(
        by_method(groups), val_col="accuracy", group_col="method"
    )
    for name, p in paper_chain(groups, "random").games_howell.items():
        assert p == pytest.approx(theirs.loc[name, "random"], abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_lilliefors_of_statsmodels(seed):
    from statsmodels.stats.diagnostic import lilliefors

    rng = np.random.default_rng(seed)
    runs = rng.normal(size=25) + seed * rng.exponential(size=25)
    _, p = lilliefors(runs, dist="norm", pvalmethod="table")
    ours = paper_chain({"random": runs}, "random").normality["random"]
    # Its table was simulated too, holds 0.001 to 0.99, and is interpolated.
    assert ours == pytest.approx(p, rel=0.1, abs=0.015)


# --- the reference's curve --------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_isotonic_regression_of_scikit_learn(seed):
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(seed)
    values, weights = rng.normal(np.linspace(0, 1, 8), 0.5), rng.integers(1, 26, 8).astype(float)
    x = np.log(10 * np.arange(1, 9))
    theirs = IsotonicRegression().fit(x, values, sample_weight=weights).predict(x)
    np.testing.assert_allclose(isotonic(values, weights), theirs, atol=1e-12)
