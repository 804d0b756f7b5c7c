"""``alharness report``: from the documents in a workspace, and nothing else."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest
from click.testing import CliRunner

from alharness import ExitCode
from alharness.cli.main import alharness
from alharness.leaderboard.report import report_markdown
from alharness.results.documents import Documents

WITHOUT_PLUGINS = """
import sys
ours = ("alharness.registry", "alharness_plugins", "alharness_suites")
for name in (*ours, "torch", "mlflow", "optuna", "timm", "scipy", "sklearn"):
    sys.modules[name] = None  # importing it raises ImportError
from alharness.cli.main import main
main()
"""


def report(*arguments):
    return CliRunner().invoke(alharness, ["report", *map(str, arguments)])


@pytest.fixture
def workspace(tmp_path, of_0_1):
    """A workspace of 0.1: nothing but its report."""
    folder = tmp_path / "workspace"
    (folder / "reports").mkdir(parents=True)
    (folder / "reports" / "digits-quick.json").write_text(json.dumps(of_0_1))
    (folder / "reports" / "digits-quick.md").write_text("# What people read")
    return folder


def test_a_workspace_of_0_1_without_plugins(workspace):
    before = sorted(workspace.rglob("*"))
    finished = subprocess.run(
        [sys.executable, "-c", WITHOUT_PLUGINS, "report", "--workspace", str(workspace)],
        capture_output=True,
        text=True,
        cwd=workspace,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0] == "digits-quick"
    assert lines[1].endswith("digest ab80a007b89ae3c31d16cd6ea51e5774; alharness 0.1.0.")
    (margin,) = [line for line in lines if line.startswith("│ margin")]
    assert "better than random │ +1.21 [+0.38, +2.04] │ 1.15 [0.78, 2.21]" in margin
    assert "Labels beside those of the columns: 144 for validation." in lines
    assert sorted(workspace.rglob("*")) == before


def test_all_documents_or_one(workspace, finished, clear):
    Documents(workspace / "reports").write(
        clear.model_copy(update={"failures": ("query k: it broke",) * 2})
    )
    both = report("--workspace", workspace).stdout
    assert "digits-small-cnn" in both
    assert "blobs" in both
    one = report("--workspace", workspace, "--suite", "tiny").stdout
    assert "digits-small-cnn" not in one
    assert one in both
    assert "Failed: 2 x query k: it broke" in one
    assert "better than random" in one


@pytest.mark.parametrize("width", [60, 80])
def test_a_narrow_report_has_every_number_whole(workspace, monkeypatch, width):
    wide = report("--workspace", workspace).stdout
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = report("--workspace", workspace).stdout
    assert max(map(len, wide.splitlines())) > 80
    assert max(map(len, narrow.splitlines())) <= width
    cells = [word for line in wide.splitlines() if line[:1] in "┃│" for word in line[1:-1].split()]
    missing = Counter(cells) - Counter(narrow.split())
    assert not missing.keys() - {"│", "┃"}
    assert "better than random" in narrow


def test_json_is_a_list_of_documents_of_the_newest_schema(workspace, clear):
    Documents(workspace / "reports").write(clear)
    documents = json.loads(report("--workspace", workspace, "--json").stdout)
    assert [one["suite"]["name"] for one in documents] == ["digits-quick", "tiny"]
    assert [one["schema"] for one in documents] == [3, 3]
    (one,) = json.loads(report("--workspace", workspace, "--suite", "tiny", "--json").stdout)
    assert one == clear.to_json()


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("{}", ExitCode.USAGE, "is no document of a bench"),
        ('{"schema": 9, "scenarios": []}', ExitCode.USAGE, "is newer than this alharness knows"),
        ('{"schema": 3, "scenarios": []}', ExitCode.MISMATCH, "is not the document"),
    ],
)
def test_a_file_that_is_no_document(tmp_path, text, code, said):
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "tiny.json").write_text(text)
    result = report("--workspace", tmp_path)
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_one_that_cannot_be_read_is_named_and_the_others_are_shown(workspace, clear):
    Documents(workspace / "reports").write(clear)
    (workspace / "reports" / "other.json").write_text("{")
    shown = report("--workspace", workspace)
    assert shown.exit_code == ExitCode.USAGE
    assert "digits-small-cnn" in shown.stdout
    assert "blobs" in shown.stdout
    (line,) = shown.stderr.splitlines()
    assert line.startswith(f"Error: {workspace}/reports/other.json: is no document of a bench")
    documents = json.loads(report("--workspace", workspace, "--json").stdout)
    assert [one["suite"]["name"] for one in documents] == ["digits-quick", "tiny"]


def test_markdown_is_the_report_that_bench_writes(workspace, clear):
    Documents(workspace / "reports").write(clear)
    printed = report("--workspace", workspace, "--suite", "tiny", "--markdown")
    assert printed.stdout == report_markdown(clear)
    both = report("--workspace", workspace, "--markdown").stdout
    assert both.startswith("# digits-quick\n")
    assert both.endswith(f"\n\n{report_markdown(clear)}")
    refused = report("--workspace", workspace, "--markdown", "--json")
    assert (refused.exit_code, refused.stdout) == (ExitCode.USAGE, "")
    assert "--json and --markdown: one of them at a time" in refused.stderr


def test_where_there_is_none(tmp_path, workspace):
    result = report("--workspace", tmp_path / "nowhere")
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert "there is no document of a bench. Run 'alharness bench'" in result.stderr
    assert not (tmp_path / "nowhere").exists()
    result = report("--workspace", workspace, "--suite", "digits")
    assert result.exit_code == ExitCode.USAGE
    assert "no document of suite 'digits'. Those there are: digits-quick" in result.stderr
