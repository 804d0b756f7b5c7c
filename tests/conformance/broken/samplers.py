"""Samplers that each break one rule, which their name begins with; the rest tells how."""

import itertools
import random
import sys

import numpy as np
import torch

import alharness

CALLS = itertools.count()


class Argpartition(alharness.Sampler):
    """The partition's place is no index when all images are asked for."""

    def query(self, pool, budget, rng):
        return np.argpartition(pool.embeddings().sum(1).numpy(), budget)[:budget]


class WithReplacement(alharness.Sampler):
    """METHODS, trap 5."""

    def query(self, pool, budget, rng):
        return rng.integers(pool.n_unlabeled, size=budget)


class WholeBlocks(alharness.Sampler):
    """Leaves out the last rows, which fill no block (METHODS, trap 12)."""

    def query(self, pool, budget, rng):
        rows = pool.n_unlabeled // 7 * 7
        return pool.embeddings().sum(1)[:rows].argsort()[:budget]


class AsksForAnother(alharness.Sampler):
    """Every query finds the committee too small."""

    def query(self, pool, budget, rng):
        self.needs = alharness.Needs(committee=self.needs.committee + 1)
        return rng.permutation(pool.n_unlabeled)[:budget]


class NeedsByTurns(AsksForAnother):
    def __init__(self):
        self.needs = alharness.Needs(committee=next(CALLS))


class StoresObjects(alharness.Sampler):
    def query(self, pool, budget, rng):
        picked = rng.permutation(pool.n_unlabeled)[:budget]
        self.stored = {"picked": np.array([set(picked.tolist())])}
        return picked


class StoresTooMuch(StoresObjects):
    def query(self, pool, budget, rng):
        picked = super().query(pool, budget, rng)
        self.stored = {"zeros": np.zeros(alharness.STORED_BYTES + 1, dtype=np.uint8)}
        return picked


class StoresTheTime(StoresObjects):
    def query(self, pool, budget, rng):
        picked = super().query(pool, budget, rng)
        self.stored = {"calls": np.array(next(CALLS))}
        return picked


class NeedsPreviousModel(alharness.ScoreSampler):
    def scores(self, pool):
        with torch.no_grad():
            return pool.previous_model()(pool.images()).amax(1)


class DividesByDeviation(alharness.ScoreSampler):
    def scores(self, pool):
        centre = pool.embeddings("labeled").double().mean(0)
        distances = (pool.embeddings().double() - centre).norm(dim=1)
        spread = distances.max() - distances.min() if pool.n_unlabeled > 1 else torch.tensor(1.0)
        return distances / spread


class NormalizesLogits(alharness.ScoreSampler):
    def scores(self, pool):
        logits = pool.logits()
        return (logits / logits.norm(dim=1, keepdim=True)).amax(1)


class LogarithmOfZero(alharness.ScoreSampler):
    """METHODS, trap 9."""

    def scores(self, pool):
        probabilities = pool.probabilities()
        return -(probabilities * probabilities.log()).sum(1)


class DifferentOnly(alharness.Sampler):
    def query(self, pool, budget, rng):
        _, rows = np.unique(pool.images().flatten(1).numpy(), axis=0, return_index=True)
        return rows[:budget]


class Counts(alharness.Sampler):
    """Keeps state between queries."""

    def query(self, pool, budget, rng):
        return np.random.default_rng(next(CALLS)).permutation(pool.n_unlabeled)[:budget]


class Hashes(alharness.ScoreSampler):
    """Bytes hash differently in every process."""

    def scores(self, pool):
        return [hash(image.numpy().tobytes()) for image in pool.images()]


class DrawsFromNumpy(alharness.Sampler):
    def query(self, pool, budget, rng):
        return np.random.permutation(pool.n_unlabeled)[:budget]  # noqa: NPY002


class DrawsFromPython(alharness.Sampler):
    def query(self, pool, budget, rng):
        return random.sample(range(pool.n_unlabeled), budget)


class ChangesImages(alharness.ScoreSampler):
    def scores(self, pool):
        return pool.images().sub_(0.5).square_().sum((1, 2, 3))


class FirstRows(alharness.Sampler):
    def query(self, pool, budget, rng):
        return np.arange(budget)


class MixesIndexSpaces(alharness.Sampler):
    """Answers positions among its candidates as if they were positions of the pool (trap 4)."""

    def query(self, pool, budget, rng):
        candidates = pool.embeddings().sum(1).argsort()[: 2 * budget]
        return pool.probabilities()[candidates].amax(1).argsort()[:budget]


class SeesLabels(alharness.Sampler):
    """Finds the hidden labels in the process that it is asked in."""

    def query(self, pool, budget, rng):
        ranked = pool.embeddings().sum(1).argsort().numpy()
        start = int(self.hidden().sum())
        return ranked[(start + np.arange(budget)) % pool.n_unlabeled]

    def hidden(self):
        frame = sys._getframe()
        while frame is not None:
            if "bench" in frame.f_locals:
                return frame.f_locals["bench"].conditions[0].facts.train_labels
            frame = frame.f_back
        return np.zeros(1, np.int64)


class AllPairs(alharness.ScoreSampler):
    def scores(self, pool):
        features = pool.embeddings()
        return torch.cdist(features, features).mean(1)


class Cubic(alharness.ScoreSampler):
    def scores(self, pool):
        features = pool.embeddings().double()
        kernel = features @ features.T
        return torch.linalg.matrix_power(kernel / pool.n_unlabeled, 16).diagonal()


class GreyOnly(alharness.ScoreSampler):
    def scores(self, pool):
        return pool.images().reshape(pool.n_unlabeled, 64).sum(1)


class AsksTheModelAtOnce(alharness.Sampler):
    """Says that it needs no model, and asks it where there is none."""

    needs = alharness.Needs(model=False)

    def query(self, pool, budget, rng):
        return pool.embeddings().sum(1).argsort()[:budget].numpy()


@alharness.hookimpl
def alharness_samplers():
    for name, factory in {
        "distinct-positions_argpartition": Argpartition,
        "distinct-positions_with-replacement": WithReplacement,
        "pools-of-any-size": WholeBlocks,
        "same-needs_after": AsksForAnother,
        "same-needs_before": NeedsByTurns,
        "stored-arrays_objects": StoresObjects,
        "stored-arrays_bytes": StoresTooMuch,
        "stored-arrays_time": StoresTheTime,
        "first-cycle": NeedsPreviousModel,
        "before-any-training": AsksTheModelAtOnce,
        "constant-images": DividesByDeviation,
        "constant-outputs": NormalizesLogits,
        "saturated-probabilities": LogarithmOfZero,
        "duplicates": DifferentOnly,
        "same-generator-same-answer": Counts,
        "same-answer-in-another-process": Hashes,
        "global-generators_numpy": DrawsFromNumpy,
        "global-generators_python": DrawsFromPython,
        "pool-unchanged": ChangesImages,
        "order-of-the-pool_first-rows": FirstRows,
        "order-of-the-pool_index-spaces": MixesIndexSpaces,
        "hidden-labels": SeesLabels,
        "memory-growth": AllPairs,
        "time-growth": Cubic,
        "end-to-end": GreyOnly,
    }.items():
        yield alharness.SamplerSpec(name, factory)
