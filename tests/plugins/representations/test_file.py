"""``file``: what strangers' files may hold, and what is made of it."""

import hashlib
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from alharness_plugins.representations.file import FileFeatures, arrays
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

import alharness
from alharness import UsageError

N, WIDTH = 6, 3
FEATURES = np.random.default_rng(0).normal(size=(N, WIDTH)).astype(np.float32)
IMAGES = np.random.default_rng(1).integers(256, size=(N, 3, 4, 4), dtype=np.uint8)
DIGESTS = [alharness.image_digest(image) for image in IMAGES]
DATA = "0123456789abcdef" * 2


@pytest.fixture
def read(tmp_path):
    """``read(path)``: what is given for training, of a file there for both parts."""

    def read(path, **sums):
        sums = {"train_sha256": "", "test_sha256": ""} | sums
        return FileFeatures(train=path, test=path, **sums).given("train")

    return read


@pytest.fixture
def npz(tmp_path):
    """``npz(features=…)``: the path of a file with these arrays."""

    def npz(save=np.savez, **held):
        save(tmp_path / "features.npz", **held)
        return tmp_path / "features.npz"

    return npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f4"])
def test_an_npz_file(npz, read, save, dtype):
    features = FEATURES.astype(dtype)
    path = npz(save, features=features, labels=np.arange(N), image_digests=np.array(DIGESTS),
               data=np.array(DATA), others=np.zeros(2))  # fmt: skip
    given = read(path)
    assert np.array_equal(given.features, features)
    assert given.name == str(path)
    assert given.data == DATA
    assert list(given.images) == DIGESTS
    assert list(given.labels) == list(range(N))


def test_an_array_that_is_not_compressed_is_mapped_and_read_only(npz, read):
    for order in ("C", "F"):
        features = read(npz(features=np.asarray(FEATURES, order=order))).features
        assert isinstance(features, np.memmap)
        assert not features.flags.writeable
        assert np.array_equal(features, FEATURES)


def test_a_safetensors_file(tmp_path, read):
    path = tmp_path / "features.safetensors"
    digests = np.array([list(bytes.fromhex(one)) for one in DIGESTS], dtype=np.uint8)
    save_file(
        {"features": FEATURES, "labels": np.arange(N), "image_digests": digests},
        path,
        metadata={"data": DATA.upper()},
    )
    given = read(path)
    assert np.array_equal(given.features, FEATURES)
    assert (given.data, list(given.images)) == (DATA, DIGESTS)
    assert list(given.labels) == list(range(N))


def test_bfloat16_is_widened(tmp_path, read):
    path = tmp_path / "features.safetensors"
    features = torch.from_numpy(FEATURES).bfloat16()
    save_tensors({"features": features}, path)
    assert read(path).features.dtype == np.float32
    assert np.array_equal(read(path).features, features.float().numpy())


def test_what_tells_the_order_is_optional(npz, read):
    given = read(npz(features=FEATURES))
    assert (given.data, given.images, given.labels) == (None, None, None)


def test_digests_may_be_bytes_or_numbers(npz, read):
    for digests in (np.array(DIGESTS, dtype="S32"), np.array([one.upper() for one in DIGESTS])):
        assert list(read(npz(features=FEATURES, image_digests=digests)).images) == DIGESTS


class Malicious:
    def __reduce__(self):
        return os.mkdir, ("executed",)


OBJECTS = np.array([Malicious()] * N, dtype=object)


