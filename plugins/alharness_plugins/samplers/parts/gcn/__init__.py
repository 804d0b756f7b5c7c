"""What ``core-gcn`` and ``uncertain-gcn`` share: a graph network that tells what is labeled."""

from __future__ import annotations

from pydantic import Field

import alharness

CITATION = (
    "Caramalau, Bhattarai and Kim, Sequential Graph Convolutional Network for Active Learning, "
    "CVPR 2021"
)

COST = (
    "`epochs` passes over pool and labeled set of two matrix products with `hidden` columns, in "
    "every query; memory linear in the pool, since the graph is never formed."
)

REQUIRES = (
    "Penultimate features that are not negative, as behind a ReLU: similarities are the graph's "
    "weights."
)


class GcnParameters(alharness.Parameters):
    """Parameters of the graph network; the defaults are the published ones."""

    hidden: int = Field(128, ge=1, description="units of the hidden layer")
    dropout: float = Field(0.3, ge=0, lt=1, description="probability of dropping a hidden unit")
    epochs: int = Field(200, ge=1, description="steps of training, each on all images")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam")
    weight_decay: float = Field(5e-4, ge=0, description="of Adam")
    unlabeled_weight: float = Field(
        1.2, ge=0, description="weight of the unlabeled images' part of the loss"
    )
