"""Features are computed once: over benches, methods, and workspaces that a bundle connects."""

import json

import pytest

COUNTED = '''
import os
from pathlib import Path

import torch

import alharness


class Counted(alharness.Representation):
    """Pixels times a factor; notes how many images it was given."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def features(self, images: torch.Tensor) -> torch.Tensor:
        with Path(os.environ["COUNTED"]).open("a") as journal:
            journal.write(f"{len(images)}\\n")
        return images.flatten(1) * self._factor


class Factor(alharness.Parameters):
    factor: float = 1.0


class Asking(alharness.Sampler):
    """Picks what has the largest features by the same representation."""

    needs = alharness.Needs(representation="counted")

    def query(self, pool, budget, rng):
        return pool.representation().sum(dim=1).topk(budget).indices.tolist()


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("counted", Counted, parameters=Factor)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("asking", Asking)
'''

N_TRAIN, N_TEST = 1437, 360
HERE = ["--executor", "inline", "--device", "cpu"]


@pytest.fixture
def counting(alharness):
    """``counting()``: how many images were turned into features so far, by all commands."""
    plugin, journal = alharness.folder / "counted.py", alharness.folder / "journal"
    plugin.write_text(COUNTED)
    journal.touch()
    suite = alharness.suite(
        initial_sets=2,
        trials=1,
        seeds=1,
        compared='["random"]',
        model='"linear"',
        regularizers='["weight-decay"]',
    )
    suite.write_text(suite.read_text() + 'representation = "counted"\nfeatures = "float16"\n')
    return lambda: sum(map(int, journal.read_text().split()))


def run(alharness, *words):
    executes = words[:2] not in (("bundle", "pack"), ("bundle", "check"))
    plugins = ["--plugin-file", "counted.py"] if executes else []
    done = alharness.run_for(280, *words, *plugins, COUNTED=alharness.folder / "journal")
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


def bench(alharness, workspace, *words):
    alharness.new_workspace(workspace)
    places = ["--suite", "tiny.toml", "--workspace", workspace]
    return run(alharness, "bench", *places, *HERE, *words)


def computed(workspace):
    """The parts whose features a workspace has a record of."""
    records = [
        json.loads(data)
        for (kind, _), data in workspace.record_files().items()
        if kind == "representation"
    ]
    return sorted(one["inputs"]["part"] for one in records)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_benches_two_methods_two_workspaces(alharness, counting):
    once = N_TRAIN + N_TEST
    bench(alharness, "first")
    first = alharness.workspace("first")
    assert counting() == once
    assert computed(first) == ["test", "train"]
    # A second bench, a second method, one that asks for the same by name.
    bench(alharness, "first", "--add", "margin", "--add", "asking")
    assert counting() == once
    assert computed(first) == ["test", "train"]
    # Another workspace, to which a bundle brings them: another method has nothing to compute.
    packed = run(
        alharness, "bundle", "pack", "--workspace", "first", "--weights", "--features",
        "--out", "with.zip",
    )  # fmt: skip
    assert "Features of 2 representations are in it." in packed.stdout
    run(alharness, "bundle", "check", "with.zip")
    merged = run(
        alharness, "bundle", "merge", "with.zip", "--workspace", "second", "--trust", *HERE
    )
    assert ", features of 2 representations." in merged.stdout
    bench(alharness, "second", "--add", "entropy", "--add", "asking")
    assert counting() == once
    second = alharness.workspace("second")
    assert computed(second) == ["test", "train"]
    rows = [
        next(workspace.root.glob(f"features/{key}/rows.npy")).read_bytes()
        for workspace in (first, second)
        for kind, key in sorted(first.record_files())
        if kind == "representation"
    ]
    assert len(set(rows)) == 4, "each has a secret order of its own"
    # What was recorded agrees, bit for bit, whoever computes it again.
    before = counting()
    verified = run(alharness, "bundle", "verify", "with.zip", "--row", "asking", *HERE)
    assert "0 within tolerance, 0 do not, 0 could not be computed." in verified.stdout
    assert counting() == before + once


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_without_features_in_the_bundle_they_are_computed_when_something_reads_them(
    alharness, counting
):
    once = N_TRAIN + N_TEST
    bench(alharness, "first")
    packed = run(alharness, "bundle", "pack", "--workspace", "first", "--out", "w.zip", "--weights")
    assert "Left out: features; --features packs them." in packed.stdout
    run(alharness, "bundle", "merge", "w.zip", "--workspace", "second", "--units", "2", *HERE)
    verified = counting() - once
    assert verified in (0, N_TRAIN, N_TEST, once), "each part once, however many units read it"
    bench(alharness, "second")
    assert counting() == once + verified, "nothing is left to do, and nothing is read"
    bench(alharness, "second", "--add", "margin")
    assert counting() == 2 * once + verified
    assert computed(alharness.workspace("second")) == ["test", "train"]
