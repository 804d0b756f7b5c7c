"""ProbCover: images whose balls cover the most of what no labeled image covers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone

if TYPE_CHECKING:
    import torch


class ProbCoverParameters(FeatureParameters):
    """Parameters of ``probcover``. Its authors ran delta 0.75 on CIFAR-10's SimCLR features."""

    delta: float | None = Field(
        None,
        gt=0,
        le=2,
        description="radius of a ball, features being of length one; None: the largest at which "
        "balls are as pure as `purity` says",
    )
    purity: float = Field(
        0.95, gt=0, le=1, description="share of balls in one cluster, where delta is None"
    )


class ProbCover(alharness.Sampler):
    """Greedily picks the image within δ of the most images that none labeled is within δ of.

    Source: Yehuda et al. (2022), algorithm 1 and, for δ, section 3.3. Features have length
    one; distances are below δ, not equal to it; ``rng`` breaks ties. δ is given, or found by their
    rule: as many clusters of k-means as there are classes stand for classes, and δ is the largest
    at which 95 % of all balls hold images of one cluster alone. It is found once in a run,
    by its first query, as the published one is one number for a data set; on the task model's
    features, which change, by each query.

    Once everything is covered, further images are drawn uniformly from what is left, where
    the authors' code repeats one labeled image: note ``filled`` is their number, ``delta`` and
    ``covered`` (the share of unlabeled images within δ at the end) are noted too. Needs no
    model but for the model's own features.
    """

    def __init__(self, representation: str, delta: float | None, purity: float) -> None:
        self.needs = features_alone(representation)
        self.delta = delta
        self.purity = purity
        self._keeps_delta = delta is None and not self.needs.model

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        labeled = selection.unit_rows(pool.representation("labeled"))
        unlabeled = selection.unit_rows(pool.representation("unlabeled"))
        delta = self._found_delta(pool, labeled, unlabeled, rng)
        coverage = selection.Coverage(unlabeled, labeled, delta)
        picks = selection.greedy_coverage(coverage, budget, rng)
        self.notes = {
            "delta": delta,
            "covered": float(coverage.covered.mean()),
            "filled": budget - len(picks),
        }
        return selection.filled(picks, pool.n_unlabeled, budget, rng)

    def _found_delta(
        self,
        pool: alharness.Pool,
        labeled: torch.Tensor,
        unlabeled: torch.Tensor,
        rng: np.random.Generator,
    ) -> float:
        import torch

        if self.delta is not None:
            return self.delta
        kept = pool.stored().get("delta")
        if kept is not None:
            delta = float(kept)
        else:
            rows = torch.cat([labeled, unlabeled])
            delta = selection.pure_radius(rows, pool.n_classes, rng, self.purity)
        if self._keeps_delta:
            self.stored = {"delta": np.array(delta)}
        return delta


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "probcover",
        ProbCover,
        summary="Images whose balls cover the most that is not covered",
        citation="Yehuda, Dekel, Hacohen and Weinshall, Active Learning Through a Covering Lens, "
        "NeurIPS 2022",
        requires="Features: those of the scenario, or a `representation` that is named. The number "
        "of classes, unless `delta` is given.",
        cost="(labeled + pool) x pool distances in each query, at most twice, and half of their "
        "number once in a run for delta; memory linear in the pool.",
        parameters=ProbCoverParameters,
    )
