"""Results add up in a workspace: a bench of other samplers keeps the rows of the others."""

import json
import shutil
import subprocess

import pytest

from alharness import ExitCode


@pytest.fixture
def benched(alharness, finished_bench):
    """A workspace in which margin was compared with random."""
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    return alharness


def methods(document):
    (scenario,) = document["scenarios"]
    return [row["method"] for row in scenario["methods"]]


def in_the_report(alharness):
    lines = (alharness.workspace().root / "reports" / "tiny.md").read_text().splitlines()
    begin = lines.index("## digits-mlp")
    return [line.split("|")[1].strip() for line in lines[begin + 4 :] if line.startswith("| ")][:3]


@pytest.mark.slow
def test_a_bench_that_compares_less_keeps_the_rest(benched):
    """The reference alone: nothing is left to compute."""
    before = benched.workspace().report()
    bench = benched.bench("--plugin", "random", "--json")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    document = json.loads(bench.stdout)
    assert document["suite"]["declaration"]["methods"]["compared"] == [
        {"name": "random", "parameters": {}}
    ]
    assert document["scenarios"] == before["scenarios"]
    assert document["findings"] == before["findings"]
    assert benched.workspace().report() == document
    assert in_the_report(benched)[:2] == ["random", "margin"]


@pytest.mark.slow
def test_a_later_sampler_stands_beside_the_others(benched):
    first = benched.workspace().report()
    bench = benched.bench("--plugin", "entropy")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    second = benched.workspace().report()
    assert methods(second) == in_the_report(benched) == ["random", "entropy", "margin"]
    assert second["scenarios"][0]["methods"][2] == first["scenarios"][0]["methods"][1]

    before = benched.workspace().record_files()
    assert benched.bench("--add", "entropy").returncode == ExitCode.DONE
    assert benched.workspace().record_files() == before
    third = benched.workspace().report()
    assert methods(third) == in_the_report(benched) == ["random", "margin", "entropy"]
    alone = benched.bench("--add", "entropy", workspace="alone")
    assert alone.returncode == ExitCode.DONE, alone.stderr
    together = benched.workspace("alone").report()
    assert third["findings"] == together["findings"]
    found = [benched.workspace(name).found()["scenarios"] for name in ("workspace", "alone")]
    assert found[0] == found[1]


@pytest.mark.slow
def test_of_two_benches_at_once_the_report_has_both(alharness):
    processes = [
        subprocess.Popen(
            alharness.command(*alharness.bench_arguments("--plugin", name)),
            cwd=alharness.folder,
            env=alharness.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("margin", "entropy")
    ]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == ExitCode.DONE, stderr
    assert sorted(methods(alharness.workspace().report())) == ["entropy", "margin", "random"]


@pytest.mark.slow
def test_plan_adds_beside_what_the_suite_compares(benched):
    plan = benched.plan("--add", "entropy", "--add", "margin")
    assert {row["method"] for row in plan["units"]} == {"random", "margin", "entropy"}
    plan = benched.plan("--plugin", "coreset", "--add", "entropy")
    assert {row["method"] for row in plan["units"]} == {"random", "coreset", "entropy"}
