"""A user's suite on a folder of real images: the one in the docs, on CIFAR-10 as JPEG files.

On one of its initial sets: three take five minutes.
"""

import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from alharness import ExitCode
from alharness.protocol.index_sets.file import read_index_sets

SUITE = Path(__file__).parents[2] / "docs" / "suites" / "my-cifar.toml"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_suite_of_the_docs_runs_on_real_images(new_alharness, tmp_path, shared_data):
    folder = tmp_path / "data" / "cifar10-jpeg"
    with tarfile.open(shared_data / "cifar10-jpeg.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    command = new_alharness(tmp_path)
    shorter = tmp_path / "my-cifar.toml"
    shorter.write_text(SUITE.read_text().replace("initial_sets = 3", "initial_sets = 1"))
    bench = command.run_for(
        540, "bench", "--suite", shorter, "--data-dir", tmp_path / "data", "--json"
    )
    assert bench.returncode == ExitCode.DONE, bench.stderr
    document = json.loads(bench.stdout)
    (scenario,) = document["scenarios"]
    assert scenario["labels"] == [200, 400, 600]
    for method, found in document["findings"][scenario["scenario"]]["methods"].items():
        means = [point["mean"] for point in found["curve"]]
        assert means[-1] > 0.25 > 2 * 0.1, (method, means)


@pytest.fixture
def pictures(tmp_path):
    """Two classes of 40 + 10 noisy images, dark and bright, of two sizes and kinds."""
    rng = np.random.default_rng(0)
    for split, n in (("train", 40), ("test", 10)):
        for name, level in (("dark", 60), ("bright", 190)):
            folder = tmp_path / "pictures" / split / name
            folder.mkdir(parents=True)
            for number in range(n):
                shape = (10, 14, 3) if number % 2 else (8, 8)
                pixels = (level + rng.normal(0, 20, shape)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{number:03}.png")
    return tmp_path / "pictures"


DATASET = '{{ dataset = "image-folder", path = "pictures", side = 8, decode_up_to = {} }}'


@pytest.mark.slow
def test_decoded_once_or_when_needed_the_accuracies_are_the_same(alharness, pictures):
    accuracies = []
    for decode_up_to in (4096, 0):
        alharness.suite(dataset=DATASET.format(decode_up_to), initial_sets=1, seeds=1, epochs=3)
        workspace = f"workspace-{decode_up_to}"
        bench = alharness.bench("--data-dir", ".", "--json", workspace=workspace)
        assert bench.returncode == ExitCode.DONE, bench.stderr
        (scenario,) = json.loads(bench.stdout)["scenarios"]
        accuracies.append([method["accuracy"] for method in scenario["methods"]])
        kept = {path.name for path in (alharness.folder / workspace).glob("data/images/*/*")}
        assert kept == ({"images.npy"} if decode_up_to else {"images.bin", "index.npz"})
    assert accuracies[0] == accuracies[1]


@pytest.mark.slow
def test_images_that_change_are_loaded_again(alharness, pictures):
    """By their content: size and time of modification stay."""
    alharness.suite(dataset=DATASET.format(4096), initial_sets=1, seeds=1)

    def state():
        (data,) = alharness.plan("--data-dir", ".")["data"]
        return data["state"]

    assert state() == "not prepared"
    assert alharness.bench("--data-dir", ".").returncode == ExitCode.DONE
    assert state() == "prepared"
    image = pictures / "train" / "dark" / "000.png"
    about, data = image.stat(), image.read_bytes()
    image.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(image, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert state() == "not prepared"


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda folder: (folder / "test").rename(folder / "tests"), ["no folder 'test'"]),
        (
            lambda folder: (folder / "train" / "dark" / "003.png").write_bytes(b"no image"),
            ["003.png", "no image can be read"],
        ),
        (
            lambda folder: (folder / "test" / "dark").rename(folder / "test" / "grey"),
            ["the class 'grey'"],
        ),
    ],
    ids=["no test folder", "a damaged file", "a class of test only"],
)
def test_a_bad_folder_is_one_clear_line(alharness, pictures, harm, words):
    alharness.suite(dataset=DATASET.format(4096))
    harm(pictures)
    bench = alharness.bench("--data-dir", ".")
    assert bench.returncode == ExitCode.USAGE
    (line,) = bench.stderr.strip().splitlines()
    assert all(word in line for word in words), line


@pytest.mark.slow
def test_what_is_known_of_the_images_is_told_and_reported(alharness, pictures):
    """On stderr and in the plan; test images that are training images in document and report."""
    (pictures / "train" / ".ipynb_checkpoints").mkdir()
    for number in range(3):
        again = pictures / "test" / "dark" / f"again{number}.png"
        again.write_bytes((pictures / "train" / "dark" / f"{number:03}.png").read_bytes())
    alharness.suite(dataset=DATASET.format(4096), initial_sets=1, seeds=1)
    (planned,) = alharness.plan("--data-dir", ".")["data"]
    assert "train: 80 images in 2 classes (bright 40, dark 40)" in planned["notes"]
    bench = alharness.bench("--data-dir", ".", "--json")
    assert bench.returncode == ExitCode.DONE, bench.stderr
    for note in planned["notes"]:
        assert note in bench.stderr
    assert "passed over 1 x hidden folder (.ipynb_checkpoints)" in bench.stderr
    told = "3 of 23 test images are training images too, pixel by pixel (test/dark/again0.png is "
    assert told in bench.stderr
    (scenario,) = json.loads(bench.stdout)["scenarios"]
    assert (scenario["repeated_images"]["n"], scenario["repeated_images"]["n_test"]) == (3, 23)
    assert told in (alharness.folder / "workspace" / "reports" / "tiny.md").read_text()
    (planned,) = alharness.plan("--data-dir", ".")["data"]
    assert told in planned["notes"][-1]

    alharness.run("splits", "export", *alharness.places(), "--data-dir", ".", "--out", "sets")
    names = read_index_sets(alharness.folder / "sets" / "digits-mlp.json").names
    assert (names[0], names[-1], len(names)) == ("train/bright/000.png", "train/dark/039.png", 80)
