"""What runs in a worker process: one executes units, the other one asks samplers."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from alharness.work.confinement import confined
from alharness.work.messages import (
    Message,
    answered,
    describe_error,
    receive,
    send,
    unless_error,
)

if TYPE_CHECKING:
    from alharness.engine.questions import Answer, Question
    from alharness.work.workers import Setup

Duty: TypeAlias = Callable[[Message], Message]


def work(setup: Setup, connection: Connection, lifeline: Connection) -> None:
    """The main function of a worker process."""
    os.setsid()
    os.dup2(2, 1)  # what plugins print is no data
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        # Confined before any other thread runs: those that did would stay free.
        first = receive(connection)
        isolation = confined(first)
        threading.Thread(target=_die_with_starter, args=(lifeline,), daemon=True).start()
        duty = _duty(setup, connection)
        told = {} if isolation is None else {"isolation": isolation.ready()}
        send(connection, {**answered(duty, first), **told})
        while True:
            send(connection, answered(duty, receive(connection)))
    except (EOFError, ConnectionError):
        return  # who asks is gone


def _die_with_starter(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os.killpg(0, signal.SIGKILL)


def _duty(setup: Setup, connection: Connection) -> Duty:
    try:
        if setup.workspace is None:
            return _asking_samplers(setup)
        return _executing_units(setup, setup.workspace, connection)
    except Exception as error:
        reason = describe_error(error)
        return lambda message: {"error": reason}


def _executing_units(setup: Setup, workspace: Path, connection: Connection) -> Duty:
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
        send(connection, {"question": question, "sampler": sampler, "who": who})
        told = unless_error(receive(connection))
        answer: Answer = told["answer"]
        answer["isolation"] = told["isolation"]
        return answer

    engine = Engine(Workspace(workspace), plugins, find_device(setup.device), ask)

    def execute(message: Message) -> Message:
        engine.execute(Unit.from_json(message["unit"]))
        return {}

    return execute


def _asking_samplers(setup: Setup) -> Duty:
    """Asks samplers; knows no workspace."""
    from alharness.engine.answering import answer_question
    from alharness.engine.device import find_device
    from alharness.engine.plugins import Plugins
    from alharness.registry import discover

    plugins = Plugins(discover(setup.plugin_files))
    device = find_device(setup.device)

    def ask(message: Message) -> Message:
        question: list[Question] = [message.pop("question")]
        return {"answer": answer_question(question.pop(), plugins, device)}

    return ask
