"""What runs in a worker process: one executes units, the other one asks samplers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from alharness.work.confinement import confined
from alharness.work.guard import guarded
from alharness.work.messages import Message, answered, describe_error, unless_error
from alharness.work.pipe import Pipe

if TYPE_CHECKING:
    from alharness.engine.questions import Answer, Question
    from alharness.work.workers import Setup

Duty: TypeAlias = Callable[[Message], Message]


SIGN_SECONDS = 1.0
"""Seconds between two signs of life."""
BEGUN: Message = {"sign": "begun"}
ALIVE: Message = {"sign": "alive"}


def work(setup: Setup, connection: Connection, lifeline: Connection) -> None:
    """The main function of a worker's guard: the worker is its child."""
    os.setsid()
    os.dup2(2, 1)  # what plugins print is no data
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    guarded(lambda: _serve(setup, Pipe(connection)), lifeline, connection)


def _serve(setup: Setup, pipe: Pipe) -> None:
    try:
        # Confined before any other thread runs: those that did would stay free.
        first = pipe.receive()
        isolation = confined(first)
        duty = _duty(setup, pipe)
        told = {} if isolation is None else {"isolation": isolation.ready()}
        pipe.send({**answered(duty, first), **told})
        while True:
            pipe.send(answered(duty, pipe.receive()))
    except EOFError:
        return  # who asks is gone


def _duty(setup: Setup, pipe: Pipe) -> Duty:
    try:
        if setup.workspace is None:
            return _asking_plugins(setup, pipe)
        return _executing_units(setup, setup.workspace, pipe)
    except Exception as error:
        reason = describe_error(error)
        return lambda message: {"error": reason}


class _Signs:
    """Tells whoever waits that this process goes on, about once a second at most."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._next = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._pipe.send(ALIVE)
            self._next = now + SIGN_SECONDS


def _executing_units(setup: Setup, workspace: Path, pipe: Pipe) -> Duty:
    """Executes units and writes their records; has samplers asked by whom it answers to."""
    from alharness.engine.device import find_device
    from alharness.engine.engine import Engine
    from alharness.engine.plugins import Plugins
    from alharness.protocol.units import Identity, Unit
    from alharness.registry import discover
    from alharness.store.workspace import Workspace

    plugins = Plugins(discover(setup.plugin_files))

    def ask(question: Question) -> Answer:
        sampler = question["inputs"]["sampler"]
        who = plugins.component("sampler", Identity(**sampler)).origin
        pipe.send({"question": question, "sampler": sampler, "who": who})
        told = unless_error(pipe.receive())
        answer: Answer = told["answer"]
        answer["isolation"] = told["isolation"]
        return answer

    device, sign = find_device(setup.device), _Signs(pipe)
    engine = Engine(Workspace(workspace), plugins, device, ask, sign, setup.decoders)

    def execute(message: Message) -> Message:
        pipe.send(BEGUN)
        if "stacked" in message:
            units = [Unit.from_json(unit) for unit in message["stacked"]]
            errors = engine.execute_stacked(units)
            return {"errors": [None if one is None else describe_error(one) for one in errors]}
        engine.execute(Unit.from_json(message["unit"]))
        return {}

    return execute


def _asking_plugins(setup: Setup, pipe: Pipe) -> Duty:
    """Asks samplers, and passes images through networks; knows no workspace."""
    from alharness.engine.answering import answer_question
    from alharness.engine.device import find_device
    from alharness.engine.first_pass import first_pass
    from alharness.engine.plugins import Plugins
    from alharness.protocol.units.parts import Network
    from alharness.registry import discover

    plugins = Plugins(discover(setup.plugin_files))
    device = find_device(setup.device)

    def ask(message: Message) -> Message:
        pipe.send(BEGUN)
        if "network" in message:
            network = Network.model_validate(message["network"])
            first_pass(plugins, network, message["hyperparameters"], message["sized"])
            return {}
        question: list[Question] = [message.pop("question")]
        return {"answer": answer_question(question.pop(), plugins, device, setup.decoders)}

    return ask
