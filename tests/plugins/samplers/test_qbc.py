"""QBC: the variance ratio and the other measures of a committee's disagreement.

Traps: ties decided by row order; one method under two names (a "variance ratio" that is
1 - max p). Independent sources: hand-computed values, scipy.stats.mode and
scipy.stats.entropy in float64.
"""

import functools

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.least_confidence import LeastConfidence
from alharness_plugins.samplers.qbc import QbcParameters
from pydantic import ValidationError
from scipy.stats import entropy, mode

from alharness import Needs
from alharness.selection import variance_ratio


def votes(*predictions, n_classes=3):
    """Probabilities of members that vote for these classes, (members, n, C)."""
    return np.eye(n_classes)[np.asarray(predictions)] * 0.7 + 0.1


def disagreement(rng, members=5, n=400):
    return rng.dirichlet(np.full(6, 0.6), size=(members, n)).astype(np.float32)


@pytest.fixture
def qbc(create):
    return functools.partial(create, "sampler", "qbc")


def test_by_hand(qbc, array_pool):
    """Five members: all agree 0, four to one 0.2, three to two 0.4, two to two to one 0.6."""
    said = votes([0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1], [0, 1, 1, 2])
    scores = qbc().scores(array_pool(4, sampled=said))
    np.testing.assert_allclose(scores, [0.0, 0.2, 0.4, 0.6])


def test_equals_scipy(qbc, array_pool):
    said = disagreement(np.random.default_rng(3)).astype(np.float64)
    pool = array_pool(said.shape[1], sampled=said)
    _, count = mode(said.argmax(axis=2), axis=0)
    expected = entropy(said, axis=2).mean(axis=0)
    mean = entropy(said.mean(axis=0), axis=1)
    for measure, reference in {
        "variance-ratio": 1 - count / 5,
        "entropy": mean,
        "bald": mean - expected,
    }.items():
        scores = qbc(measure=measure).scores(pool)
        np.testing.assert_allclose(scores, reference, rtol=1e-6, atol=1e-6, err_msg=measure)


def test_equally_probable_classes_vote_for_the_first(qbc, array_pool):
    said = np.full((4, 2, 3), 1 / 3)
    np.testing.assert_array_equal(qbc(members=4).scores(array_pool(2, sampled=said)), [0, 0])


def test_it_is_not_the_uncertainty_of_one_model(qbc, array_pool):
    """A committee that agrees on an uncertain image, and disagrees on a certain one.

    Published trap 22.
    """
    said = np.array([[[0.4, 0.3, 0.3], [0.9, 0.1, 0.0]], [[0.4, 0.3, 0.3], [0.1, 0.9, 0.0]]])
    pool = array_pool(2, sampled=said, probabilities=said[0])
    assert qbc(members=2).query(pool, 1, np.random.default_rng(0)) == [1]
    assert LeastConfidence().query(pool, 1, np.random.default_rng(0)) == [0]


def test_chance_breaks_ties_and_their_share_is_recorded(qbc, array_pool):
    """30 images with disagreement, 70 without: of 50 picked, 20 are drawn. Published trap 10."""
    said = votes([0] * 100, [0] * 100, [1] * 30 + [0] * 70)
    picked = []
    for seed in range(40):
        sampler = qbc(members=3)
        rows = sampler.query(array_pool(100, sampled=said), 50, np.random.default_rng(seed))
        assert set(range(30)) <= set(rows.tolist())
        assert sampler.share_of_ties == pytest.approx(20 / 50)
        picked.append(np.isin(np.arange(30, 100), rows))
    share = np.mean(picked, axis=0)
    assert share.mean() == pytest.approx(20 / 70)
    assert share[:35].mean() == pytest.approx(share[35:].mean(), abs=0.1)


def test_slices_need_no_order():
    said = disagreement(np.random.default_rng(5), n=30)
    parts = [(slice(a, a + 10), torch.tensor(said[:, a : a + 10])) for a in (20, 0, 10)]
    whole = [(slice(0, 30), torch.tensor(said))]
    assert torch.equal(variance_ratio(parts, 30), variance_ratio(whole, 30))


def test_its_committee_is_as_large_as_asked(qbc):
    assert qbc().needs == Needs(committee=5)
    assert qbc(members=3).needs.committee == 3


@pytest.mark.parametrize("wrong", [{"members": 1}, {"measure": "variance"}])
def test_refuses(wrong):
    with pytest.raises(ValidationError):
        QbcParameters(**wrong)
