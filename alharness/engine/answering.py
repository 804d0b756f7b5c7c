"""Answering a question: the sampler, the pool that it is shown, and what it answers."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from alharness.api.needs import Needs
from alharness.api.pool import Hidden, Subset
from alharness.api.sampler import Sampler, ScoreSampler
from alharness.engine.extension import built_extension, parted
from alharness.engine.features import HeldFeatures, hold_features
from alharness.engine.images import Images, open_images
from alharness.engine.network import Network, trained_network
from alharness.engine.plugins import Plugins
from alharness.engine.pool import Granted, ImagePool, RunSoFar
from alharness.engine.querying import ask_sampler, checked_notes
from alharness.engine.questions import (
    Answer,
    PoolOrder,
    Question,
    TrainedModel,
    image_numbers,
    labeled_parts,
    pool_order,
)
from alharness.engine.randomness import controlled
from alharness.engine.stored import packed_stored, unpacked_stored
from alharness.protocol.partition.sets import IndexSet, joined
from alharness.protocol.units import QueryInputs
from alharness.store.checkpoints import load_weights
from alharness.store.images import open_stored


def answer_question(
    question: Question, plugins: Plugins, device: torch.device, decoders: int = 1
) -> Answer:
    """Ask the sampler. Raises ContractViolation when it breaks a rule of its contract.

    ``decoders`` threads decode images where these are decoded when they are needed.
    """
    inputs = QueryInputs.model_validate(question["inputs"])
    sampler: Sampler = plugins.create("sampler", inputs.sampler)
    origin = plugins.component("sampler", inputs.sampler).origin
    with controlled(inputs.seed.torch_seed()):
        needs = getattr(sampler, "needs", Needs())
        pool = _pool(question, inputs, needs, plugins, device, decoders)
        budget, rng = inputs.budget, inputs.seed.generator()
        involved = tuple(plugins.registered(inputs.plugins()))
        # A sampler that walks the frames above it finds no file names there.
        del question, inputs, plugins
        positions = ask_sampler(sampler, pool, budget, rng, origin, involved)
    stored = packed_stored(getattr(sampler, "stored", {}), origin)
    answer = Answer(
        positions=positions.tolist(),
        share_of_ties=float(getattr(sampler, "share_of_ties", 0.0)),
        notes=checked_notes(getattr(sampler, "notes", {}), origin),
        stored=None if stored is None else base64.b64encode(stored).decode(),
    )
    if isinstance(sampler, ScoreSampler):
        answer["near_cut"] = list(sampler.near_cut)
    return answer


def _pool(
    question: Question,
    inputs: QueryInputs,
    needs: Needs,
    plugins: Plugins,
    device: torch.device,
    decoders: int,
) -> ImagePool:
    order = pool_order(question)
    parts = labeled_parts(question)
    labeled = joined(parts)
    assert labeled.labels is not None
    rows: dict[Subset, NDArray[np.int64]] = {
        "unlabeled": order.unlabeled,
        "labeled": labeled.indices[order.labeled],
    }
    if len(order.held_out):
        rows["held-out"] = order.held_out
    shown = {subset: _shown(question, where, device, decoders) for subset, where in rows.items()}
    width = shown["unlabeled"].width
    networks = [_network(inputs, one, plugins, device, width) for one in question["models"]]
    return ImagePool(
        shown["unlabeled"],
        shown["labeled"],
        torch.from_numpy(labeled.labels[order.labeled]).to(device),
        inputs.network.n_classes,
        networks[0] if networks else None,
        networks[1] if len(networks) > 1 else None,
        run=_run_so_far(question, parts, order),
        granted=Granted(
            [_network(inputs, one, plugins, device, width) for one in question["committee"]],
            extension=_extension(question, needs, networks[0], shown["labeled"])
            if networks
            else None,
            representation=needs.representation,
            own_features=_own_features(question, rows, device),
            held_out=shown.get("held-out"),
            hidden_labels=_hidden_labels(question, order, device),
        ),
    )


def _shown(
    question: Question, rows: NDArray[np.int64], device: torch.device, decoders: int
) -> Images:
    """What the models are given of these training images: themselves, or features."""
    if "features" in question:
        return hold_features(Path(question["features"]), rows, device)
    return open_images(open_stored(Path(question["images"])), rows, device, decoders)


def _own_features(
    question: Question, rows: Mapping[Subset, NDArray[np.int64]], device: torch.device
) -> dict[Subset, HeldFeatures] | None:
    """The features that the sampler asks for by name."""
    if "own_features" not in question:
        return None
    folder = Path(question["own_features"])
    return {subset: hold_features(folder, where, device) for subset, where in rows.items()}


def _extension(
    question: Question, needs: Needs, network: Network, images: Images
) -> nn.Module | None:
    """The module that was trained along with this cycle's model."""
    if needs.extension is None:
        return None
    inputs = QueryInputs.model_validate(question["inputs"])
    n_classes, example = inputs.network.n_classes, images.batch(slice(0, 1))
    device = next(network.parameters()).device
    built = built_extension(needs.extension, network, n_classes, device, example)
    if built.levels is not None:
        built.levels.release()
    _, weights = parted(load_weights(Path(question["models"][0]["path"])))
    built.module.load_state_dict(weights)
    return built.module.eval()


def _run_so_far(question: Question, parts: Sequence[IndexSet], order: PoolOrder) -> RunSoFar:
    n_images = open_stored(Path(question["images"])).shape[0]
    inputs = QueryInputs.model_validate(question["inputs"])
    labeled_in = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    numbers = image_numbers(inputs.seed, n_images)
    stored = None if question["stored"] is None else Path(question["stored"]).read_bytes()
    return RunSoFar(
        cycle=max(len(parts) - 1, 0),
        labeled_in=labeled_in[order.labeled],
        numbers={
            "unlabeled": numbers[order.unlabeled],
            "labeled": numbers[joined(parts).indices[order.labeled]],
            "held-out": numbers[order.held_out],
        },
        stored=unpacked_stored(stored, f"sampler '{inputs.sampler.name}'"),
    )


def _hidden_labels(
    question: Question, order: PoolOrder, device: torch.device
) -> dict[Hidden, torch.Tensor]:
    """Of the images that a sampler may pick and of those held out, where it sees labels."""
    if question["labels"] is None:
        return {}
    labels = np.load(question["labels"], allow_pickle=False)
    rows: dict[Hidden, NDArray[np.int64]] = {
        "unlabeled": order.unlabeled,
        "held-out": order.held_out,
    }
    return {subset: torch.from_numpy(labels[where]).to(device) for subset, where in rows.items()}


def _network(
    inputs: QueryInputs,
    model: TrainedModel,
    plugins: Plugins,
    device: torch.device,
    width: int | None,
) -> Network:
    return trained_network(
        plugins, inputs.network, model["hyperparameters"], Path(model["path"]), device, width
    )
