"""A seat's worker is replaced when it ends, and ends at its limits, which are named.

One that is stopped answers nothing: what it is asked waits for the limit.
"""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from alharness import HarnessError
from alharness.work.limits import Limits
from alharness.work.processes import descendants, half_of_memory, usage_below
from alharness.work.seat import Seat
from alharness.work.workers import Setup, WorkerDied, start_forkserver

NO_QUESTION = {"question": {}}


@pytest.fixture
def seat():
    start_forkserver()
    one = Seat(Setup(None, (), "cpu"))
    yield one
    one.close()


def asked(seat, **limits):
    """What a question is answered that is none: with an error that nobody expected."""
    with pytest.raises(HarnessError) as raised:
        seat.ask(dict(NO_QUESTION), "sampler 'x'", Limits("query", **limits))
    return str(raised.value)


def process(seat):
    """The worker, below its guard."""
    guard = seat._filled().pid
    while not descendants(guard):
        time.sleep(0.01)
    return descendants(guard)[0]


def gone(pid):
    """Whether a process ended, now or soon."""
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_an_error_crosses_as_one_line_and_the_worker_lives_on(seat):
    before = process(seat)
    line = asked(seat, seconds=60.0, memory=half_of_memory())
    assert line.startswith("KeyError: 'inputs' (answering.py, line ")
    assert asked(seat) == line
    assert process(seat) == before != os.getpid()


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"memory": 1}, r"it used \d+ MiB, more than 1 \(--query-memory\); its worker was ended"),
        ({"seconds": 60.0, "memory": 1}, r"it used \d+ MiB, more than 1 \(--query-memory\)"),
    ],
)
def test_one_past_a_limit_is_ended_and_replaced(seat, limits, says):
    before = process(seat)
    os.kill(before, signal.SIGSTOP)
    with pytest.raises(HarnessError, match=f"^sampler 'x': {says}") as raised:
        seat.ask(dict(NO_QUESTION), "sampler 'x'", Limits("query", **limits))
    assert not isinstance(raised.value, WorkerDied), "it would be asked once more"
    assert gone(before)
    assert asked(seat).startswith("KeyError: 'inputs'")
    assert process(seat) != before


def test_one_that_dies_while_it_is_asked_is_replaced_by_one_that_is_asked_again(seat):
    before = process(seat)
    os.kill(before, signal.SIGKILL)
    assert asked(seat).startswith("KeyError: 'inputs'")
    assert process(seat) != before


def test_what_kills_every_worker_is_asked_twice_and_no_more(tmp_path):
    file, log = tmp_path / "dies.py", tmp_path / "log"
    file.write_text(
        f"open({str(log)!r}, 'a').write('died\\n')\nimport ctypes\nctypes.CDLL(None)._exit(7)\n"
    )
    start_forkserver()
    seat = Seat(Setup(None, (file,), "cpu"))
    try:
        assert asked(seat) == "sampler 'x': its process ended with exit code 7"
    finally:
        seat.close()
    assert log.read_text().split() == ["died", "died"]


def test_a_seat_that_was_emptied_is_filled_anew_and_a_closed_one_never(seat):
    before = process(seat)
    seat.empty()
    assert gone(before)
    after = process(seat)
    assert after != before
    seat.close()
    assert gone(after)
    assert asked(seat) == "the work site is closed"


def test_who_is_asked_leads_a_group_and_ends_when_the_one_that_started_it_lets_go_of_it(seat):
    worker, asked_one = seat._filled(), process(seat)
    asked(seat)
    assert os.getpgid(asked_one) == asked_one != os.getpgid(0)
    worker._lifeline.close()
    assert gone(asked_one)
    assert gone(worker.pid)
    assert not worker.alive
    assert worker.end() == -signal.SIGKILL


def test_what_is_counted_lies_below_a_process():
    def below(child):
        return [one for one in psutil.Process().children() if one.pid == child.pid]

    held = "x = bytearray(100 << 20); sum(range(10**7)); print(flush=True); input()"
    before = usage_below(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.read(1)
        after = usage_below(os.getpid())
        assert below(child)
        assert child.pid in descendants(os.getpid())
        child.kill()
    assert 100 <= after.memory - before.memory < 300
    assert 0.05 < after.processor - before.processor < 60
    assert half_of_memory() == psutil.virtual_memory().total // 2 // 2**20
    assert usage_below(2**22 + 1).memory == 0
