"""Samplers that break their contract fail their own runs; the other runs go on."""

import json
import re

import pytest

from alharness import ExitCode

MODULE = '''
import sys

import numpy as np

import alharness


class Repeats(alharness.Sampler):
    def query(self, pool, budget, rng):
        print("I was asked")
        return np.zeros(budget, dtype=np.int64)


class OutOfRange(alharness.Sampler):
    def query(self, pool, budget, rng):
        return np.arange(budget) + pool.n_unlabeled - budget + 1


class Negative(alharness.Sampler):
    def query(self, pool, budget, rng):
        return np.arange(budget) - 1


class TooFew(alharness.Sampler):
    def query(self, pool, budget, rng):
        return np.arange(budget - 1)


class NanScores(alharness.ScoreSampler):
    def scores(self, pool):
        return np.full(pool.n_unlabeled, np.nan)


class Raises(alharness.Sampler):
    def query(self, pool, budget, rng):
        raise KeyError("two\\nlines")


class Exits(alharness.Sampler):
    def query(self, pool, budget, rng):
        sys.exit(0)


class NoArray(alharness.Sampler):
    def query(self, pool, budget, rng):
        return [range(1), {}]


class Sound(alharness.Sampler):
    """Breaks no rule."""

    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    for name, sampler in list(globals().items()):
        if isinstance(sampler, type) and issubclass(sampler, alharness.Sampler):
            yield alharness.SamplerSpec(name.lower(), sampler)
'''

# Of 1437 images, 144 are labeled, 144 are in validation, 287 are to be labeled next.
RULE = "a query returns 143 distinct integers in [0, 1149)"

MESSAGES = {
    "repeats": f"142 positions are duplicates; {RULE}",
    "outofrange": f"position 1149 is out of range; {RULE}",
    "negative": f"position -1 is out of range; {RULE}",
    "toofew": f"142 positions were returned; {RULE}",
    "nanscores": "1149 of 1149 scores are NaN. Guard logarithms",
    "raises": "query raised KeyError: 'two\\nlines' (bad_samplers.py, line 37)",
    "exits": "query raised SystemExit: 0 (bad_samplers.py, line 42)",
    "noarray": f"the answer is no array; {RULE}",
}


@pytest.fixture(scope="module")
def bad_samplers(tmp_path_factory):
    """A folder with an installed distribution, as pip leaves one."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "bad_samplers.py").write_text(MODULE)
    info = folder / "bad_samplers-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad-samplers\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[alharness]\nbad = bad_samplers\n")
    return folder


@pytest.fixture(scope="module")
def few(numbers):
    """The numbers of a bench with fewer runs; those that it has are the tiny suite's."""
    return numbers(initial_sets=2, seeds=1)


@pytest.fixture(scope="module")
def bench_with_them(tmp_path_factory, new_alharness, bad_samplers, few):
    """A bench of good and bad samplers."""
    command = new_alharness(tmp_path_factory.mktemp("misbehaving"))
    names = ["random", *MESSAGES, "margin", "sound"]
    command.suite(compared=json.dumps(names), initial_sets=few.initial_sets, seeds=few.seeds)
    command.first = command.bench("--json", path=bad_samplers)
    command.records = command.workspace().record_files()
    return command


@pytest.mark.parametrize("name", MESSAGES)
def test_its_runs_fail_with_plugin_distribution_and_rule(bench_with_them, few, name):
    who, what = f"sampler '{name}' (bad-samplers 1.2)", MESSAGES[name]
    report = json.loads(bench_with_them.first.stdout)
    mine = [
        failure
        for failure in report["failures"]
        if re.match(rf"{re.escape(who)}, query [0-9a-f]{{32}}: {re.escape(what)}", failure)
    ]
    assert len(mine) == few.runs, report["failures"]
    assert f"  {few.runs} x {who}: {what}" in bench_with_them.first.stderr
    (row,) = [row for row in report["scenarios"][0]["methods"] if row["method"] == name]
    assert (row["sampler"]["distribution"], row["sampler"]["version"]) == ("bad-samplers", "1.2")
    assert {run["state"] for run in row["runs"]} == {"failed"}
    assert report["findings"]["digits-mlp"]["methods"][name]["verdict"]["difference"] is None


def test_the_exit_code_says_so_and_nothing_is_a_traceback(bench_with_them):
    assert bench_with_them.first.returncode == ExitCode.UNITS_FAILED
    assert "Traceback" not in bench_with_them.first.stderr


def test_the_other_runs_go_on_as_if_the_bad_ones_were_not_there(
    bench_with_them, finished_bench, few
):
    results = bench_with_them.workspace().results()
    alone = finished_bench.workspace().results()
    common = results.keys() & alone.keys()
    assert len(common) == few.distinct(2)
    assert {place: results[place] for place in common} == {place: alone[place] for place in common}
    theirs, ours = (rows(command.workspace()) for command in (bench_with_them, finished_bench))
    for method in ("random", "margin"):
        accuracies = [by_seed[: few.seeds] for by_seed in ours[method]["accuracy"]]
        assert theirs[method]["accuracy"] == accuracies[: few.initial_sets]


def rows(workspace):
    return {row["method"]: row for row in workspace.report()["scenarios"][0]["methods"]}


def test_what_a_sampler_prints_is_no_data(bench_with_them):
    assert "I was asked" in bench_with_them.first.stderr
    assert "I was asked" not in bench_with_them.first.stdout


def test_the_traceback_is_kept(bench_with_them):
    kept = [
        path.read_text() for path in (bench_with_them.workspace().root / "failures").rglob("*.json")
    ]
    assert any("Traceback" in text and "raise KeyError" in text for text in kept)


@pytest.fixture(scope="module")
def again(bench_with_them, bad_samplers):
    """The same command once more, in worker processes this time."""
    return bench_with_them.bench("--executor", "local", "--jobs", "1", path=bad_samplers)


@pytest.mark.slow
def test_worker_processes_have_the_same_rules_in_the_same_words(again, few):
    assert again.returncode == ExitCode.UNITS_FAILED
    assert "Traceback" not in again.stderr
    for name, what in MESSAGES.items():
        assert f"  {few.runs} x sampler '{name}' (bad-samplers 1.2): {what}" in again.stderr
    assert "I was asked" in again.stderr
    assert "I was asked" not in again.stdout


@pytest.mark.slow
def test_the_table_shows_them_all(again, few):
    for name in ("random", "margin", "sound", *MESSAGES):
        assert name in again.stdout
    assert f"{len(MESSAGES) * few.runs} failed" in again.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("again")
def test_run_again_the_failed_ones_are_tried_again_and_nothing_else(bench_with_them, few):
    workspace = bench_with_them.workspace()
    assert workspace.record_files() == bench_with_them.records
    attempts = [sorted(folder.iterdir()) for folder in (workspace.root / "failures").iterdir()]
    assert [len(files) for files in attempts] == [2] * (len(MESSAGES) * few.runs)
