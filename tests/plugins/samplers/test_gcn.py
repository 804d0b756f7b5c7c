"""UncertainGCN and CoreGCN. Independent source: the explicit matrix of Caramalau et al.'s (2021)
code, (X X' - I) with its columns normalized, plus I; their loss by its formula; in float64."""

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.core_gcn import CoreGcn
from alharness_plugins.samplers.parts.gcn import GcnParameters
from alharness_plugins.samplers.parts.gcn.graph import GraphNetwork, SimilarityGraph, labeled_or_not
from alharness_plugins.samplers.parts.gcn.training import hidden_and_logits
from alharness_plugins.samplers.uncertain_gcn import UncertainGcn

from alharness import selection
from alharness.testing.pools import Pools


def explicit(features):
    """The published matrix, (n, n), by rows and columns."""
    x = features / np.linalg.norm(features, axis=1, keepdims=True)
    similar = x @ x.T - np.eye(len(x))
    return similar / similar.sum(axis=0) + np.eye(len(x))


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).exponential(size=(83, 12)) * 7


def test_propagation_is_that_of_the_explicit_matrix(features):
    signals = np.random.default_rng(1).normal(size=(83, 5))
    graph = SimilarityGraph(torch.tensor(features))
    found = graph.propagated(torch.tensor(signals)).numpy()
    np.testing.assert_allclose(found, explicit(features) @ signals, rtol=1e-10, atol=1e-12)
    single = SimilarityGraph(torch.tensor(features).float()).propagated(
        torch.tensor(signals).float()
    )
    np.testing.assert_allclose(single.numpy(), found, rtol=1e-4, atol=1e-5)


def test_the_network_is_two_convolutions_by_the_explicit_matrix(features):
    torch.manual_seed(0)
    graph = SimilarityGraph(torch.tensor(features))
    network = GraphNetwork(12, 6, 0.3).double().eval()
    a, x = torch.tensor(explicit(features)), graph.rows
    hidden = (a @ (x @ network.first) + network.first_bias).relu()
    logits = (a @ (hidden @ network.second) + network.second_bias)[:, 0]
    found = network.hidden(graph.propagated(x))
    torch.testing.assert_close(found, hidden)
    torch.testing.assert_close(network(graph, found), logits)
    assert network.first.abs().max() <= 1 / np.sqrt(6)
    dropped = network.train().hidden(graph.propagated(x))
    assert (dropped == 0).sum() > (hidden == 0).sum()


def test_the_loss(features):
    logits = torch.tensor(np.random.default_rng(2).normal(size=20))
    scores = 1 / (1 + np.exp(-logits.numpy()))
    expected = -np.log(scores[13:]).mean() - 1.2 * np.log(1 - scores[:13]).mean()
    assert float(labeled_or_not(logits, 13, 1.2)) == pytest.approx(expected, rel=1e-12)
    far = torch.tensor([200.0, -200.0])
    assert torch.isfinite(labeled_or_not(far, 1, 1.2))


def test_who_is_similar_to_nobody_passes_nothing_on(features):
    """A dead row, and one that is opposite to the others: no division by what is not positive."""
    rows = np.concatenate([features, np.zeros((1, 12)), -features[:1]])
    graph = SimilarityGraph(torch.tensor(rows))
    alone = torch.zeros(85, 2, dtype=torch.float64)
    alone[83, 0] = alone[84, 1] = 1
    torch.testing.assert_close(graph.propagated(alone), alone)
    everyone = graph.propagated(torch.ones(85, 1, dtype=torch.float64))
    assert torch.isfinite(everyone).all()


def test_labeled_and_unlabeled_are_told_apart():
    """The published settings; labeled images are more confidently labeled at the end."""
    pool = Pools().ordinary()
    torch.manual_seed(0)
    hidden, logits = hidden_and_logits(pool, GcnParameters())
    assert hidden.shape == (pool.n_unlabeled + pool.n_labeled, 128)
    assert torch.isfinite(logits).all()
    torch.manual_seed(0)
    _, before = hidden_and_logits(pool, GcnParameters(epochs=1))
    losses = [float(labeled_or_not(one, pool.n_unlabeled, 1.2)) for one in (before, logits)]
    assert losses[1] < losses[0]


def test_uncertain_gcn_wants_the_confidence_nearest_to_the_margin():
    pool = Pools().ordinary()
    parameters = {"epochs": 5, "hidden": 8, "margin": 0.3}
    torch.manual_seed(3)
    scores = UncertainGcn(**parameters).scores(pool)
    torch.manual_seed(3)
    _, logits = hidden_and_logits(pool, UncertainGcn(**parameters).parameters)
    confidence = 1 / (1 + (-logits[: pool.n_unlabeled]).exp())
    torch.testing.assert_close(scores, -(confidence - 0.3).abs())


def test_core_gcn_is_k_center_on_the_hidden_units():
    pool = Pools().ordinary()
    parameters = {"epochs": 5, "hidden": 8}
    torch.manual_seed(3)
    picks = CoreGcn(**parameters).query(pool, 20, np.random.default_rng(0))
    torch.manual_seed(3)
    hidden, _ = hidden_and_logits(pool, GcnParameters(**parameters))
    n = pool.n_unlabeled
    expected = selection.greedy_k_center_reference(hidden[:n], hidden[n:], 20)
    assert picks.tolist() == expected.tolist()
    assert len(set(picks.tolist())) == 20
