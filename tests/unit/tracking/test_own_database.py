"""The workspace's own database: damaged, half made, removed, made by two at once."""

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alharness.tracking.logged_run import KEY_TAG, LoggedRun, MetricValue
from alharness.tracking.mlflow_process import Destination, MlflowProcess, NotLogged
from alharness.tracking.own_database import OwnDatabase, Replaced
from alharness.tracking.tracking_uri import tracking_store

RUN = LoggedRun(
    "parent", "s", "r", None, "RUNNING", 1000, None, {"a": "b"},
    [MetricValue("m", 0.5, 10, 1500)], {"alharness.kind": "run"},
)  # fmt: skip


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Path:
    path = tmp_path / "mlflow.db"
    path.write_bytes(empty_database.read_bytes())
    return path


def half_made(path: Path) -> None:
    with closing(sqlite3.connect(path)) as there:
        there.execute("CREATE TABLE _alembic_tmp_runs (x)")
        there.commit()


def lost_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as there:
        there.execute("DROP TABLE tags")
        there.commit()


def garbage_within(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : 4096 * 8] = os.urandom(4096 * 7)
    path.write_bytes(data)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


DAMAGES = [
    lambda path: path.write_bytes(b"garbage" * 1000),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(path.read_bytes()[:20_000]),
    half_made, lost_tables, garbage_within, folder, link,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_database_is_set_aside(database, damage, empty_database, monkeypatch) -> None:
    monkeypatch.setattr(
        OwnDatabase, "_make", lambda self: database.write_bytes(empty_database.read_bytes())
    )
    own = OwnDatabase(database)
    assert own.make_whole() is None
    damage(database)
    assert own.make_whole()
    assert [path.name for path in (database.parent / "damaged").iterdir()] == ["mlflow.db.1"]
    assert own.make_whole() is None
    own.require_same()


def test_a_database_that_was_removed_or_replaced_is_noticed(database) -> None:
    own = OwnDatabase(database)
    own.make_whole()
    data = database.read_bytes()
    database.rename(database.with_name("other"))
    with pytest.raises(Replaced):
        own.require_same()
    database.write_bytes(data)
    with pytest.raises(Replaced):
        own.require_same()


def keys(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "mlflow.db")) as there:
        rows = there.execute(
            "SELECT value FROM tags JOIN runs USING (run_uuid) "
            "WHERE key = ? AND lifecycle_stage = 'active'", (KEY_TAG,)
        )  # fmt: skip
        return sorted(value for (value,) in rows)


@pytest.fixture
def process(request):
    """Starts processes for a workspace, and ends them."""
    started = []

    def start(folder: Path) -> MlflowProcess:
        there = Destination(tracking_store(None, folder), folder, "suite", "A suite")
        started.append(MlflowProcess(there))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["50%25x", "wh?t #1 ü"])
def test_two_that_start_at_once_make_one_database_and_log_each_run_once(
    name, process, tmp_path
) -> None:
    folder = tmp_path / name
    folder.mkdir()

    def log(one: MlflowProcess) -> None:
        one.open()
        for number in range(8):
            one.write(replace(RUN, key=f"k{number}"))

    with ThreadPoolExecutor(2) as both:
        list(both.map(log, [process(folder), process(folder)]))
    assert keys(folder) == sorted(f"k{number}" for number in range(8))
    assert {path.name for path in folder.iterdir()} == {"mlflow.db", "mlflow.lock"}


@pytest.mark.slow
def test_a_process_that_dies_is_started_again_and_has_what_was_there(process, database) -> None:
    one = process(database.parent)
    one.open()
    one.write(RUN)
    one._process.kill()
    with pytest.raises(NotLogged, match="its process ended") as lost:
        one.write(replace(RUN, key="other"))
    assert lost.value.passing
    assert one.open().states == {"parent": "s"}
    one.write(replace(RUN, key="other"))
    assert keys(database.parent) == ["other", "parent"]


@pytest.mark.slow
def test_a_database_damaged_meanwhile_is_made_anew(process, database, empty_database) -> None:
    one = process(database.parent)
    assert one.open().damage is None
    one.write(RUN)
    database.write_bytes(b"garbage" * 10_000)
    with pytest.raises(NotLogged) as lost:
        one.write(replace(RUN, key="other"))
    assert lost.value.passing
    opened = one.open()
    assert opened.damage
    assert opened.states == {}
    one.write(RUN)
    assert keys(database.parent) == ["parent"]


def test_a_process_that_was_ended_stays_ended(process, tmp_path) -> None:
    one = process(tmp_path)
    one.kill()
    with pytest.raises(NotLogged) as lost:
        one.open()
    assert not lost.value.passing
