"""Images that threads decode ahead: the same whatever the threads do, and never far ahead."""

import gc
import threading
import time

import numpy as np
import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.schedules.constant import Constant
from PIL import Image

from alharness import Framing, ImageFiles, RandomView, Regularizer, UndecodableImage
from alharness.engine.images import Images, ReadImages, ToldImages, open_images
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training
from alharness.store.images import open_stored, pack

N, SIDE = 40, 8
LABELS = np.arange(N) % 3
CPU = torch.device("cpu")
VIEWED = Framing(SIDE, 10, RandomView(), kept_side=12)


@pytest.fixture
def paths(tmp_path):
    rng = np.random.default_rng(0)
    paths = [tmp_path / f"{number:02}.jpg" for number in range(N)]
    for path in paths:
        width, height = rng.integers(9, 30, 2)
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(path)
    return paths


@pytest.fixture
def stored(paths, tmp_path):
    folder = tmp_path / "packed"
    folder.mkdir()
    pack(ImageFiles(paths, VIEWED), folder)
    return open_stored(folder)


def reader(stored, threads=2, rows=None):
    return open_images(stored, np.arange(N) if rows is None else rows, CPU, threads)


def whole(images, size=7):
    return torch.cat([batch for _, batch in images.batches(size)])


class Slowly:
    """Has some images take longer, others in each of them, so that they are done in any order."""

    def __init__(self, monkeypatch, seed):
        self.decoded, self._rng, self._lock = 0, np.random.default_rng(seed), threading.Lock()
        for name in ("centred", "viewed"):
            monkeypatch.setattr(Framing, name, self._delayed(getattr(Framing, name)))

    def _delayed(self, method):
        def decode(*arguments):
            with self._lock:
                pause = self._rng.random() < 0.3
            time.sleep(0.003 * pause)
            pixels = method(*arguments)
            with self._lock:
                self.decoded += 1
            return pixels

        return decode


def epochs(images):
    """Two epochs' training batches, each expected while the one before is there."""
    generator, batches = torch.Generator().manual_seed(3), []
    for rows in torch.arange(N).repeat(2).split(9):
        images.expect(rows, generator)
        batches.append(images.training_batch(rows, generator))
    return torch.cat(batches)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_neither_threads_nor_their_order_change_a_pixel(stored, monkeypatch, threads):
    """The reference decodes one after another, here."""
    data = [stored.data[start:end] for start, end in zip(stored.starts, stored.ends, strict=True)]
    centres = np.stack([VIEWED.centred(one) for one in data])
    generator = torch.Generator().manual_seed(3)
    views = []
    for rows in torch.arange(N).repeat(2).split(9):
        seeds = torch.randint(2**63 - 1, (len(rows),), generator=generator).tolist()
        views += [
            VIEWED.viewed(data[row], np.random.default_rng(seed))
            for row, seed in zip(rows, seeds, strict=True)
        ]
    Slowly(monkeypatch, threads)
    images = reader(stored, threads)
    assert torch.equal(whole(images), torch.from_numpy(centres).float() / 255)
    assert torch.equal(epochs(images), torch.from_numpy(np.stack(views)).float() / 255)


def test_decoded_at_once_they_are_the_same(paths, stored):
    """Where they fit in memory they have been kept in the same way."""
    framing = Framing(SIDE, 10, kept_side=12)
    held = ImageFiles(paths, framing).in_memory(1)
    assert torch.equal(whole(reader(stored)), torch.from_numpy(held).float() / 255)
    plain = ImageFiles(paths, Framing(SIDE, 10)).in_memory(1)
    assert not np.array_equal(held, plain)


class Draws(Regularizer):
    """Draws from the training's generator between one batch and the next, and keeps batches."""

    def __init__(self):
        self.seen = []

    def augment(self, images, generator):
        self.seen.append(images.clone())
        return images + 0.1 * torch.rand(images.shape, generator=generator)

    def mix(self, images, targets, generator):
        weights = torch.rand(len(images), 1, generator=generator)
        return images, targets * weights


class Unexpecting(Images):
    """The same images, decoded when they are asked for and no sooner."""

    def __init__(self, images):
        super().__init__(images.device)
        self._images = images

    def __len__(self):
        return len(self._images)

    def batch(self, rows):
        return self._images.batch(rows)

    def training_batch(self, rows, generator):
        return self._images.training_batch(rows, generator)


