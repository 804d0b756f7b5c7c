"""Coreset by mixed-integer programs: a cover of the pool that beats greedy's, and its gap."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection


class CoresetMipParameters(alharness.Parameters):
    """Parameters of ``coreset-mip``."""

    outliers: float = Field(
        1e-4, ge=0, lt=1, description="Share of the pool, rounded down, that may stay uncovered"
    )
    max_pairs: int = Field(
        1_000_000,
        ge=0,
        description="Pairs of images within greedy's radius; with more of them greedy's "
        "picks are the answer",
    )
    max_nodes: int = Field(
        100, ge=1, description="Nodes of branch and bound in each program of the bisection"
    )
    seconds: float = Field(
        600.0,
        gt=0,
        description="Limit of time after greedy; an answer that it ended depends on the machine",
    )


class CoresetMip(alharness.Sampler):
    """Robust k-center on the penultimate features, not normalized, from the labeled images.

    Source: Sener and Savarese (2018), section 4.2 and algorithm 2, with their bound on
    outliers, 1e-4 of the pool. Different from there: HiGHS solves the programs, not
    Gurobi; the assignment variables, which follow from the others, are left out; bisection
    starts from a lower bound that also holds with outliers (half of greedy's radius does
    not); where fewer centers suffice, greedy picks the others; limits end it.

    Deterministic up to the order of the pool while ``seconds`` do not bind, so set them high
    and limit the work by ``max_nodes``. Once they bind (note ``ended`` = "out of time"),
    a repeated query may pick other images, and ``verify`` may not confirm it.

    A query notes ``radius``, ``lower_bound``, ``gap`` = (radius - lower bound) / radius,
    ``greedy_radius`` (Euclidean distances), ``outliers`` (their number) and ``ended`` (see
    ``alharness.selection.Cover``).
    """

    def __init__(
        self,
        outliers: float,
        max_pairs: int,
        max_nodes: int,
        seconds: float,
    ) -> None:
        self.outliers = outliers
        self.max_pairs = max_pairs
        self.max_nodes = max_nodes
        self.seconds = seconds

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        cover = selection.robust_k_center(
            pool.embeddings("unlabeled"),
            pool.embeddings("labeled"),
            budget,
            max_outliers=int(self.outliers * pool.n_unlabeled),
            max_pairs=self.max_pairs,
            max_nodes=self.max_nodes,
            seconds=self.seconds,
        )
        self.notes = {
            "radius": cover.radius,
            "lower_bound": cover.lower_bound,
            "gap": cover.gap,
            "greedy_radius": cover.greedy_radius,
            "outliers": cover.n_outliers,
            "ended": cover.ended,
        }
        return cover.picks


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "coreset-mip",
        CoresetMip,
        summary="Robust k-center by mixed-integer programs, with a proven gap",
        citation="Sener and Savarese, Active Learning for Convolutional Neural Networks: "
        "A Core-Set Approach, ICLR 2018",
        cost="What coreset takes, at most (labeled + budget + pool) x pool distances, and about "
        "twenty mixed-integer programs, each of which may take as long as `seconds` allow on "
        "pools of ten thousand images and more; memory linear in the pool and in max_pairs.",
        parameters=CoresetMipParameters,
    )
