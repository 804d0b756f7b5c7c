"""A plugin whose source changed: ``plan`` says what is computed again, and why."""

import shutil

import pytest

MINE = """
import alharness


class Mine(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("mine", Mine)
"""


@pytest.fixture
def benched(alharness, finished_bench):
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    return alharness


@pytest.mark.slow
def test_a_regularizer_that_changed(benched, numbers, tmp_path):
    """The suite's plugin file with another line in it, under the same name."""
    assert benched.plan()["outdated"] == []
    original = benched.disturbance.read_text()
    changed = tmp_path / "changed" / benched.disturbance.name
    changed.parent.mkdir()
    changed.write_text(original + "\n# another line\n")
    benched.disturbance = changed
    counts = numbers()
    (reason,) = benched.plan()["outdated"]
    assert reason == {
        "kind": "trial",
        "why": "the files of regularizer 'watched' changed",
        "units": counts.initial_sets * counts.trials,
    }
    table = benched.run("plan", *benched.places())
    assert "trial (6): the files of regularizer 'watched' changed" in table.stdout


@pytest.mark.slow
def test_a_sampler_that_changed(benched, numbers):
    counts = numbers()
    plugin = benched.folder / "mine.py"
    plugin.write_text(MINE)
    arguments = ["--plugin", "mine", "--plugin-file", plugin]
    assert benched.bench(*arguments).returncode == 0
    assert benched.plan(*arguments)["outdated"] == []
    plugin.write_text(MINE + "\n# another line\n")
    plan = benched.plan(*arguments)
    assert plan["outdated"] == [
        {
            "kind": "query",
            "why": "the files of sampler 'mine' changed",
            "units": counts.runs,
        }
    ]
    # What all methods share, and the reference, are as they were.
    assert plan["distinct_units"]["done"] == counts.distinct(1)
