"""Where a bench is tracked."""

from pathlib import Path

import pytest

from alharness.api.errors import UsageError
from alharness.tracking.tracking_uri import TrackingStore, is_database, tracking_store


@pytest.mark.parametrize("given", [None, ""])
@pytest.mark.parametrize("name", ["w", "50%25x", "a#b", "with space", "wh?t", "ü"])
def test_the_default_is_a_database_in_the_workspace(
    given: str | None, name: str, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    there = TrackingStore("sqlite:///mlflow.db", tmp_path / name, f"{tmp_path}/{name}/mlflow.db")
    assert tracking_store(given, Path(name)) == there


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5000",
        "https://user:secret@tracking.example.org/mlflow",
        "sqlite:////tmp/mlflow.db",
        "sqlite:///mlflow.db",
        "postgresql+psycopg2://user:secret@host/db",
        "postgresql://alice:s3cr/et@db.example/mlf",
        "mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret",
        "databricks",
        "databricks://profile",
    ],
)
def test_what_mlflow_can_use_is_kept(uri: str) -> None:
    assert (tracking_store(uri, Path("w")).uri, tracking_store(uri, Path("w")).folder) == (
        uri,
        None,
    )


@pytest.mark.parametrize(
    "uri",
    [
        "mlruns",
        "/tmp/mlruns",
        "file:///tmp/mlruns",
        "http://",
        "http:///path",
        "http://host:port",
        "http://host:99999",
        "http://[::1",
        "htp://127.0.0.1:5000",
        "127.0.0.1:5000",
        "sqlite://",
        "sqlite:///",
        "sqlite://mlflow.db",
    ],
)
def test_what_mlflow_cannot_use_is_one_clear_line(uri: str) -> None:
    with pytest.raises(UsageError, match=r"cannot be tracked to: .*Write http://HOST:PORT"):
        tracking_store(uri, Path("w"))


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns"])
def test_a_folder_is_refused_as_a_folder(uri: str) -> None:
    with pytest.raises(UsageError, match="no longer keeps runs in a folder"):
        tracking_store(uri, Path("w"))


def test_databases_and_servers_are_told_apart() -> None:
    assert is_database("sqlite:////tmp/mlflow.db")
    assert is_database("postgresql+psycopg2://host/db")
    assert not is_database("http://host:5000")
