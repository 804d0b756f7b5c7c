"""Needs: what a sampler has the harness prepare for its queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alharness.api.extension import TrainingExtension

TASK_MODEL = "task-model"
"""The representation that is the task model's own penultimate features."""

SCENARIO = "scenario"
"""The representation that the scenario trains on."""


@dataclass(frozen=True)
class Needs:
    """What a sampler needs beside the task model; declared by its class or its instance.

    committee: further models that ``Pool.committee_probabilities`` asks, 0 or more. They are
        trained like the task model, with its hyper-parameters, on the same labeled set,
        from initializations of their own; samplers that need a committee share it.
    extension: a ``TrainingExtension``: a module and a loss that are trained together with
        the task model, for ``Pool.extension``. Trials with one are shared with no other
        method.
    representation: what ``Pool.representation`` gives: ``"task-model"`` for the task model's own
        penultimate features, ``"scenario"`` for what the scenario trains on, or any
        representation as the command line spells it (``"raw"``, ``"timm:resnet18"``), which is
        then computed for the data set, once. None for none.
    sees_labels: the sampler is an upper bound that is given the hidden labels, by
        ``Pool.hidden_labels``, and the images that the suite holds out of every pool
        (``protocol.held_out``), as the subset ``"held-out"``.
    images: it asks for the pool's images: a scenario that trains on features has none.
    dropout: it asks for Monte-Carlo dropout.
    layers: it asks for what lies between the task model's input and its last layer: a linear
        model has nothing there.
    pool: the least number of unlabeled images that it can pick from.
    model: it asks a trained task model. One that declares ``model=False`` can also be asked before
        any training, when nothing is labeled: in a suite whose initial sets are chosen, it chooses
        its own, and every other sampler starts from the reference's.
    held_out: the least number of images held out of every pool that it needs, to measure on them
        what a batch gains; only with ``sees_labels``.

    A scenario that lacks what a sampler needs lists it as *not applicable*, with the reason.
    """

    committee: int = 0
    extension: TrainingExtension | None = None
    representation: str | None = None
    sees_labels: bool = False
    images: bool = False
    dropout: bool = False
    layers: bool = False
    pool: int = 1
    model: bool = True
    held_out: int = 0
