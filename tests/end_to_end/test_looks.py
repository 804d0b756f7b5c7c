"""A bench that looks: fewer seeds, and a result that says so."""

import json

import pytest

from alharness import ExitCode

SUITE = {
    "initial_sets": 3,
    "seeds": 5,
    "trials": 1,
    "compared": '["random", "margin", "first-images"]',
}
WORST = '''
import alharness


class FirstImages(alharness.Sampler):
    """The images that the model is surest of: of one kind, where they are many."""

    def query(self, pool, budget, rng):
        return pool.probabilities().max(dim=1).values.argsort(descending=True)[:budget].numpy()


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("first-images", FirstImages, summary="Surest first")
'''


@pytest.mark.slow
def test_seeds_are_saved_and_it_is_said(alharness):
    (alharness.folder / "worst.py").write_text(WORST)
    alharness.suite(**SUITE)
    bench = alharness.bench("--looks", "--plugin-file", "worst.py", "--json")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    document = json.loads(bench.stdout)
    (scenario,) = document["scenarios"]
    seeds = {
        row["method"]: {run["seed"] for run in row["runs"] if run["state"] == "done"}
        for row in scenario["methods"]
    }
    found = document["findings"]["digits-mlp"]["methods"]
    for method in ("margin", "first-images"):
        looks = found[method]["looks"]
        assert looks[-1]["stop"] in ("certain", "futile", "last")
        assert seeds[method] == set(range(looks[-1]["look"][0]))
        assert found[method]["verdict"] == looks[-1]["comparison"]
        assert found[method]["verdict"]["alpha"] == looks[-1]["look"][1]
        assert (found[method]["marks"], found[method]["familywise"]) == (None, None)
    assert len(seeds["random"]) == max(len(seeds["margin"]), len(seeds["first-images"]))
    report = (alharness.folder / "workspace" / "reports" / "tiny.md").read_text()
    assert "Looks: further seeds of margin, first-images were run only while" in report

    stays = alharness.plan("--plugin-file", "worst.py")
    assert any("looked at in an earlier bench" in note for note in stays["notes"])
    assert stays["distinct_units"]["done"] == stays["distinct_units"]["total"]


@pytest.mark.slow
def test_a_suite_of_other_seeds_is_refused(alharness):
    bench = alharness.bench("--looks")
    assert bench.returncode == ExitCode.USAGE
    assert "protocol.seeds: --looks: looks hold for 5 seeds only, not for 2" in bench.stderr
