"""Named arrays in a file: the same bytes for the same arrays, and no pickle."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alharness.store.arrays import pack, unpack

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
)
ARRAYS = st.dictionaries(
    st.sampled_from(["file", "allow_pickle", "a", "b.c", "d-1"]),
    hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)),
)


@given(ARRAYS)
def test_what_is_packed_comes_back(arrays):
    read = unpack(pack(arrays), 10**6)
    assert read.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read[name].dtype == array.dtype.newbyteorder("<")
        assert read[name].shape == array.shape
        np.testing.assert_array_equal(read[name], array)


@given(ARRAYS)
def test_the_same_arrays_are_the_same_bytes(arrays):
    """However they are ordered, laid out or written by the machine."""
    others = {
        name: np.asfortranarray(arrays[name]).astype(arrays[name].dtype.newbyteorder(">"))
        if arrays[name].ndim
        else arrays[name]
        for name in reversed(arrays)
    }
    assert pack(others) == pack(arrays)


def test_other_values_are_other_bytes():
    assert pack({"a": np.zeros(3)}) != pack({"a": np.zeros(3, dtype=np.float32)})
    assert pack({"a": np.zeros(3)}) != pack({"b": np.zeros(3)})
    assert pack({"a": np.zeros(3)}) != pack({"a": np.ones(3)})


def test_the_bytes_stay_what_they_are():
    """A digest that is in keys must not change with the day or the version of a library."""
    import hashlib

    packed = pack({"numbers": np.arange(5), "scores": np.linspace(0, 1, 4, dtype=np.float32)})
    assert hashlib.sha256(packed).hexdigest()[:16] == "2ef379a5f8fac6ba"


def test_objects_are_neither_written_nor_read():
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        pack({"a": np.array([{}])})
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([{}]))
    with pytest.raises(ValueError, match=r"[Oo]bject"):
        unpack(buffer.getvalue(), 10**6)


def test_what_is_no_file_of_arrays():
    for packed in (b"", b"PK\x03\x04 and so on", pack({"a": np.zeros(9)})[:-30]):
        with pytest.raises(ValueError, match=r"no \.npz"):
            unpack(packed, 10**6)


def test_what_grows_when_it_is_unpacked():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("a.npy", bytes(10**7))
    with pytest.raises(ValueError, match="more than 1000000"):
        unpack(buffer.getvalue(), 10**6)
