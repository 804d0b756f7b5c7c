"""What runs in a worker process, called here: what it forgets, and how it says that it cannot."""

import os
import sys
from contextlib import closing
from multiprocessing import Pipe as connections

import pytest

from alharness import UsageError
from alharness.work import confinement, duties
from alharness.work.messages import unless_error
from alharness.work.pipe import Pipe
from alharness.work.workers import Setup


def test_who_asks_samplers_forgets_the_command(monkeypatch):
    arguments = ["alharness", "bench", "--workspace", "/secret"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setenv("ALHARNESS_WORKSPACE", "/secret")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "secret")
    monkeypatch.setenv("ANOTHER_VARIABLE", "kept")
    confinement._forget_the_command()
    assert arguments == [""], "the list itself: others hold it"
    assert "ALHARNESS_WORKSPACE" not in os.environ
    assert "MLFLOW_TRACKING_PASSWORD" not in os.environ
    assert os.environ["ANOTHER_VARIABLE"] == "kept"


@pytest.mark.parametrize("workspace", [True, False], ids=["executes", "asks"])
def test_one_that_cannot_begin_answers_every_message_with_the_reason(tmp_path, workspace):
    setup = Setup(tmp_path if workspace else None, (), "tpu")
    mine, theirs = connections()
    with mine, theirs:
        duty = duties._duty(setup, Pipe(theirs))
        for _ in range(2):
            with pytest.raises(UsageError, match="device 'tpu' cannot be used"):
                unless_error(duty({"unit": {}}))


def test_a_unit_that_is_none_is_refused_before_anything_is_computed(tmp_path):
    mine, theirs = map(Pipe, connections())
    with closing(mine), closing(theirs):
        execute = duties._executing_units(Setup(tmp_path, (), "cpu"), tmp_path, theirs)
        described = {"kind": "trial", "step": 2, "key": "k", "inputs": {}}
        with pytest.raises(ValueError, match="key k is not the digest"):
            execute({"unit": described})
        assert mine.receive() == duties.BEGUN
        assert mine.poll(0) is None, "nobody was asked"