@pytest.mark.parametrize("name", ["features", "labels", "image_digests", "data"])
def test_objects_are_refused_and_nothing_is_executed(npz, read, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = npz(**{"features": FEATURES, name: OBJECTS})
    with pytest.raises(UsageError, match=f"{name} are of another type"):
        read(path)
    assert not (tmp_path / "executed").exists()


def test_a_pickle_is_no_file_of_features(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("features.npz", "features.safetensors"):
        path = tmp_path / name
        path.write_bytes(pickle.dumps(Malicious()))
        with pytest.raises(UsageError, match="cannot be read as a file of features"):
            read(path)
    torch.save(Malicious(), tmp_path / "features.pt")
    with pytest.raises(UsageError, match="no array 'features'"):
        read(tmp_path / "features.pt")
    assert not (tmp_path / "executed").exists()


NAN = FEATURES.copy()
NAN[4, 1] = np.nan
INFINITE = FEATURES.copy()
INFINITE[0, 0] = np.inf

WRONG = {
    "other name": ({"embeddings": FEATURES}, "no array 'features'; its arrays are embeddings"),
    "whole numbers": ({"features": FEATURES.astype(int)}, "int64 (6, 3), no floating-point"),
    "complex": ({"features": FEATURES + 1j}, "no floating-point numbers"),
    "records": ({"features": np.zeros(N, "f4,f4")}, "of another type"),
    "one row": ({"features": FEATURES[0]}, "of shape (3,), not (n, D)"),
    "maps": ({"features": FEATURES[..., None]}, "of shape (6, 3, 1), not (n, D)"),
    "no rows": ({"features": FEATURES[:0]}, "of shape (0, 3), not (n, D)"),
    "no columns": ({"features": FEATURES[:, :0]}, "of shape (6, 0), not (n, D)"),
    "nan": ({"features": NAN}, "row 4 of features is not finite"),
    "infinite": ({"features": INFINITE}, "row 0 of features is not finite"),
    "few labels": ({"features": FEATURES, "labels": np.arange(5)}, "labels are int64 (5,)"),
    "float labels": ({"features": FEATURES, "labels": np.ones(N)}, "labels are float64 (6,)"),
    "few digests": (
        {"features": FEATURES, "image_digests": np.array(DIGESTS[:2])},
        "image_digests are <U32 (2,)",
    ),
    "short digests": (
        {"features": FEATURES, "image_digests": np.array(["abc"] * N)},
        "image digest 0 is 'abc', no 32 hexadecimal digits",
    ),
    "digests of bytes": (
        {"features": FEATURES, "image_digests": np.zeros((N, 8), np.uint8)},
        "image_digests are uint8 (6, 8)",
    ),
    "data": ({"features": FEATURES, "data": np.array("cifar")}, "data is 'cifar', no 32"),
    "many data": ({"features": FEATURES, "data": np.array(["a", "b"])}, "data are <U1 (2,)"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_one_line(npz, read, case):
    held, message = WRONG[case]
    path = npz(**held)
    with pytest.raises(UsageError) as caught:
        read(path)
    error = caught.value
    assert message in error.what
    assert error.where == str(path)
    assert error.remedy
    assert "\n" not in str(error)


@pytest.mark.parametrize("name", ["nan", "one row", "whole numbers", "few labels", "other name"])
def test_what_does_not_fit_in_safetensors(tmp_path, read, name):
    held, message = WRONG[name]
    save_file(held, tmp_path / "features.safetensors")
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "features.safetensors")
    assert message in caught.value.what


def test_a_plan_sees_headers_without_reading_features(npz):
    """NaN needs the numbers; shapes and types do not."""
    made = {"train_sha256": "", "test_sha256": ""}
    path = npz(features=FEATURES[0])
    with pytest.raises(UsageError, match="not \\(n, D\\)"):
        FileFeatures(train=path, test=path, **made).fingerprint()
    path = npz(features=NAN)
    assert FileFeatures(train=path, test=path, **made).fingerprint() == ""


def test_a_file_that_unpacks_to_much_more_is_refused(npz, read):
    path = npz(np.savez_compressed, features=np.zeros((1000, 1000), np.float32))
    assert path.stat().st_size < 10**4
    with pytest.raises(UsageError, match=r"unpacks from .* bytes to 4000128"):
        read(path)


def test_a_compressed_array_has_a_limit_and_another_way(npz, read, monkeypatch):
    path = npz(np.savez_compressed, features=FEATURES)
    monkeypatch.setattr(arrays, "LARGEST", 100)
    with pytest.raises(UsageError, match=r"numpy\.savez, uncompressed, it may be of any size"):
        read(path)


def with_header(path, shape, data=b""):
    """An .npz whose array says that it has another shape than it has."""
    header = repr({"descr": "<f4", "fortran_order": False, "shape": shape}).encode()
    header = header.ljust(117) + b"\n"
    with zipfile.ZipFile(path, "w") as file:
        content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data
        file.writestr("features.npy", content)


@pytest.mark.parametrize("shape", [(10**12, 1000), (2, 3), (-1, 3), (10**30, 10**30)])
def test_an_array_that_is_not_as_long_as_it_says_is_refused(tmp_path, read, shape):
    with_header(tmp_path / "features.npz", shape, b"\0" * 8)
    with pytest.raises(UsageError, match="cannot be read as a file of features"):
        read(tmp_path / "features.npz")


def test_a_damaged_file_is_refused(npz, read):
    path = npz(features=FEATURES)
    whole = path.read_bytes()
    start = whole.index(FEATURES.tobytes())
    for damaged in (
        whole[:start] + bytes([whole[start] ^ 1]) + whole[start + 1 :],
        whole[:-30],
        whole[: len(whole) // 2],
        b"",
    ):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="cannot be read as a file of features"):
            read(path)


def test_damaged_safetensors_are_refused(tmp_path, read):
    path = tmp_path / "features.safetensors"
    save_file({"features": FEATURES}, path)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole + b"\0", b"\xff" * 8 + whole[8:]):
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match="cannot be read as a file of features"):
            read(path)


def test_the_sum_is_checked_where_it_is_given(npz, read):
    path = npz(features=FEATURES)
    right = hashlib.sha256(path.read_bytes()).hexdigest()
    read(path, train_sha256=right.upper(), test_sha256=right)
    made = FileFeatures(path, path, train_sha256="", test_sha256="0" * 64)
    for call in (made.fingerprint, lambda: made.given("test")):
        with pytest.raises(UsageError, match=f"its SHA-256 sum is {right}, expected 0000"):
            call()
    made.given("train")


def test_both_files_are_named(create, npz):
    path = str(npz(features=FEATURES))
    for named in ({}, {"train": path}, {"test": path}):
        with pytest.raises(UsageError, match="it is given no file of") as caught:
            create("representation", "file", **named)
        assert 'train = "train.npz"' in caught.value.remedy
    for wrong in ("abc", "0" * 63 + "g"):
        with pytest.raises(UsageError, match="train_sha256"):
            create("representation", "file", train=path, test=path, train_sha256=wrong)


def test_the_files_content_is_part_of_the_key(npz, tmp_path):
    from alharness.protocol.components import Reference
    from alharness.registry import discover

    path = npz(features=FEATURES)

    def files():
        parameters = {"train": str(path), "test": str(path)}
        return discover().component("representation", Reference("file", parameters)).files

    first = files()
    assert set(first) == {"train", "test"}
    npz(features=NAN)
    assert files() != first


def test_a_file_that_is_not_there_is_missing_and_not_fetched(tmp_path):
    path = tmp_path / "nowhere.npz"
    made = FileFeatures(path, path, train_sha256="", test_sha256="")
    assert "there is no such file" in made.missing().what
    with pytest.raises(UsageError, match="there is no such file"):
        made.fetch()


def test_it_computes_nothing(npz):
    path = npz(features=FEATURES)
    with pytest.raises(UsageError, match="can compute none"):
        FileFeatures(path, path, "", "").features(torch.rand(1, 3, 4, 4))
