"""Pipes: a message is whole or none, and nobody waits for half of one."""

import os
import socket
import threading
import time
from multiprocessing import Pipe as connections
from multiprocessing.connection import Connection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness.work import pipe
from alharness.work.pipe import Garbled, Pipe

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(), leaves, max_size=3)


def two_ends():
    return tuple(map(Pipe, connections()))


@pytest.fixture
def ends():
    mine, theirs = two_ends()
    yield mine, theirs
    mine.close()
    theirs.close()


@pytest.fixture
def raw():
    """An end, and the bare socket at the other one."""
    ours, other = socket.socketpair()
    end = Pipe(Connection(ours.detach()))
    yield end, other
    other.close()
    end.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.text(), values, max_size=3), max_size=4))
def test_what_was_sent_is_received_in_its_order(messages):
    mine, theirs = two_ends()
    for message in messages:
        mine.send(message)
    assert [theirs.receive() for _ in messages] == messages
    assert theirs.poll(0) is None
    mine.close()
    theirs.close()


def test_messages_larger_than_any_buffer_cross_each_other(ends):
    """Neither waits with its own until it has read the other's."""
    mine, theirs = ends
    message = {"answer": {"positions": list(range(500_000)), "text": "\xfc" * 1_000_000}}
    mine.put(message)
    theirs.put(message)
    received = []

    def answer():
        received.append(theirs.receive())
        theirs.send({"done": 1})

    other = threading.Thread(target=answer, daemon=True)
    other.start()
    assert mine.receive() == message
    assert mine.receive() == {"done": 1}
    other.join(20)
    assert received == [message]


def test_nothing_that_is_no_json_leaves(ends):
    """Neither an object nor its pickle: the message after it is the next that arrives."""
    mine, theirs = ends
    with pytest.raises(TypeError, match="not JSON serializable"):
        mine.put({"model": object()})
    mine.send({"next": 1})
    assert theirs.receive() == {"next": 1}


def test_nobody_is_there_any_more(raw):
    end, other = raw
    other.sendall(b'{"last": 1}\n{"half": ')
    other.close()
    assert end.receive() == {"last": 1}
    with pytest.raises(EOFError):
        end.receive()
    with pytest.raises(EOFError):
        end.send({})


@pytest.mark.parametrize("sent", [b"", b"\0\0\x03\xe8", b'{"answer": [1, 2'])
def test_half_a_message_is_waited_for_no_longer_than_nothing(raw, sent):
    end, other = raw
    other.sendall(sent)
    begun = time.monotonic()
    assert end.poll(0.2) is None
    assert 0.15 < time.monotonic() - begun < 5
    reading, writing = os.pipe()
    os.write(writing, b"!")
    assert end.poll(60, also=[reading]) is None
    assert time.monotonic() - begun < 5
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    "line", [b"\xff\0", b"[1]", b"1", b"nonsense", b"[" * 100_000, b"1" * 5000]
)
def test_a_line_that_is_no_object_is_said_to_be_none(raw, line):
    end, other = raw
    other.sendall(line + b'\n{"next": 1}\n')
    with pytest.raises(Garbled):
        end.receive()
    assert end.receive() == {"next": 1}


def test_a_line_without_end_fills_no_memory(raw, monkeypatch):
    monkeypatch.setattr(pipe, "LONGEST", 100_000)
    end, other = raw
    sending = threading.Thread(target=lambda: other.sendall(b"x" * 200_000), daemon=True)
    sending.start()
    with pytest.raises(Garbled, match="more than 100000 bytes"):
        end.receive()
