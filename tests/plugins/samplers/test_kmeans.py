"""k-means. Independent source: scikit-learn's clusters, and distances by scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans


def test_one_image_of_each_blob_nearest_to_its_middle(
    create: Any, feature_pool: Any, blobs: Any
) -> None:
    """Blobs far apart: every k-means finds them, and their means are the centers."""
    rng = np.random.default_rng(0)
    rows, of = blobs(rng, [40, 9, 70, 25, 4, 60], apart=40)
    picks = create("sampler", "kmeans").query(feature_pool(rows), 6, rng)
    expected = KMeans(6, n_init=10, random_state=0).fit(rows)
    assert np.array_equal(expected.labels_[:, None] == expected.labels_, of[:, None] == of)
    assert sorted(picks) == sorted(cdist(expected.cluster_centers_, rows).argmin(axis=1))


def test_features_are_not_normalized(create: Any, feature_pool: Any) -> None:
    """Two lengths of one direction are two clusters."""
    rows = np.array([[1.0, 1.0], [1.1, 1.1], [1.2, 1.2], [50, 50], [51, 51], [52, 52]])
    sampler = create("sampler", "kmeans")
    picks = sampler.query(feature_pool(rows), 2, np.random.default_rng(0))
    assert sorted(picks) == [1, 4]
    assert sampler.notes == {"filled": 0}


@pytest.mark.parametrize("budget", [1, 7, 8, 30, 60])
def test_duplicates_are_made_up_for(create: Any, feature_pool: Any, budget: int) -> None:
    """Published trap: an empty cluster ends it. Seven different images, each once at first."""
    rng = np.random.default_rng(1)
    different = 10 * rng.standard_normal((7, 4))
    of = np.concatenate([np.arange(7), rng.integers(7, size=53)])
    sampler = create("sampler", "kmeans")
    picks = sampler.query(feature_pool(different[of]), budget, rng)
    assert len(set(picks)) == budget
    assert len(set(of[picks])) >= min(budget, 5)
    assert sampler.notes["filled"] >= budget - 7


def test_it_needs_a_model_for_its_features_alone(create: Any) -> None:
    for representation in ("scenario", "raw", "timm:resnet18"):
        needs = create("sampler", "kmeans", representation=representation).needs
        assert (needs.representation, needs.model) == (representation, False)
    assert create("sampler", "kmeans", representation="task-model").needs.model
    assert create("sampler", "kmeans").needs.representation == "scenario"
