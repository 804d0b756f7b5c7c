"""Reports for people are made of documents alone."""

import subprocess
import sys

import numpy as np
import pytest

from alharness.leaderboard import wording
from alharness.leaderboard.report import report_markdown, write_report
from alharness.results.document import RepeatedImages
from alharness.results.reading import from_json
from alharness.statistics import Interval, Point


def rows(text, bar="|"):
    return [
        [cell.strip() for cell in line.split(bar)[1:-1]]
        for line in text.splitlines()
        if line.startswith(bar)
    ]


def test_the_report_says_what_was_found(clear):
    text = report_markdown(clear.model_copy(update={"failures": ("query k: it | broke",)}))
    header, _, random, margin, *_ = rows(text)
    assert header[:4] == ["method", "6 (10%)", "12 (20%)", "18 (30%)"]
    assert header[4:] == [
        "verdict against random", "in a family of 1", "difference", "detectable",
    ]  # fmt: skip
    assert random[4:] == ["reference", "", "", ""]
    assert margin[4] == "better than random, at fixed hyper-parameters"
    assert margin[5] == "better, p <0.0001"
    assert margin[6] == "+9.99 [+9.94, +10.04]"
    assert sum("▲" in cell for cell in margin) == 2
    assert f"Suite tiny version 1, digest {clear.suite.digest}; alharness" in text
    assert text.startswith("# Tiny\n")
    assert "## Failures\n\n- query k: it | broke" in text
    assert "One architecture" in text
    assert "Labels beside those of the columns: 6 for validation." in text


def test_the_paper_s_chain_is_in_it(clear):
    *_, first, second = rows(report_markdown(clear))
    assert first[:4] == ["12", "margin", "–", "–"]
    assert second[:4] == ["18", "margin", "–", "–"]


def test_trainings_are_told(finished):
    """Published trap 19: tuning costs something too."""
    notes = " ".join(wording.notes(finished.scenarios[0], finished.findings["blobs"], 1))
    assert "random 24, margin 24; 8 of them are the same for all" in notes


def test_test_images_that_are_training_images_are_a_note(finished):
    (scenario,) = finished.scenarios
    found = RepeatedImages(n=20, n_test=30, examples=(("train/a/0.png", "test/a/again_0.png"),))
    repeated = scenario.model_copy(update={"repeated_images": found})
    said = report_markdown(finished.model_copy(update={"scenarios": (repeated,)}))
    assert (
        "20 of 30 test images are training images too, pixel by pixel (test/a/again_0.png is "
        "train/a/0.png). Accuracy counts them"
    ) in said
    assert "training images too" not in report_markdown(finished)


def test_nothing_computed_yet(empty):
    _, _, random, margin, *_ = rows(report_markdown(empty))
    assert random == ["random", "–", "–", "–", "reference", "", "", ""]
    assert margin == ["margin", "–", "–", "–", "not testable", "not counted", "–", "–"]


def test_runs_that_stop_at_an_accuracy(clear, changed):
    scenario = clear.scenarios[0].model_copy(update={"stop_at_accuracy": 0.9})
    document = clear.model_copy(update={"scenarios": (scenario,)})
    spent = np.array([[12.0, np.nan], [18.0, np.nan], [np.nan] * 2, [np.nan] * 2])
    document = changed(document, margin={"labels_spent": spent})
    text = report_markdown(document)
    header, _, random, margin = rows(text)
    assert header[4] == "labels to 90%"
    assert random[4] == "(0 of 8 runs)"
    assert margin[4:6] == ["15 (2 of 8 runs)", "not testable"]
    assert "A run ends at 90% validation accuracy." in text
    assert "chain" not in text


def test_what_sees_labels_is_marked(clear, changed):
    text = report_markdown(changed(clear, margin={"sees_labels": True}))
    margin = rows(text)[3]
    assert margin[4:] == ["sees labels", "", "", ""]
    assert not any("▲" in cell for cell in margin)
    assert "margin: shown the hidden labels. An upper bound" in text


def test_what_trains_the_task_model_along_is_marked(clear, changed):
    text = report_markdown(changed(clear, margin={"co_trained": True}))
    assert rows(text)[3][0] == "margin (co-trained)"
    assert rows(text)[2][0] == "random"
    assert "margin: co-trained. The sampler's own training extension" in text
    assert "co-trained" not in report_markdown(clear)


OF_0_1 = """\
| random | 92.04 ± 1.68 | 95.52 ± 1.28 | 96.82 ± 0.60 | 96.91 ± 1.19 | reference |  |  |
| margin | 92.04 ± 1.68 | 96.51 ± 0.86 | 98.12 ± 0.41 ▲ | 98.21 ± 0.50 | better than random \
| +1.21 [+0.38, +2.04] | 1.15 [0.78, 2.21] |
| coreset | 92.04 ± 1.68 | 97.47 ± 0.64 ▲ | 97.81 ± 0.95 | 97.90 ± 0.71 | better than random \
| +1.27 [+0.54, +1.99] | 1.01 [0.68, 1.93] |
"""
"""What alharness 0.1 itself printed."""


def test_the_report_of_0_1_still_prints(of_0_1):
    text = report_markdown(from_json(of_0_1))
    assert OF_0_1 in text
    assert "| method | 144 | 287 | 431 | 575 |" in text
    assert "random 64, margin 64, coreset 64.  " in text
    assert "| 287 | coreset | – | margin | 0.03 |" in text
    assert "Labels beside those of the columns: 144 for validation." in text


def test_models_that_a_document_does_not_say_are_not_claimed(finished):
    (scenario,) = finished.scenarios
    assert "One architecture" in " ".join(wording.notes(scenario, finished.findings["blobs"], 1))
    for n_models in (2, None):
        assert "One architecture" not in " ".join(
            wording.notes(scenario, finished.findings["blobs"], n_models)
        )


def test_a_report_is_a_file_in_a_folder(tmp_path, finished):
    path = write_report(finished, tmp_path / "reports")
    assert path == tmp_path / "reports" / "tiny.md"
    assert path.read_text() == report_markdown(finished)


def test_reports_import_neither_torch_nor_plugins():
    code = (
        "import sys, alharness.leaderboard.report, alharness.cli.report, alharness.cli.tables\n"
        "import alharness.results.documents\n"
        "heavy = {'torch', 'mlflow', 'optuna', 'scipy', 'alharness_plugins', 'alharness_suites'}\n"
        "print(*(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Point(0, 0, None, None, None), "–"),
        (Point(1, 2, 0.5, None, 0.1), "50.00"),
        (Point(3, 6, 0.9123, Interval(0.90, 0.92), 0.1), "91.23 ± 1.00"),
    ],
)
def test_cells(point, text):
    assert wording.cell(point, None) == text
