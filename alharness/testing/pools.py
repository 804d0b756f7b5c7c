"""The kit's pools: small ones of the engine's own kind, ordinary and extreme."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.testing.images import N_CLASSES, draw_images, trained_network

N_UNLABELED, N_LABELED = 203, 41
"""Sizes of an ordinary pool: multiples of nothing."""

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Networks = Callable[[int], Network]
"""A network by its number: of this cycle 0, of the one before 1, then the committee."""


@dataclass(frozen=True)
class Pools:
    """Makes pools with a committee of this size; none shares a tensor with another one."""

    committee_size: int = 0

    def ordinary(self, n_unlabeled: int = N_UNLABELED) -> ImagePool:
        """Different images, a model that tells most of their classes, and the one before it."""
        return self._pool(_unlabeled(n_unlabeled))

    def first_cycle(self) -> ImagePool:
        """The ordinary pool in cycle 0: there is no previous model."""
        return self._pool(_unlabeled(), is_first=True)

    def permuted(self, rows: NDArray[np.int64]) -> ImagePool:
        """The ordinary pool, its row p in row ``rows[p]`` of that; labeled rows reversed."""
        images, labels = _labeled()
        return self._pool(_unlabeled()[rows], (images[::-1], labels[::-1]))

    def duplicated(self, copies: int) -> ImagePool:
        """Forty images, each as often as ``copies`` says; half of them are labeled, too."""
        originals = _unlabeled(40)
        images, labels = _labeled()
        images[:20] = originals[:20]
        return self._pool(np.concatenate([originals] * copies), (images, labels))

    def constant_images(self) -> ImagePool:
        """One image and nothing else, under different labels."""
        images, labels = _labeled()
        unlabeled, labeled = (np.repeat(images[:1], n, axis=0) for n in (N_UNLABELED, N_LABELED))
        return self._pool(unlabeled, (labeled, labels))

    def with_logits_times(self, factor: float) -> ImagePool:
        """The ordinary pool and models whose logits are multiplied: by 0, they say nothing."""

        def network(number: int) -> Network:
            scaled = copy.deepcopy(trained_network(number))
            head = scaled.get_submodule("model.head")
            weights = head.state_dict()
            head.load_state_dict({name: factor * value for name, value in weights.items()})
            return scaled

        return self._pool(_unlabeled(), networks=network)

    def _pool(
        self,
        unlabeled: Pixels,
        labeled: tuple[Pixels, Labels] | None = None,
        networks: Networks = trained_network,
        is_first: bool = False,
    ) -> ImagePool:
        images, labels = labeled or _labeled()
        committee = range(2, 2 + self.committee_size)
        return ImagePool(
            HeldImages(torch.from_numpy(unlabeled.copy())),
            HeldImages(torch.from_numpy(images.copy())),
            torch.from_numpy(labels.copy()),
            N_CLASSES,
            copy.deepcopy(networks(0)),
            None if is_first else copy.deepcopy(networks(1)),
            [copy.deepcopy(networks(number)) for number in committee],
        )


def _unlabeled(n: int = N_UNLABELED) -> Pixels:
    return draw_images(n, np.random.default_rng(11))[0]


def _labeled() -> tuple[Pixels, Labels]:
    return draw_images(N_LABELED, np.random.default_rng(12))