def trained(images, validation):
    examples = [
        Examples(one, torch.from_numpy(LABELS[:n]))
        for one, n in ((images, 30), (validation, N - 30))
    ]
    draws = Draws()
    with controlled(5):
        training = Training(
            torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 3)),
            *examples,
            {"learning-rate": 0.01, "batch-size": 8, "optimizer": "sgd"},
            [draws],
            order=torch.Generator().manual_seed(1),
            augmentation=torch.Generator().manual_seed(2),
            n_classes=3,
            loss=CrossEntropy(),
            schedule=Constant(),
        )
        result = training.fit(3)
    return torch.cat(draws.seen), result.training_loss, result.validation


def test_trained_ahead_it_is_the_training_that_decodes_when_asked(stored):
    """Regularizers draw from the same generator: views of the next batch come after."""
    rows = np.random.default_rng(0).permutation(N)
    ahead = trained(reader(stored, 3, rows[:30]), reader(stored, 3, rows[30:]))
    told = [ToldImages(reader(stored, 3, part), list) for part in (rows[:30], rows[30:])]
    plain = trained(*(Unexpecting(reader(stored, 1, part)) for part in (rows[:30], rows[30:])))
    for one in (ahead, trained(*told)):
        assert torch.equal(one[0], plain[0])
        assert one[1:] == plain[1:]


def until(condition):
    """Whether it becomes true within a while."""
    end = time.monotonic() + 5
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


def test_the_next_batch_is_decoded_meanwhile_and_no_further_one(stored, monkeypatch):
    counted = Slowly(monkeypatch, 0)
    batches = reader(stored).batches(10)
    for n in range(1, 5):
        next(batches)
        expected = min(10 * (n + 1), N)
        assert until(lambda there=expected: counted.decoded == there), counted.decoded
        time.sleep(0.02)
        assert counted.decoded == expected


def test_a_training_decodes_its_next_batch_while_it_computes(stored, monkeypatch):
    """By the time of the first penalty, which is before the first step ends, it is there."""
    counted, there = Slowly(monkeypatch, 0), []

    class Waits(Regularizer):
        def penalty(self, network):
            there.append(until(lambda: counted.decoded >= min(8 * (len(there) + 2), 30)))

    training = Training(
        torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * SIDE * SIDE, 3)),
        Examples(reader(stored, 2, np.arange(30)), torch.from_numpy(LABELS[:30])),
        None,
        {"learning-rate": 0.01, "batch-size": 8, "optimizer": "sgd"},
        [Waits()],
        order=torch.Generator().manual_seed(1),
        augmentation=torch.Generator().manual_seed(2),
        n_classes=3,
        loss=CrossEntropy(),
        schedule=Constant(),
    )
    training.fit(1)
    assert there == [True] * 4
    assert counted.decoded == 30


def test_rows_that_were_not_expected_are_decoded_now(stored):
    images, generator = reader(stored), torch.Generator().manual_seed(1)
    images.expect(torch.arange(5), generator)
    state = generator.get_state()
    rows = torch.arange(5, 9)
    batch = images.training_batch(rows, generator)
    generator.set_state(state)
    assert torch.equal(images.training_batch(rows, generator), batch)


def test_a_damaged_image_is_told_where_its_batch_is_asked_for(stored):
    """As decoding it here tells it, the first of several."""
    broken = stored.data[stored.starts[12] : stored.starts[12] + 40]
    with pytest.raises(UndecodableImage) as here:
        VIEWED.centred(broken)
    stored.ends[12] = stored.starts[12] + 40
    stored.ends[17] = stored.starts[17] + 1
    batches = reader(stored, 4).batches(10)
    next(batches)
    with pytest.raises(UndecodableImage) as there:
        next(batches)
    assert str(there.value) == str(here.value)
    images, generator = reader(stored), torch.Generator().manual_seed(1)
    images.expect(rows := torch.tensor([3, 12]), generator)
    with pytest.raises(UndecodableImage):
        images.training_batch(rows, generator)
    assert images.training_batch(torch.tensor([3, 4]), generator).shape == (2, 3, SIDE, SIDE)


def test_threads_end_with_the_images(stored):
    def decoding():
        return [one for one in threading.enumerate() if one.name.startswith("alharness-decoding")]

    gc.collect()
    assert until(lambda: not decoding())
    images = reader(stored, 3)
    assert isinstance(images, ReadImages)
    assert decoding() == []
    whole(images)
    assert 1 <= len(decoding()) <= 3
    del images
    assert until(lambda: not decoding())
