"""The kit's pools: small ones of the engine's own kind, ordinary and extreme."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alharness.api.extension import TrainingExtension
from alharness.api.needs import TASK_MODEL
from alharness.api.pool import Hidden, Pool, Subset
from alharness.engine.extension import built_extension
from alharness.engine.features import HeldFeatures
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import Granted, ImagePool, RunSoFar
from alharness.engine.randomness import controlled
from alharness.protocol.components import MethodNeeds
from alharness.testing.images import N_CLASSES, draw_images, trained_network

N_UNLABELED, N_LABELED = 203, 41
"""Sizes of an ordinary pool: multiples of nothing."""

N_HELD_OUT = 37
"""Images held out of every pool, for upper bounds."""

N_INITIAL = 23
"""So many of the labeled images are the initial set; the others were picked in cycle 0."""

Networks = Callable[[int], Network]
"""A network by its number: of this cycle 0, of the one before 1, then the committee."""


class Rows(NamedTuple):
    """Images with their labels, numbers and the cycle that first trained on them, if any."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    numbers: NDArray[np.int64]
    labeled_in: NDArray[np.int64]

    def at(self, rows: NDArray[np.int64] | slice) -> Rows:
        """Copies of some of them."""
        return self._each(lambda part: part[rows].copy())

    def joined(self, others: Rows) -> Rows:
        """These, then the others."""
        following = iter(others)
        return self._each(lambda part: np.concatenate([part, next(following)]))

    def _each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Rows:
        parts: tuple[NDArray[Any], ...] = (
            self.images,
            self.labels,
            self.numbers,
            self.labeled_in,
        )
        return Rows(*map(change, parts))


