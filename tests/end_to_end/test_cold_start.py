"""Cold start on real digits: samplers choose what their runs start from."""

import json
import signal
from pathlib import Path

import pytest

from alharness import ExitCode

TYPICAL = Path(__file__).parent / "plugin_files" / "typical.py"
PLUGINS = ["--plugin-file", TYPICAL]
METHODS = [*PLUGINS, "--plugin", "margin", "--plugin", "typical"]


def cold(alharness, **changes):
    """The tiny suite, its initial sets chosen."""
    alharness.timeout = 280
    path = alharness.suite(**{"initial_sets": 2, "seeds": 1, "trials": 1, **changes})
    text = path.read_text()
    for line, more in (("validation_fraction = 0.10", 'initial_draw = "chosen"'),
                       ("epochs = 1", "normalize = false")):  # fmt: skip
        assert text.count(line) == 1
        text = text.replace(line, f"{line}\n{more}")
    path.write_text(text)


def test_a_reference_that_needs_a_model_is_refused(alharness):
    cold(alharness, compared='["random", "margin"]', reference="margin")
    refused = alharness.run("plan", *alharness.places())
    assert refused.returncode == ExitCode.USAGE
    (line,) = refused.stderr.splitlines()
    assert "methods.reference: the reference 'margin' needs a trained model" in line
    assert "such as random" in line


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, new_alharness):
    """A bench that is done, whose workspace nobody writes into."""
    alharness = new_alharness(tmp_path_factory.mktemp("cold"))
    cold(alharness)
    done = alharness.bench(*METHODS)
    assert done.returncode == ExitCode.DONE, done.stderr
    assert "Initial sets were chosen, not drawn" in done.stdout
    return alharness


@pytest.mark.slow
def test_a_killed_bench_goes_on_to_the_same(alharness, undisturbed):
    cold(alharness)
    planned = alharness.plan(*METHODS)
    killed = alharness.bench(*METHODS, DISTURBANCE="write:50:SIGKILL")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    between = alharness.workspace().record_files()
    assert {kind for kind, _ in between} >= {"query"}
    done = alharness.bench(*METHODS)
    assert done.returncode == ExitCode.DONE, done.stderr
    after = alharness.workspace().record_files()
    assert {place: after[place] for place in between} == between
    assert alharness.workspace().results() == undisturbed.workspace().results()
    assert len(after) == planned["distinct_units"]["total"]


@pytest.mark.slow
def test_who_chose_is_planned_and_told(undisturbed):
    planned = undisturbed.plan(*METHODS)
    units = {(one["method"], one["cycle"], one["kind"]): one for one in planned["units"]}
    assert all(one["done"] == one["total"] for one in units.values())
    for method, shared in (("random", 2), ("margin", 2), ("typical", 0)):
        for kind in ("first-query", "first-annotation"):
            one = units[method, 0, kind]
            assert (one["total"], one["shared"], one["labels"]) == (2, shared, 129)
        assert units[method, 0, "query"]["shared"] == 0
    (scenario,) = undisturbed.workspace().report()["scenarios"]
    first = {one["method"]: one for one in scenario["first_sets"]}
    assert {name: one["chosen_by"] for name, one in first.items()} == {
        "random": "random",
        "margin": "random",
        "typical": "typical",
    }
    assert first["random"]["overlap"] < first["typical"]["overlap"] < 1


@pytest.mark.slow
def test_it_is_packed_and_verified_bit_for_bit(undisturbed):
    root = undisturbed.workspace().root
    packed = undisturbed.run_for(280, "bundle", "pack", "--workspace", root, "--weights")
    assert packed.returncode == ExitCode.DONE, packed.stderr
    checked = undisturbed.run_for(280, "bundle", "check", "tiny.zip")
    assert checked.returncode == ExitCode.DONE, checked.stderr
    verified = undisturbed.run_for(
        280, "bundle", "verify", "tiny.zip", "--units", 1000, "--plugin-file",
        undisturbed.disturbance, *PLUGINS, "--executor", "local", "--jobs", 2, "--device", "cpu",
    )  # fmt: skip
    assert verified.returncode == ExitCode.DONE, verified.stdout + verified.stderr
    n = len(undisturbed.workspace().record_files())
    assert f"{n} units: {n} agree bit for bit" in verified.stdout


@pytest.mark.slow
def test_index_sets_tell_what_runs_started_from(undisturbed):
    exported = undisturbed.run("splits", "export", *undisturbed.places(), *METHODS, "--out", "sets")
    assert exported.returncode == ExitCode.DONE, exported.stderr
    content = json.loads((undisturbed.folder / "sets" / "digits-mlp.json").read_text())
    assert len(content["runs"]) == 3 * 2
    for one in content["runs"]:
        split = content["initial_sets"][one["initial_set"]]
        assert split["initial"] == []
        assert len(one["chosen"]["indices"]) == 129
        assert set(one["chosen"]["indices"]) <= set(split["pool"])


@pytest.mark.slow
def test_a_sampler_whose_sets_are_all_the_same_is_not_testable(alharness):
    """The two darkest images are in all three pools."""
    cold(
        alharness,
        initial_sets=3,
        initial_fraction=0.0015,
        query_fraction=0.0485,
        final_fraction=0.05,
    )
    methods = [*PLUGINS, "--plugin", "stubborn:sum=10", "--plugin", "margin"]
    done = alharness.bench(*methods)
    assert done.returncode == ExitCode.DONE, done.stderr
    document = alharness.workspace().report()
    (scenario,) = document["scenarios"]
    first = {one["method"]: one for one in scenario["first_sets"]}
    assert (first["stubborn:sum=10"]["overlap"], first["stubborn:sum=10"]["alike"]) == (1, True)
    found = document["findings"]["digits-mlp"]["methods"]
    assert found["stubborn:sum=10"]["sentence"].startswith("not testable, since all its initial")
    assert found["margin"]["verdict"]["verdict"] != "not-testable"
    page = (alharness.workspace().root / "reports" / "tiny" / "index.html").read_text()
    assert "not testable" in page
