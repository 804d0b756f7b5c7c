"""Messages between processes: errors cross in one clear line."""

import json

import pytest

from alharness import HarnessError, UsageError
from alharness.work.messages import (
    answered,
    describe_error,
    described_error,
    unless_error,
)
from alharness.work.workers import WorkerDied


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
