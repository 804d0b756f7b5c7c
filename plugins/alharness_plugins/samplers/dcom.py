"""DCoM: covers while little is covered, and asks about what is uncertain once much is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

import alharness
from alharness import selection
from alharness_plugins.samplers.parts.features import TASK_MODEL

if TYPE_CHECKING:
    import torch


class DcomParameters(alharness.Parameters):
    """Parameters of ``dcom``."""

    representation: str = Field(
        "scenario",
        description="what is covered: 'scenario', the features that the scenario trains on, or a "
        "representation as the command line spells it",
    )
    delta: float | None = Field(
        None,
        gt=0,
        le=2,
        description="radius that the first labels start from, features being of length one; None: "
        "as probcover finds it",
    )
    point: float = Field(0.8, ge=0, le=1, description="covered share at which weights are equal, a")
    steepness: float = Field(50.0, gt=0, description="of the turn from one to the other, k")

    @field_validator("representation")
    @classmethod
    def _stays(cls, representation: str) -> str:
        if representation == TASK_MODEL:
            raise ValueError(
                "radii are kept from query to query, and the model's own features are others in "
                "each: name features that stay"
            )
        return representation


class Dcom(alharness.Sampler):
    """ProbCover and margin, weighted by how much is covered; every label has a radius of its own.

    Source: Mishal and Weinshall (2024), with the constants of their first published code (those of
    the third version were not seen). After each training the newest labels get the radius at
    which a share 0.2 c + 0.4 of their ball has their class, by the model's predictions, c being
    the share of all images that is covered. Picks cover within the mean of all radii; margin and
    degree are scaled before every pick.

    Different from their code: the last images of a pool count, as all do; labeled images count
    as covered; hidden labels are not looked at; ``rng`` breaks ties. Radii are kept from query to
    query, so the features must be those of the query before: theirs are of one self-supervised
    network, and ``task-model`` is refused. Notes: ``delta``, the mean radius; ``covered``, c;
    ``weight``, that of uncertainty.
    """

    def __init__(
        self, representation: str, delta: float | None, point: float, steepness: float
    ) -> None:
        self.needs = alharness.Needs(representation=representation)
        self.delta = delta
        self.point = point
        self.steepness = steepness

    def query(
        self,
        pool: alharness.Pool,
        budget: int,
        rng: np.random.Generator,
    ) -> NDArray[np.int64]:
        labeled = selection.unit_rows(pool.representation("labeled"))
        unlabeled = selection.unit_rows(pool.representation("unlabeled"))
        probabilities = pool.probabilities()
        radii = self._radii(pool, labeled, unlabeled, probabilities.argmax(dim=1), rng)
        self.stored = {"numbers": pool.numbers("labeled").cpu().numpy(), "radii": radii}
        covers = selection.Coverage(unlabeled, labeled, float(radii.mean()), radii)
        covered = (pool.n_labeled + int(covers.covered.sum())) / (pool.n_labeled + pool.n_unlabeled)
        weight = selection.competence_weight(covered, point=self.point, steepness=self.steepness)
        self.notes = {"delta": float(radii.mean()), "covered": covered, "weight": weight}
        first, second = probabilities.topk(2, dim=1).values.double().cpu().numpy().T
        return selection.greedy_competence(covers, first - second, weight, budget, rng)

    def _radii(
        self,
        pool: alharness.Pool,
        labeled: torch.Tensor,
        unlabeled: torch.Tensor,
        predicted: torch.Tensor,
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """Of the labeled images, those of earlier queries kept, (n_labeled,)."""
        import torch

        rows = torch.cat([labeled, unlabeled])
        numbers = pool.numbers("labeled").cpu().numpy()
        old, kept = selection.kept_values(numbers, pool.stored(), "radii")
        radii = np.empty(len(numbers))
        radii[old] = kept
        if old.any():
            radii[~old] = kept.mean()
        elif self.delta is not None:
            radii[:] = self.delta
        else:
            radii[:] = selection.pure_radius(rows, pool.n_classes, rng)
        purity = 0.2 * selection.share_covered(unlabeled, labeled, radii) + 0.4
        classes = torch.cat([pool.labels(), predicted]).cpu().numpy()
        radii[~old] = selection.pure_radii(rows, classes, np.flatnonzero(~old), purity)
        return radii


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "dcom",
        Dcom,
        summary="Covers while little is covered, then asks about what is uncertain",
        citation="Mishal and Weinshall, DCoM: Active Learning for All Learners, 2024",
        requires="Features: those of the scenario, or a `representation` that is named.",
        cost="One forward pass over the pool; (labeled + pool) x pool distances, at most twice, "
        "and pool distances for every new label; memory linear in the pool. Sixteen bytes for "
        "each labeled image are stored for the next query.",
        parameters=DcomParameters,
    )
