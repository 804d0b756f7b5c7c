"""Data for a plan and for a bench: looked at, prepared once, read once per command."""

import json
import os
import time
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

from alharness import DatasetShape, PluginError, UsageError
from alharness.protocol.condition import DatasetFacts
from alharness.protocol.keys import digest
from alharness.protocol.suite.reading import parse_suite
from alharness.protocol.written_reference import parse_reference
from alharness.registry import discover
from alharness.session.data import Data, DataState, declared
from alharness.session.data_notes import data_notes
from alharness.session.resolve import Resolver
from alharness.store import content, datasets, seen
from alharness.store.workspace import Workspace

PLUGIN = """
import alharness
import numpy as np


class Noise(alharness.Dataset):
    def __init__(self, size=20):
        self.size = size

    def missing(self, root):
        if (root / "here").exists():
            return None
        return alharness.UsageError(f"'{root}' holds no noise", remedy="Make some")

    def load(self, root, download):
        if error := self.missing(root):
            raise error
        with (root / "here").open("a") as log:
            log.write("loaded ")
        rng = np.random.default_rng(0)
        pixels = rng.integers(256, size=(self.size + 5, 1, 4, 4)).astype(np.uint8)
        labels = rng.integers(3, size=self.size + 5)
        return alharness.LabeledImages(
            pixels[:-5], labels[:-5], pixels[-5:], labels[-5:], 3
        )


class Sizes(alharness.Parameters):
    size: int = 20


def fails(**parameters):
    raise OSError("no disk")


@alharness.hookimpl
def alharness_datasets():
    for name, declares in {
        "noise": lambda size: alharness.DatasetShape(size, 5, 3, 1, 4),
        "undeclared-noise": None,
        "failing": fails,
        "wordy": lambda size: "20 images",
        "negative": lambda size: alharness.DatasetShape(n_train=-1),
    }.items():
        yield alharness.DatasetSpec(name, Noise, parameters=Sizes, declares=declares)
"""

SUITE = """
schema = 1
name = "two"
version = 1
title = "Two scenarios of one dataset"
[protocol]
initial_sets = 2
seeds = 1
initial_fraction = 0.2
query_fraction = 0.2
final_fraction = 0.6
validation_fraction = 0.2
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.05
batch-size = 16
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = ["random"]
reference = "random"
"""

SCENARIO = """
[[scenarios]]
name = "{name}"
dataset = {dataset}
model = "mlp"
regularizers = []
oracle = "perfect"
"""


def suite(dataset='"noise"'):
    scenarios = (SCENARIO.format(name=name, dataset=dataset) for name in ("one", "other"))
    return parse_suite(SUITE + "".join(scenarios), "two")


@pytest.fixture(scope="module")
def plugins(tmp_path_factory):
    file = tmp_path_factory.mktemp("plugins") / "noise.py"
    file.write_text(dedent(PLUGIN))
    return discover([file])


@pytest.fixture
def command(plugins, tmp_path):
    """``command()``: the resolver of another command in the same workspace."""
    return lambda: Resolver(plugins, Workspace(tmp_path / "workspace"), tmp_path / "raw", False)


