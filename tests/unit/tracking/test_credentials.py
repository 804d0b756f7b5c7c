"""No credential of a tracking URI is shown, whoever speaks of it."""

import sys
from pathlib import Path

import pytest

from alharness.api.errors import UsageError
from alharness.tracking.credentials import redacted, secrets, shown
from alharness.tracking.mlflow_process import serve
from alharness.tracking.tracking_uri import tracking_store
from alharness.work.environment import secrets_of, without_private


@pytest.mark.parametrize(
    ("uri", "for_people"),
    [
        ("https://user:s3cret@host:5000/p", "https://host:5000/p"),
        ("https://s3cret@host/p", "https://host/p"),
        ("sqlite:////tmp/a@b/mlflow.db", "sqlite:////tmp/a@b/mlflow.db"),
        ("postgresql://alice:s3cr/et@db.example/mlf", "postgresql://db.example/mlf"),
        ("https://alice:pa#s3cret@host.example/x", "https://host.example/x"),
        ("https://alice:pa?s3cret@host.example/x", "https://host.example/x"),
        ("https://alice:p@s3cret@host.example/x", "https://host.example/x"),
        (
            "postgresql://db.example/mlf?user=alice&password=s3cret",
            "postgresql://db.example/mlf?user=***&password=***",
        ),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Ds3cret", "mssql+pyodbc:///?odbc_connect=***"),
        ("alice:s3cret@host", "host"),
        ("databricks", "databricks"),
        ("mlruns", "mlruns"),
    ],
)
def test_a_uri_for_people_holds_no_credentials(uri, for_people):
    assert shown(uri) == for_people


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("postgresql://alice:s3cr/et@db.example/mlf", "cannot parse {uri}"),
        ("postgresql://alice:s3cr/et@db.example/mlf", "alice:s3cr/et is not known"),
        ("postgresql://alice:s3cr/et@db.example/mlf", "Port could not be cast: 's3cr'"),
        ("https://alice:pa%20s3cret@host.example/x", "no user with password pa s3cret"),
        ("https://alice:pa%20s3cret@host.example/x", "{uri}/api/2.0: 404"),
        ("postgresql://db.example/mlf?user=a&password=s3cr%2Fet", "password=s3cr/et refused"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Ds3cr%2Fet", "PWD=s3cr/et; refused"),
    ],
)
def test_what_other_libraries_say_holds_none_either(uri, words):
    assert "s3cr" not in redacted(words.format(uri=uri), secrets(uri))


@pytest.mark.parametrize("scheme", ["htp", "https", "file"])
@pytest.mark.parametrize(
    "password", ["s3cret", "s3cr/et", "s3#cret", "s3?cret", "[s3cret", "s3:cr"]
)
def test_a_refusal_holds_none(scheme, password):
    try:
        text = tracking_store(f"{scheme}://alice:{password}@host:port/x", Path("w")).name
    except UsageError as error:
        text = str(error)
    assert "s3" not in text
    assert "cret" not in text


def test_the_process_of_mlflow_tells_none(tmp_path, monkeypatch):
    """A store that MLflow knows of and cannot reach: its words quote the URI."""
    import io
    import json

    uri = "https://alice:pa#s3cret@host.invalid/x"
    request = {
        "uri": uri, "own": False, "workspace": str(tmp_path), "experiment": "e", "title": "t",
    }  # fmt: skip
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    answers = io.StringIO()
    serve(io.StringIO(json.dumps(request) + "\n"), answers)
    answer = json.loads(answers.getvalue())
    assert answer["error"]
    assert "s3cret" not in answer["error"]


@pytest.mark.parametrize(
    ("uri", "remedy"),
    [
        ("mysql+nodriver://u:s3cret@db.invalid/x", "name another driver"),
        ("postgresql+psycopg://u:s3cret@db.invalid/x", "install the Python module 'psycopg'"),
    ],
)
def test_what_only_people_can_mend_has_a_remedy(tmp_path, monkeypatch, uri, remedy):
    import io
    import json

    monkeypatch.setitem(sys.modules, "psycopg", None)
    request = {
        "uri": uri, "own": False, "workspace": str(tmp_path), "experiment": "e", "title": "t",
    }  # fmt: skip
    answers = io.StringIO()
    serve(io.StringIO(json.dumps(request) + "\n"), answers)
    answer = json.loads(answers.getvalue())
    assert answer["remedy"].startswith(remedy)
    assert "s3cret" not in answers.getvalue()


def test_variables_of_others():
    variables = {
        "MLFLOW_TRACKING_PASSWORD": "hunter22", "MLFLOW_TRACKING_URI": "http://a:b@c",
        "AWS_ACCESS_KEY_ID": "AKIA", "ALHARNESS_TRACKING_URI": "http://x", "HF_TOKEN": "hf_1",
        "my_api_key": "12345", "PATH": "/bin", "HOME": "/root", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    assert without_private(variables).keys() == {"PATH", "HOME", "OMP_NUM_THREADS"}
    assert secrets_of(variables) == {"hunter22", "AKIA", "hf_1", "12345"}
