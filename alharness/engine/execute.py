"""Executing a unit: read what its inputs name, compute, record."""

from __future__ import annotations

import copy
import math
import os
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

import alharness
from alharness.api.errors import HarnessError
from alharness.api.oracle import Oracle
from alharness.engine.extension import joined
from alharness.engine.images import open_images
from alharness.engine.network import (
    channel_statistics,
    make_network,
    make_regularizers,
    trained_network,
)
from alharness.engine.optimizers import OptimizerOptions
from alharness.engine.plugins import Plugins
from alharness.engine.querying import ask_oracle, checked_notes, checked_positions
from alharness.engine.questions import (
    Answer,
    Question,
    answer_question,
    pool_order,
    pose,
    recorded_checkpoint,
)
from alharness.engine.randomness import controlled
from alharness.engine.recipe import require_carried_out
from alharness.engine.training import Examples, Training, evaluate
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import Unit
from alharness.store.records import Record
from alharness.store.workspace import Workspace

Result = dict[str, Any]
Computed: TypeAlias = tuple[Result, dict[str, Any]]
"""A unit's result, and what its record's facts say beside what all of them do."""


@dataclass(frozen=True)
class Engine:
    """Where units are executed: the workspace they read and write, the plugins, the device.

    ``ask`` has samplers answer elsewhere, isolated; without it they answer in this process.
    """

    workspace: Workspace
    plugins: Plugins
    device: torch.device
    ask: Callable[[Question], Answer] | None = None

    def execute(self, unit: Unit) -> None:
        """Compute a unit and write its record.

        Raises HarnessError for what is expected to go wrong; every other
        exception comes out of a plugin's or the harness's code as it is.
        """
        compute: Callable[[Mapping[str, Any], str], Computed] = {
            "trial": self._trial,
            "evaluation": self._evaluation,
            "query": self._query,
            "annotation": self._annotation,
        }[unit.kind]
        started, begun = datetime.now(UTC), time.perf_counter()
        # A copy: what a plugin does to its hyper-parameters must not reach the record.
        result, told = compute(copy.deepcopy(unit.inputs), unit.key)
        facts = {
            **self.facts(),
            **told,
            "plugins": self._provenance(unit.inputs),
            "started": started.isoformat(timespec="milliseconds"),
            "seconds": round(time.perf_counter() - begun, 6),
        }
        record = Record(unit, result, facts)
        if not self.workspace.records.write(record):
            self._require_identical(record)

    def _require_identical(self, record: Record) -> None:
        """Raises HarnessError when a unit that has a record gives another result."""
        unit = record.unit
        known = self.workspace.records.read(unit.kind, unit.key)
        if known is not None and known.digest != record.digest:
            self.workspace.checkpoints.drop(unit.key)
            raise HarnessError(
                "computed again, it gives another result than its record",
                where=f"{unit.kind} {unit.key}",
                remedy="Use the device and the versions that its record names, or a new workspace",
            )

    def facts(self) -> dict[str, Any]:
        """What a record says of the machine: covered by no digest."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return {
            "host": platform.node(),
            "device": name,
            "cores": os.cpu_count(),
            "versions": {
                "alharness": alharness.__version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        }

    def _provenance(self, inputs: Mapping[str, Any]) -> list[dict[str, str]]:
        """Name, distribution, version and source of each plugin that a unit's inputs name."""
        kinds = ("sampler", "model", "loss", "oracle")
        named = [(kind, inputs[kind]) for kind in kinds if kind in inputs]
        if "recipe" in inputs:
            named.append(("schedule", inputs["recipe"]["schedule"]))
        named += [("regularizer", identity) for identity in inputs.get("regularizers", ())]
        components = [self.plugins.component(kind, identity) for kind, identity in named]
        return [
            {
                "kind": component.kind,
                "name": component.name,
                "distribution": component.distribution,
                "version": component.version,
                "source": component.source,
            }
            for component in components
        ]

    def _trial(self, inputs: Mapping[str, Any], key: str) -> Computed:
        """Train one model; keep the weights of its best epoch."""
        recipe, path = inputs["recipe"], SeedPath(**inputs["seed"])
        require_carried_out(recipe["precision"], recipe["start"])
        labeled = self.workspace.sets.get(inputs["labeled"])
        validation = self.workspace.sets.get(inputs["validation"]).indices
        assert labeled.labels is not None
        true_labels = self._labels(inputs["data"])[validation]
        regularizers = make_regularizers(self.plugins, inputs)
        with controlled(path.torch_seed(), recipe["threads"]):
            network = make_network(self.plugins, inputs, regularizers, self._statistics(inputs)).to(
                self.device
            )
            examples = self._examples(inputs["data"], labeled.indices, labeled.labels)
            training = Training(
                network,
                examples,
                self._examples(inputs["data"], validation, true_labels),
                inputs["hyperparameters"],
                regularizers,
                order=_generator(replace(path, purpose="order"), torch.device("cpu")),
                augmentation=_generator(replace(path, purpose="augmentation"), self.device),
                n_classes=inputs["n_classes"],
                loss=self.plugins.create("loss", inputs["loss"]),
                schedule=self.plugins.create("schedule", recipe["schedule"]),
                options=OptimizerOptions(
                    recipe["momentum"], recipe["nesterov"], recipe["weight_decay"]
                ),
            )
            trained = training.fit(recipe["epochs"])
        checkpoint = self.workspace.checkpoints.write(
            key, joined(trained.weights, trained.extension)
        )
        return {
            "validation_accuracy": trained.best.accuracy,
            "validation_loss": _finite(trained.best.loss),
            "best_epoch": trained.best_epoch,
            "replaced_by": trained.replaced_by,
            "checkpoint": checkpoint,
            "parameters": sum(parameter.numel() for parameter in network.parameters()),
            "curves": {
                "training_loss": [_finite(loss) for loss in trained.training_loss],
                "validation_accuracy": [score.accuracy for score in trained.validation],
                "validation_loss": [_finite(score.loss) for score in trained.validation],
            },
        }, {}

    def _evaluation(self, inputs: Mapping[str, Any], key: str) -> Computed:
        """Measure a chosen model on the test images."""
        labels = self.workspace.datasets.labels(inputs["test"])
        examples = self._examples(inputs["test"], np.arange(len(labels)), labels)
        checkpoint = recorded_checkpoint(self.workspace, inputs["trial"])
        path = self.workspace.checkpoints.checked(inputs["trial"], checkpoint)
        with controlled(0):
            network = trained_network(self.plugins, inputs, path, self.device)
            score = evaluate(network, examples)
        return {
            "test_accuracy": score.accuracy,
            "test_loss": _finite(score.loss),
            "checkpoint": checkpoint,
        }, {}

    def _query(self, inputs: Mapping[str, Any], key: str) -> Computed:
        """Ask the sampler; its answer in dataset indices."""
        question = pose(self.workspace, inputs)
        ask = self.ask or self._ask_here
        answer = ask(question)
        order = pool_order(question)
        origin = self.plugins.component("sampler", inputs["sampler"]).origin
        positions = checked_positions(
            answer["positions"],
            len(order.unlabeled),
            inputs["budget"],
            origin,
        )
        return {
            "indices": order.unlabeled[positions].tolist(),
            "share_of_ties": answer["share_of_ties"],
            "checkpoints": {
                model["trial"]: model["digest"]
                for model in [*question["models"], *question["committee"]]
            },
        }, {"notes": checked_notes(answer["notes"], origin)}

    def _ask_here(self, question: Question) -> Answer:
        return answer_question(question, self.plugins, self.device)

    def _annotation(self, inputs: Mapping[str, Any], key: str) -> Computed:
        """Ask the oracle for the labels of a query's images."""
        query = self.workspace.records.read("query", inputs["query"])
        if query is None:
            raise HarnessError("the query's record is not there", where=inputs["query"])
        indices = np.asarray(query.result["indices"], dtype=np.int64)
        oracle: Oracle = self.plugins.create("oracle", inputs["oracle"])
        if oracle.fingerprint() != inputs["oracle"].get("fingerprint", ""):
            raise HarnessError(
                "what it reads has changed since the unit was planned",
                where=self.plugins.component("oracle", inputs["oracle"]).origin,
                remedy="Run the same command again: it is planned anew",
            )
        path = SeedPath(**inputs["seed"])
        with controlled(path.torch_seed()):
            labels = ask_oracle(
                oracle,
                self._labels(inputs["data"])[indices],
                indices,
                inputs["n_classes"],
                path.generator(),
                self.plugins.component("oracle", inputs["oracle"]).origin,
            )
        return {"labels": labels.tolist(), "cost": float(oracle.cost_per_label) * len(labels)}, {}

    def _statistics(self, inputs: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Mean and deviation of the initial labeled set, when the recipe normalizes."""
        name = inputs["recipe"]["normalization"]
        if name is None:
            return None
        indices = self.workspace.sets.get(name).indices
        stored = self.workspace.datasets.images(inputs["data"])
        return channel_statistics(open_images(stored, indices, torch.device("cpu")))

    def _examples(
        self, split: str, indices: NDArray[np.int64], labels: NDArray[np.int64]
    ) -> Examples:
        stored = self.workspace.datasets.images(split)
        images = open_images(stored, indices, self.device)
        return Examples(images, torch.from_numpy(labels).to(self.device))

    def _labels(self, split: str) -> NDArray[np.int64]:
        return self.workspace.datasets.labels(split)


def _generator(path: SeedPath, device: torch.device) -> torch.Generator:
    return torch.Generator(device).manual_seed(path.torch_seed())


def _finite(value: float) -> float | None:
    """JSON has no infinity: a loss that is not finite is recorded as None."""
    return value if math.isfinite(value) else None
