"""Features on disk: a secret order, one digest, whole or computed anew."""

import os
import shutil
import threading
import time

import numpy as np
import pytest

from alharness.api.errors import HarnessError
from alharness.store import features as module
from alharness.store.checkpoints import CheckpointMissing
from alharness.store.feature_file import START, FeatureHeader, read_header
from alharness.store.features import FEATURES, ROWS, Features, features_digest, open_features

KEY, OTHER = "ab" * 16, "cd" * 16
VALUES = np.random.default_rng(0).normal(size=(97, 5)).astype(np.float32)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def features(tmp_path):
    return Features(tmp_path)


def write(features, key=KEY, values=VALUES, precision="float32", size=10):
    blocks = (values[first : first + size] for first in range(0, len(values), size))
    return features.write(key, len(values), precision, blocks)


def test_rows_lie_in_an_order_of_their_own_and_are_found_by_image(features, tmp_path):
    one, other = write(features), write(features, OTHER)
    assert one == other
    stored = [open_features(features.checked(key, one)) for key in (KEY, OTHER)]
    for found in stored:
        assert sorted(found.rows) == list(range(97))
        assert found.shape == (97, 5)
        some = np.array([96, 0, 3, 3])
        np.testing.assert_array_equal(found[some], VALUES[some])
        np.testing.assert_array_equal(np.concatenate(list(found.blocks())), VALUES)
        assert not np.array_equal(found.data, VALUES)
    assert not np.array_equal(stored[0].rows, stored[1].rows)
    assert not np.array_equal(stored[0].data, stored[1].data)


def test_the_digest_is_of_the_features_and_not_of_how_they_came(features):
    assert write(features, size=10) == write(features, OTHER, size=97)
    assert write(features, "1" * 32, VALUES + 1) != write(features, "2" * 32, VALUES)
    turned = write(features, "3" * 32, VALUES[::-1])
    wide = write(features, "4" * 32, VALUES.reshape(-1, 1)[:95])
    narrow = write(features, "5" * 32, VALUES.reshape(-1, 5)[:19])
    assert len({turned, wide, narrow, write(features, "6" * 32)}) == 4


def test_no_row_tells_a_class(features):
    """Features in class order, as official data often comes: rows hold nothing of it."""
    labels = np.repeat(np.arange(10), 200)
    write(features, values=np.eye(10, dtype=np.float32)[labels])
    by_row = np.argmax(open_features(features._folder / KEY).data, axis=1)
    # Neither where a row lies nor what lies beside it: ten classes agree in a tenth of all cases.
    assert (by_row == labels).mean() < 0.14
    assert (by_row[1:] == by_row[:-1]).mean() < 0.14
    thirds = by_row.reshape(10, 200)
    assert np.array([np.bincount(part, minlength=10) for part in thirds]).max() < 50


def test_float16_takes_half_of_the_room(features):
    digest = write(features, precision="float16")
    folder = features.checked(KEY, digest)
    stored = open_features(folder)
    assert stored.data.dtype == np.float16
    assert (folder / FEATURES).stat().st_size == START + 97 * 5 * 2
    assert stored[np.arange(97)].dtype == np.float32
    np.testing.assert_array_equal(stored[np.arange(97)], VALUES.astype(np.float16))
    assert write(features, OTHER, VALUES.astype(np.float16), "float32") != digest


def test_numpy_reads_the_file(features):
    write(features)
    folder = features._folder / KEY
    kept, rows = np.load(folder / FEATURES), np.load(folder / ROWS)
    np.testing.assert_array_equal(kept[rows], VALUES)


def test_what_is_mapped_does_not_carry_the_name_of_its_file(features, tmp_path):
    write(features)
    data, names = open_features(features._folder / KEY).data, []
    while data is not None:
        names += [str(getattr(data, name, "")) for name in ("filename", "name", "_name")]
        data = getattr(data, "base", None) if not isinstance(data, memoryview) else data.obj
    assert not any(str(tmp_path) in name for name in names)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: _change(folder / FEATURES, -1),
        lambda folder: _change(folder / FEATURES, 3),
        lambda folder: _change(folder / FEATURES, 40),
        lambda folder: _change(folder / ROWS, -1),
        lambda folder: _cut(folder / FEATURES, -4),
        lambda folder: _cut(folder / FEATURES, 20),
        lambda folder: _cut(folder / FEATURES, 0),
        lambda folder: _cut(folder / ROWS, 130),
        lambda folder: (folder / FEATURES).write_bytes((folder / FEATURES).read_bytes() + b"0"),
        lambda folder: (folder / ROWS).unlink(),
        lambda folder: (folder / FEATURES).unlink(),
        lambda folder: np.save(folder / FEATURES, VALUES[:, :4]),
        lambda folder: np.save(folder / FEATURES, VALUES.astype(np.float64)),
        lambda folder: np.save(folder / FEATURES, np.array([print]), allow_pickle=True),
        lambda folder: np.save(folder / ROWS, np.array([print]), allow_pickle=True),
        lambda folder: np.save(folder / ROWS, np.arange(97) + 1),
        lambda folder: np.save(folder / ROWS, np.arange(97)),
        lambda folder: ((folder / FEATURES).unlink(), os.mkfifo(folder / FEATURES)),
        lambda folder: ((folder / ROWS).unlink(), os.mkfifo(folder / ROWS)),
        lambda folder: (shutil.rmtree(folder), folder.write_text("no folder")),
        lambda folder: (shutil.rmtree(folder), folder.symlink_to("nowhere")),
    ],
)
def test_what_is_damaged_is_set_aside_and_written_anew(features, tmp_path, damage):
    digest = write(features)
    damage(features._folder / KEY)
    with pytest.raises(CheckpointMissing, match="damaged features, set aside"):
        Features(tmp_path).checked(KEY, digest)
    assert len(list((tmp_path / "damaged").iterdir())) == 1
    with pytest.raises(CheckpointMissing, match="no features"):
        features.checked(KEY, digest)
    assert not features.has(KEY)
    assert write(features) == digest
    assert features.checked(KEY, digest) == features._folder / KEY
    # A damage that nobody met makes way for what is written.
    damage(features._folder / KEY)
    assert write(features) == digest
    np.testing.assert_array_equal(
        open_features(features.checked(KEY, digest))[np.arange(97)], VALUES
    )


