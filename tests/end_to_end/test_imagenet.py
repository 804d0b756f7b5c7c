"""``imagenet`` on real images: CIFAR-10 (JPEG) in ImageNet's layout."""

import json
import os
import tarfile
from pathlib import PurePosixPath

import pytest

from alharness import ExitCode

COUNTS = '''
import threading

import alharness


class Counts(alharness.Sampler):
    """Notes how many threads decoded the pool."""

    def query(self, pool, budget, rng):
        for rows, images in pool.minibatches(size=16):
            assert images.shape[1:] == (3, 224, 224)
        names = [one.name for one in threading.enumerate()]
        self.notes = {"threads": sum(name.startswith("alharness-decoding") for name in names)}
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("counts", Counts)
'''


def lay_out(archive, folder):
    """The first 6 training and 2 test images of each class as train/WNID and val/WNID."""
    limits, splits = {"train": 6, "test": 2}, {"train": "train", "test": "val"}
    with tarfile.open(archive) as images:
        for member in images:
            split, *within = PurePosixPath(member.name).parts
            if len(within) == 2 and int(within[1].removesuffix(".jpg")) < limits[split]:
                wnid = f"n{sum(map(ord, within[0])):08}"
                path = folder / splits[split] / wnid / f"{wnid}_{within[1][:4]}.JPEG"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(images.extractfile(member).read())


@pytest.mark.slow
def test_two_jobs_with_fewer_threads_each_find_the_same(alharness, shared_data):
    """Processes and threads: a unit at a time has all cores to decode, two units share them."""
    lay_out(shared_data / "cifar10-jpeg.tar.xz", alharness.folder / "imagenet")
    (alharness.folder / "counts.py").write_text(COUNTS)
    alharness.suite(
        dataset='{ dataset = "imagenet" }',
        model='{ model = "small-cnn", width = 2 }',
        compared='["random", "counts"]',
        initial_fraction=0.3,
        query_fraction=0.2,
        final_fraction=0.5,
        initial_sets=1,
        seeds=1,
        trials=1,
    )
    options = ["--plugin-file", "counts.py", "--data-dir", ".", "--json"]
    found, cores = [], len(os.sched_getaffinity(0))
    for jobs, most in ((1, cores), (2, max(1, cores // 2))):
        executor = ["--executor", "local", "--jobs", jobs]
        bench = alharness.bench(*options, *executor, workspace=f"workspace-{jobs}")
        assert bench.returncode == ExitCode.DONE, bench.stderr
        (scenario,) = json.loads(bench.stdout)["scenarios"]
        assert scenario["labels"] == [18, 30]
        workspace = alharness.workspace(f"workspace-{jobs}")
        found.append(workspace.results())
        records = map(json.loads, workspace.record_files().values())
        notes = [one["facts"]["notes"] for one in records if one["kind"] == "query"]
        threads = [one["threads"] for one in notes if "threads" in one]
        assert len(threads) == 1
        assert 1 <= threads[0] <= most
    assert found[0] == found[1]
