"""svhn, mnist, stl10, and the limits of cifar10 and cifar100.

Independent source: small files that are written here in the official formats, as their
sites describe them: SVHN's MATLAB files (X of 32 x 32 x 3 x n, y of 1 to 10, where 10 is digit
0), MNIST's gzipped IDX files, STL-10's bytes in column-major order with labels of 1 to 10,
CIFAR's pickled batches of rows of 3 072 bytes.
Their MD5 sums stand in for the published ones.
"""

import functools
import gzip
import hashlib
import http.server
import pickle
import struct
import tarfile
import threading

import numpy as np
import pytest
import scipy.io
import torchvision.datasets

from alharness import OfficialFiles, UsageError

RNG = np.random.default_rng(0)
N_TRAIN, N_TEST = 12, 7


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def write_svhn(folder, monkeypatch):
    """Images that differ in every pixel, and digits in the order of the files."""
    listed, truth = {}, []
    for split, n in (("train", N_TRAIN), ("test", N_TEST)):
        images = RNG.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)  # n, row, column, colour
        digits = np.arange(n) % 10
        path = folder / f"{split}_32x32.mat"
        y = np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]
        scipy.io.savemat(path, {"X": np.stack(list(images), axis=3), "y": y})
        listed[split] = ["http://no.where.invalid/x.mat", path.name, md5(path)]
        truth += [images.transpose(0, 3, 1, 2), digits]
    monkeypatch.setattr(torchvision.datasets.SVHN, "split_list", listed)
    return truth


def write_mnist(folder, monkeypatch):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    resources, truth = [], []
    for split, n in (("train", N_TRAIN), ("t10k", N_TEST)):
        images = RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        digits = np.arange(n) % 10
        files = {
            f"{split}-images-idx3-ubyte.gz": struct.pack(">iiii", 2051, n, 28, 28)
            + b"".join(bytes(row) for image in images.tolist() for row in image),
            f"{split}-labels-idx1-ubyte.gz": struct.pack(">ii", 2049, n) + bytes(digits.tolist()),
        }
        for name, content in files.items():
            (raw / name).write_bytes(gzip.compress(content))
            resources.append((name, md5(raw / name)))
        truth += [images[:, None], digits]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", resources)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", ["http://no.where.invalid/"])
    return truth


def write_stl10(folder, monkeypatch):
    base = folder / "stl10_binary"
    base.mkdir()
    truth, listed = [], {}
    for split, n in (("train", N_TRAIN), ("test", N_TEST)):
        images = RNG.integers(0, 256, (n, 3, 96, 96), dtype=np.uint8)  # n, colour, row, column
        classes = np.arange(n) % 10
        columns = b"".join(
            bytes(image[colour, :, column].tolist())
            for image in images
            for colour in range(3)
            for column in range(96)
        )
        (base / f"{split}_X.bin").write_bytes(columns)
        (base / f"{split}_y.bin").write_bytes(bytes((classes + 1).tolist()))
        listed[split] = [
            [f"{split}_{part}.bin", md5(base / f"{split}_{part}.bin")] for part in "Xy"
        ]
        truth += [images, classes]
    absent = ["unlabeled_X.bin", "0" * 32]
    monkeypatch.setattr(torchvision.datasets.STL10, "train_list", [*listed["train"], absent])
    monkeypatch.setattr(torchvision.datasets.STL10, "test_list", listed["test"])
    monkeypatch.setattr(torchvision.datasets.STL10, "url", "http://no.where.invalid/x.tar.gz")
    return truth


DATASETS = {
    "svhn": (write_svhn, "test_32x32.mat"),
    "mnist": (write_mnist, "MNIST/raw/t10k-labels-idx1-ubyte.gz"),
    "stl10": (write_stl10, "stl10_binary/train_y.bin"),
}


@pytest.fixture(params=DATASETS)
def official(create, request, tmp_path, monkeypatch):
    """Name, factory, folder, (train images, train labels, test images, test labels), one file."""
    write, file = DATASETS[request.param]
    dataset = functools.partial(create, "dataset", request.param)
    return request.param, dataset, tmp_path, write(tmp_path, monkeypatch), tmp_path / file


def parts(images):
    return [images.train_images, images.train_labels, images.test_images, images.test_labels]


def test_images_and_labels_are_those_of_the_files(official):
    _, dataset, folder, truth, _ = official
    loaded = dataset().load(folder, download=False)
    assert loaded.n_classes == 10
    for given, true in zip(parts(loaded), truth, strict=True):
        np.testing.assert_array_equal(given, true)
    assert [part.dtype for part in parts(loaded)] == ["uint8", "int64"] * 2
    assert all(images.flags["C_CONTIGUOUS"] for images in parts(loaded)[::2])


def test_limit_takes_the_first_of_each_split(official):
    _, dataset, folder, truth, _ = official
    loaded = dataset(limit=5).load(folder, download=False)
    for given, true in zip(parts(loaded), truth, strict=True):
        np.testing.assert_array_equal(given, true[:5])


@pytest.mark.parametrize("harm", ["gone", "one bit", "short"])
def test_without_whole_files_it_says_what_where_and_how_to_mend_it(official, harm):
    name, dataset, folder, _, file = official
    content = file.read_bytes()
    match harm:
        case "gone":
            file.unlink()
        case "one bit":
            file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        case "short":
            file.write_bytes(content[:-3])
    with pytest.raises(UsageError) as raised:
        dataset().load(folder, download=False)
    assert f"{name} is not in '{folder}', or its files are damaged" in raised.value.what
    assert raised.value.where == f"dataset '{name}'"
    assert "--download" in raised.value.remedy
    assert file.name in raised.value.what
    assert "download=True" not in str(raised.value), "torchvision's words"


