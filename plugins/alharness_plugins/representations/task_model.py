"""``task-model``: the penultimate features of the model that is being trained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import alharness

if TYPE_CHECKING:
    import torch


class TaskModelFeatures(alharness.Representation):
    """What most samplers use: the penultimate features of the cycle's own task model.

    They belong to a trial, change from cycle to cycle, and are kept nowhere: the pool answers
    them (``Pool.representation``) to a sampler that declares
    ``needs = alharness.Needs(representation="task-model")``. No scenario can train on them.
    """

    belongs_to_trial = True

    def features(self, images: torch.Tensor) -> torch.Tensor:
        raise alharness.UsageError(
            "it belongs to a trial, and has no features of its own",
            where="representation 'task-model'",
            remedy="Ask the pool of a query for them, or name another representation",
        )


@alharness.hookimpl
def alharness_representations() -> Iterator[alharness.RepresentationSpec]:
    yield alharness.RepresentationSpec(
        "task-model",
        TaskModelFeatures,
        summary="The penultimate features of the cycle's own model, which the pool answers",
        requires="A query: it is there only after training.",
        cost="One pass of the pool through the task model in each query.",
    )
