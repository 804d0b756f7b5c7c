"""A bench whose trainings ran on several kinds of machines says so, in document and report."""

import json
import shutil

import pytest


def set_machine(path, processor):
    """Rewrite which processor a record's facts name: no digest covers them."""
    record = json.loads(path.read_text())
    record["facts"]["processor"] = processor
    path.write_text(json.dumps(record))


@pytest.mark.slow
def test_a_bench_that_mixes_machines_says_so(alharness, finished_bench, numbers):
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    root = alharness.workspace().root
    assert "of machines" not in (root / "reports" / "tiny.md").read_text()
    (scenario,) = alharness.workspace().report()["scenarios"]
    (here,) = scenario["machines"]
    trials = sorted(root.glob("records/trial/*/*.json"))
    assert here["trainings"] == len(trials) == numbers().trained * 3

    another = {"name": "another processor", "instructions": "NEON"}
    for path in trials[:5]:
        set_machine(path, another)
    set_machine(trials[5], None)
    (root / "records" / "index.jsonl").unlink()
    bench = alharness.bench()
    assert bench.returncode == 0, bench.stderr
    kind = here["machine"]
    line = (
        f"Trainings ran on 2 kinds of machines: {len(trials) - 6} on {kind['processor']} "
        f"({kind['instructions']}), 5 on another processor (NEON), 1 on one that their records do "
        "not name."
    )
    after = alharness.run("report", "--workspace", root)
    assert after.returncode == 0, after.stderr
    for text in (bench.stdout, after.stdout, (root / "reports" / "tiny.md").read_text()):
        assert text.count(line) == 1
    (scenario,) = alharness.workspace().report()["scenarios"]
    assert [one["trainings"] for one in scenario["machines"]] == [len(trials) - 6, 5, 1]
    assert [one["machine"] and one["machine"]["processor"] for one in scenario["machines"]] == [
        kind["processor"], "another processor", None,
    ]  # fmt: skip
