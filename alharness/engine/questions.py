"""Questions: what a sampler is asked with, so that it can be asked in another process.

A question is JSON and names the files that its answer needs: the training
images, the labeled positions with their labels, the positions for validation and those in
no set, the weights, what the sampler stored before. Neither hidden labels nor test images are
among them, but for a sampler that declares that it sees the former.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.api.space import Value
from alharness.engine.features import checked_features
from alharness.engine.stored import packed_stored, unpacked_stored
from alharness.protocol.partition.pool import unlabeled_pool
from alharness.protocol.partition.sets import IndexSet, joined
from alharness.protocol.partition.splits import no_images
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import ChosenModel, QueryInputs, Stored
from alharness.store.images import open_stored
from alharness.store.index_sets import load_index_set
from alharness.store.workspace import Workspace

STORED = "stored.npz"
"""The name of the file beside a query's record."""


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
    left_out, held_out: the files of the index sets of images that are in no set, and of those that
        the pool gives up, if there are some.
    models: of this cycle and the one before, as far as there are; committee: the further ones.
    stored: the file of what the sampler stored at its last query of this run, if anything.
    labels: the file of all labels, for a sampler that sees them; None for every other one.
    features: the folder of the features that the models are given instead of images, if any;
    own_features: that of the features which the sampler asks for by name, if any.
    """

    inputs: dict[str, Any]
    images: str
    labeled: list[str]
    validation: str
    left_out: str | None
    held_out: str | None
    models: list[TrainedModel]
    committee: list[TrainedModel]
    stored: str | None
    labels: str | None
    features: NotRequired[str]
    own_features: NotRequired[str]


class Answer(TypedDict):
    """Positions in the pool, the share of them that chance decided, and the sampler's notes.

    stored: what it stores for its next query, an ``.npz`` in base64; None for nothing.
    near_cut: positions of images that were nearly picked, or nearly not; of one that scores.
    isolation: of the process that answered, where it is one of its own: ``seconds`` until it
        could be asked, the version of ``landlock`` that denied it files or None, why that
        ``refused``, and what stayed ``open`` though it is hidden.
    """

    positions: list[int]
    share_of_ties: float
    notes: dict[str, str | float | bool]
    stored: str | None
    near_cut: NotRequired[list[int]]
    isolation: NotRequired[dict[str, Any]]


@dataclass(frozen=True)
class PoolOrder:
    """The pool's random order: dataset indices of its unlabeled rows, rows of the labeled set.

    held_out: dataset indices of what is held out, for a sampler that sees it; else none.
    """

    unlabeled: NDArray[np.int64]
    labeled: NDArray[np.int64]
    held_out: NDArray[np.int64]


def pose(workspace: Workspace, inputs: QueryInputs) -> Question:
    """The question of a query.

    Raises CheckpointMissing when weights that it needs are not there or damaged.
    """
    values, features = inputs.hyperparameters, inputs.network.features
    trained = inputs.trial
    chosen = [] if trained is None else [ChosenModel(trial=trained, hyperparameters=values)]
    previous = [] if inputs.previous is None else [inputs.previous]
    committee = [ChosenModel(trial=one, hyperparameters=values) for one in inputs.committee]
    question = Question(
        inputs=json.loads(inputs.spelled()),
        images=str(workspace.datasets.images_folder(inputs.network.data)),
        labeled=[str(workspace.sets.path(name)) for name in inputs.labeled],
        validation=str(workspace.sets.path(inputs.validation)),
        left_out=None if inputs.left_out is None else str(workspace.sets.path(inputs.left_out)),
        held_out=None if inputs.held_out is None else str(workspace.sets.path(inputs.held_out)),
        models=[_trained_model(workspace, model) for model in [*chosen, *previous]],
        committee=[_trained_model(workspace, model) for model in committee],
        stored=None if inputs.stored is None else str(_stored_file(workspace, inputs.stored)),
        labels=str(workspace.datasets.labels_path(inputs.network.data))
        if inputs.sees_labels
        else None,
    )
    if features is not None:
        question["features"] = str(checked_features(workspace, features))
    if inputs.own_features is not None:
        question["own_features"] = str(checked_features(workspace, inputs.own_features))
    return question


def recorded_checkpoint(workspace: Workspace, trial: str) -> str:
    """Digest of the weights that a trial's record names. Raises HarnessError without a record."""
    record = workspace.records.read("trial", trial)
    if record is None:
        raise HarnessError("the trial's record is not there", where=trial)
    return str(record.result["checkpoint"])


def pool_order(question: Question) -> PoolOrder:
    """In which order a sampler sees the images, drawn from the query's seed path."""
    inputs = QueryInputs.model_validate(question["inputs"])
    labeled = joined(labeled_parts(question)).indices
    names = question["validation"], question["left_out"], question["held_out"]
    *others, held_out = (_indices(name) for name in names)
    taken = [labeled, *others, held_out]
    n_images = open_stored(Path(question["images"])).shape[0]
    path = inputs.seed
    hidden = unlabeled_pool(n_images, taken, inputs.pool_subset, path)
    return PoolOrder(
        unlabeled=hidden[replace(path, purpose="pool/unlabeled").permutation(len(hidden))],
        labeled=replace(path, purpose="pool/labeled").permutation(len(labeled)),
        held_out=held_out[replace(path, purpose="pool/held-out").permutation(len(held_out))]
        if inputs.sees_labels
        else no_images(),
    )


def _indices(file: str | None) -> NDArray[np.int64]:
    """Those of an index set; none where there is none."""
    return no_images() if file is None else load_index_set(Path(file)).indices


def answered_stored(answer: Answer, origin: str) -> bytes | None:
    """What an answer, which comes out of another process, stores for the next query.

    Raises ContractViolation when it is not what a query may store.
    """
    if answer["stored"] is None:
        return None
    arrays = unpacked_stored(base64.b64decode(answer["stored"]), origin)
    return packed_stored(arrays, origin)


def image_numbers(query: SeedPath, n_images: int) -> NDArray[np.int64]:
    """The number of each training image by its dataset index, (n_images,) int64.

    The same for the queries of all cycles of a run, and for its first one.
    """
    path = replace(query, purpose="pool/numbers", cycle=None, number=0)
    return path.distinct_numbers(n_images)


def _stored_file(workspace: Workspace, stored: Stored) -> Path:
    """Raises HarnessError when it is lost, damaged, or not what the query was planned with."""
    record = workspace.records.read("query", stored.query)
    if record is None or record.beside.get(STORED) != stored.digest:
        raise HarnessError("what the query stored is not there", where=stored.query)
    workspace.records.beside(record, STORED)
    return workspace.records.path_beside(record, STORED)


def labeled_parts(question: Question) -> list[IndexSet]:
    """The index sets that make up the labeled set: the initial one, then each cycle's."""
    return [load_index_set(Path(path)) for path in question["labeled"]]


def _trained_model(workspace: Workspace, model: ChosenModel) -> TrainedModel:
    digest = recorded_checkpoint(workspace, model.trial)
    return TrainedModel(
        trial=model.trial,
        hyperparameters=model.hyperparameters,
        path=str(workspace.checkpoints.checked(model.trial, digest)),
        digest=digest,
    )
