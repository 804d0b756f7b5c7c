"""Samplers that need no model: cluster centers' neighbors, and one that never changes its mind."""

import numpy as np
from sklearn.cluster import KMeans

import alharness


class Typical(alharness.Sampler):
    """The image nearest to each center of k-means on pixels, of clusters without a label."""

    needs = alharness.Needs(model=False, images=True)

    def query(self, pool, budget, rng):
        parts = [pool.images(one).flatten(1).numpy() for one in ("labeled", "unlabeled")]
        n = pool.n_labeled
        means = KMeans(n + budget, n_init=1, random_state=int(rng.integers(2**31)))
        distance = means.fit_transform(np.concatenate(parts))
        labels = means.labels_
        sizes = np.bincount(labels[n:], minlength=n + budget)
        free = [c for c in np.argsort(-sizes) if sizes[c] and c not in labels[:n]][:budget]
        picks = [int(np.where(labels[n:] == c, distance[n:, c], np.inf).argmin()) for c in free]
        rest = np.setdiff1d(np.arange(pool.n_unlabeled), picks)
        return np.append(picks, rng.choice(rest, budget - len(picks), replace=False)).astype(int)


class Stubborn(alharness.ScoreSampler):
    """The same images from any pool that has them: those whose pixels sum to what is asked."""

    needs = alharness.Needs(model=False, images=True)

    def __init__(self, sum=300.0):
        super().__init__()
        self.sum = sum

    def scores(self, pool):
        return -(pool.images().double().sum((1, 2, 3)) - self.sum).abs()


class Sum(alharness.Parameters):
    sum: float = 300.0


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("typical", Typical)
    yield alharness.SamplerSpec("stubborn", Stubborn, parameters=Sum)
