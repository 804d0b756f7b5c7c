"""The README's bench, as a newcomer runs it."""

import json
import time

import pytest

from alharness import ExitCode


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_digits_quick_is_quick_and_random_is_well_tuned(new_alharness, tmp_path):
    began = time.monotonic()
    bench = new_alharness(tmp_path).run_for(400, "bench", "--suite", "digits-quick", "--json")
    taken = time.monotonic() - began
    assert bench.returncode == ExitCode.DONE, bench.stderr
    document = json.loads(bench.stdout)
    (scenario,) = document["scenarios"]
    assert scenario["labels"][-1] == round(0.4 * 1437)
    found = document["findings"][scenario["scenario"]]["methods"]
    assert list(found) == ["random", "margin", "coreset"]
    assert found["random"]["verdict"] is None
    assert found["random"]["curve"][-1]["mean"] > 0.95
    assert all(found[method]["verdict"]["interval"] for method in ("margin", "coreset"))
    assert taken < 180
