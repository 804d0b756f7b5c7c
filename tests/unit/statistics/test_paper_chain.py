"""The paper's chain against SPSS, published tables and formulas, and the tests' definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from alharness.statistics import paper_chain

Array = NDArray[np.float64]


def runs_of(*means: float, n: int = 25, seed: int = 0, spread: float = 0.01) -> dict[str, Array]:
    rng = np.random.default_rng(seed)
    names = ["random", "coreset", "dbal", "bald", "qbc"]
    return {name: rng.normal(mean, spread, n) for name, mean in zip(names, means, strict=False)}


# Games–Howell of SPSS (ONEWAY /POSTHOC=GH). The first three are the reference values of SciPy's
# own tests, the last those of STAMP's (SPSS 19).
SPSS = [
    ([24, 23, 31, 51], [34, 18, 18, 26], [17, 68, 59, 7], 0.558733632413559, 0.941147750599221),
    ([34, 18, 18, 26], [24, 23, 31, 51], [17, 68, 59, 7], 0.558733632413559, 0.682983914946841),
    ([1, 2, 3, 4, 5], [10, 20, 30, 40, 50, 60], [1, 2, 3, 4, 5, 6, 7], 0.019165308600281317, None),
]


@pytest.mark.parametrize(("reference", "a", "b", "p_a", "p_b"), SPSS)
def test_games_howell_of_spss(
    reference: list[float], a: list[float], b: list[float], p_a: float, p_b: float | None
) -> None:
    chain = paper_chain({"a": a, "r": reference, "b": b}, "r")
    assert chain.games_howell["a"] == pytest.approx(p_a, abs=1e-6)
    if p_b is not None:
        assert chain.games_howell["b"] == pytest.approx(p_b, abs=1e-6)


def test_games_howell_of_four_unequal_groups_of_spss() -> None:
    groups = {
        "r": [30, 23, 51],
        "a": [-81, 71, -27, 63],
        "b": [42, 11, 29, 19, 50],
        "c": [23, 22, 20, 18, 9],
    }
    chain = paper_chain(groups, "r")
    expected = {"a": 0.872754274788618, "b": 0.975262840867171, "c": 0.426250615130288}
    assert chain.games_howell == pytest.approx(expected, abs=1e-6)


def test_games_howell_of_two_methods_is_welch() -> None:
    groups = runs_of(0.7, 0.705)
    chain = paper_chain(groups, "random")
    welch = stats.ttest_ind(groups["random"], groups["coreset"], equal_var=False)
    assert chain.games_howell["coreset"] == pytest.approx(welch.pvalue)


def test_games_howell_is_the_studentized_range_of_welch() -> None:
    groups = runs_of(0.7, 0.707, 0.69)
    groups["dbal"] = groups["dbal"][:7] * 3
    chain = paper_chain(groups, "random")
    for name in ("coreset", "dbal"):
        welch = stats.ttest_ind(groups["random"], groups[name], equal_var=False)
        p = stats.studentized_range.sf(np.sqrt(2) * abs(welch.statistic), 3, welch.df)
        assert chain.games_howell[name] == pytest.approx(p)


@given(st.integers(0, 2**32), st.integers(2, 5))
@settings(max_examples=8, deadline=None)
def test_games_howell_is_scipys_of_all_pairs(seed: int, n_groups: int) -> None:
    rng = np.random.default_rng(seed)
    groups = {
        str(g): rng.normal(rng.normal(0, 0.5), rng.uniform(0.5, 2), rng.integers(2, 9))
        for g in range(n_groups)
    }
    expected = stats.tukey_hsd(*groups.values(), equal_var=False).pvalue[0, 1:]
    found = paper_chain(groups, "0").games_howell
    np.testing.assert_allclose(list(found.values()), expected, rtol=1e-9)


@pytest.mark.parametrize("n", [4, 5, 9, 25])
def test_normality_is_scipys_simulation_of_it(n: int) -> None:
    for seed in range(3):
        runs = np.random.default_rng(seed).normal(70, 1, n).round(2)
        rng = np.random.default_rng(0)
        expected = stats.goodness_of_fit(stats.norm, runs, statistic="ks", rng=rng).pvalue
        assert paper_chain({"random": runs}, "random").normality["random"] == expected


@pytest.mark.parametrize("reference", ["random", "qbc"])
def test_columns_of_table_1(reference: str) -> None:
    groups = runs_of(0.7, 0.73, 0.7, 0.66, 0.7)
    chain = paper_chain(groups, reference)
    same = "qbc" if reference == "random" else "random"
    assert (chain.better, chain.worse) == (("coreset",), ("bald",))
    assert set(chain.undetermined) == {"dbal", same}


def test_columns_swap_with_the_reference() -> None:
    groups = runs_of(0.7, 0.73)
    assert paper_chain(groups, "random").better == ("coreset",)
    assert paper_chain(groups, "coreset").worse == ("random",)


def test_kruskal_wallis_from_its_definition() -> None:
    # H = 12/(N(N+1)) Σ R²/n − 3(N+1), no ties. Ranks: a 1 2 3, b 4 5 6, c 7 8 9, R = 6, 15, 24:
    # 12/90 · (12 + 75 + 192) − 30 = 7.2, χ² with 2 degrees of freedom: exp(−3.6).
    chain = paper_chain({"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9]}, "a")
    assert chain.kruskal_wallis == pytest.approx(np.exp(-3.6))


def test_levene_is_an_analysis_of_variance_of_distances_to_the_median() -> None:
    groups = runs_of(0.7, 0.7, 0.7)
    groups["coreset"] = 0.7 + (groups["coreset"] - 0.7) ** 2 * 30  # skewed: mean is not median
    distances = [np.abs(runs - np.median(runs)) for runs in groups.values()]
    chain = paper_chain(groups, "random")
    assert chain.levene == pytest.approx(stats.f_oneway(*distances).pvalue)


def dallal_wilkinson(runs: Array) -> float:
    """Lilliefors' p below 0.1, by the published formula of Dallal and Wilkinson (1986)."""
    n = len(runs)
    d = stats.kstest(runs, stats.norm(runs.mean(), runs.std(ddof=1)).cdf).statistic
    return float(
        np.exp(
            -7.01256 * d**2 * (n + 2.78019)
            + 2.99587 * d * np.sqrt(n + 2.78019)
            - 0.122119
            + 0.974598 / np.sqrt(n)
            + 1.67997 / n
        )
    )


