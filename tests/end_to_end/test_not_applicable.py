"""Scenarios that lack what a sampler needs: its row says so, and every other is complete."""

import csv
import io
import json

import pytest

from alharness import ExitCode

WITHOUT_DROPOUT = {
    "compared": '["random", "dbal", "margin"]',
    "model": '{ model = "mlp", hidden = 8, layers = 1, dropout = 0.0 }',
}
REASON = "no dropout: mlp:dropout=0.0,hidden=8,layers=1 has none"
PIXELS = """
import alharness


class Pixels(alharness.Representation):
    def features(self, images):
        return images.flatten(1)


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("pixels", Pixels)
"""


def rows(document):
    """How many runs of each row are done, and what is not applicable."""
    (scenario,) = document["scenarios"]
    done = {
        row["method"]: sum(run["state"] == "done" for run in row["runs"])
        for row in scenario["methods"]
    }
    return done, {one["method"]: one["reason"] for one in scenario["not_applicable"]}


@pytest.mark.slow
def test_on_images_a_model_without_dropout(alharness, numbers):
    alharness.suite(**WITHOUT_DROPOUT)
    n = numbers()
    planned = alharness.plan()
    assert planned["not_applicable"] == [
        {"scenario": "digits-mlp", "method": "dbal", "reason": REASON}
    ]
    assert planned["distinct_units"]["total"] == n.distinct(2)

    bench = alharness.bench("--json")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    assert bench.stderr.count(f"dbal is not applicable in digits-mlp: {REASON}.\n") == 1
    document = json.loads(bench.stdout)
    assert rows(document) == ({"random": n.runs, "margin": n.runs}, {"dbal": REASON})
    assert document["failures"] == []
    assert list(document["findings"]["digits-mlp"]["methods"]) == ["random", "margin"]
    assert document["findings"]["digits-mlp"]["family"]["methods"] == ["margin"]

    report = alharness.run("report", "--markdown", "--workspace", "workspace").stdout
    assert f"Not applicable, and so not run: dbal ({REASON})." in report
    (line,) = [line for line in report.splitlines() if line.startswith("| dbal")]
    assert "| not applicable |" in line
    table = alharness.run("stats", "workspace", "--format", "csv").stdout
    verdicts = {one["method"]: one["verdict"] for one in csv.DictReader(io.StringIO(table))}
    assert verdicts["dbal"] == f"not applicable: {REASON}"
    page = next((alharness.folder / "workspace").glob("reports/tiny/scenarios/*.html")).read_text()
    assert page.count('<tr class="lacking"') == 1

    # Of a bench of something else it stays, as the rows of others do.
    later = alharness.bench("--plugin", "entropy", "--json")
    assert later.returncode == ExitCode.DONE, later.stderr
    done, lacking = rows(json.loads(later.stdout))
    assert (set(done), lacking) == ({"random", "margin", "entropy"}, {"dbal": REASON})

    before = alharness.workspace().everything()
    asked = alharness.bench("--add", "bald")
    assert (asked.returncode, asked.stdout) == (ExitCode.USAGE, "")
    assert asked.stderr.count("\n") == 1
    assert f"it is applicable in no scenario ({REASON})" in asked.stderr
    assert alharness.workspace().everything() == before


@pytest.mark.slow
def test_on_features_there_are_no_images(alharness, numbers):
    (alharness.folder / "pixels.py").write_text(PIXELS)
    path = alharness.suite(
        compared='["random", "vaal", "bald"]',
        model='"linear"\nrepresentation = "pixels"',
        regularizers="[]",
    )
    more = ("--plugin-file", "pixels.py")
    bench = alharness.bench("--json", *more)
    assert bench.returncode == ExitCode.DONE, bench.stderr
    document = json.loads(bench.stdout)
    done, lacking = rows(document)
    assert done == {"random": numbers().runs}
    assert lacking == {
        "vaal": "no images: the scenario trains on pixels",
        "bald": "no dropout: linear has none",
    }
    shown = document["scenarios"][0]["representation"]
    assert (shown["label"], shown["width"], shown["precision"], shown["order"]) == (
        "pixels",
        64,
        "float32",
        "computed",
    )
    records = alharness.workspace().record_files()
    digests = {
        json.loads(data)["result"]["features"]
        for (kind, _), data in records.items()
        if kind == "representation"
    }
    assert len(digests) == 2
    assert shown["digest"] in digests
    report = (alharness.folder / "workspace" / "reports" / "tiny.md").read_text()
    assert "## digits-mlp, on pixels (64 features, float32)" in report
    # The suite goes on with a model that has dropout: another protocol, where bald has runs.
    path.write_text(path.read_text().replace('"linear"', '{ model = "linear", dropout = 0.5 }'))
    assert alharness.plan(*more)["not_applicable"] == [
        {
            "scenario": "digits-mlp",
            "method": "vaal",
            "reason": "no images: the scenario trains on pixels",
        }
    ]
