"""Questions: what a sampler is asked with, so that it can be asked in another process.

A question is JSON and names the files that its answer needs: the training
images, the labeled positions with their labels, the validation positions, the
weights. Neither hidden labels nor test images are among them.
"""

from __future__ import annotations

import gc
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.api.sampler import Sampler
from alharness.api.space import Value
from alharness.engine.images import open_images
from alharness.engine.network import Network, trained_network
from alharness.engine.plugins import Plugins
from alharness.engine.pool import Granted, ImagePool
from alharness.engine.querying import ask_sampler, checked_notes
from alharness.engine.randomness import controlled
from alharness.protocol.partition.sets import IndexSet, joined
from alharness.protocol.units import ChosenModel, QueryInputs
from alharness.store.images import open_stored
from alharness.store.index_sets import load_index_set
from alharness.store.workspace import Workspace


class TrainedModel(TypedDict):
    """A chosen model: its trial, hyper-parameters, file of weights and that file's digest."""

    trial: str
    hyperparameters: dict[str, Value]
    path: str
    digest: str


class Question(TypedDict):
    """What a sampler is asked with.

    inputs: of the query, in JSON. images: the folder of the training images.
    labeled: the files of the index sets that make up the labeled set, in their order.
    models: of this cycle and, if any, the one before; committee: the further ones.
    """

    inputs: dict[str, Any]
    images: str
    labeled: list[str]
    validation: str
    models: list[TrainedModel]
    committee: list[TrainedModel]


class Answer(TypedDict):
    """Positions in the pool, the share of them that chance decided, and the sampler's notes."""

    positions: list[int]
    share_of_ties: float
    notes: dict[str, str | float | bool]


@dataclass(frozen=True)
class PoolOrder:
    """The pool's random order: dataset indices of its unlabeled rows, rows of the labeled set."""

    unlabeled: NDArray[np.int64]
    labeled: NDArray[np.int64]


def pose(workspace: Workspace, inputs: QueryInputs) -> Question:
    """The question of a query.

    Raises CheckpointMissing when weights that it needs are not there or damaged.
    """
    values = inputs.hyperparameters
    chosen = [ChosenModel(trial=inputs.trial, hyperparameters=values)]
    previous = [] if inputs.previous is None else [inputs.previous]
    committee = [ChosenModel(trial=one, hyperparameters=values) for one in inputs.committee]
    return Question(
        inputs=json.loads(inputs.spelled()),
        images=str(workspace.datasets.images_folder(inputs.network.data)),
        labeled=[str(workspace.sets.path(name)) for name in inputs.labeled],
        validation=str(workspace.sets.path(inputs.validation)),
        models=[_trained_model(workspace, model) for model in [*chosen, *previous]],
        committee=[_trained_model(workspace, model) for model in committee],
    )


def recorded_checkpoint(workspace: Workspace, trial: str) -> str:
    """Digest of the weights that a trial's record names. Raises HarnessError without a record."""
    record = workspace.records.read("trial", trial)
    if record is None:
        raise HarnessError("the trial's record is not there", where=trial)
    return str(record.result["checkpoint"])


def pool_order(question: Question) -> PoolOrder:
    """In which order a sampler sees the images, drawn from the query's seed path."""
    labeled = _labeled(question).indices
    validation = load_index_set(Path(question["validation"])).indices
    n_images = open_stored(Path(question["images"])).shape[0]
    hidden = np.setdiff1d(np.arange(n_images), np.concatenate([labeled, validation]))
    path = QueryInputs.model_validate(question["inputs"]).seed
    return PoolOrder(
        unlabeled=hidden[replace(path, purpose="pool/unlabeled").permutation(len(hidden))],
        labeled=replace(path, purpose="pool/labeled").permutation(len(labeled)),
    )


def answer_question(question: Question, plugins: Plugins, device: torch.device) -> Answer:
    """Ask the sampler. Raises ContractViolation when it breaks a rule of its contract."""
    inputs = QueryInputs.model_validate(question["inputs"])
    sampler: Sampler = plugins.create("sampler", inputs.sampler)
    origin = plugins.component("sampler", inputs.sampler).origin
    with controlled(inputs.seed.torch_seed()):
        pool = _pool(question, inputs, plugins, device)
        budget, rng = inputs.budget, inputs.seed.generator()
        # A sampler that walks the frames above it finds no file names there.
        del question, inputs, plugins
        gc.collect()
        positions = ask_sampler(sampler, pool, budget, rng, origin)
    return Answer(
        positions=positions.tolist(),
        share_of_ties=float(getattr(sampler, "share_of_ties", 0.0)),
        notes=checked_notes(getattr(sampler, "notes", {}), origin),
    )


def _pool(
    question: Question, inputs: QueryInputs, plugins: Plugins, device: torch.device
) -> ImagePool:
    order = pool_order(question)
    stored = open_stored(Path(question["images"]))
    labeled = _labeled(question)
    assert labeled.labels is not None
    networks = [_network(inputs, model, plugins, device) for model in question["models"]]
    return ImagePool(
        open_images(stored, order.unlabeled, device),
        open_images(stored, labeled.indices[order.labeled], device),
        torch.from_numpy(labeled.labels[order.labeled]).to(device),
        inputs.network.n_classes,
        networks[0],
        networks[1] if len(networks) > 1 else None,
        granted=Granted(
            [_network(inputs, member, plugins, device) for member in question["committee"]]
        ),
    )


def _labeled(question: Question) -> IndexSet:
    return joined([load_index_set(Path(path)) for path in question["labeled"]])


def _network(
    inputs: QueryInputs, model: TrainedModel, plugins: Plugins, device: torch.device
) -> Network:
    return trained_network(
        plugins, inputs.network, model["hyperparameters"], Path(model["path"]), device
    )


def _trained_model(workspace: Workspace, model: ChosenModel) -> TrainedModel:
    digest = recorded_checkpoint(workspace, model.trial)
    return TrainedModel(
        trial=model.trial,
        hyperparameters=model.hyperparameters,
        path=str(workspace.checkpoints.checked(model.trial, digest)),
        digest=digest,
    )
