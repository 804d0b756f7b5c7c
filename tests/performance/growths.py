"""How much memory queries take; a program that ``test_memory.py`` runs.

Each run is a function of this module and its arguments. Its measure is the growth of the
peak of resident memory in a process of its own, forked from this one, which has torch
imported: ``ru_maxrss`` of a forked process starts anew.
"""

import json
import os
import resource
import sys

import numpy as np
import torch
from alharness_plugins.samplers.alfa_mix import AlfaMix, AlfaMixParameters
from alharness_plugins.samplers.badge import Badge
from alharness_plugins.samplers.bait import Bait
from alharness_plugins.samplers.bald import Bald
from alharness_plugins.samplers.cdal import Cdal
from alharness_plugins.samplers.cluster_margin import ClusterMargin, ClusterMarginParameters
from alharness_plugins.samplers.core_gcn import CoreGcn
from alharness_plugins.samplers.coreset import Coreset
from alharness_plugins.samplers.coreset_mip import CoresetMip, CoresetMipParameters
from alharness_plugins.samplers.dbal import Dbal
from alharness_plugins.samplers.entropy import Entropy
from alharness_plugins.samplers.kmeans import KMeans, KMeansParameters
from alharness_plugins.samplers.least_confidence import LeastConfidence
from alharness_plugins.samplers.margin import Margin
from alharness_plugins.samplers.power_bald import PowerBald
from alharness_plugins.samplers.probcover import ProbCover, ProbCoverParameters
from alharness_plugins.samplers.qbc import Qbc, QbcParameters
from alharness_plugins.samplers.random import Random
from alharness_plugins.samplers.random_stratified import RandomStratified
from alharness_plugins.samplers.typiclust import TypiClust, TypiClustParameters
from alharness_plugins.samplers.uncertain_gcn import UncertainGcn
from alharness_plugins.samplers.uncertainty_herding import UncertaintyHerding
from torch import nn

import alharness
from alharness import selection
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import Granted, ImagePool

N_CLASSES, PASSES, RUNS = json.loads(sys.argv[1])
SIDE, N_LABELED, BUDGET = 2, 64, 32


class Wide(nn.Module):
    """Images of four pixels, and as many features as are asked for."""

    def __init__(self, width):
        super().__init__()
        self.num_features = width
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(SIDE**2, width), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(width, N_CLASSES))

    def forward_features(self, x):
        return self.body(x)

    def forward_head(self, x, pre_logits=False):
        return x if pre_logits else self.head(x)

    def forward(self, x):
        return self.forward_head(self.forward_features(x))

    def get_classifier(self):
        return self.head


class StacksPasses(alharness.ScoreSampler):
    """Holds (T, n, C)."""

    def scores(self, pool):
        everything = torch.cat([p for _, p in pool.mc_probabilities(PASSES)], dim=1)
        return everything.mean(dim=0).amax(dim=1)


class AllDistances(alharness.ScoreSampler):
    """Holds (n, n)."""

    def scores(self, pool):
        rows = pool.embeddings()
        return torch.cdist(rows, rows).amin(dim=1)


class OuterProducts(alharness.ScoreSampler):
    """Holds (n, C * D)."""

    def scores(self, pool):
        outer = pool.probabilities()[:, :, None] * pool.embeddings()[:, None, :]
        return outer.flatten(1).norm(dim=1)


def on_embeddings(sampler, parameters):
    """A sampler on representations, with the task model's, at its defaults."""
    return lambda: sampler(**parameters(representation="task-model").model_dump())


SAMPLERS = {
    "random": Random,
    "least-confidence": LeastConfidence,
    "margin": Margin,
    "entropy": Entropy,
    "dbal": lambda: Dbal(PASSES),
    "bald": lambda: Bald(PASSES),
    "qbc": lambda: Qbc(**QbcParameters().model_dump()),
    "coreset": Coreset,
    "coreset-mip": lambda: CoresetMip(**CoresetMipParameters(max_pairs=100_000).model_dump()),
    "uncertain-gcn": lambda: UncertainGcn(epochs=2, hidden=8),
    "core-gcn": lambda: CoreGcn(epochs=2, hidden=8),
    "kmeans": on_embeddings(KMeans, KMeansParameters),
    "probcover": on_embeddings(ProbCover, ProbCoverParameters),
    "typiclust": on_embeddings(TypiClust, TypiClustParameters),
    "badge": Badge,
    "power-bald": lambda: PowerBald(PASSES, 1.0, "power"),
    "random-stratified": lambda: RandomStratified(1.0),
    "uncertainty-herding": lambda: UncertaintyHerding("task-model"),
    "cdal": Cdal,
    "alfa-mix": lambda: AlfaMix(**AlfaMixParameters().model_dump()),
    "bait": lambda: Bait(1.0),
    "cluster-margin": lambda: ClusterMargin(**ClusterMarginParameters().model_dump()),
    "stacks-passes": StacksPasses,
    "all-distances": AllDistances,
    "outer-products": OuterProducts,
}


def query(name, n, width):
    """A sampler's query of a pool of n images."""
    pixels = torch.randint(256, (n, 1, SIDE, SIDE), dtype=torch.uint8)
    labeled = torch.randint(256, (N_LABELED, 1, SIDE, SIDE), dtype=torch.uint8)
    networks = [Network(Wide(width), torch.zeros(1), torch.ones(1)) for _ in range(6)]
    pool = ImagePool(
        HeldImages(pixels),
        HeldImages(labeled),
        torch.zeros(N_LABELED).long(),
        N_CLASSES,
        networks[0],
        None,
        granted=Granted(networks[1:], representation="task-model"),
    )
    sampler = SAMPLERS[name]()
    return lambda: sampler.query(pool, BUDGET, np.random.default_rng(0))


def k_center(n, width):
    """Greedy k-center of n rows."""
    rows, labeled = torch.randn(n, width), torch.randn(N_LABELED, width)
    return lambda: selection.greedy_k_center(rows, labeled, BUDGET)


def score(name, n, n_classes):
    """A score of n rows under 25 passes that come in slices of 512."""
    passes = torch.rand(25, 512, n_classes).softmax(dim=-1)

    def slices():
        for start in range(0, n, 512):
            rows = slice(start, min(start + 512, n))
            yield rows, passes[:, : rows.stop - start].clone()

    return lambda: getattr(selection, name)(slices(), n)


def entropy(n, n_classes):
    """The entropy of n rows."""
    rows = torch.full((n, n_classes), 1 / n_classes)  # no peak before that of the score
    return lambda: selection.entropy(rows)


def peak():
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def growth(prepare, *arguments):
    """Bytes by which the peak grows in a process of its own."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        work = globals()[prepare](*arguments)
        before = peak()
        work()
        os.write(send, str(peak() - before).encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive) as answer:
        written = answer.read()
    os.waitpid(child, 0)
    return int(written)


torch.set_num_threads(1)
torch.manual_seed(0)
query("coreset-mip", 100, 4)()  # what is imported, and allocated once
query("uncertain-gcn", 100, 4)()
score("mutual_information", 100, 4)()
print(json.dumps([growth(*arguments) for arguments in RUNS]))
