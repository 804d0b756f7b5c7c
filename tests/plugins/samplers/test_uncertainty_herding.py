"""Uncertainty Herding. Traps: chosen images not masked, the newest labels mistaken for a random
part, a temperature below one, n x n matrices.

Independent sources: the whole query again on full matrices, with scipy's distances, softmax and
minimizer; calibration error in plain loops.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.uncertainty_herding import UncertaintyHerding
from scipy.optimize import minimize
from scipy.spatial.distance import cdist, pdist
from scipy.special import log_softmax, softmax

from alharness import selection
from alharness.selection import greedy_herding
from alharness.selection.uncertainty_herding import (
    TEMPERATURES,
    WEIGHT_DECAY,
    best_temperature,
    calibration_error,
)
from alharness.testing.pools import Pools


def sampler() -> UncertaintyHerding:
    return UncertaintyHerding(representation="task-model")


def in_plain_loops(p: np.ndarray, labels: np.ndarray) -> float:
    """The calibration error with C bins, bin by bin."""
    n_bins, error = p.shape[1], 0.0
    confidence, right = p.max(axis=1), p.argmax(axis=1) == labels
    for number in range(n_bins):
        inside = (confidence > number / n_bins) & (confidence <= (number + 1) / n_bins)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def fitted(rows: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Weights and bias, (D + 1, C), of the least mean cross entropy with weight decay, by scipy."""
    with_one = np.concatenate([rows, np.ones((len(rows), 1))], axis=1)
    truth = np.eye(n_classes)[labels]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        w = flat.reshape(with_one.shape[1], n_classes)
        logits = with_one @ w
        gradient = with_one.T @ (softmax(logits, axis=1) - truth) / len(rows)
        gradient[:-1] += WEIGHT_DECAY * w[:-1]
        value = -(truth * log_softmax(logits, axis=1)).sum(axis=1).mean()
        return value + WEIGHT_DECAY / 2 * (w[:-1] ** 2).sum(), gradient.ravel()

    start = np.zeros(with_one.shape[1] * n_classes)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000})
    return found.x.reshape(-1, n_classes)


def by_definition(pool: Any, budget: int) -> tuple[list[int], float, float]:
    """Picks, temperature and width, on full matrices in float64."""
    features = {one: pool.embeddings(one).double().numpy() for one in ("unlabeled", "labeled")}
    order = np.lexsort((pool.numbers("labeled").numpy(), pool.labeled_in().numpy()))
    n_newest = int(0.3 * pool.n_labeled)
    older, newest = order[:-n_newest], order[-n_newest:]
    labels = pool.labels().numpy()
    weights = fitted(features["labeled"][older], labels[older], pool.n_classes)
    logits = features["labeled"][newest] @ weights[:-1] + weights[-1]
    errors = [in_plain_loops(softmax(logits / t, axis=1), labels[newest]) for t in TEMPERATURES]
    temperature = float(TEMPERATURES[int(np.argmin(errors))])

    p = np.sort(softmax(pool.logits().double().numpy() / temperature, axis=1), axis=1)
    uncertainty = 1 - (p[:, -1] - p[:, -2])
    unit = {name: x / np.linalg.norm(x, axis=1, keepdims=True) for name, x in features.items()}
    width = float(pdist(unit["labeled"]).min())
    similar = np.exp(-cdist(unit["unlabeled"], unit["unlabeled"], "sqeuclidean") / width**2)
    to_labeled = np.exp(-cdist(unit["labeled"], unit["unlabeled"], "sqeuclidean") / width**2)
    covered = to_labeled.max(axis=0)
    picks: list[int] = []
    for _ in range(budget):
        gain = (uncertainty * np.maximum(similar - covered, 0)).mean(axis=1)
        gain[picks] = -np.inf
        picks.append(int(gain.argmax()))
        covered = np.maximum(covered, similar[picks[-1]])
    return picks, temperature, width


