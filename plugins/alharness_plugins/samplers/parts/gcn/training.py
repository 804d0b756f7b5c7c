"""Training of the graph network on all images of a pool."""

from __future__ import annotations

import torch

import alharness
from alharness.epochs import finite_loss, run_epochs
from alharness_plugins.samplers.parts.gcn import GcnParameters
from alharness_plugins.samplers.parts.gcn.graph import GraphNetwork, SimilarityGraph, labeled_or_not


def hidden_and_logits(
    pool: alharness.Pool, parameters: GcnParameters
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden units, (n, hidden), and logits of "labeled", (n,), unlabeled images first.

    Trained anew, from torch's global generators, on the task model's penultimate features.
    Raises HarnessError when the loss is not finite.
    """
    graph = SimilarityGraph(torch.cat([pool.embeddings("unlabeled"), pool.embeddings("labeled")]))
    rows = graph.propagated(graph.rows)
    network = GraphNetwork(rows.shape[1], parameters.hidden, parameters.dropout).to(pool.device)
    optimizer = torch.optim.Adam(
        network.parameters(), lr=parameters.learning_rate, weight_decay=parameters.weight_decay
    )

    def step(_: None) -> torch.Tensor:
        logits = network(graph, network.hidden(rows))
        loss = labeled_or_not(logits, pool.n_unlabeled, parameters.unlabeled_weight)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss.detach()

    run_epochs(
        parameters.epochs,
        lambda: [None],
        step=step,
        after_epoch=finite_loss("the graph network", remedy="Try a lower learning_rate"),
    )
    network.eval()
    with torch.no_grad():
        hidden = network.hidden(rows)
        return hidden, network(graph, hidden)
