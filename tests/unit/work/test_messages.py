"""Messages between processes: whole, or the other side is gone; errors in one clear line."""

import json
import socket
import threading
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alharness import HarnessError, UsageError
from alharness.work.messages import (
    answered,
    describe_error,
    described_error,
    receive,
    send,
    unless_error,
)
from alharness.work.workers import WorkerDied

leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = leaves | st.lists(leaves, max_size=3) | st.dictionaries(st.text(), leaves, max_size=3)


@pytest.fixture
def ends():
    mine, theirs = Pipe()
    yield mine, theirs
    mine.close()
    theirs.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.text(), values, max_size=3))
def test_what_was_sent_is_received(message):
    mine, theirs = Pipe()
    with mine, theirs:
        send(mine, message)
        assert receive(theirs) == message


def test_a_message_larger_than_any_buffer_arrives_whole(ends):
    mine, theirs = ends
    message = {"answer": {"positions": list(range(500_000)), "text": "ü" * 1_000_000}}
    sending = threading.Thread(target=send, args=(mine, message), daemon=True)
    sending.start()
    assert receive(theirs) == message
    sending.join(5)
    assert not sending.is_alive()


def test_nothing_that_is_no_json_leaves(ends):
    """Neither an object nor its pickle: the message after it is the next that arrives."""
    mine, theirs = ends
    with pytest.raises(TypeError, match="not JSON serializable"):
        send(mine, {"model": object()})
    send(mine, {"next": 1})
    assert receive(theirs) == {"next": 1}


def test_nobody_is_there_any_more(ends):
    mine, theirs = ends
    theirs.close()
    with pytest.raises(EOFError):
        receive(mine)
    mine.close()
    with pytest.raises(EOFError):
        receive(mine)


@pytest.mark.parametrize("sent", [b"\0\0", b"\0\0\0\x0a", b"\0\0\0\x0a" + b'{"a":'])
def test_half_a_message_is_the_end(sent):
    """Length, then bytes: whoever died while it sent left no answer."""
    ours, other = socket.socketpair()
    with Connection(ours.detach()) as connection:
        other.sendall(sent)
        other.close()
        with pytest.raises(EOFError):
            receive(connection)


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (KeyError("depth"), "KeyError: 'depth'"),
        (ValueError("on\n  two lines"), "ValueError: on two lines"),
        (AssertionError(), "AssertionError"),
        (ExceptionGroup("many", [OSError("one")]), "ExceptionGroup: many (1 sub-exception)"),
        (Unspeakable(), "Unspeakable"),
    ],
)
def test_an_error_that_nobody_expected_is_one_line_with_its_type(error, says):
    def answer(message):
        raise error

    told = json.loads(json.dumps(answered(answer, {})))
    with pytest.raises(HarnessError) as raised:
        unless_error(told)
    assert type(raised.value) is HarnessError
    line = str(raised.value)
    assert line.startswith(f"{says} (test_messages.py, line ")
    assert "\n" not in line
    assert "raise error" in raised.value.__notes__[0]


def test_an_answer_is_itself():
    assert answered(lambda message: {"answer": message["a"]}, {"a": 1}) == {"answer": 1}
    assert unless_error({"answer": 1}) == {"answer": 1}


def test_an_interrupt_is_no_answer():
    def interrupted(message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answered(interrupted, {})


def test_a_process_that_asked_another_which_died_has_not_died_itself():
    """Else who asked it would have it carry out its unit once more."""
    told = described_error(describe_error(WorkerDied("its process ended", where="sampler 'x'")))
    assert type(told) is HarnessError
    assert str(told) == "sampler 'x': its process ended"


def test_an_error_told_twice_stays_what_it_was():
    first = described_error(describe_error(UsageError("bad", where="there", remedy="Mend it")))
    again = described_error(describe_error(first))
    assert (type(again), str(again)) == (UsageError, "there: bad. Mend it")