def test_equals_the_definition() -> None:
    pool, one = Pools(sampler().needs).ordinary(), sampler()
    picks = one.query(pool, 30, np.random.default_rng(0))
    expected, temperature, width = by_definition(pool, 30)
    assert one.notes["temperature"] == pytest.approx(temperature)
    assert one.notes["width"] == pytest.approx(width, rel=1e-4)
    assert picks.tolist() == expected


def test_a_temperature_is_found_again() -> None:
    """Labels drawn from softmax(z): 4 z is calibrated at 4, z at 1, z / 4 at the least, 1."""
    rng = np.random.default_rng(0)
    logits = rng.normal(scale=2, size=(20_000, 5))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    assert best_temperature(4 * logits, labels) == pytest.approx(4, abs=0.3)
    assert best_temperature(logits, labels) == pytest.approx(1, abs=0.1)
    assert best_temperature(logits / 4, labels) == 1


def test_calibration_error() -> None:
    rng = np.random.default_rng(1)
    p, labels = rng.dirichlet(np.ones(4), size=200), rng.integers(4, size=200)
    assert calibration_error(p, labels) == pytest.approx(in_plain_loops(p, labels))
    sure = np.eye(4)[labels]
    assert calibration_error(sure, labels) == 0
    assert calibration_error(sure, (labels + 1) % 4) == 1


def test_the_last_labels_measure() -> None:
    """Older labels are right, the newest ones not: calibration wants the highest temperature."""
    rng = np.random.default_rng(0)
    labels = torch.from_numpy(rng.integers(3, size=100))
    rows = torch.eye(3)[labels] + 0.01 * torch.from_numpy(rng.normal(size=(100, 3))).float()
    wrong = torch.where(torch.arange(100) >= 70, (labels + 1) % 3, labels)
    temperature = selection.held_out_temperature
    assert temperature(rows, wrong, 3) == TEMPERATURES[-1]
    assert temperature(rows, labels, 3) == 1.0
    assert temperature(rows, torch.zeros(100).long(), 3) == 1.0  # one class
    assert temperature(rows[:2], labels[:2], 3) == 1.0  # none is newer


def test_a_class_that_only_newer_labels_have() -> None:
    rng = np.random.default_rng(0)
    rows = torch.from_numpy(rng.normal(size=(40, 2))).float()
    labels = torch.from_numpy(rng.integers(3, size=40))
    labels[labels == 1] = 0
    labels[28:] = 1
    assert selection.held_out_temperature(rows, labels, 4) > 1


@pytest.mark.parametrize("n", [40, 1500])
def test_smallest_distance(n: int) -> None:
    """Over several blocks; rows that are there twice are at no distance."""
    rows = selection.unit_rows(torch.randn(n, 5, generator=torch.Generator().manual_seed(n)))
    twice = torch.cat([rows, rows[:7]])
    assert selection.smallest_distance(twice) == pytest.approx(pdist(rows.double()).min(), rel=1e-6)
    assert selection.smallest_distance(rows[:1]) == 1.0
    assert selection.smallest_distance(rows[[0, 0, 0]]) == 1.0


def test_before_any_training_it_is_max_herding() -> None:
    one = UncertaintyHerding(representation="raw")
    assert not one.needs.model
    pool = Pools(one.needs).before_training()
    picks = one.query(pool, 20, np.random.default_rng(0))
    rows = selection.unit_rows(pool.representation())
    assert picks.tolist() == greedy_herding(rows, rows[:0], 20).tolist()


def test_what_an_image_weighs() -> None:
    logits = torch.tensor([[9.0, 0.0, 0.0], [1.0, 1.0, 0.0], [50.0, 0.0, -50.0]])
    weights = selection.margin_weights(logits, 2.0)
    p = np.sort(softmax(logits.numpy() / 2, axis=1), axis=1)
    np.testing.assert_allclose(weights, 1 - (p[:, 2] - p[:, 1]), rtol=1e-5, atol=1e-7)
    assert weights[1] == 1
