"""``alharness stats``: of a CSV, of a document, of a workspace; in every format."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alharness import ExitCode
from alharness.results.statistics_report import StatisticsReport

WATCHED = """
import sys
from alharness.cli.main import main
try:
    main()
finally:
    heavy = ("alharness.registry", "alharness_plugins", "alharness_suites", "torch", "mlflow",
             "optuna", "timm", "sklearn", "pandas")
    print(*(set(heavy) & set(sys.modules)), file=sys.stderr)
"""

OF_0_1 = Path(__file__).parents[1] / "results" / "documents" / "digits-quick-0.1.json"


@pytest.fixture
def runs(tmp_path):
    """A CSV: margin is 3 points better than random, entropy is not."""
    rng = np.random.default_rng(0)
    rows = ["method,initial_set,seed,budget,accuracy,nll"]
    for method, gain in (("random", 0.0), ("margin", 0.03), ("entropy", 0.0)):
        for i, j, c in np.ndindex(5, 2, 3):
            accuracy = 0.5 + 0.1 * c + (gain + rng.normal(0, 0.002) if c else 0.01 * i)
            rows.append(f"{method},{i},{j},{100 * (c + 1)},{accuracy:.4f},{1 - accuracy:.4f}")
    path = tmp_path / "cifar.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "workspace" / "reports"
    folder.mkdir(parents=True)
    folder.joinpath("digits-quick.json").write_text(OF_0_1.read_text())
    return folder.parent


def test_a_csv_needs_no_plugin_and_imports_nothing_heavy(runs):
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "stats", str(runs), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "\n")
    (found,) = StatisticsReport.model_validate_json(done.stdout).scenarios
    assert found.scenario == "cifar"
    assert {name: one.sentence for name, one in found.methods.items()} == {
        "random": None, "margin": "better than random", "entropy": "undetermined",
    }  # fmt: skip
    assert found.methods["entropy"].equivalence.equivalent
    assert found.budgets == (200, 300)


def test_tables_on_a_terminal_of_80_columns(command, runs, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    result = command("stats", runs)
    assert (result.exit_code, result.stderr) == (0, "")
    assert max(map(len, result.stdout.splitlines())) <= 80
    text = " ".join(result.stdout.split())
    for said in (
        "cifar: accuracy, verdicts against random",
        "verdict against random reference better than random undetermined",
        "within ±1.00 – not shown yes",
        "cifar: accuracy, labels saved against random",
        "cifar: accuracy, wins",
        "cifar: accuracy, the paper's chain of tests",
        "Family of 2 (Holm): margin, entropy.",
        "Assumed: 100 labels are cycle 0",
    ):
        assert said in text


def test_a_workspace_of_0_1_says_what_it_said(command, workspace):
    result = command("stats", workspace)
    assert (result.exit_code, result.stderr) == (0, "")
    (margin,) = [
        line for line in result.stdout.splitlines() if "better" in line and "│ margin" in line
    ]
    assert "better than random" in margin
    assert "+1.21 [+0.38, +2.04]" in margin
    assert "1.15 [0.78, 2.21]" in margin
    document = workspace / "reports" / "digits-quick.json"
    assert command("stats", document).stdout == result.stdout
    assert command("stats", workspace, "--suite", "digits-quick").stdout == result.stdout


def test_the_workspace_is_the_default(command, workspace, monkeypatch):
    said = command("stats", workspace).stdout
    workspace.rename(command.folder / "alharness-workspace")
    assert command("stats").stdout == said
    monkeypatch.setenv("ALHARNESS_WORKSPACE", str(command.folder / "elsewhere"))
    assert "elsewhere" in command("stats").stderr


def test_a_metric_beside_the_endpoint_is_called_secondary(command, runs):
    text = command("stats", runs, "--metric", "nll").stdout
    assert "negative log-likelihood (secondary; the endpoint is accuracy)" in text
    assert "in nats; above 0 is better" in text
    (found,) = command.json("stats", runs, "--metric", "nll")["scenarios"]
    assert (found["secondary"], found["margin_declared"]) == (True, False)
    assert found["methods"]["margin"]["verdict"]["verdict"] == "better"


def test_margin_reference_and_methods(command, runs):
    (found,) = command.json("stats", runs, "--margin", "0.05")["scenarios"]
    assert found["methods"]["margin"]["equivalence"]["equivalent"]
    (found,) = command.json("stats", runs, "--reference", "margin")["scenarios"]
    assert found["methods"]["random"]["sentence"] == "worse than margin"
    (found,) = command.json("stats", runs, "--methods", "entropy")["scenarios"]
    assert list(found["methods"]) == ["random", "entropy"]
    assert found["family"]["methods"] == ["margin", "entropy"]


def test_csv_has_a_row_for_each_scenario_and_method(command, runs):
    text = command("stats", runs, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["method"] for row in rows] == ["random", "margin", "entropy"]
    assert {row["scenario"] for row in rows} == {"cifar"}
    assert float(rows[1]["difference"]) == pytest.approx(0.03, abs=0.005)
    (found,) = command.json("stats", runs)["scenarios"]
    verdict = found["methods"]["margin"]["verdict"]
    assert float(rows[1]["difference_low"]) == verdict["interval"][0]


@pytest.mark.parametrize(("written", "said"), [("markdown", "**cifar"), ("latex", "\\toprule")])
def test_tables_for_a_paper(command, runs, written, said):
    result = command("stats", runs, "--format", written)
    assert (result.exit_code, result.stdout.count(said)) == (0, 5)


def test_everything_is_written_and_is_the_same_each_time(command, runs):
    for folder in ("a", "b"):
        result = command("stats", runs, "--out", folder)
        assert (result.exit_code, result.stderr) == (0, "")
    written = command.everything()
    names = {name.removeprefix("a/") for name in written if name.startswith("a/")}
    tables = ("means", "verdicts", "savings", "wins", "paper-chain")
    files = {f"cifar/{table}.{end}" for table in tables for end in ("md", "tex", "csv", "json")}
    assert names == {"cifar", "statistics.json"} | files
    assert all(written[f"a/{name}"] == written[f"b/{name}"] for name in names)
    assert json.loads(written["a/statistics.json"]) == command.json("stats", runs)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent.csv"], "absent.csv/reports: there is no document of a bench"),
        (["cifar.csv", "--reference", "rnadom"], "the reference 'rnadom' is not among the methods"),
        (["cifar.csv", "--metric", "brier"], "cifar.csv: there is no column 'brier'"),
        (["cifar.csv", "--methods", "vaal"], "cifar: there is no method 'vaal'"),
        (["cifar.csv", "--suite", "digits"], "--suite is for a workspace"),
        (["cifar.csv", "--json", "--format", "csv"], "--json and --format: one of them at a time"),
        (["cifar.csv", "--margin", "0"], "Invalid value for '--margin'"),
        (["empty.json"], "empty.json: is no document of a bench"),
    ],
)
def test_what_is_wrong_is_one_line(command, runs, words, said):
    (command.folder / "empty.json").write_text("{}")
    result = command("stats", *words)
    assert (result.exit_code, result.stdout) == (ExitCode.USAGE, "")
    assert said in result.stderr
    assert len([line for line in result.stderr.splitlines() if line.startswith("Error")]) == 1


@pytest.fixture
def along(tmp_path, made_up):
    """A document whose method margin is co-trained; of coreset it is not known."""
    scenario = made_up.document(3).scenarios[0]
    said = {"random": False, "margin": True, "coreset": None}
    rows = (row.model_copy(update={"co_trained": said[row.method]}) for row in scenario.methods)
    path = tmp_path / "along.json"
    document = made_up.of([scenario.model_copy(update={"methods": tuple(rows)})])
    path.write_text(json.dumps(document.to_json()))
    return path


def test_what_is_co_trained_is_marked(command, along, runs):
    (found,) = command.json("stats", along)["scenarios"]
    said = {name: one["co_trained"] for name, one in found["methods"].items()}
    assert said == {"random": False, "margin": True, "coreset": None}
    (plain,) = command.json("stats", runs)["scenarios"]
    assert {one["co_trained"] for one in plain["methods"].values()} == {None}
    rows = list(csv.DictReader(io.StringIO(command("stats", along, "--format", "csv").stdout)))
    assert [(row["method"], row["co_trained"]) for row in rows] == [
        ("random", ""), ("margin", "yes"), ("coreset", ""),
    ]  # fmt: skip
    text = " ".join(command("stats", along).stdout.split())
    assert text.count("margin: co-trained. The sampler's own training extension") == 2
    assert "co-trained" not in command("stats", runs).stdout


def test_it_is_marked_without_a_verdict_too(command, along):
    """The reference, and what is not among the methods that are shown."""
    (found,) = command.json("stats", along, "--reference", "margin")["scenarios"]
    assert (found["methods"]["margin"]["role"], found["methods"]["margin"]["co_trained"]) == (
        "reference", True,
    )  # fmt: skip
    assert "co-trained" not in command("stats", along, "--methods", "coreset").stdout