def test_normality_has_lilliefors_p_and_not_that_of_a_known_normal() -> None:
    for seed in range(6):
        runs = np.random.default_rng(seed).exponential(size=25)
        chain = paper_chain({"random": runs}, "random")
        expected = dallal_wilkinson(runs)
        if 0.001 < expected < 0.1:
            assert chain.normality["random"] == pytest.approx(expected, rel=0.2, abs=0.002)
        known = stats.kstest(runs, stats.norm(runs.mean(), runs.std(ddof=1)).cdf).pvalue
        assert chain.normality["random"] < known / 2


def test_normality_rejects_normal_runs_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    normality = paper_chain({str(k): rng.normal(size=10) for k in range(150)} | {"r": []}, "r")
    p = [p for p in normality.normality.values() if p is not None]
    assert len(p) == 150
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_equal_input_equal_output_and_global_generator_untouched() -> None:
    groups = runs_of(0.7, 0.71, 0.7)
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    assert paper_chain(groups, "random") == paper_chain(groups, "random")
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # noqa: NPY002


def test_pools_any_shape_and_drops_missing_runs() -> None:
    groups = runs_of(0.7, 0.71)
    with_missing = {name: np.append(runs, np.nan).reshape(13, 2) for name, runs in groups.items()}
    assert paper_chain(with_missing, "random") == paper_chain(groups, "random")


@pytest.mark.filterwarnings("error")
def test_methods_without_variance_are_undetermined() -> None:
    # 25 times 0.1 has a computed variance of 2e-34: Games–Howell would call it better, p = 0.
    groups = runs_of(0.7) | {"one": np.full(25, 0.1), "other": np.full(25, 0.3)}
    chain = paper_chain(groups, "one")
    assert chain.games_howell["other"] is None
    assert chain.undetermined == ("other",)
    assert chain.better == ("random",)  # one group with variance is enough
    assert chain.normality["one"] is None
    assert chain.levene is not None


@pytest.mark.filterwarnings("error")
def test_nothing_varies_at_all() -> None:
    chain = paper_chain({"random": np.full(5, 0.1), "qbc": np.full(5, 0.1)}, "random")
    assert (chain.levene, chain.kruskal_wallis) == (None, None)
    assert chain.undetermined == ("qbc",)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("method", [[], [0.8], [np.nan, 0.8]])
def test_too_few_runs_are_undetermined(method: list[float]) -> None:
    chain = paper_chain({"random": [0.7, 0.72, 0.71], "qbc": method}, "random")
    assert chain.games_howell == {"qbc": None}
    assert chain.undetermined == ("qbc",)
    assert (chain.levene, chain.kruskal_wallis) == (None, None)
    assert paper_chain({"random": method, "qbc": [0.7, 0.72]}, "random").undetermined == ("qbc",)


@pytest.mark.filterwarnings("error")
def test_two_runs_each_have_no_levene() -> None:
    chain = paper_chain({"random": [0.1, 0.2], "qbc": [0.5, 0.9]}, "random")
    assert chain.levene is None
    assert chain.kruskal_wallis is not None
    assert chain.normality == {"random": None, "qbc": None}


def test_refuses_an_unknown_reference_and_infinities() -> None:
    with pytest.raises(ValueError, match="'random' is not among"):
        paper_chain({"qbc": [1.0, 2.0]}, "random")
    with pytest.raises(ValueError, match="infinite"):
        paper_chain({"qbc": [1.0, np.inf]}, "qbc")
