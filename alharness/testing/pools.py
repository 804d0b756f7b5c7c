"""The kit's pools: small ones of the engine's own kind, ordinary and extreme."""

from __future__ import annotations

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.testing.images import N_CLASSES, draw_images, trained_network

N_UNLABELED, N_LABELED = 203, 41
"""Sizes of an ordinary pool: multiples of nothing."""


def make_pool(
    unlabeled: NDArray[np.uint8],
    labeled: NDArray[np.uint8],
    labels: NDArray[np.int64],
    network: Network,
    previous: Network | None,
) -> ImagePool:
    """A pool of its own: it shares no tensor with another one."""
    return ImagePool(
        HeldImages(torch.from_numpy(unlabeled.copy())),
        HeldImages(torch.from_numpy(labeled.copy())),
        torch.from_numpy(labels.copy()),
        N_CLASSES,
        copy.deepcopy(network),
        copy.deepcopy(previous),
    )


def ordinary(n_unlabeled: int = N_UNLABELED) -> ImagePool:
    """Different images, a model that tells most of their classes, and the one before it."""
    return make_pool(_unlabeled(n_unlabeled), *_labeled(), trained_network(0), trained_network(1))


def first_cycle() -> ImagePool:
    """The ordinary pool in cycle 0: there is no previous model."""
    return make_pool(_unlabeled(), *_labeled(), trained_network(0), None)


def permuted(rows: NDArray[np.int64]) -> ImagePool:
    """The ordinary pool in another order: row p is its row ``rows[p]``; labeled rows reversed."""
    labeled, labels = _labeled()
    networks = trained_network(0), trained_network(1)
    return make_pool(_unlabeled()[rows], labeled[::-1], labels[::-1], *networks)


def duplicated(copies: int) -> ImagePool:
    """Every image as often as ``copies`` says; half of them are labeled, too."""
    originals = _unlabeled(40)
    labeled, labels = _labeled()
    labeled[:20] = originals[:20]
    networks = trained_network(0), trained_network(1)
    return make_pool(np.concatenate([originals] * copies), labeled, labels, *networks)


def constant_images() -> ImagePool:
    """One image and nothing else, under different labels."""
    labeled, labels = _labeled()
    only = labeled[:1]
    unlabeled = np.repeat(only, N_UNLABELED, axis=0)
    networks = trained_network(0), trained_network(1)
    return make_pool(unlabeled, np.repeat(only, N_LABELED, axis=0), labels, *networks)


def with_logits_times(factor: float) -> ImagePool:
    """The ordinary pool and models whose logits are multiplied: by 0, they say nothing."""
    networks = [copy.deepcopy(trained_network(seed)) for seed in (0, 1)]
    for network in networks:
        head = network.get_submodule("model.head")
        head.load_state_dict({name: factor * value for name, value in head.state_dict().items()})
    return make_pool(_unlabeled(), *_labeled(), *networks)


def _unlabeled(n: int = N_UNLABELED) -> NDArray[np.uint8]:
    return draw_images(n, np.random.default_rng(11))[0]


def _labeled() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return draw_images(N_LABELED, np.random.default_rng(12))
