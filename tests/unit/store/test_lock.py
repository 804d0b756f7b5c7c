"""The lock of a workspace: held by one at a time, and never waited for without end."""

import subprocess
import sys
import threading
import time

import pytest

from alharness.store.lock import exclusive

HOLD = """
import sys, time
from pathlib import Path
from alharness.store.lock import exclusive
with exclusive(Path(sys.argv[1])) as not_held:
    print(not_held, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path):
    """A lock that another process holds."""
    path = tmp_path / "reports.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "None\n"
    yield path, process
    process.kill()
    process.communicate()


def test_it_is_waited_for_and_ends_with_its_holder(held):
    path, process = held
    threading.Timer(0.3, process.kill).start()
    began = time.monotonic()
    with exclusive(path) as not_held:
        assert not_held is None
    assert 0.2 < time.monotonic() - began < 30


def test_who_waits_in_vain_goes_on_and_says_so(held):
    path, _ = held
    with exclusive(path, patience=0.1) as not_held:
        assert "another bench has held it for 0 s" in str(not_held)
        assert str(path) in str(not_held)


def test_one_thread_at_a_time(tmp_path):
    inside, most = [], []

    def enter():
        with exclusive(tmp_path / "lock") as not_held:
            inside.append(not_held)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 5


def test_a_folder_in_its_place_is_set_aside(tmp_path):
    (tmp_path / "lock").mkdir()
    with exclusive(tmp_path / "lock") as not_held:
        assert not_held is None
    assert (tmp_path / "damaged" / "lock.1").is_dir()


def test_where_nothing_can_be_written_it_is_not_held(tmp_path):
    with exclusive(tmp_path / "nowhere" / "lock") as not_held:
        assert "cannot write: No such file or directory" in str(not_held)
