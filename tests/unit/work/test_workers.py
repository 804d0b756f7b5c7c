"""Worker processes: asked by one thread, ended by another."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from multiprocessing import forkserver
from multiprocessing.connection import Connection

import psutil
import pytest

from alharness.work.processes import descendants
from alharness.work.workers import (
    KILLED,
    Setup,
    Worker,
    WorkerDied,
    start_forkserver,
    worker_context,
)


@pytest.fixture
def closed(monkeypatch):
    """How often each connection was closed; closing takes a while, so that two would meet."""
    counts = Counter()

    def close(connection):
        counts[id(connection)] += 1
        time.sleep(0.3)
        os.close(connection.fileno())

    monkeypatch.setattr(Connection, "_close", close)
    return counts


def preloaded(connection):
    with connection:
        connection.send("torch" in sys.modules)


def test_workers_are_forked_from_a_process_that_has_torch_imported_and_no_secret(monkeypatch):
    monkeypatch.setenv("MY_TOKEN", "secret")
    start_forkserver()
    context = worker_context()
    mine, theirs = context.Pipe()
    with mine, theirs:
        asked = context.Process(target=preloaded, args=(theirs,))
        asked.start()
        theirs.close()
        assert mine.recv()
        asked.join()
    server = forkserver._forkserver._forkserver_pid
    assert "MY_TOKEN" not in psutil.Process(server).environ()
    start_forkserver()
    assert forkserver._forkserver._forkserver_pid == server


def test_ended_while_it_is_asked_its_connections_are_closed_once(closed):
    """A descriptor that is closed twice may be somebody else's by then."""
    start_forkserver()
    worker = Worker(Setup(None, (), "cpu"))
    while not descendants(worker.pid):
        time.sleep(0.01)
    os.kill(descendants(worker.pid)[0], signal.SIGSTOP)  # it will not answer
    closed.clear()
    died = []

    def ask():
        try:
            worker.ask({"question": {}}, "who")
        except WorkerDied as error:
            died.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(0.1)
    worker.end()
    asking.join(20)
    assert died == [f"who: its process ended by SIGKILL. {KILLED}"]
    assert not worker.alive
    assert set(closed.values()) == {1}
