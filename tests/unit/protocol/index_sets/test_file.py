"""Files of index sets: what is written is read, and nothing else is."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.index_sets.content import IndexSets, InitialSet, Queried, RunSets
from alharness.protocol.index_sets.file import as_json, as_npz, read_given, read_index_sets


def index_sets(n=10, seed=0, initial_sets=2, names=None):
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(n) for _ in range(initial_sets)]
    sets = [InitialSet(initial=o[:2], pool=o[2:-2], validation=o[-2:]) for o in orders]
    queried = Queried(cycle=0, indices=orders[0][2:4], labels=np.array([1, 0]))
    return IndexSets(
        schema=1,
        suite="tiny",
        scenario="blobs",
        dataset="blobs",
        train_digest="0" * 32,
        names=names,
        initial_sets=tuple(sets),
        runs=(RunSets(method="random", initial_set=0, seed=0, queried=(queried,)),),
    )


@given(
    st.integers(5, 60),
    st.integers(0, 99),
    st.integers(1, 3),
    st.none() | st.lists(st.text(), max_size=5).map(tuple),
)
@settings(max_examples=25)
def test_both_forms_hold_the_same(tmp_path_factory, n, seed, initial_sets, names):
    content = index_sets(n, seed, initial_sets, names)
    folder = tmp_path_factory.mktemp("sets")
    for name, written in (("a.json", as_json(content)), ("a.npz", as_npz(content))):
        (folder / name).write_bytes(written)
        assert read_index_sets(folder / name).to_json() == content.to_json()
    assert read_given(folder / "a.json").digest == read_given(folder / "a.npz").digest


def test_equal_content_gives_equal_bytes():
    assert as_npz(index_sets()) == as_npz(index_sets())
    assert as_json(index_sets()) == as_json(index_sets())


def test_numpy_alone_reads_the_npz():
    content = index_sets()
    with np.load(io.BytesIO(as_npz(content)), allow_pickle=False) as arrays:
        about = json.loads(str(arrays["about"]))
        assert about["scenario"] == "blobs"
        pool = arrays[about["initial_sets"][1]["pool"]]
        picked = arrays[about["runs"][0]["queried"][0]["indices"]]
    assert pool.tolist() == content.initial_sets[1].pool.tolist()
    assert picked.tolist() == content.runs[0].queried[0].indices.tolist()


def without_validation(n=12, left_out=3):
    order = np.random.default_rng(0).permutation(n)
    one = InitialSet(
        initial=order[:2],
        pool=order[2 : n - left_out],
        validation=order[:0],
        left_out=order[n - left_out :],
    )
    return index_sets().model_copy(update={"initial_sets": (one,), "runs": ()})


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_no_validation_set_and_images_in_no_set(tmp_path, suffix):
    content = without_validation()
    written = as_json(content) if suffix == ".json" else as_npz(content)
    (tmp_path / f"a{suffix}").write_bytes(written)
    assert read_index_sets(tmp_path / f"a{suffix}").to_json() == content.to_json()
    sets = read_given(tmp_path / f"a{suffix}")
    (one,) = sets.splits
    assert (sets.n_train, sets.n_images, len(one.validation)) == (12, 9, 0)
    assert one.left_out.tolist() == content.initial_sets[0].left_out.tolist()
    assert one.validation.dtype == np.int64


def test_files_without_images_in_no_set_are_as_they_were():
    (first, *_) = index_sets().to_json()["initial_sets"]
    assert first.keys() == {"initial", "pool", "validation"}


def changed(**changes):
    return json.dumps({**index_sets().to_json(), **changes}).encode()


def with_first(**changes):
    first, *others = index_sets().to_json()["initial_sets"]
    return changed(initial_sets=[{**first, **changes}, *others])


SETS = index_sets().initial_sets
HARMS = {
    "no JSON": (b"[", "Expecting value"),
    "deep": (b"[" * 100_000, "nested too deep"),
    "a list": (b"[]", "no table"),
    "another schema": (changed(schema=2), "its schema is 2"),
    "an unknown member": (changed(extra=1), "extra"),
    "no initial set": (changed(initial_sets=[]), "no initial set"),
    "a text for numbers": (with_first(pool="1 2"), "no list of whole numbers"),
    "a truth value": (with_first(validation=[True, False]), "no list of whole numbers"),
    "a broken number": (with_first(validation=[0.5, 1]), "no list of whole numbers"),
    "left out and used": (with_first(left_out=SETS[0].pool[:1].tolist()), "2 times"),
    "an image twice": (with_first(initial=SETS[0].pool[:2].tolist()), "2 times"),
    "beyond": (with_first(initial=[10, 11]), "names image 10"),
    "negative": (with_first(initial=[-1, 3]), "names image -1"),
    "larger than int64": (with_first(initial=[2**70, 3]), "too large"),
    "of other sizes": (with_first(initial=[]), "of 8 images in its parts"),
}


@pytest.mark.parametrize("harm", HARMS)
def test_anything_else_is_one_line_that_says_why(tmp_path, harm):
    data, words = HARMS[harm]
    path = tmp_path / "sets.json"
    path.write_bytes(data)
    with pytest.raises(UsageError) as caught:
        read_given(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_npz_of_pickles_is_refused_unexecuted(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "executed"), "w"))

    np.savez(tmp_path / "sets.npz", about=np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(UsageError, match="allow_pickle=False"):
        read_given(tmp_path / "sets.npz")
    assert not (tmp_path / "executed").exists()


def test_a_bomb_is_refused_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("alharness.protocol.index_sets.file.LARGEST", 1 << 20)
    with zipfile.ZipFile(tmp_path / "sets.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("about.npy", bytes((1 << 20) + 1))
    assert (tmp_path / "sets.npz").stat().st_size < 1 << 12
    with pytest.raises(UsageError, match="unpacks to more than 1 MiB"):
        read_given(tmp_path / "sets.npz")


def test_a_folder_or_nothing_is_no_file(tmp_path):
    for path, words in ((tmp_path, "no regular file"), (tmp_path / "absent.json", "No such file")):
        with pytest.raises(UsageError, match=words):
            read_given(path)