@pytest.fixture
def raw(tmp_path):
    """The raw data of noise."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "here").touch()
    return tmp_path / "raw"


def calls(monkeypatch, module, name):
    """The arguments of every call of a function, which is called all the same."""
    seen, function = [], getattr(module, name)

    def spy(*arguments):
        seen.append(arguments)
        return function(*arguments)

    monkeypatch.setattr(module, name, spy)
    return seen


def everything(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_ctime_ns) for path in folder.rglob("*")}


def test_missing_data_is_planned_from_what_is_declared(command, tmp_path):
    bench, data = command().plan(suite(), "suite 'two'")
    assert [one.sizes for one in bench.conditions] == [(4, 8, 12)] * 2
    assert [one.prepared for one in bench.conditions] == [None, None]
    for found in data.values():
        assert found.state is DataState.MISSING
        assert (found.missing.remedy, found.known) == ("Make some", DatasetShape(20, 5, 3, 1, 4))
    assert list(tmp_path.iterdir()) == []


def test_parameters_count_in_what_is_declared(command):
    bench, _ = command().plan(suite('{ dataset = "noise", size = 50 }'), "suite 'two'")
    assert bench.conditions[0].sizes == (10, 20, 30)
    with pytest.raises(UsageError, match=r"scenario 'one': protocol.initial_fraction.* is empty"):
        command().plan(suite('{ dataset = "noise", size = 2 }'), "suite 'two'")


def test_undeclared_data_gives_cycles_without_labels(command):
    bench, data = command().plan(suite('"undeclared-noise"'), "suite 'two'")
    assert [(one.sizes, one.cycles) for one in bench.conditions] == [((), 3)] * 2
    assert {found.known for found in data.values()} == {DatasetShape()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("failing", "dataset 'failing'.*declares raised OSError: no disk"),
        ("wordy", "dataset 'wordy'.*declares returned str, expected DatasetShape"),
        ("negative", "dataset 'negative'.*n_train is -1, expected a whole number of 1 or more"),
    ],
)
def test_a_declaration_that_fails_names_its_plugin(command, name, words):
    with pytest.raises(PluginError, match=words):
        command().plan(suite(f'"{name}"'), "suite 'two'")


def test_data_that_lies_there_is_not_loaded_for_a_plan(command, raw, tmp_path):
    _, data = command().plan(suite(), "suite 'two'")
    assert {found.state for found in data.values()} == {DataState.UNPREPARED}
    assert (raw / "here").read_text() == ""
    assert list(tmp_path.iterdir()) == [raw]


def test_prepared_data_is_planned_from_and_left_as_it_is(command, raw, tmp_path):
    benched = command().bench(suite(), "suite 'two'")
    assert (raw / "here").read_text() == "loaded ", "once for two scenarios"
    (raw / "here").unlink()
    before = everything(tmp_path)
    planned, data = command().plan(suite(), "suite 'two'")
    assert {found.state for found in data.values()} == {DataState.PREPARED}
    for one, other in zip(planned.conditions, benched.conditions, strict=True):
        assert one.facts.train_digest == other.facts.train_digest
        assert [start.labeled.digest for start in one.starts] == [
            start.labeled.digest for start in other.starts
        ]
    assert everything(tmp_path) == before


def test_damaged_data_is_not_prepared_and_a_plan_leaves_it(command, raw, tmp_path):
    bench = command().bench(suite(), "suite 'two'")
    facts = bench.conditions[0].facts
    path = tmp_path / "workspace" / "data" / "images" / facts.train_digest / "images.npy"
    path.write_bytes(path.read_bytes()[:-1])
    before = everything(tmp_path)
    _, data = command().plan(suite(), "suite 'two'")
    assert {found.state for found in data.values()} == {DataState.UNPREPARED}
    assert everything(tmp_path) == before
    again = command().bench(suite(), "suite 'two'").conditions[0].facts
    assert again.train_digest == facts.train_digest
    assert len(list((tmp_path / "workspace" / "damaged").iterdir())) == 1


@pytest.fixture
def settled(monkeypatch):
    """As if every file had been written long ago."""
    monkeypatch.setattr(seen, "SETTLED_NS", -(10**12))


@pytest.mark.usefixtures("raw", "settled")
def test_prepared_data_is_hashed_once(command, monkeypatch, tmp_path):
    hashed = calls(monkeypatch, datasets, "split_digest")
    facts = command().bench(suite(), "suite 'two'").conditions[0].facts
    assert len(hashed) == 2, "each split when it is written, to name it"
    command().bench(suite(), "suite 'two'")
    command().plan(suite(), "suite 'two'")
    assert len(hashed) == 2, "nothing changed"
    path = tmp_path / "workspace" / "data" / "labels" / f"{facts.test_digest}.npy"
    path.touch()
    command().plan(suite(), "suite 'two'")
    assert len(hashed) == 3, "the split whose file is another"


@pytest.mark.usefixtures("raw")
def test_without_notes_it_is_hashed_once_per_command(command, monkeypatch, tmp_path):
    command().bench(suite(), "suite 'two'")
    (tmp_path / "workspace" / "data" / "seen.json").unlink(missing_ok=True)
    hashed = calls(monkeypatch, datasets, "split_digest")
    for resolve in (command().bench, command().plan):
        del hashed[:]
        resolve(suite(), "suite 'two'")
        assert len(hashed) == 2, "both splits, for two scenarios"


@pytest.mark.usefixtures("raw", "settled")
def test_other_parameters_share_what_was_hashed(plugins, monkeypatch, tmp_path, command):
    """Two datasets of one content: the notebook is asked by file, not by dataset."""
    command().bench(suite(), "suite 'two'")
    hashed = calls(monkeypatch, datasets, "split_digest")
    command().bench(suite('"undeclared-noise"'), "suite 'two'")
    assert len(hashed) == 2, "when written; what lies there is known to be whole"


@pytest.fixture
def folder(tmp_path):
    """Two classes of images of one size."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            below = tmp_path / "raw" / split / name
            below.mkdir(parents=True)
            for number in range(10):
                pixels = rng.integers(256, size=(4, 4, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(below / f"{number}.bmp")
    return tmp_path / "raw"


FOLDER = '{ dataset = "image-folder", side = 4 }'


@pytest.mark.usefixtures("settled")
def test_files_are_read_once_and_by_their_content(command, folder, monkeypatch):
    def exchange(one, other):
        """Size and time of modification stay."""
        contents = [other.read_bytes(), one.read_bytes()]
        for path, data in zip((one, other), contents, strict=True):
            about = path.stat()
            path.write_bytes(data)
            os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))

    read = calls(monkeypatch, content, "file_digest")
    before = command().bench(suite(FOLDER), "suite 'two'").conditions[0].facts
    assert len(read) == 40
    command().plan(suite(FOLDER), "suite 'two'")
    assert len(read) == 40
    time.sleep(0.02)  # the clock of a file system ticks in steps
    exchange(folder / "train" / "cat" / "0.bmp", folder / "train" / "dog" / "0.bmp")
    _, data = command().plan(suite(FOLDER), "suite 'two'")
    assert {found.state for found in data.values()} == {DataState.UNPREPARED}
    assert len(read) == 42
    after = command().bench(suite(FOLDER), "suite 'two'").conditions[0].facts
    assert after.train_digest != before.train_digest
    assert after.test_digest == before.test_digest


