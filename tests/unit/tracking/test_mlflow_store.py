"""Writing logged runs to a real MLflow database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from alharness.tracking.logged_run import (
    FAILURE_TAG,
    KEY_TAG,
    STATE_TAG,
    SUPERSEDED_TAG,
    LoggedRun,
    MetricValue,
)
from alharness.tracking.mlflow_process import Destination, MlflowProcess
from alharness.tracking.tracking_uri import tracking_store

PARENT = LoggedRun(
    "parent", "layout-2 RUNNING", "s/margin/0/0", None, "RUNNING", 1000, None,
    {"method": "margin"}, [MetricValue("test_accuracy", 0.5, 10, 1500)], {"alharness.kind": "run"},
)  # fmt: skip
TRIAL = LoggedRun(
    "trial", "layout-2 FINISHED", "cycle 0 trial 0", "parent", "FINISHED", 1000, 2000,
    {"learning-rate": "0.1"}, [MetricValue("training_loss", 2.0, 0, 1500)],
    {"alharness.chosen": "no"},
)  # fmt: skip


@pytest.fixture
def uri(tmp_path: Path, empty_database: Path) -> str:
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    return f"sqlite:///{tmp_path}/mlflow.db"


def connect(uri: str, workspace: Path, experiment: str = "suite"):
    from alharness.tracking.mlflow_store import MlflowStore

    return MlflowStore(uri, workspace, experiment, "A suite")


def read(uri: str):
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("suite")
    return client, {
        run.data.tags[KEY_TAG]: run for run in client.search_runs([experiment.experiment_id])
    }


def test_a_run_is_there_with_everything_it_holds(uri: str, tmp_path: Path) -> None:
    store = connect(uri, tmp_path)
    store.write(PARENT)
    store.write(TRIAL)
    _, runs = read(uri)
    parent, trial = runs["parent"], runs["trial"]
    assert trial.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert (trial.info.run_name, trial.info.status) == ("cycle 0 trial 0", "FINISHED")
    assert (trial.info.start_time, trial.info.end_time) == (1000, 2000)
    assert trial.data.params == {"learning-rate": "0.1"}
    assert trial.data.metrics == {"training_loss": 2.0}
    assert (parent.info.status, parent.info.end_time) == ("RUNNING", None)
    assert connect(uri, tmp_path).states() == {"parent": PARENT.state, "trial": TRIAL.state}


def test_artifacts_stay_in_the_workspace(uri: str, tmp_path: Path, monkeypatch) -> None:
    elsewhere = tmp_path / "cwd"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    connect(uri, tmp_path / ".").write(PARENT)
    _, runs = read(uri)
    assert runs["parent"].info.artifact_uri.startswith((tmp_path / "mlartifacts").as_uri())
    assert not list(elsewhere.iterdir())


def test_writing_again_continues_a_run_and_repeats_nothing(uri: str, tmp_path: Path) -> None:
    connect(uri, tmp_path).write(PARENT)
    further = [*PARENT.metrics, MetricValue("test_accuracy", 0.7, 20, 3000)]
    done = replace(PARENT, state="done", status="FINISHED", ended=4000, metrics=further)
    connect(uri, tmp_path).write(done)
    client, runs = read(uri)
    assert list(runs) == ["parent"]
    assert runs["parent"].info.status == "FINISHED"
    history = client.get_metric_history(runs["parent"].info.run_id, "test_accuracy")
    assert [(point.step, point.value) for point in history] == [(10, 0.5), (20, 0.7)]


def test_a_run_killed_while_it_was_written_is_not_taken_for_written(
    uri: str, tmp_path: Path, monkeypatch
) -> None:
    from mlflow import MlflowClient

    store = connect(uri, tmp_path)
    store.write(PARENT)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_batch", lambda *a, **k: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.write(TRIAL)
    again = connect(uri, tmp_path)
    assert again.states()["trial"] == ""
    again.write(TRIAL)
    _, runs = read(uri)
    assert runs["trial"].data.metrics == {"training_loss": 2.0}


def test_a_failed_run_that_is_done_later_no_longer_says_why_it_failed(
    uri: str, tmp_path: Path
) -> None:
    failed = replace(PARENT, status="FAILED", ended=2000, tags={FAILURE_TAG: "out of luck"})
    connect(uri, tmp_path).write(failed)
    assert read(uri)[1]["parent"].data.tags[FAILURE_TAG] == "out of luck"
    connect(uri, tmp_path).write(PARENT)
    parent = read(uri)[1]["parent"]
    assert FAILURE_TAG not in parent.data.tags
    assert parent.info.status == "RUNNING"


def test_two_benches_of_a_workspace_create_a_run_once(uri: str, tmp_path: Path) -> None:
    one, other = connect(uri, tmp_path), connect(uri, tmp_path)
    for number in range(3):
        first, second = (one, other) if number % 2 else (other, one)
        first.write(replace(PARENT, key=f"p{number}"))
        second.write(replace(PARENT, key=f"p{number}"))
    client, runs = read(uri)
    assert set(runs) == {"p0", "p1", "p2"}
    assert len(client.search_runs([next(iter(runs.values())).info.experiment_id])) == 3


def test_more_than_a_batch_holds(uri: str, tmp_path: Path) -> None:
    big = replace(
        PARENT,
        metrics=[MetricValue("training_loss", 1.0, epoch, 1000 + epoch) for epoch in range(2500)],
        params={f"p{number}": "1" for number in range(250)},
        tags={f"t{number}": "1" for number in range(250)},
    )
    store = connect(uri, tmp_path)
    store.write(big)
    client, runs = read(uri)
    run = runs["parent"]
    assert len(client.get_metric_history(run.info.run_id, "training_loss")) == 2500
    assert len(run.data.params) == 250
    assert set(big.tags) <= set(run.data.tags)
    assert run.data.tags[STATE_TAG] == big.state


def test_a_big_run_killed_between_its_batches_is_not_taken_for_written(
    uri: str, tmp_path: Path, monkeypatch
) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    points = [MetricValue("training_loss", 1.0, epoch, 1000 + epoch) for epoch in range(1500)]
    batches = []
    log = SqlAlchemyStore.log_batch

    def once(*arguments, **named):
        batches.append(named)
        return log(*arguments, **named) if len(batches) == 1 else 1 / 0

    store = connect(uri, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(SqlAlchemyStore, "log_batch", once)
        with pytest.raises(ZeroDivisionError):
            store.write(replace(PARENT, metrics=points))
    assert connect(uri, tmp_path).states()["parent"] == ""


def test_more_runs_than_a_page(uri: str, tmp_path: Path, monkeypatch) -> None:
    from alharness.tracking import mlflow_store

    store = connect(uri, tmp_path)
    for number in range(5):
        store.write(replace(PARENT, key=f"p{number}"))
    monkeypatch.setattr(mlflow_store, "PAGE", 2)
    assert len(connect(uri, tmp_path).states()) == 5


def test_a_run_deleted_by_hand_is_written_again(uri: str, tmp_path: Path) -> None:
    connect(uri, tmp_path).write(PARENT)
    client, runs = read(uri)
    client.delete_run(runs["parent"].info.run_id)
    again = connect(uri, tmp_path)
    assert again.states() == {}
    again.write(PARENT)
    assert list(read(uri)[1]) == ["parent"]


OLD = "suite (superseded, alharness 0.1)"


def as_0_1_left_it(uri: str, keys: int = 3, *, name: str = "suite"):
    """An experiment as alharness 0.1 wrote it; the ids of its runs."""
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    experiment = client.create_experiment(name, tags={"mlflow.note.content": "A suite"})
    ids = [
        client.create_run(
            experiment,
            run_name=f"cycle 0 trial {key}",
            tags={KEY_TAG: f"old{key}", STATE_TAG: "layout-1 FINISHED chosen"},
        ).info.run_id
        for key in range(keys)
    ]
    return client, experiment, set(ids)


def superseded_runs(client, experiment: str) -> set[str]:
    runs = client.search_runs([experiment], f"tags.`{SUPERSEDED_TAG}` LIKE '%'")
    return {run.info.run_id for run in runs}


def test_runs_of_0_1_are_marked_superseded_and_not_mixed_with_new_ones(
    uri: str, tmp_path: Path
) -> None:
    client, old, ids = as_0_1_left_it(uri)
    store = connect(uri, tmp_path)
    assert store.superseded == OLD
    assert store.states() == {}
    store.write(PARENT)
    there = client.get_experiment(old)
    assert there.name == OLD
    assert "0.2" in there.tags[SUPERSEDED_TAG]
    assert superseded_runs(client, old) == ids
    assert {run.info.run_id for run in client.search_runs([old])} == ids
    assert list(read(uri)[1]) == ["parent"]
    assert SUPERSEDED_TAG not in read(uri)[1]["parent"].data.tags


def test_what_is_superseded_stays_as_it_is(uri: str, tmp_path: Path) -> None:
    client, _, _ = as_0_1_left_it(uri)
    connect(uri, tmp_path).write(PARENT)
    before = {one.experiment_id: one.name for one in client.search_experiments()}
    again = connect(uri, tmp_path)
    assert again.superseded is None
    assert again.states() == {"parent": PARENT.state}
    assert {one.experiment_id: one.name for one in client.search_experiments()} == before


def test_a_supersession_that_was_interrupted_is_taken_up_again(
    uri: str, tmp_path: Path, monkeypatch
) -> None:
    from mlflow import MlflowClient

    client, old, ids = as_0_1_left_it(uri)
    set_tag, tagged = MlflowClient.set_tag, []

    def once(self, *arguments):
        tagged.append(arguments)
        return set_tag(self, *arguments) if len(tagged) == 1 else 1 / 0

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "set_tag", once)
        with pytest.raises(ZeroDivisionError):
            connect(uri, tmp_path)
    assert len(superseded_runs(client, old)) == 1
    assert client.get_experiment(old).name == "suite"
    assert connect(uri, tmp_path).superseded == OLD
    assert superseded_runs(client, old) == ids


def test_a_store_that_refuses_the_new_name_gets_no_new_run_among_the_old(
    uri: str, tmp_path: Path, monkeypatch
) -> None:
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    def refuses(*arguments) -> None:
        raise MlflowException("Permission denied")

    client, old, ids = as_0_1_left_it(uri)
    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "rename_experiment", refuses)
        with pytest.raises(MlflowException, match="Permission denied"):
            connect(uri, tmp_path)
    assert {run.info.run_id for run in client.search_runs([old])} == ids
    assert connect(uri, tmp_path).superseded == OLD


def test_names_that_are_taken_are_left_alone(uri: str, tmp_path: Path) -> None:
    client, old, _ = as_0_1_left_it(uri)
    client.create_experiment(OLD)
    client.delete_experiment(client.create_experiment("suite (superseded, alharness 0.1, 2)"))
    assert connect(uri, tmp_path).superseded == "suite (superseded, alharness 0.1, 3)"
    assert client.get_experiment(old).name == "suite (superseded, alharness 0.1, 3)"


def test_an_experiment_that_somebody_else_made_is_used(uri: str, tmp_path: Path) -> None:
    client, experiment, _ = as_0_1_left_it(uri, keys=0)
    mine = client.create_run(experiment, run_name="mine").info.run_id
    store = connect(uri, tmp_path)
    store.write(PARENT)
    assert store.superseded is None
    assert client.get_experiment_by_name("suite").experiment_id == experiment
    assert SUPERSEDED_TAG not in client.get_run(mine).data.tags
    assert connect(uri, tmp_path).states() == {"parent": PARENT.state}


def test_other_suites_are_not_superseded(uri: str, tmp_path: Path) -> None:
    client, other, _ = as_0_1_left_it(uri, name="other")
    connect(uri, tmp_path)
    assert client.get_experiment(other).name == "other"
    assert superseded_runs(client, other) == set()


@pytest.mark.slow
def test_two_benches_that_start_at_once_supersede_once(uri: str, tmp_path: Path) -> None:
    client, old, ids = as_0_1_left_it(uri, keys=20)
    there = Destination(tracking_store(uri, tmp_path), tmp_path, "suite", "A suite")
    processes = [MlflowProcess(there) for _ in range(2)]
    try:
        with ThreadPoolExecutor(2) as both:
            opened = list(both.map(MlflowProcess.open, processes))
        for process in processes:
            process.write(PARENT)
    finally:
        for process in processes:
            process.kill()
    assert sorted(one.superseded or "" for one in opened) == ["", OLD]
    assert [one.states for one in opened] == [{}, {}]
    assert sorted(one.name for one in client.search_experiments()) == ["Default", "suite", OLD]
    assert superseded_runs(client, old) == ids
    assert list(read(uri)[1]) == ["parent"]


def test_what_is_there_twice_is_put_right(uri: str, tmp_path: Path) -> None:
    """As after a server that answered too late."""
    connect(uri, tmp_path).write(PARENT)
    client, runs = read(uri)
    experiment = runs["parent"].info.experiment_id
    ids = {runs["parent"].info.run_id}
    for _ in range(2):
        there = client.create_run(experiment, tags={KEY_TAG: "parent"}, run_name="again")
        ids.add(there.info.run_id)
    children = [
        client.create_run(experiment, tags={KEY_TAG: f"t{one}", "mlflow.parentRunId": one})
        for one in ids
    ]
    store = connect(uri, tmp_path)
    _, after = read(uri)
    assert after["parent"].info.run_id == min(ids)
    assert len(client.search_runs([experiment])) == 1 + len(children)
    parents = {run.data.tags.get("mlflow.parentRunId") for run in after.values()}
    assert parents == {None, min(ids)}
    store.write(PARENT)
    assert len(client.search_runs([experiment])) == 1 + len(children)


def test_a_run_put_into_the_bin_meanwhile_is_written_again(uri: str, tmp_path: Path) -> None:
    store = connect(uri, tmp_path)
    store.write(PARENT)
    client, runs = read(uri)
    client.delete_run(runs["parent"].info.run_id)
    store.write(PARENT)
    assert read(uri)[1]["parent"].data.params == {"method": "margin"}


def test_a_run_that_is_written_as_a_whole_replaces_the_older_one(uri: str, tmp_path: Path) -> None:
    one, other = connect(uri, tmp_path), connect(uri, tmp_path)
    for store, value in ((one, 0.1), (other, 0.2), (one, 0.3)):
        points = [MetricValue("test_accuracy", value, 10, 1500)]
        store.write(replace(PARENT, whole=True, metrics=points))
    client, runs = read(uri)
    assert len(client.search_runs([runs["parent"].info.experiment_id])) == 1
    history = client.get_metric_history(runs["parent"].info.run_id, "test_accuracy")
    assert [point.value for point in history] == [0.3]


def test_the_note_of_an_experiment(uri: str, tmp_path: Path) -> None:
    connect(uri, tmp_path).describe("# Found" + "x" * 100_000)
    client, _ = read(uri)
    note = client.get_experiment_by_name("suite").tags["mlflow.note.content"]
    assert note.startswith("# Found")
    assert len(note) <= 15_000


def test_something_else_in_the_place_of_the_lock(uri: str, tmp_path: Path) -> None:
    (tmp_path / "mlflow.lock").mkdir()
    connect(uri, tmp_path).write(PARENT)
    assert (tmp_path / "damaged" / "mlflow.lock.1").is_dir()
