"""ActiveFT: images near to points that were moved to where the pool is, and apart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import FeatureParameters, features_alone

if TYPE_CHECKING:
    import torch

_ROWS = 2048


class ActiveFtParameters(FeatureParameters):
    """Parameters of ``active-ft``. Its authors ran 100 steps on ImageNet."""

    steps: int = Field(300, ge=1, description="steps of Adam, each over all unlabeled images")
    learning_rate: float = Field(1e-3, gt=0, description="of Adam")
    temperature: float = Field(0.07, gt=0, description="by which similarities are divided")


class ActiveFt(alharness.Sampler):
    """Moves ``budget`` points so that the pool is near to one and no two are near; picks by them.

    Source: Xie et al. (2023), algorithm 1, with the constants of their code. Features have length
    one; points start at random images and are scaled to length one after each step. The
    loss (``loss_and_gradient``) draws images to the most similar point and points apart. Then each
    point in turn takes the most similar image that is left, so that none comes twice.

    The method chooses once, before any label: labeled images play no part, also in later
    queries. Note ``loss`` is that before the last step. Needs no model but for the model's own
    features.
    """

    def __init__(
        self, representation: str, steps: int, learning_rate: float, temperature: float
    ) -> None:
        self.needs = features_alone(representation)
        self.steps = steps
        self.learning_rate = learning_rate
        self.temperature = temperature

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        import torch

        from alharness.epochs import run_epochs

        features = selection.unit_rows(pool.representation())
        start = torch.from_numpy(rng.choice(pool.n_unlabeled, budget, replace=False))
        points = features[start.to(features.device)].clone().requires_grad_()
        optimizer = torch.optim.Adam([points], lr=self.learning_rate)

        def step(_: None) -> torch.Tensor:
            loss, points.grad = loss_and_gradient(features, points.detach(), self.temperature)
            optimizer.step()
            with torch.no_grad():
                points.copy_(selection.unit_rows(points))
            return loss

        def after_step(_: int, loss: torch.Tensor) -> None:
            self.notes = {"loss": float(loss)}

        run_epochs(self.steps, lambda: [None], step=step, after_epoch=after_step)
        return _nearest_in_turn(features, points.detach())


def loss_and_gradient(
    features: torch.Tensor, points: torch.Tensor, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """ActiveFT's loss, a scalar, and its gradient in the points, (B, D).

    The mean over images f of -log(e / (e + S)), where c is the point most similar to f, e =
    exp(f·c / t) and S the sum of exp(θ·c / t) over all points θ, c among them. The θ in S
    are held constant. ``features`` is (n, D), ``points`` (B, D), rows of length one.
    """
    import torch

    among = (points @ points.T / temperature).exp()
    apart = among.sum(dim=1)
    gradient = torch.zeros_like(points)
    pushed = torch.zeros_like(apart)
    loss = features.new_zeros(())
    for start in range(0, len(features), _ROWS):
        rows = features[start : start + _ROWS]
        similar, nearest = (rows @ points.T).max(dim=1)
        near, far = (similar / temperature).exp(), apart[nearest]
        loss += ((near + far) / near).log().sum()
        gradient.index_add_(0, nearest, -(far / (near + far))[:, None] * rows)
        pushed.index_add_(0, nearest, 1 / (near + far))
    gradient += pushed[:, None] * (among @ points)
    return loss / len(features), gradient / (temperature * len(features))


def _nearest_in_turn(features: torch.Tensor, points: torch.Tensor) -> NDArray[np.int64]:
    """Of each point in turn the most similar row that no earlier one took, (B,)."""
    import torch

    taken = torch.zeros(len(features), dtype=torch.bool, device=features.device)
    picks = []
    for point in points:
        pick = int((features @ point).masked_fill(taken, -torch.inf).argmax())
        taken[pick] = True
        picks.append(pick)
    return np.array(picks, dtype=np.int64)


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "active-ft",
        ActiveFt,
        summary="Images near to points that were trained to be where the pool is, and apart",
        citation="Xie, Lu, Yan, Yang, Tomizuka and Zhan, Active Finetuning: Exploiting Annotation "
        "Budget in the Pretraining-Finetuning Paradigm, CVPR 2023",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="`steps` times budget x pool similarities; memory linear in the pool.",
        parameters=ActiveFtParameters,
    )
