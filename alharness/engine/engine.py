"""The engine: executes a unit, whatever its kind, and records what it computed."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch

import alharness
from alharness.api.errors import HarnessError
from alharness.engine.annotation import annotate
from alharness.engine.answering import answer_question
from alharness.engine.evaluation import measure
from alharness.engine.plugins import Plugins
from alharness.engine.processor import processor
from alharness.engine.query import ask
from alharness.engine.questions import Answer, Question
from alharness.engine.representation import represent
from alharness.engine.stacked_trials import train_stacked
from alharness.engine.surroundings import Computed, Surroundings
from alharness.engine.trial import train
from alharness.protocol.keys import digest_bytes
from alharness.protocol.units import (
    AnnotationInputs,
    EvaluationInputs,
    Inputs,
    QueryInputs,
    RepresentationInputs,
    TrialInputs,
    Unit,
)
from alharness.store.records import Record
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Engine:
    """Where units are executed: the workspace they read and write, the plugins, the device.

    ``ask`` has samplers answer elsewhere, isolated; without it they answer in this process.
    ``sign`` is called with each batch of images, as a sign of life. ``decoders`` threads decode
    images where these are decoded when they are needed: that changes no result.
    """

    workspace: Workspace
    plugins: Plugins
    device: torch.device
    ask: Callable[[Question], Answer] | None = None
    sign: Callable[[], None] | None = None
    decoders: int = 1

    def execute(self, unit: Unit) -> None:
        """Compute a unit and write its record.

        Raises HarnessError, naming the unit, for what is expected to go wrong and for
        whatever comes out of a plugin's code, which it names (``Plugins.boundary``).
        """
        started, begun = datetime.now(UTC), time.perf_counter()
        # A copy: what a plugin does to its hyper-parameters must not reach the record.
        with self._boundary(unit):
            computed = self._compute(unit.inputs.model_copy(deep=True), unit.key)
        self._record(unit, computed, started, time.perf_counter() - begun)

    def execute_stacked(self, units: Sequence[Unit]) -> list[Exception | None]:
        """Compute trials whose recipe is stacked, together, and write a record of each.

        What each raised, in their order, None where its record is written; of the time they took
        each record tells an equal share.
        """
        started, begun = datetime.now(UTC), time.perf_counter()
        trials = [(_trial_of(unit), unit.key) for unit in units]
        outcomes = train_stacked(self._surroundings(), trials)
        share = (time.perf_counter() - begun) / len(units)
        return [
            self._ended(unit, outcome, started, share)
            for unit, outcome in zip(units, outcomes, strict=True)
        ]

    def _ended(
        self, unit: Unit, outcome: Computed | Exception, started: datetime, seconds: float
    ) -> Exception | None:
        """Write the record of what was computed; what was raised, here or before, as an error."""
        try:
            with self._boundary(unit):
                if isinstance(outcome, Exception):
                    raise outcome
            self._record(unit, outcome, started, seconds)
        except Exception as error:
            return error
        return None

    def _boundary(self, unit: Unit) -> AbstractContextManager[None]:
        return self.plugins.boundary(f"{unit.kind} {unit.key}", unit.inputs.plugins())

    def _record(self, unit: Unit, computed: Computed, started: datetime, seconds: float) -> None:
        facts = {
            **self.facts(),
            **computed.facts,
            "plugins": self._provenance(unit.inputs),
            "started": started.isoformat(timespec="milliseconds"),
            "seconds": round(seconds, 6),
        }
        beside = {name: digest_bytes(data) for name, data in computed.beside.items()}
        record = Record(unit, computed.result, facts, beside)
        if not self.workspace.records.write(record, computed.beside):
            self._require_identical(record)

    def facts(self) -> dict[str, Any]:
        """What a record says of the machine: covered by no digest."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return {
            "host": platform.node(),
            "device": name,
            "processor": processor(),
            "cores": os.cpu_count(),
            "versions": {
                "alharness": alharness.__version__,
                "python": platform.python_version(),
                "torch": torch.__version__,
                "numpy": np.__version__,
            },
        }

    def _compute(self, inputs: Inputs, key: str) -> Computed:
        around = self._surroundings()
        match inputs:
            case TrialInputs():
                return train(around, inputs, key)
            case EvaluationInputs():
                return measure(around, inputs)
            case QueryInputs():
                return ask(around, inputs, self.ask or self._ask_here)
            case AnnotationInputs():
                return annotate(around, inputs)
            case RepresentationInputs():
                return represent(around, inputs, key)
        raise HarnessError(f"no engine computes a {inputs.kind}", where=key)

    def _surroundings(self) -> Surroundings:
        return Surroundings(self.workspace, self.plugins, self.device, self.sign, self.decoders)

    def _ask_here(self, question: Question) -> Answer:
        return answer_question(question, self.plugins, self.device, self.decoders)

    def _require_identical(self, record: Record) -> None:
        """Raises HarnessError when a unit that has a record gives another result."""
        unit = record.unit
        known = self.workspace.records.read(unit.kind, unit.key)
        if known is not None and known.digest != record.digest:
            self.workspace.checkpoints.drop(unit.key)
            self.workspace.features.drop(unit.key)
            raise HarnessError(
                "computed again, it gives another result than its record",
                where=f"{unit.kind} {unit.key}",
                remedy="Use the processor, the device and the versions that its record names, or "
                f"`alharness forget {unit.key}`: it and what rests on it are computed anew",
            )

    def _provenance(self, inputs: Inputs) -> list[dict[str, Any]]:
        """Name, parameters, distribution, version and source of each plugin of a unit."""
        components = [self.plugins.component(kind, identity) for kind, identity in inputs.plugins()]
        return [
            {
                "kind": component.kind,
                "name": component.name,
                "parameters": dict(component.parameters),
                "distribution": component.distribution,
                "version": component.version,
                "source": component.source,
            }
            for component in components
        ]


def _trial_of(unit: Unit) -> TrialInputs:
    """A copy of a trial's inputs: what a plugin does to them must not reach the record."""
    assert isinstance(unit.inputs, TrialInputs)
    return unit.inputs.model_copy(deep=True)
