"""Datasets that each break one rule, which their name begins with; the rest tells how.

Their data are there when the folder holds the file ``here``.
"""

import dataclasses
import urllib.request
import uuid

import numpy as np

import alharness


class Noise(alharness.Dataset):
    """Breaks no rule."""

    def load(self, root, download):
        if not (root / "here").exists():
            return self.absent(root)
        rng = np.random.default_rng(0)
        pixels = rng.integers(256, size=(30, 1, 4, 4)).astype(np.uint8)
        labels = rng.integers(3, size=30)
        return alharness.LabeledImages(pixels[:20], labels[:20], pixels[20:], labels[20:], 3)

    def absent(self, root):
        raise alharness.UsageError(f"'{root}' holds no noise", remedy="Make some")


class Floats(Noise):
    def load(self, root, download):
        loaded = super().load(root, download)
        images = loaded.train_images / 255
        return alharness.LabeledImages(
            images, loaded.train_labels, loaded.test_images, loaded.test_labels, 3
        )


class Shuffles(Noise):
    def load(self, root, download):
        loaded = super().load(root, download)
        np.random.default_rng().shuffle(loaded.train_images)
        return loaded


class RaisesAnything(Noise):
    def absent(self, root):
        raise FileNotFoundError(root / "here")


class NoRemedy(Noise):
    def absent(self, root):
        raise alharness.UsageError(f"'{root}' holds no noise")


class Fetches(Noise):
    def absent(self, root):
        urllib.request.urlopen("http://127.0.0.1:9/noise", timeout=1)


class Writes(Noise):
    def absent(self, root):
        (root / "noise").mkdir()
        super().absent(root)


class MissingIsText(Noise):
    def missing(self, root):
        return None if (root / "here").exists() else "there is no noise"


class MissingWithoutRemedy(Noise):
    def missing(self, root):
        return None if (root / "here").exists() else alharness.UsageError("there is no noise")


class MissingThoughThere(Noise):
    def missing(self, root):
        return alharness.UsageError("there is no noise", remedy="Make some")


class MissingWrites(Noise):
    def missing(self, root):
        (root / "asked").touch()


class NoFiles(Noise):
    def files(self, root):
        return [root / "nowhere"]


class NewEveryTime(Noise):
    def fingerprint(self, root):
        return uuid.uuid4().hex


class CensusOfNumbers(Noise):
    def census(self, root):
        return [20, 10]


class RefusesWhatItLoads(Noise):
    def census(self, root):
        raise alharness.UsageError("there is no noise", remedy="Make some")


class OtherTestSize(Noise):
    def load(self, root, download):
        loaded = super().load(root, download)
        small = loaded.test_images[:, :, :2, :2]
        return dataclasses.replace(loaded, test_images=small)


class SeedsNumpy(Noise):
    def load(self, root, download):
        np.random.seed(0)  # noqa: NPY002
        return super().load(root, download)


@alharness.hookimpl
def alharness_datasets():
    for name, factory in {
        "images-and-labels": Floats,
        "same-order-again": Shuffles,
        "absence_another-error": RaisesAnything,
        "absence_no-remedy": NoRemedy,
        "absence_fetches": Fetches,
        "absence_writes": Writes,
        "missing_text": MissingIsText,
        "missing_no-remedy": MissingWithoutRemedy,
        "missing_though-there": MissingThoughThere,
        "missing_writes": MissingWrites,
        "fingerprint": NewEveryTime,
        "fingerprint_no-files": NoFiles,
        "images-and-labels_another-test-size": OtherTestSize,
        "census_numbers": CensusOfNumbers,
        "census_refuses": RefusesWhatItLoads,
        "global-generators": SeedsNumpy,
    }.items():
        yield alharness.DatasetSpec(name, factory)
    yield alharness.DatasetSpec(
        "declared-shape", Noise, declares=lambda: alharness.DatasetShape(n_train=21)
    )