def test_a_folder_that_was_never_prepared_is_not_read_for_a_plan(command, folder, monkeypatch):
    read = calls(monkeypatch, content, "file_digest")
    _, data = command().plan(suite(FOLDER), "suite 'two'")
    assert {found.state for found in data.values()} == {DataState.UNPREPARED}
    assert read == []


def test_another_class_and_another_image_are_noticed(command, folder):
    command().bench(suite(FOLDER), "suite 'two'")

    def state():
        _, data = command().plan(suite(FOLDER), "suite 'two'")
        return data["one"].state

    assert state() is DataState.PREPARED
    (folder / "train" / "eel").mkdir()
    (folder / "train" / "cat" / "9.bmp").rename(folder / "train" / "eel" / "9.bmp")
    assert state() is DataState.UNPREPARED
    (folder / "train" / "eel" / "9.bmp").rename(folder / "train" / "cat" / "9.bmp")
    (folder / "train" / "eel").rmdir()
    (folder / "train" / "cat" / "0.bmp").rename(folder / "train" / "cat" / "00.bmp")
    assert state() is DataState.UNPREPARED
    (folder / "train" / "cat" / "00.bmp").rename(folder / "train" / "cat" / "0.bmp")
    assert state() is DataState.PREPARED
    (folder / "test").rename(folder / "tests")
    assert state() is DataState.MISSING


def test_an_image_that_cannot_be_read_is_named(command, folder):
    (folder / "train" / "cat" / "a.png").symlink_to("nowhere")
    with pytest.raises(UsageError, match=r"train/cat/a.png: cannot be read \(No such file"):
        command().bench(suite(FOLDER), "suite 'two'")


OFFICIAL = {
    "digits": DatasetShape(1437, 360, 10, 1, 8),
    "cifar10": DatasetShape(50_000, 10_000, 10, 3, 32),
    "cifar10:limit=10000,test_limit=5000": DatasetShape(10_000, 5_000, 10, 3, 32),
    "cifar10:test_limit=5000": DatasetShape(50_000, 5_000, 10, 3, 32),
    "cifar100:limit=7": DatasetShape(7, 7, 100, 3, 32),
    "svhn": DatasetShape(73_257, 26_032, 10, 3, 32),
    "mnist": DatasetShape(60_000, 10_000, 10, 1, 28),
    "stl10:limit=6000": DatasetShape(5_000, 6_000, 10, 3, 96),
    "imagenet": DatasetShape(1_281_167, 50_000, 1_000, 3, 224),
    "imagenet:limit=60": DatasetShape(60_000, 50_000, 1_000, 3, 224),
    "imagenet:limit=1000": DatasetShape(None, 50_000, 1_000, 3, 224),
    "imagenet:limit=60,test_limit=5": DatasetShape(60_000, 5_000, 1_000, 3, 224),
    "flowers102": DatasetShape(1_020, 6_149, 102, 3, 224),
    'flowers102:training="train+val",side=64': DatasetShape(2_040, 6_149, 102, 3, 64),
    'flowers102:training="train+val",limit=12': DatasetShape(1_224, 1_224, 102, 3, 224),
    "flowers102:limit=5,test_limit=20": DatasetShape(510, 2_040, 102, 3, 224),
    "flowers102:test_limit=21": DatasetShape(1_020, None, 102, 3, 224),
    "dtd": DatasetShape(1_880, 1_880, 47, 3, 224),
    'dtd:training="train+val",partition=10': DatasetShape(3_760, 1_880, 47, 3, 224),
    'dtd:training="train+val",limit=50': DatasetShape(2_350, 1_880, 47, 3, 224),
    "food101": DatasetShape(75_750, 25_250, 101, 3, 224),
    "food101:limit=300,test_limit=10": DatasetShape(30_300, 1_010, 101, 3, 224),
    "tiny-imagenet": DatasetShape(100_000, 10_000, 200, 3, 64),
    "tiny-imagenet:side=224,limit=60": DatasetShape(12_000, 10_000, 200, 3, 224),
    "image-folder": DatasetShape(channels=3, image_size=32),
    "image-folder:side=224": DatasetShape(channels=3, image_size=224),
}
"""As the datasets' publishers say; ``limit`` of images in files is by class."""


