"""The README's bench, as a newcomer runs it."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alharness import ExitCode


@pytest.fixture
def workspace(new_alharness, tmp_path):
    """Where the README's command was carried out: by ``.ci/run``, or now."""
    if there := os.environ.get("ALHARNESS_TEST_README_WORKSPACE"):
        return Path(there)
    bench = new_alharness(tmp_path).run_for(
        400, "bench", "--suite", "digits-quick", "--workspace", "here"
    )
    assert bench.returncode == ExitCode.DONE, bench.stderr
    return tmp_path / "here"


def span(facts):
    began = datetime.fromisoformat(facts["started"])
    return began, began + timedelta(seconds=facts["seconds"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_digits_quick_is_quick_and_random_is_well_tuned(workspace):
    document = json.loads((workspace / "reports" / "digits-quick.json").read_text())
    (scenario,) = document["scenarios"]
    assert scenario["labels"][-1] == round(0.4 * 1437)
    found = document["findings"][scenario["scenario"]]["methods"]
    assert list(found) == ["random", "margin", "coreset"]
    assert found["random"]["verdict"] is None
    assert found["random"]["curve"][-1]["mean"] > 0.95
    assert all(found[method]["verdict"]["interval"] for method in ("margin", "coreset"))
    records = [json.loads(path.read_text()) for path in workspace.glob("records/*/*/*.json")]
    begins, ends = zip(*(span(record["facts"]) for record in records), strict=True)
    assert max(ends) - min(begins) < timedelta(minutes=3)
