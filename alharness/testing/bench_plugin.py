"""A plugin file: the kit's model, oracle, representation and sampler, for its tiny bench alone."""

from __future__ import annotations

import gc
import itertools
import os
import platform
import time
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

import alharness
from alharness.testing.images import FeatureNetwork, SmallNetwork


class SmallModelParameters(alharness.Parameters):
    """Parameters of the kit's model."""

    pause: float = 0.0


class SmallModel(alharness.Model):
    """Builds the kit's network; takes ``pause`` seconds longer for it."""

    def __init__(self, pause: float) -> None:
        self.pause = pause

    def build(self, n_classes: int, in_channels: int, image_size: int) -> SmallNetwork:
        """For images of at least 4 x 4, or for features."""
        time.sleep(self.pause)
        network = FeatureNetwork if image_size == 1 else SmallNetwork
        return network(n_classes, in_channels)


class Truth(alharness.Oracle):
    """Gives the true labels."""

    def annotate(
        self,
        true_labels: NDArray[np.int64],
        indices: NDArray[np.int64],
        n_classes: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        """As they are."""
        return true_labels


class Pixels(alharness.Representation):
    """Features for samplers that pick by what the scenario trains on."""

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """All pixels."""
        return images.flatten(1)


QUERIES = itertools.count()
"""Queries since this module was imported."""


class Witness(alharness.Sampler):
    """Picks at random; notes in which process it was asked, whether it has the store there, and how
    many queries this module has seen before."""

    def query(
        self, pool: alharness.Pool, budget: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Any."""
        here = [type(thing).__module__ for thing in gc.get_objects()]
        stores = any(str(module).startswith("alharness.store.") for module in here)
        self.notes = {
            "process": process(),
            "store_in_reach": stores,
            "queries_before": next(QUERIES),
        }
        return rng.permutation(pool.n_unlabeled)[:budget]


def process() -> str:
    """This process, told from those of other machines."""
    return f"{platform.node()} {os.getpid()}"


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    """The kit's model."""
    yield alharness.ModelSpec(
        "testing-network",
        SmallModel,
        summary="Of the conformance kit",
        parameters=SmallModelParameters,
    )


@alharness.hookimpl
def alharness_oracles() -> Iterator[alharness.OracleSpec]:
    """The kit's oracle."""
    yield alharness.OracleSpec("testing-truth", Truth, summary="Of the conformance kit")


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    """The kit's representation."""
    yield alharness.RepresentationSpec("testing-pixels", Pixels, summary="Of the conformance kit")


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    """The kit's sampler."""
    yield alharness.SamplerSpec("testing-witness", Witness, summary="Of the conformance kit")
