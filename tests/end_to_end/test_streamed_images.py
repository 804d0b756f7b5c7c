"""Images that are decoded when needed: a tiny ImageNet, and samplers that look for its classes."""

import json

import numpy as np
import pytest
from PIL import Image

from alharness import ExitCode

HUNTER = '''
import gc
import json
import os

import numpy as np
import torch

import alharness


class Digs(alharness.Sampler):
    """Looks for numbers that tell dark from bright, and for the way to files."""

    def query(self, pool, budget, rng):
        brightness = pool.images().mean(dim=(1, 2, 3)).numpy()
        things = gc.get_objects()
        # NumPy's arrays are not tracked: they are found through what refers to them.
        things += [one for thing in things for one in gc.get_referents(thing)]
        found, n_arrays = set(), 0
        for thing in things:
            if isinstance(thing, (np.ndarray, torch.Tensor)) and thing is not brightness:
                whole = str(thing.dtype).removeprefix("torch.").startswith("int")
                if whole and tuple(thing.shape) == brightness.shape:
                    n_arrays += 1
                    correlation = np.corrcoef(np.asarray(thing), brightness)[0, 1]
                    if abs(correlation) > 0.6:
                        found.add(f"{type(thing).__name__} tells classes: {correlation:.2f}")
                elif whole and len(thing.shape) == 1 and len(thing) > len(brightness):
                    found.add(f"{len(thing)} integers")
            if isinstance(thing, (str, os.PathLike)):
                # In two parts: as one it would be found among this function's own constants.
                if "hunting" in (text := os.fspath(thing)) and "-ground" in text:
                    found.add(text)
        self.notes = {"found": json.dumps([n_arrays, sorted(found)])}
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("digs", Digs)
'''


def write_pictures(folder, splits):
    """Three classes of noisy JPEG files, dark to bright, of many sizes, some to be scaled down."""
    rng = np.random.default_rng(0)
    for split, n in splits.items():
        for name, level in (("n01", 40), ("n02", 120), ("n03", 200)):
            (folder / split / name).mkdir(parents=True)
            for number in range(n):
                width, height = rng.integers(40, 400, 2)
                pixels = level + rng.normal(0, 20, (height, width, 3))
                image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
                image.save(folder / split / name / f"{name}_{number}.JPEG")


@pytest.fixture(scope="module")
def tiny_imagenet(tmp_path_factory, new_alharness):
    """A bench on ImageNet's layout."""
    command = new_alharness(tmp_path_factory.mktemp("imagenet"))
    write_pictures(command.folder / "imagenet", {"train": 14, "val": 4})
    command.suite(
        dataset='{ dataset = "imagenet", limit = 12 }',
        model='{ model = "small-cnn", width = 4 }',
        initial_fraction=0.3,
        query_fraction=0.2,
        final_fraction=0.5,
        initial_sets=1,
        seeds=1,
        epochs=2,
    )
    command.first = command.bench("--data-dir", ".", "--json", workspace="first")
    assert command.first.returncode == ExitCode.DONE, command.first.stderr
    return command


@pytest.mark.slow
def test_it_is_streamed_and_learned(tiny_imagenet):
    (scenario,) = json.loads(tiny_imagenet.first.stdout)["scenarios"]
    assert scenario["labels"] == [11, 18]
    workspace = tiny_imagenet.workspace("first")
    for folder in workspace.root.glob("data/images/*"):
        assert {path.name for path in folder.iterdir()} == {"images.bin", "index.npz"}
    curves = workspace.curves()
    assert curves
    assert all(np.isfinite(one["training_loss"]).all() for one in curves)


@pytest.mark.slow
def test_from_files_in_another_order_everything_is_the_same(tiny_imagenet):
    """The packed files differ, since their order is drawn anew; the views and results do not."""
    bench = tiny_imagenet.bench("--data-dir", ".", workspace="second")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    first, second = (tiny_imagenet.workspace(name) for name in ("first", "second"))
    assert first.results() == second.results()
    ours, theirs = (
        {path.parent.name: path.read_bytes() for path in one.root.glob("data/images/*/images.bin")}
        for one in (first, second)
    )
    assert ours.keys() == theirs.keys()
    assert all(ours[name] != theirs[name] for name in ours)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "val").rename(folder / "test"), ["no folder 'val'"]),
        (lambda folder: (folder / "val" / "n02").rename(folder / "val" / "n9"), ["class 'n9'"]),
        (lambda folder: folder.rename(folder.parent / "elsewhere"), ["no folder 'train'"]),
    ],
    ids=["no val", "a class of val only", "nothing"],
)
def test_a_bad_folder_is_one_clear_line(alharness, harm, words):
    write_pictures(alharness.folder / "imagenet", {"train": 2, "val": 1})
    alharness.suite(dataset='"imagenet"')
    harm(alharness.folder / "imagenet")
    bench = alharness.bench("--data-dir", ".")
    assert bench.returncode == ExitCode.USAGE
    (line,) = bench.stderr.strip().splitlines()
    for word in [*words, "dataset 'imagenet'", "train/CLASS/*.JPEG and val/CLASS/*.JPEG"]:
        assert word in line


@pytest.mark.slow
def test_a_sampler_that_digs_finds_no_classes(alharness, tmp_path_factory):
    """By class the files come in order; in the worker nothing does, and no file has a name."""
    write_pictures(alharness.folder / "pictures", {"train": 30, "test": 4})
    (alharness.folder / "hunter.py").write_text(HUNTER)
    alharness.suite(
        dataset='{ dataset = "image-folder", path = "pictures", side = 8, decode_up_to = 0 }',
        compared='["digs"]',
        reference="digs",
        initial_sets=1,
        seeds=1,
    )
    ground = tmp_path_factory.mktemp("hunting-ground")
    options = ["--plugin-file", "hunter.py", "--executor", "local", "--jobs", "1"]
    bench = alharness.bench(*options, "--data-dir", ".", workspace=ground)
    assert bench.returncode == ExitCode.DONE, bench.stderr
    records = map(json.loads, alharness.workspace(ground).record_files().values())
    (notes,) = (one["facts"]["notes"] for one in records if one["kind"] == "query")
    n_arrays, found = json.loads(notes["found"])
    assert n_arrays >= 2, "where the images lie was not found: the walk is too short"
    assert found == []
