"""What MLflow would refuse is written otherwise: names that it cannot spell, texts without end."""

import math

import pytest

from alharness.tracking.accepted import accepted, accepted_name
from alharness.tracking.logged_run import LoggedRun, MetricValue


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("note.gap (%)", "note.gap ___"),
        ("note.acc@5", "note.acc_5"),
        ("/x", "x"),
        ("x/../y", "x/__/y"),
        (".", "_"),
        ("", "_"),
        ("a//b/", "a/b"),
        ("validation_accuracy", "validation_accuracy"),
        ("a" * 1000, "a" * 163 + "_" + "a" * 82),
    ],
)
def test_names(name, written):
    assert accepted_name(name) == written


def test_mlflow_takes_what_is_written(tmp_path, empty_database):
    from mlflow import MlflowClient

    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    names = ["gap (%)", "/x", "x/../y", ".", "a" * 1000, "\x1b[31mred", "n\n", "..", "./a"]
    points = [MetricValue(name, 1.0, 0, 1) for name in names]
    points.append(MetricValue("infinite", math.inf, 0, 1))
    run = LoggedRun(
        "k", "s", "name" * 1000, None, "FINISHED", 1, 2, dict.fromkeys(names, "x" * 10**6), points,
        dict.fromkeys(names, "y" * 10**6),
    )  # fmt: skip
    from alharness.tracking.mlflow_store import MlflowStore

    uri = f"sqlite:///{tmp_path}/mlflow.db"
    MlflowStore(uri, tmp_path, "e", "t").write(run)
    client = MlflowClient(uri)
    (logged,) = client.search_runs([client.get_experiment_by_name("e").experiment_id])
    assert logged.data.metrics.keys() == {accepted_name(name) for name in names}
    assert accepted(run).metrics[-1].metric != "infinite"