def test_without_a_network_it_says_so_and_where_to_put_which_file(official):
    """A host that does not exist stands for a network that is not there."""
    name, dataset, folder, _, file = official
    file.unlink()
    with pytest.raises(UsageError, match=f"{name} is not in") as raised:
        dataset().load(folder, download=True)
    line = str(raised.value)
    put = torchvision.datasets.STL10.filename if name == "stl10" else file.relative_to(folder)
    assert "no connection, perhaps no network" in line
    assert "http://no.where.invalid/" in line
    assert f"put it at '{folder / put}'" in line
    assert "--download" not in line


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar_without_a_network(create, tmp_path, monkeypatch, name):
    reader = getattr(torchvision.datasets, name.upper())
    monkeypatch.setattr(reader, "url", "http://no.where.invalid/x.tar.gz")
    dataset = create("dataset", name)
    with pytest.raises(UsageError, match=r"data_batch_1'|cifar-100-python/train'") as raised:
        dataset.load(tmp_path, download=False)
    assert "allow --download" in raised.value.remedy
    with pytest.raises(UsageError, match=r"no\.where\.invalid/x\.tar\.gz: no connection") as raised:
        dataset.load(tmp_path, download=True)
    assert f"put it at '{tmp_path / reader.filename}'" in raised.value.remedy
    assert "--download" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def write_cifar(folder, reader, monkeypatch, n_classes):
    """Pickled batches of two training files and a test file, as the official ones are."""
    base = folder / reader.base_folder
    base.mkdir(parents=True)
    monkeypatch.setattr(reader, "train_list", reader.train_list[:2])
    monkeypatch.setattr(reader, "meta", {**reader.meta, "md5": None})
    truth = {"train": [], "test": []}
    key = {10: "labels", 100: "fine_labels"}[n_classes]
    names = {n_classes: ["a class"] * n_classes}
    (base / reader.meta["filename"]).write_bytes(pickle.dumps({reader.meta["key"]: names}))
    for split, listed in (("train", "train_list"), ("test", "test_list")):
        sums = []
        for name, _ in getattr(reader, listed):
            images = RNG.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)  # n, colour, row, column
            labels = RNG.integers(0, n_classes, 6).tolist()
            (base / name).write_bytes(pickle.dumps({"data": images.reshape(6, -1), key: labels}))
            sums.append([name, md5(base / name)])
            truth[split].append((images, labels))
        monkeypatch.setattr(reader, listed, sums)
    return [
        np.concatenate([batch[part] for batch in truth[split]])
        for split in ("train", "test")
        for part in (0, 1)
    ]


@pytest.mark.parametrize(
    ("limits", "n_train", "n_test"),
    [({}, 0, 6), ({"limit": 4}, 4, 4), ({"limit": 7, "test_limit": 3}, 7, 3),
     ({"test_limit": 2}, 0, 2), ({"limit": 3, "test_limit": 99}, 3, 6)],
)  # fmt: skip
@pytest.mark.parametrize(("name", "n_classes"), [("cifar10", 10), ("cifar100", 100)])
def test_limits_of_cifar_take_the_first_in_the_official_order(
    create, tmp_path, monkeypatch, name, n_classes, limits, n_train, n_test
):
    reader = getattr(torchvision.datasets, name.upper())
    truth = write_cifar(tmp_path, reader, monkeypatch, n_classes)
    loaded = create("dataset", name, **limits).load(tmp_path, download=False)
    for given, true, n in zip(
        parts(loaded), truth, (n_train, n_train, n_test, n_test), strict=True
    ):
        np.testing.assert_array_equal(given, true[: n or None])


def test_what_a_server_gives_must_have_the_published_sum(mirror, tmp_path):
    served, address = mirror
    (served / "x.bin").write_bytes(b"something else")
    official = OfficialFiles("x", tmp_path / "data")
    with pytest.raises(UsageError, match=r"404 .*x\.bin: what it gives is not what") as raised:
        official.fetch("below/x.bin", "0" * 32, [address + "nothing", address + "x.bin"])
    assert raised.value.where == "dataset 'x'"
    assert [path.name for path in (tmp_path / "data").rglob("*")] == ["below"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files, and logs nothing."""

    def log_message(self, *_):
        pass


@pytest.fixture
def mirror(tmp_path):
    """A folder, and the address where it is served from."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield folder, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_damaged_file_is_fetched_again(official, mirror, monkeypatch):
    name, dataset, folder, truth, file = official
    served, address = mirror
    match name:
        case "svhn":
            file.rename(served / file.name)
            torchvision.datasets.SVHN.split_list["test"][0] = address + file.name
        case "mnist":
            file.rename(served / file.name)
            torchvision.datasets.MNIST.mirrors.append(address)
        case "stl10":
            archive = served / "stl10_binary.tar.gz"
            with tarfile.open(archive, "w:gz") as tar:
                tar.add(folder / "stl10_binary", "stl10_binary")
            monkeypatch.setattr(torchvision.datasets.STL10, "url", address + archive.name)
            monkeypatch.setattr(torchvision.datasets.STL10, "tgz_md5", md5(archive))
    file.write_bytes(b"damaged")
    loaded = dataset().load(folder, download=True)
    for given, true in zip(parts(loaded), truth, strict=True):
        np.testing.assert_array_equal(given, true)
