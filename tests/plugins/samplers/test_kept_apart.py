"""Published trap 22, one method under two names: no two built-in samplers pick the same images."""

import itertools

import numpy as np
import pytest
from alharness_plugins.samplers.core_gcn import CoreGcn
from alharness_plugins.samplers.coreset import Coreset
from alharness_plugins.samplers.entropy import Entropy
from alharness_plugins.samplers.learning_loss import LearningLoss
from alharness_plugins.samplers.random import Random
from alharness_plugins.samplers.sraal import Sraal
from alharness_plugins.samplers.ta_vaal import TaVaal
from alharness_plugins.samplers.tod import Tod
from alharness_plugins.samplers.uncertain_gcn import UncertainGcn
from alharness_plugins.samplers.vaal import Vaal

from alharness.engine.randomness import controlled
from alharness.testing.pools import Pools

GAME = {"width": 4, "epochs": 2, "batch_size": 32}
SAMPLERS = {
    "random": Random,
    "entropy": Entropy,
    "coreset": Coreset,
    "learning-loss": LearningLoss,
    "uncertain-gcn": lambda: UncertainGcn(epochs=20),
    "core-gcn": lambda: CoreGcn(epochs=20),
    "tod": Tod,
    "vaal": lambda: Vaal(**GAME),
    "ta-vaal": lambda: TaVaal(**GAME),
    "sraal": lambda: Sraal(**GAME),
}


@pytest.fixture(scope="module")
def picked():
    """Of an ordinary pool, 40 of 203 images by each."""
    found = {}
    for name, make in SAMPLERS.items():
        with controlled(0):
            sampler = make()
            pool = Pools(extension=sampler.needs.extension).ordinary()
            picks = sampler.query(pool, 40, np.random.default_rng(0)).tolist()
        assert len(set(picks)) == 40
        found[name] = frozenset(picks)
    return found


def test_no_two_pick_alike(picked):
    for (name, first), (other, second) in itertools.combinations(picked.items(), 2):
        assert first != second, f"{name} is {other}"
