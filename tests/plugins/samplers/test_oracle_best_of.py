"""The upper bound. Traps: test images, a winner that is not the best, candidates held out.

Independent sources: scikit-learn's logistic regression, on the same objective, for the layer and
for who wins; simulated best-of-100 for how far that seems too good.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.oracle_best_of import OracleBestOf, candidates
from sklearn.linear_model import LogisticRegression

from alharness import HarnessError, selection
from alharness.protocol.components import MethodNeeds
from alharness.selection.best_of import WEIGHT_DECAY, fitted_head, logits
from alharness.testing.pools import N_HELD_OUT, Pools

SEES = MethodNeeds(sees_labels=True, held_out=1)
BUDGET = 20


def blobs(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, n)
    return rng.normal(size=(n, 6)) + 0.8 * np.eye(6)[labels], labels


def by_scikit_learn(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Weights and biases of the same objective, (C, D + 1)."""
    with_ones = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    strength = 1 / (WEIGHT_DECAY * len(rows))
    model = LogisticRegression(C=strength, fit_intercept=False, tol=1e-8, max_iter=5000)
    return model.fit(with_ones, labels).coef_


def test_the_layer_is_that_of_scikit_learn() -> None:
    rows, labels = blobs(120, 0)
    shown, _ = blobs(50, 1)
    theirs = by_scikit_learn(rows, labels)
    for start in (None, np.random.default_rng(2).normal(size=theirs.shape)):
        ours = fitted_head(rows, labels, 4, start)
        # The same up to a constant for all classes, which changes no prediction.
        difference = logits(ours, shown) - logits(theirs, shown)
        assert np.abs(difference - difference.mean(axis=1, keepdims=True)).max() < 1e-3


def test_a_class_without_labels_is_never_said() -> None:
    rows, labels = blobs(120, 0)
    kept = labels != 2
    head = fitted_head(rows[kept], labels[kept], 4)
    assert 2 not in logits(head, blobs(50, 1)[0]).argmax(axis=1)


def picked(batches: int, seed: int) -> tuple[np.ndarray, dict]:
    sampler = OracleBestOf(batches=batches)
    picks = sampler.query(Pools(SEES).ordinary(), BUDGET, np.random.default_rng(seed))
    return picks, sampler.notes


@pytest.mark.parametrize("seed", range(3))
def test_the_winner_has_the_most_right_answers(seed, monkeypatch) -> None:
    """Each candidate is trained and counted again by scikit-learn."""
    tried, original = [], candidates.batch
    monkeypatch.setattr(
        candidates, "batch", lambda *given: tried.append(original(*given)) or tried[-1]
    )
    picks, notes = picked(8, seed)
    pool = Pools(SEES).ordinary()
    known, labels = pool.embeddings("labeled").double().numpy(), pool.labels().numpy()
    features, truth = pool.embeddings().double().numpy(), pool.hidden_labels().numpy()
    shown, answers = pool.embeddings("held-out").double().numpy(), pool.hidden_labels("held-out")
    rights = []
    for batch in [np.zeros(0, dtype=np.int64), *(one.numpy() for one in tried)]:
        rows = np.concatenate([known, features[batch]])
        given = np.concatenate([labels, truth[batch]])
        classes = np.unique(given)
        said = classes[logits(by_scikit_learn(rows, given), shown).argmax(axis=1)]
        rights.append(int((said == answers.numpy()).sum()))
    assert len(tried) == 8
    assert notes["before"] == rights[0] / N_HELD_OUT
    assert notes["after"] == max(rights[1:]) / N_HELD_OUT
    (winner,) = {number for number, one in enumerate(tried) if one.tolist() == picks.tolist()}
    assert rights[1 + winner] == max(rights[1:])


def test_every_strategy_picks_distinct_images() -> None:
    pool, rng = Pools(SEES).ordinary(), np.random.default_rng(0)
    rows = torch.arange(5, 105)
    strategies = candidates.strategies(pool, BUDGET, rng)
    assert len(strategies) == 10
    for name, strategy in strategies.items():
        picks = np.asarray(strategy(rows))
        assert len(np.unique(picks)) == BUDGET, name
        assert picks.min() >= 0, name
        assert picks.max() < len(rows), name


def test_two_strategies_read_true_labels() -> None:
    pool, rng = Pools(SEES).ordinary(), np.random.default_rng(0)
    rows, truth = torch.arange(pool.n_unlabeled), pool.hidden_labels().numpy()
    strategies = candidates.strategies(pool, BUDGET, rng)
    counts = np.bincount(truth[strategies["balanced"](rows)], minlength=pool.n_classes)
    assert counts.max() - counts.min() <= 1
    wrong = pool.logits().argmax(1).numpy() != truth
    mistaken = strategies["mistaken"](rows)
    assert wrong[mistaken].sum() == min(BUDGET, wrong.sum())


def test_how_much_the_best_of_a_hundred_seems_too_good() -> None:
    """Beside 4000 simulated maxima of a hundred shares of 2000 right answers."""
    rng, truth, n = np.random.default_rng(0), 0.5, 2_000
    best = rng.binomial(n, truth, size=(4_000, 100)).max(axis=1) / n
    assert selection.optimism(100, truth, n) == pytest.approx(best.mean() - truth, rel=0.02)
    assert selection.optimism(100, 0.5, 2_000) == pytest.approx(0.028, abs=5e-4)
    assert selection.optimism(100, 1.0, 50) == 0


def test_notes_say_what_won_and_how_far_it_is_to_be_trusted() -> None:
    _, notes = picked(6, 1)
    assert notes["held_out"] == N_HELD_OUT
    assert notes["optimism"] == selection.optimism(6, notes["after"], N_HELD_OUT)


def test_what_sees_no_labels_sees_nothing_that_is_held_out() -> None:
    pool = Pools().ordinary()
    for ask in (pool.embeddings, pool.images, pool.numbers, pool.hidden_labels):
        with pytest.raises(HarnessError, match="sees_labels=True"):
            ask("held-out")