@pytest.mark.parametrize("name", OFFICIAL)
def test_what_built_in_datasets_declare(plugins, tmp_path, name):
    dataset = plugins.component("dataset", parse_reference(name))
    assert declared(plugins, dataset) == OFFICIAL[name]
    found = Data(plugins, Workspace(tmp_path / "workspace").datasets, tmp_path).find(dataset)
    missing = DataState.UNPREPARED if name == "digits" else DataState.MISSING
    assert found.state is missing
    if found.missing is not None:
        assert "data-dir" in found.missing.remedy
        assert str(tmp_path) in found.missing.what
    assert list(tmp_path.iterdir()) == []


def test_what_is_used_and_passed_over_is_told_by_plan_and_bench(command, folder):
    (folder / "train" / "cat" / "notes.txt").touch()
    census = (
        "train: 20 images in 2 classes (cat 10, dog 10)",
        "train: passed over 1 x file without an image's extension (cat/notes.txt)",
        "test: 20 images in 2 classes (cat 10, dog 10)",
    )
    _, data = command().plan(suite(FOLDER), "suite 'two'")
    assert {found.notes for found in data.values()} == {census}
    resolver = command()
    resolver.bench(suite(FOLDER), "suite 'two'")
    label = "image-folder:side=4"
    assert resolver.data_notes == tuple(f"{label}: {line}" for line in census)


@pytest.mark.parametrize("decode_up_to", [4096, 0])
def test_test_images_that_are_training_images_are_told(command, folder, decode_up_to):
    """By their pixels: the files differ."""
    for number in range(4):
        with Image.open(folder / "train" / "cat" / f"{number}.bmp") as image:
            image.save(folder / "test" / "dog" / f"again_{number}.png")
    asked = f'{{ dataset = "image-folder", side = 4, decode_up_to = {decode_up_to} }}'
    bench = command().bench(suite(asked), "suite 'two'")
    repeated = bench.conditions[0].facts.repeated
    assert (repeated.n, repeated.n_test) == (4, 24)
    assert repeated.examples[0] == ("train/cat/0.bmp", "test/dog/again_0.png")
    _, data = command().plan(suite(asked), "suite 'two'")
    assert data["one"].known.repeated == repeated
    assert data["one"].notes[-1].startswith("4 of 24 test images are training images too")


def test_data_that_an_earlier_version_prepared_says_that_nobody_looked(command, raw, tmp_path):
    command().bench(suite(), "suite 'two'")
    (entry,) = (tmp_path / "workspace" / "data" / "prepared").iterdir()
    noted = json.loads(entry.read_text())["entry"]
    del noted["repeated"]
    entry.write_text(json.dumps({"entry": noted, "digest": digest(noted)}))
    _, data = command().plan(suite(), "suite 'two'")
    assert data["one"].state is DataState.PREPARED
    assert "was not looked for" in data["one"].notes[-1]


def test_classes_without_training_images_are_told(command, raw):
    resolver = command()
    resolver.bench(suite('{ dataset = "noise", size = 20 }'), "suite 'two'")
    assert resolver.data_notes == ()
    facts = DatasetFacts("a", "b", np.array([0, 2, 2]), 4, 1, 4)
    assert "of 4 classes, 2 have no training image: 1, 3" in list(data_notes([], facts))


@pytest.mark.parametrize("ask", ["plan", "bench"])
def test_a_table_of_labels_is_compared_with_the_data_before_anything_is_trained(
    command, raw, tmp_path, ask
):
    table = tmp_path / "labels.csv"
    table.write_text("index,label\n" + "".join(f"{number},1\n" for number in range(1, 21)))
    oracle = f'{{ oracle = "recorded", path = "{table}" }}'
    asked = parse_suite(
        (SUITE + SCENARIO.format(name="one", dataset='"noise"')).replace('"perfect"', oracle), "two"
    )
    with pytest.raises(UsageError, match=r"scenario 'one': .*labels\.csv: .*counted from 1"):
        getattr(command(), ask)(asked, "suite 'two'")