@dataclass(frozen=True)
class Pools:
    """Makes pools with what a sampler needs; none shares a tensor with another one.

    Pools are of cycle 1 unless they say otherwise. ``store`` is how the sampler answers the
    query of cycle 0: what it stored then; None for one that stores nothing. ``extension`` is
    the training extension that it declares. A representation that it asks for, other than the task
    model's own, is the images' pixels.
    """

    needs: MethodNeeds = field(default_factory=MethodNeeds)
    store: Callable[[Pool], Mapping[str, NDArray[Any]]] | None = None
    extension: TrainingExtension | None = None

    def ordinary(self, n_unlabeled: int = N_UNLABELED) -> ImagePool:
        """Different images, a model that tells most of their classes, and the one before it."""
        return self._pool(_unlabeled(n_unlabeled))

    def first_cycle(self, n_unlabeled: int = N_UNLABELED) -> ImagePool:
        """The ordinary pool in cycle 0: nothing is stored, there is no previous model."""
        return self._of_cycle_0(_unlabeled(n_unlabeled), _labeled())

    def before_training(self, n_unlabeled: int = N_UNLABELED) -> ImagePool:
        """The ordinary images, none of them labeled, and no model."""
        unlabeled, labeled = _unlabeled(n_unlabeled), _labeled().at(slice(0))
        return self._made(0, unlabeled, labeled, (None, None), [], {})

    def permuted(self, rows: NDArray[np.int64]) -> ImagePool:
        """The ordinary pool, its row p in row ``rows[p]`` of that; labeled rows reversed."""
        return self._pool(_unlabeled().at(rows), _labeled().at(slice(None, None, -1)))

    def duplicated(self, copies: int) -> ImagePool:
        """Forty images, each as often as ``copies`` says; half of them are labeled, too."""
        originals, labeled = _unlabeled(40), _labeled()
        labeled.images[:20] = originals.images[:20]
        unlabeled = _unlabeled(40 * copies)
        unlabeled.images[:] = np.concatenate([originals.images] * copies)
        return self._pool(unlabeled, labeled)

    def constant_images(self) -> ImagePool:
        """One image and nothing else, under different labels."""
        unlabeled, labeled = _unlabeled(), _labeled()
        unlabeled.images[:] = labeled.images[:] = labeled.images[0].copy()
        return self._pool(unlabeled, labeled)

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
        unlabeled: Rows,
        labeled: Rows | None = None,
        networks: Networks = trained_network,
    ) -> ImagePool:
        known = labeled or _labeled()
        stored = {} if self.store is None else self.store(self._before(unlabeled, known, networks))
        models = networks(0), networks(1)
        return self._made(1, unlabeled, known, models, self._committee(networks), stored)

    def _before(self, unlabeled: Rows, labeled: Rows, networks: Networks) -> ImagePool:
        """The pool that the query of cycle 0 was asked with."""
        initial = labeled.labeled_in == 0
        return self._of_cycle_0(
            unlabeled.joined(labeled.at(np.flatnonzero(~initial))),
            labeled.at(np.flatnonzero(initial)),
            networks,
        )

    def _of_cycle_0(
        self, unlabeled: Rows, labeled: Rows, networks: Networks = trained_network
    ) -> ImagePool:
        models = networks(1), None
        initial = labeled._replace(labeled_in=np.zeros_like(labeled.labeled_in))
        return self._made(0, unlabeled, initial, models, self._committee(networks), {})

    def _committee(self, networks: Networks) -> list[Network]:
        return [copy.deepcopy(networks(2 + number)) for number in range(self.needs.committee)]

    def _made(
        self,
        cycle: int,
        unlabeled: Rows,
        labeled: Rows,
        models: tuple[Network | None, Network | None],
        committee: list[Network],
        stored: Mapping[str, NDArray[Any]],
    ) -> ImagePool:
        network, previous = copy.deepcopy(models)
        held_out = _held_out() if self.needs.sees_labels else None
        numbers: dict[Subset, NDArray[np.int64]] = {
            "unlabeled": unlabeled.numbers,
            "labeled": labeled.numbers,
        }
        hidden: dict[Hidden, torch.Tensor] = {}
        if held_out is not None:
            numbers["held-out"] = held_out.numbers
            hidden["unlabeled"] = torch.from_numpy(unlabeled.labels)
            hidden["held-out"] = torch.from_numpy(held_out.labels)
        return ImagePool(
            HeldImages(torch.from_numpy(unlabeled.images)),
            HeldImages(torch.from_numpy(labeled.images)),
            torch.from_numpy(labeled.labels),
            N_CLASSES,
            network,
            previous,
            run=RunSoFar(cycle, labeled.labeled_in, numbers, stored),
            granted=Granted(
                committee,
                None if network is None else self._extension(network),
                representation=self.needs.representation,
                own_features=self._features(unlabeled, labeled, held_out),
                held_out=None
                if held_out is None
                else HeldImages(torch.from_numpy(held_out.images)),
                hidden_labels=hidden,
            ),
        )

    def _features(
        self, unlabeled: Rows, labeled: Rows, held_out: Rows | None
    ) -> dict[Subset, HeldFeatures] | None:
        asked = self.needs.representation
        return None if asked in (None, TASK_MODEL) else _pixels(unlabeled, labeled, held_out)

    def _extension(self, network: Network) -> nn.Module | None:
        """The declared module as it is initialized: the same one in every pool."""
        if self.extension is None:
            return None
        watched, cpu = copy.deepcopy(network), torch.device("cpu")
        example = torch.from_numpy(_unlabeled(1).images).float() / 255
        with controlled(0):
            built = built_extension(self.extension, watched, N_CLASSES, cpu, example)
        return built.module.eval()


def _pixels(unlabeled: Rows, labeled: Rows, held_out: Rows | None) -> dict[Subset, HeldFeatures]:
    """The images' pixels as features."""
    rows: dict[Subset, Rows] = {"unlabeled": unlabeled, "labeled": labeled}
    if held_out is not None:
        rows["held-out"] = held_out
    return {
        subset: HeldFeatures(torch.from_numpy(one.images).flatten(1).float() / 255)
        for subset, one in rows.items()
    }


def _unlabeled(n: int = N_UNLABELED) -> Rows:
    images, labels = draw_images(n, np.random.default_rng(11))
    return Rows(images, labels, _numbers(n, 13), np.zeros(n, dtype=np.int64))


def _held_out() -> Rows:
    images, labels = draw_images(N_HELD_OUT, np.random.default_rng(15))
    return Rows(images, labels, _numbers(N_HELD_OUT, 16), np.zeros(N_HELD_OUT, dtype=np.int64))


def _labeled() -> Rows:
    images, labels = draw_images(N_LABELED, np.random.default_rng(12))
    picked = (np.arange(N_LABELED) >= N_INITIAL).astype(np.int64)
    return Rows(images, labels, _numbers(N_LABELED, 14), picked)


def _numbers(n: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(2**63 - 1, size=n)
