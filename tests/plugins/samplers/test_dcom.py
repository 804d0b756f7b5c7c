"""DCoM. Independent source: its definition on the whole matrix of distances, by scipy, in loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist

from alharness import HarnessError, selection

START = 0.6
WIDTHS = [2, 4, 6, 8, 12, 24]
"""Of features: in fewer dimensions as large balls cover more."""


def unit(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def by_definition(
    unlabeled: np.ndarray,
    labeled: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    radii: np.ndarray,
    newest: np.ndarray,
    budget: int,
    chance: np.ndarray,
) -> tuple[list[int], np.ndarray, float, float]:
    """Picks, radii, covered share and weight; ``radii`` of ``newest`` labels are found."""
    rows = np.concatenate([labeled, unlabeled]).astype(np.float64)
    distances, m, n = cdist(rows, rows), len(labeled), len(unlabeled)
    np.fill_diagonal(distances, 0)

    def covered_by(of: np.ndarray) -> np.ndarray:
        near = (distances[:m] < of[:, None]).any(axis=0)
        near[:m] = True
        return near

    threshold = 0.2 * covered_by(radii).mean() + 0.4
    classes = np.concatenate([labels, probabilities.argmax(axis=1)])
    radii = radii.copy()
    for row in newest:
        low, high = 0.0, 1.1
        while high - low > 0.05:
            middle = (low + high) / 2
            ball = classes[distances[row] < middle]
            if (ball == labels[row]).mean() >= threshold:
                low = middle
            else:
                high = middle
        radii[row] = round(low, 2)
    covered = covered_by(radii)
    share = covered.mean()
    weight = round((1 + np.exp(-50 * 0.2)) / (1 + np.exp(-50 * (share - 0.8))), 3)
    ordered = np.sort(probabilities.astype(np.float32), axis=1).astype(np.float64)
    margin = ordered[:, -2] - ordered[:, -1]
    picks: list[int] = []
    for _ in range(budget):
        left = [row for row in range(n) if row not in picks]
        degree = (distances[m:, m:] < radii.mean()).astype(int) @ (~covered[m:]).astype(int)
        lowest, span = min(degree[left]), max(degree[left]) - min(degree[left])
        floor = min(margin[left])
        score = {
            row: weight * (1 - margin[row] / floor if floor else 0)
            + (1 - weight) * (degree[row] - lowest) / max(1, span)
            for row in left
        }
        picks.append(max(left, key=lambda row: (round(score[row], 9), chance[row])))
        covered[m:] |= distances[m:, m + picks[-1]] < radii.mean()
    return picks, radii, share, weight


def asked(feature_pool: Any, blobs: Any, width: int, **more: Any) -> Any:
    rng = np.random.default_rng(0)
    rows, of = blobs(rng, [90, 60, 40], width=width, apart=0.5)
    logits = 3 * np.eye(3)[of] + rng.standard_normal((190, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    pool = feature_pool(
        rows[20:],
        rows[:20],
        of[:20],
        probabilities={"unlabeled": probabilities[20:]},
        **more,
    )
    return pool, unit(rows), of, probabilities[20:].astype(np.float32)


@pytest.mark.parametrize("width", WIDTHS)
def test_equals_the_definition(create: Any, feature_pool: Any, blobs: Any, width: int) -> None:
    """Little is covered, about four fifths, and nearly all."""
    pool, rows, of, probabilities = asked(feature_pool, blobs, width)
    sampler = create("sampler", "dcom", delta=START)
    picks = sampler.query(pool, 25, np.random.default_rng(1))
    chance = np.random.default_rng(1).permutation(170)
    start, everyone = np.full(20, START), np.arange(20)
    expected, radii, covered, weight = by_definition(
        rows[20:], rows[:20], of[:20], probabilities, start, everyone, 25, chance
    )
    np.testing.assert_array_equal(sampler.stored["radii"], radii)
    assert sampler.notes == {
        "delta": pytest.approx(radii.mean()),
        "covered": pytest.approx(covered),
        "weight": weight,
    }
    assert picks.tolist() == expected


def test_the_three_cases_are_met(create: Any, feature_pool: Any, blobs: Any) -> None:
    """What the test above relies on: weights of both kinds."""
    weights = []
    for width in WIDTHS:
        sampler = create("sampler", "dcom", delta=START)
        sampler.query(asked(feature_pool, blobs, width)[0], 25, np.random.default_rng(1))
        weights.append(sampler.notes["weight"])
    assert min(weights) < 0.1
    assert max(weights) > 0.9


def test_radii_of_earlier_labels_are_kept(create: Any, feature_pool: Any, blobs: Any) -> None:
    """In another order, as the pool of the next cycle has them; new ones start at their mean."""
    numbers = np.arange(170, 190)
    kept = np.round(np.linspace(0.1, 0.9, 12), 2)
    order = np.random.default_rng(5).permutation(12)
    stored = {"numbers": numbers[:12][order], "radii": kept[order]}
    pool, rows, of, probabilities = asked(feature_pool, blobs, 6, stored=stored)
    sampler = create("sampler", "dcom", delta=START)
    picks = sampler.query(pool, 10, np.random.default_rng(1))
    before = np.concatenate([kept, np.full(8, kept.mean())])
    chance = np.random.default_rng(1).permutation(170)
    expected, radii, *_ = by_definition(
        rows[20:], rows[:20], of[:20], probabilities, before, np.arange(12, 20), 10, chance
    )
    assert sampler.stored["radii"][:12].tolist() == kept.tolist()
    np.testing.assert_array_equal(sampler.stored["radii"], radii)
    assert sampler.stored["numbers"].tolist() == numbers.tolist()
    assert picks.tolist() == expected


def test_features_that_change_are_refused(create: Any) -> None:
    """A radius that was found in the features of one cycle says nothing in those of the next."""
    with pytest.raises(HarnessError, match="radii are kept from query to query"):
        create("sampler", "dcom", representation="task-model")
    assert create("sampler", "dcom", representation="raw").needs.representation == "raw"


def test_weights_of_the_paper() -> None:
    assert selection.competence_weight(1.0) == 1
    assert selection.competence_weight(0.8) == pytest.approx(0.5, abs=1e-3)
    assert selection.competence_weight(0.0) == 0


def test_with_weight_0_it_is_probcover(blobs: Any) -> None:
    rows = torch.from_numpy(unit(blobs(np.random.default_rng(2), [200, 90], width=8, apart=0.5)[0]))
    covers = [selection.Coverage(rows[5:], rows[:5], 0.25) for _ in range(2)]
    uncertain = np.random.default_rng(3).random(285)
    found = selection.greedy_competence(covers[0], uncertain, 0.0, 40, np.random.default_rng(4))
    alone = selection.greedy_coverage(covers[1], 40, np.random.default_rng(4))
    assert len(alone) > 10
    assert found[: len(alone)].tolist() == alone.tolist()


@pytest.mark.parametrize("budget", [1, 7, 40])
def test_no_point_twice(create: Any, feature_pool: Any, budget: int) -> None:
    """Duplicates, equal predictions, all of the pool, and balls that cover everything."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((8, 5))[rng.integers(8, size=50)]
    for delta in (0.1, 2.0):
        pool = feature_pool(
            rows[10:], rows[:10], probabilities={"unlabeled": np.full((40, 3), 1 / 3)}
        )
        picks = create("sampler", "dcom", delta=delta).query(pool, budget, rng)
        assert len(set(picks.tolist())) == budget
