"""From one workspace to another: packed, checked, verified, taken over, and nothing paid twice."""

import json
import shutil

import pytest

from alharness.bundles.checking import checked
from alharness.bundles.manifest import sha256
from alharness.bundles.sampling import sample
from alharness.bundles.strict_json import written
from alharness.protocol.keys import digest
from alharness.results.findings import findings
from alharness.results.reading import from_json

HERE = ["--executor", "inline", "--device", "cpu"]


def run(alharness, *words, code=0):
    done = alharness.run_for(280, *words)
    assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def forged(folder, key, accuracy):
    """Another test accuracy in a record, and all that follows from it: what a liar would pack."""
    path = folder / "records" / "evaluation" / key[:2] / f"{key}.json"
    record = json.loads(path.read_text())
    before = record["result"]["test_accuracy"]
    record["result"]["test_accuracy"] = accuracy
    covered = ("kind", "step", "key", "inputs", "result", "beside")
    record["digest"] = digest({name: record[name] for name in covered if name in record})
    path.write_bytes(written(record))
    document = json.loads((folder / "document.json").read_text())
    trial = record["inputs"]["trial"]
    for method in document["scenarios"][0]["methods"]:
        for one in method["runs"]:
            for cycle, chosen in enumerate(one["cycles"]):
                if chosen["trial"] == trial:
                    row = method["accuracy"][one["initial_set"]][one["seed"]]
                    assert row[cycle] == before
                    row[cycle] = accuracy
    told = from_json(document)
    found = {one.scenario: findings(one) for one in told.scenarios}
    document = told.model_copy(update={"findings": found}).to_json()
    (folder / "document.json").write_bytes(written(document))
    manifest = json.loads((folder / "bundle.json").read_text())
    for name, listed in manifest["files"].items():
        data = (folder / name).read_bytes()
        listed |= {"bytes": len(data), "sha256": sha256(data)}
    (folder / "bundle.json").write_bytes(written(manifest))


@pytest.mark.slow
def test_pack_check_verify_merge(alharness, finished_bench, numbers):
    plugins = ["--plugin-file", alharness.disturbance]
    run(alharness, "bundle", "pack", "--workspace", finished_bench.workspace().root, "--weights")
    run(alharness, "bundle", "check", "tiny.zip")
    queries = [
        json.loads(data)
        for (kind, _), data in finished_bench.workspace().record_files().items()
        if kind == "query"
    ]
    scored = [one for one in queries if one["inputs"]["sampler"]["name"] == "margin"]
    assert all("near_cut" in one["facts"] for one in scored)
    assert len(scored) == numbers().runs == sum("near_cut" in one["facts"] for one in queries)
    verified = run(
        alharness, "bundle", "verify", "tiny.zip", "--units", 6, "--seed", 1, *plugins, *HERE
    )
    assert " do not, 0 could not be computed." in verified.stdout
    assert "0 within tolerance, 0 do not" in verified.stdout

    merged = run(
        alharness,
        "bundle",
        "merge",
        "tiny.zip",
        "--workspace",
        "other",
        "--units",
        2,
        *plugins,
        *HERE,
    )
    n_units = numbers().distinct(2)
    assert f"{n_units} records taken over, 0 were there" in merged.stdout
    other = alharness.workspace("other")
    assert other.results() == finished_bench.workspace().results()
    assert alharness.plan(workspace="other")["distinct_units"]["done"] == n_units
    before = other.record_files()
    bench = alharness.bench(workspace="other")
    assert bench.returncode == 0, bench.stderr
    assert other.record_files() == before
    assert "Units that others computed: random" in bench.stdout
    ours, theirs = other.report(), finished_bench.workspace().report()
    assert ours["findings"] == theirs["findings"]


@pytest.mark.slow
def test_a_lie_that_agrees_with_itself_is_found_by_computing_it_again(alharness, finished_bench):
    plugins = ["--plugin-file", alharness.disturbance]
    root = finished_bench.workspace().root
    run(alharness, "bundle", "pack", "--workspace", root, "--out", "lie")
    folder = alharness.folder / "lie"
    keys = sorted(path.stem for path in folder.glob("records/evaluation/*/*.json"))
    forged(folder, keys[0], 0.99)
    run(alharness, "bundle", "check", "lie")
    with checked(folder) as bundle:
        seed = next(n for n in range(10_000) if keys[0] in sample(bundle, 3, n))
    drawn = ["--units", 3, "--seed", seed, *plugins, *HERE]
    verified = run(alharness, "bundle", "verify", "lie", *drawn, code=6)
    assert f"evaluation {keys[0]}: not: test accuracy" in verified.stdout
    assert "recorded 0.9900" in verified.stdout
    assert " 1 do not, 0 could not be computed." in verified.stdout
    merged = run(alharness, "bundle", "merge", "lie", "--workspace", "other", *drawn, code=6)
    assert "nothing was taken over" in merged.stderr
    assert not list(alharness.workspace("other").root.glob("records/*/*/*.json"))


@pytest.mark.slow
def test_a_later_method_trains_again_what_came_without_weights(alharness, finished_bench, numbers):
    root = finished_bench.workspace().root
    for name, weights in (("with", ["--weights"]), ("without", [])):
        run(alharness, "bundle", "pack", "--workspace", root, "--out", f"{name}.zip", *weights)
        run(alharness, "bundle", "merge", f"{name}.zip", "--workspace", name, "--trust")
        # What was prepared is no part of a bundle: the plan needs it to name units.
        shutil.copytree(root / "data", alharness.workspace(name).root / "data")
        planned = alharness.plan("--add", "entropy", workspace=name)
        again = [
            (one["kind"], one["units"]) for one in planned["outdated"] if "weights" in one["why"]
        ]
        assert again == ([] if weights else [("trial", numbers().runs)])
    done = run(alharness, "plan", *alharness.places("without"), "--add", "entropy")
    assert (
        f"To compute again, trial ({numbers().runs}): it is recorded, but its weights, which what "
        "is left to do reads, are not here." in done.stdout
    )