def _change(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 0xFF
    path.write_bytes(data)


def _cut(path, size):
    path.write_bytes(path.read_bytes()[:size])


def test_what_was_found_whole_is_read_again_only_when_it_changed(features, monkeypatch):
    digest = write(features)
    reads = []
    opened = module.open_features
    monkeypatch.setattr(module, "open_features", lambda at: reads.append(at) or opened(at))
    fresh = Features(features._folder.parent)
    for _ in range(3):
        fresh.checked(KEY, digest)
    assert len(reads) == 1
    with pytest.raises(CheckpointMissing, match="damaged"):
        fresh.checked(KEY, "0" * 32)


def test_features_that_are_there_stay_and_dropped_ones_are_set_aside(features, tmp_path):
    digest = write(features)
    rows = open_features(features.checked(KEY, digest)).rows
    assert write(features) == digest
    assert np.array_equal(open_features(features.checked(KEY, digest)).rows, rows)
    assert features.keys() == {KEY}
    features.drop(KEY)
    features.drop(KEY)
    assert features.keys() == set()
    assert [path.name for path in (tmp_path / "damaged").iterdir()] == [f"{KEY}.1"]


def test_other_features_take_the_place_of_those_that_are_there(features):
    """Computed on another processor: a record can only name what is there."""
    write(features)
    digest = write(features, values=VALUES * 2)
    np.testing.assert_array_equal(
        open_features(features.checked(KEY, digest))[np.arange(97)], VALUES * 2
    )


def test_a_killed_process_leaves_nothing_that_counts(features):
    def dying():
        yield VALUES[:10]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features.write(KEY, 97, "float32", dying())
    half = features._folder / ".writing-x" / "whole"
    half.mkdir(parents=True)
    (half / FEATURES).write_bytes(b"half")
    (features._folder / ".writing-x" / FEATURES).write_bytes(b"half")
    assert features.keys() == set()
    assert not features.has(KEY)
    features.checked(KEY, write(features))
    assert features.keys() == {KEY}


def test_two_writers_at_once(features, tmp_path):
    started, digests = threading.Barrier(4), []

    def slowly(values):
        started.wait()
        for first in range(0, 97, 10):
            time.sleep(0.001)
            yield values[first : first + 10]

    def writer():
        digests.append(Features(tmp_path).write(KEY, 97, "float32", slowly(VALUES)))

    writers = [threading.Thread(target=writer) for _ in range(4)]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert digests == [digests[0]] * 4
    features.checked(KEY, digests[0])
    assert [path.name for path in features._folder.iterdir()] == [KEY]


def test_a_full_disk_is_said_with_the_folder(features, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "_put_rows", full)
    with pytest.raises(HarnessError, match="cannot write: No space left on device") as caught:
        write(features)
    assert str(features._folder) in str(caught.value)
    assert list(features._folder.iterdir()) == []


@pytest.mark.parametrize(("precision", "n", "width"), [("float16", 0, 1), ("float32", 10**17, 7)])
def test_a_header_says_what_a_file_holds(precision, n, width):
    header = FeatureHeader(precision, n, width)
    assert read_header(header.to_bytes() + b"more") == header
    assert len(header.to_bytes()) == START
    assert header.n_bytes == START + n * width * (2 if precision == "float16" else 4)


def test_the_digest_of_blocks_is_that_of_the_whole():
    header = FeatureHeader("float32", 97, 5)
    parts = features_digest(header, [VALUES[:1], VALUES[1:50], VALUES[50:]])
    assert parts == features_digest(header, [VALUES])
    assert parts != features_digest(FeatureHeader("float32", 97 * 5, 1), [VALUES])
