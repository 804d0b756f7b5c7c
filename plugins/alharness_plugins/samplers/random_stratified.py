"""Random sampling, stratified by predicted class: what a better random may look like."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness


class RandomStratifiedParameters(alharness.Parameters):
    """Parameters of ``random-stratified``."""

    share: float = Field(
        1.0,
        ge=0,
        le=1,
        description="Share of the picks, on average, whose class is drawn first; the others are "
        "drawn from the whole pool",
    )


class RandomStratified(alharness.Sampler):
    """Draws a predicted class uniformly, then an image of it uniformly, without replacement.

    Only classes take part that still have unlabeled images. The analogue for whole images of the
    improved random baselines of Lüth et al. (2025), which draw patches by class: those read the
    ground truth for it, this one the task model's predictions. They draw 66 % or 33 % of the
    patches so (``share``). Before any training it draws uniformly from the whole pool.
    """

    needs = alharness.Needs(model=False)

    def __init__(self, share: float) -> None:
        self.share = share

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        if pool.n_labeled == 0:
            return rng.choice(pool.n_unlabeled, size=budget, replace=False)
        predicted = pool.probabilities().argmax(dim=1).cpu().numpy()
        members = _shuffled_members(predicted, pool.n_classes, rng)
        left = np.array([len(some) for some in members], dtype=np.float64)
        picks = np.empty(budget, dtype=np.int64)
        for number in range(budget):
            by_class = (left > 0) / np.count_nonzero(left)
            cumulative = np.cumsum(self.share * by_class + (1 - self.share) * left / left.sum())
            drawn = int(cumulative.searchsorted(rng.random() * cumulative[-1], side="right"))
            left[drawn] -= 1
            picks[number] = members[drawn][int(left[drawn])]
        return picks


def _shuffled_members(
    predicted: NDArray[np.int64], n_classes: int, rng: np.random.Generator
) -> list[NDArray[np.int64]]:
    """Positions of each class's images, in an order drawn with ``rng``."""
    shuffled = rng.permutation(len(predicted))
    return [shuffled[predicted[shuffled] == label] for label in range(n_classes)]


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "random-stratified",
        RandomStratified,
        summary="Uniform over predicted classes, then over the images of the class",
        citation="Lüth, Traub, Kahl, Bungert, Klein, Krämer, Jäger, Isensee and Maier-Hein, "
        "nnActive: A Framework for Evaluation of Active Learning in 3D Biomedical Segmentation, "
        "arXiv:2511.19183, 2025 (their foreground-aware random, there with true classes)",
        cost="One forward pass over the pool.",
        parameters=RandomStratifiedParameters,
    )
