"""``alharness leaderboard build``: from documents and workspaces, and nothing else."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from alharness import ExitCode
from alharness.cli.main import alharness
from alharness.leaderboard.site.build import site
from alharness.results.documents import Documents

WITHOUT_PLUGINS = """
import sys
absent = ("alharness.registry", "alharness_plugins", "alharness_suites", "torch", "mlflow",
          "optuna", "timm", "sklearn", "pandas")

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in absent:
            raise ImportError(f"{name} is not here")

sys.meta_path.insert(0, Absent())
from alharness.cli.main import main
main()
"""


def build(*arguments):
    return CliRunner().invoke(alharness, ["leaderboard", "build", *map(str, arguments)])


@pytest.fixture(scope="module")
def documents(made_up):
    return [made_up.document(methods=2), made_up.document(methods=2, suite="other")]


@pytest.fixture
def workspace(tmp_path, documents):
    for one in documents:
        Documents(tmp_path / "workspace" / "reports").write(one)
    return tmp_path / "workspace"


def written(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "alharness-site.json"
    }


def test_workspaces_and_documents_together(tmp_path, workspace, documents):
    alone = tmp_path / "alone.json"
    alone.write_text(json.dumps(documents[1].to_json()))
    for paths, of in (
        ([workspace], documents),
        ([alone], documents[1:]),
        ([workspace, alone], documents),
        (["--workspace", workspace], documents),
    ):
        out = tmp_path / "site"
        result = build(*paths, "--out", out)
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout == f"{out}/index.html\n"
        assert written(out) == site(of)


@pytest.mark.slow
def test_no_plugin_has_to_be_there(tmp_path, workspace, documents):
    command = ["leaderboard", "build", str(workspace), "--out", str(tmp_path / "site")]
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLUGINS, *command],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert written(tmp_path / "site") == site(documents)


def test_what_cannot_be_built_is_one_line_and_no_file(tmp_path, workspace):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    (workspace / "reports" / "damaged.json").write_text("{")
    new = tmp_path / "site"
    for paths, out, said in (
        ([tmp_path / "none.json"], new, "none.json: cannot be read: No such file"),
        ([workspace], new, "damaged.json: is no document of a bench"),
        ([tmp_path], new, "there is no document of a bench"),
        ([workspace], tmp_path / "thesis", "thesis: is not overwritten"),
    ):
        result = build(*paths, "--out", out)
        assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
        assert not new.exists()
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["thesis.tex"]
