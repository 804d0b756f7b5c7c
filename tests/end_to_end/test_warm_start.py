"""A suite of warm starts on the command line: carried out, damaged, packed, verified."""

import json
import zipfile

import pytest

from alharness.protocol.keys import digest_bytes

SUITE = {"warm_start": "true", "final_fraction": 0.30, "seeds": 1, "initial_sets": 2}


@pytest.fixture
def warm(alharness):
    path = alharness.suite(**SUITE)
    text = path.read_text().replace(
        "[methods]",
        "[training.later]\nepochs = 2\nschedule = { schedule = 'steps', milestones = [1] }\n\n"
        "[tuning.later]\nlearning-rate = { log = [1e-4, 1e-3] }\n\n[methods]",
    )
    path.write_text(text)
    return alharness


def trials(workspace):
    records = map(json.loads, workspace.record_files().values())
    return [one for one in records if one["kind"] == "trial"]


@pytest.mark.slow
def test_it_is_carried_out_told_and_verified(warm):
    done = warm.bench()
    assert done.returncode == 0, done.stderr
    workspace = warm.workspace()
    assert workspace.require_started_where_parents_ended() == 2 * 2 * 2 * 2
    for one in trials(workspace):
        recipe, rate = one["inputs"]["recipe"], one["inputs"]["hyperparameters"]["learning-rate"]
        later = one["inputs"]["seed"]["cycle"] > 0
        assert recipe["epochs"] == (2 if later else 1)
        assert recipe["schedule"]["name"] == ("steps" if later else "constant")
        assert (1e-4 <= rate < 1e-3) if later else (1e-3 <= rate < 1e-2)
    report = (workspace.root / "reports" / "tiny.md").read_text()
    assert "Warm start: after cycle 0 a training goes on from the weights" in report
    assert workspace.report()["scenarios"][0]["warm_start"] is True

    plugins = ["--plugin-file", warm.disturbance]
    packed = warm.run("bundle", "pack", "--workspace", workspace.root, "--weights")
    assert packed.returncode == 0, packed.stderr
    with zipfile.ZipFile(warm.folder / "tiny.zip") as bundle:
        weights = [name for name in bundle.namelist() if name.endswith(".safetensors")]
        digests = {digest_bytes(bundle.read(name)) for name in weights}
    assert digests < {one["result"]["checkpoint"] for one in trials(workspace)}
    checked = warm.run("bundle", "check", "tiny.zip")
    assert checked.returncode == 0, checked.stderr
    sample = ["--units", 8, "--seed", 3, "--device", "cpu", "--executor", "inline"]
    verified = warm.run("bundle", "verify", "tiny.zip", *sample, *plugins)
    assert verified.returncode == 0, verified.stderr
    assert "0 within tolerance, 0 do not, 0 could not be computed." in verified.stdout


@pytest.mark.slow
def test_weights_that_are_lost_or_damaged_are_trained_again(warm):
    """Killed in the middle of later cycles, and all weights gone: it goes on as if undisturbed."""
    undisturbed = warm.bench(workspace="undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = warm.workspace("undisturbed").results()
    killed = warm.bench(DISTURBANCE=f"recorded:{2 * len(expected) // 3}:SIGKILL")
    assert killed.returncode == -9
    workspace = warm.workspace()
    weights = sorted((workspace.root / "checkpoints").glob("*.safetensors"))
    cycles = {one["key"]: one["inputs"]["seed"]["cycle"] for one in trials(workspace)}
    assert {cycles[path.stem] for path in weights} >= {0, 1}
    for number, path in enumerate(weights):
        if number % 2:
            path.unlink()
        else:
            path.write_bytes(path.read_bytes()[:-1] + b"?")
    finished = warm.bench("--executor", "local", "--jobs", "2")
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    assert workspace.results() == expected
    assert workspace.require_started_where_parents_ended()
