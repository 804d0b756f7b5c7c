"""Needs: what a sampler has the harness prepare for its queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alharness.api.extension import TrainingExtension

REPRESENTATIONS = ("task-model",)
"""What ``Needs.representation`` may name."""


@dataclass(frozen=True)
class Needs:
    """What a sampler needs beside the task model; declared by its class or its instance.

    committee: further models that ``Pool.committee_probabilities`` asks, 0 or more. They are
        trained like the task model, with its hyper-parameters, on the same labeled set,
        from initializations of their own; samplers that need a committee share it.
    extension: a ``TrainingExtension``: a module and a loss that are trained together with
        the task model, for ``Pool.extension``. Trials with one are shared with no other
        method.
    representation: what ``Pool.representation`` gives, one of ``REPRESENTATIONS``:
        ``"task-model"`` is the task model's own penultimate features. None for none.
    sees_labels: the sampler is an upper bound that is given the hidden labels, by
        ``Pool.hidden_labels``.
    """

    committee: int = 0
    extension: TrainingExtension | None = None
    representation: str | None = None
    sees_labels: bool = False
