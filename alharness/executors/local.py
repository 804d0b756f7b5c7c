"""The executor ``local``: processes on this machine, samplers asked in processes of their own."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, cast

import torch

from alharness.engine.engine import Engine
from alharness.engine.plugins import Plugins
from alharness.engine.questions import Answer, Question
from alharness.executors.workers import Limits, Setup, Worker, WorkerDied, start_forkserver
from alharness.protocol.units import Identity, Unit
from alharness.registry import Registry
from alharness.store.workspace import Workspace


class LocalExecutor:
    """One lane for each device given; a lane executes one unit at a time."""

    def __init__(
        self,
        workspace: Workspace,
        registry: Registry,
        plugin_files: Sequence[Path],
        devices: Sequence[str],
        limits: Limits,
    ) -> None:
        start_forkserver()
        self.slots = len(devices)
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="alharness-lane")
        self._lanes = [
            _Lane(workspace, registry, tuple(plugin_files), device, limits) for device in devices
        ]
        self._idle: SimpleQueue[_Lane] = SimpleQueue()
        for lane in self._lanes:
            self._idle.put(lane)

    def submit(self, unit: dict[str, Any]) -> Future[None]:
        """Execute a unit in the next idle lane."""
        return self._threads.submit(self._execute, unit)

    def shutdown(self) -> None:
        """End all workers; units in progress are abandoned."""
        for lane in self._lanes:
            lane.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _execute(self, unit: dict[str, Any]) -> None:
        lane = self._idle.get()
        try:
            lane.execute(unit)
        finally:
            self._idle.put(lane)


class _Lane:
    """A worker that executes units, and for queries one that asks samplers.

    The latter knows no workspace and serves one sampler; another sampler gets
    another process, so that nothing one does reaches the other.
    """

    def __init__(
        self,
        workspace: Workspace,
        registry: Registry,
        plugin_files: tuple[Path, ...],
        device: str,
        limits: Limits,
    ) -> None:
        self._executing = _Seat(Setup(workspace.root, plugin_files, device))
        self._asking = _Seat(Setup(None, plugin_files, device))
        self._limits = limits
        self._asked: Any = None
        self._plugins = Plugins(registry)
        self._engine = Engine(workspace, self._plugins, torch.device(device), self._ask)

    def execute(self, unit: dict[str, Any]) -> None:
        """Execute a unit."""
        if unit["kind"] == "query":
            self._engine.execute(Unit.from_json(unit))
            return
        self._executing.ask(unit, Limits(), f"{unit['kind']} {unit['key']}")

    def close(self) -> None:
        """End both workers for good."""
        self._executing.close()
        self._asking.close()

    def _ask(self, question: Question) -> Answer:
        sampler = Identity(**question["inputs"]["sampler"])
        if sampler != self._asked:
            self._asking.empty()
            self._asked = sampler
        origin = self._plugins.component("sampler", sampler).origin
        answer = self._asking.ask({"question": question}, self._limits, origin)
        return cast(Answer, answer["answer"])


class _Seat:
    """A place for one worker, filled when it is needed."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._worker: Worker | None = None
        self._closed = False
        self._lock = threading.Lock()

    def ask(self, message: dict[str, Any], limits: Limits, who: str) -> dict[str, Any]:
        """What the worker answers. When it dies, another is asked once more; see ``Worker.ask``."""
        try:
            return self._filled().ask(message, limits, who)
        except WorkerDied:
            return self._filled().ask(message, limits, who)

    def _filled(self) -> Worker:
        """The worker that is there and lives, else a new one. Raises WorkerDied once closed."""
        with self._lock:
            if self._closed:
                raise WorkerDied("the bench is stopping")
            if self._worker is None or not self._worker.alive:
                self._worker = Worker(self._setup)
            return self._worker

    def empty(self) -> None:
        """End the worker that is there."""
        with self._lock:
            if self._worker is not None:
                self._worker.end()
                self._worker = None

    def close(self) -> None:
        """End the worker that is there, and have no other."""
        self._closed = True
        self.empty()
