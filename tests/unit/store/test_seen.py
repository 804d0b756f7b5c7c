"""The notebook of files: a value is taken over only while the file is exactly as it was."""

import json
import os
import time

import pytest

from alharness.store.files import write_over
from alharness.store.seen import SETTLED_NS, Seen


def later():
    """A clock by which every file has settled."""
    return time.time_ns() + 2 * SETTLED_NS


@pytest.fixture
def notebook(tmp_path):
    return tmp_path / "notes" / "seen.json"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    return path


def noted(notebook, file, value="found", now=later):
    seen = Seen(notebook, now)
    assert seen.taken_over(file) is None
    seen.note(file, value)
    return seen


@pytest.mark.parametrize("value", ["text", ["split", "a", "b"], {"n": 1}, 0])
def test_a_value_is_taken_over_at_once_and_by_the_next_command(notebook, file, value):
    seen = noted(notebook, file, value)
    assert seen.taken_over(file) == value
    assert not notebook.exists(), "nothing is written before it is saved"
    assert Seen(notebook).taken_over(file) is None
    seen.save()
    assert Seen(notebook).taken_over(file) == value


def longer(path):
    path.write_bytes(b"abcd")


def same_size_and_mtime(path):
    about = path.stat()
    time.sleep(0.02)  # the clock of a file system ticks in steps
    path.write_bytes(b"xyz")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))


def another_inode(path):
    write_over(path, b"abc")


def another_mtime(path):
    os.utime(path, ns=(0, 0))


def gone(path):
    path.unlink()


@pytest.mark.parametrize(
    "change", [longer, same_size_and_mtime, another_inode, another_mtime, gone]
)
def test_nothing_is_taken_over_from_another_file(notebook, file, change):
    noted(notebook, file).save()
    seen = Seen(notebook)
    change(file)
    assert seen.taken_over(file) is None
    assert Seen(notebook).taken_over(file) is None


@pytest.mark.parametrize("number", range(4), ids=["size", "mtime", "ctime", "inode"])
def test_each_of_the_four_counts(notebook, file, number):
    noted(notebook, file).save()
    kept = json.loads(notebook.read_text())
    about = file.stat()
    *look, _ = kept["files"][str(file)]
    assert look == [about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino]
    kept["files"][str(file)][number] += 1
    notebook.write_text(json.dumps(kept))
    assert Seen(notebook).taken_over(file) is None


def test_what_changes_while_it_is_read_is_not_taken_over(notebook, file):
    seen = Seen(notebook, later)
    seen.taken_over(file)
    file.write_bytes(b"written after it was looked at")
    seen.note(file, "found")
    assert seen.taken_over(file) is None


def test_a_file_that_may_change_without_a_new_time_is_not_kept(notebook, file):
    """A clock that ticks in steps: two changes within one step show the same times."""
    seen = noted(notebook, file, now=time.time_ns)
    assert seen.taken_over(file) == "found"
    seen.save()
    assert Seen(notebook).taken_over(file) is None


def test_nothing_is_noted_of_a_file_that_nobody_looked_at(notebook, file):
    seen = Seen(notebook, later)
    seen.note(file, "found")
    seen.save()
    assert not notebook.exists()


def test_a_notebook_is_written_only_when_something_changed(notebook, file):
    noted(notebook, file).save()
    before = notebook.stat().st_mtime_ns, notebook.stat().st_ino
    seen = Seen(notebook)
    assert seen.taken_over(file) == "found"
    seen.save()
    assert (notebook.stat().st_mtime_ns, notebook.stat().st_ino) == before


def test_a_file_that_is_gone_is_forgotten(notebook, file):
    noted(notebook, file).save()
    file.unlink()
    seen = Seen(notebook)
    seen.taken_over(file)
    seen.save()
    assert json.loads(notebook.read_text())["files"] == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": 2, "files": {}}', '{"schema": 1, "files": {"a": [1]}}']
)
def test_a_damaged_notebook_is_an_empty_one(notebook, file, text):
    noted(notebook, file).save()
    notebook.write_text(text)
    assert Seen(notebook).taken_over(file) is None
    noted(notebook, file).save()
    assert Seen(notebook).taken_over(file) == "found"


def test_of_two_commands_the_last_one_stays(notebook, file, tmp_path):
    other = tmp_path / "other"
    other.touch()
    first, second = Seen(notebook, later), Seen(notebook, later)
    for seen, path in ((first, file), (second, other)):
        seen.taken_over(path)
        seen.note(path, path.name)
    first.save()
    second.save()
    assert [Seen(notebook).taken_over(path) for path in (file, other)] == [None, "other"]


def test_a_name_that_is_no_text(notebook, tmp_path):
    path = tmp_path / os.fsdecode(b"\xff")
    path.touch()
    noted(notebook, path).save()
    assert Seen(notebook).taken_over(path) == "found"
