"""The index sets published with the paper: read without executing anything in them."""

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.index_sets.torchal import read_npy, read_torchal


def npy(values, dtype=object):
    """As NumPy writes it; of objects, as the published files are."""
    array = np.empty(len(values), dtype=dtype)
    array[:] = values
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=True)
    return stream.getvalue()


@given(st.lists(st.integers(-(2**40), 2**40), max_size=3000), st.sampled_from([object, np.int64]))
@settings(max_examples=40)
def test_what_numpy_writes_is_read(values, dtype):
    assert read_npy(npy(values, dtype)).tolist() == values


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_of_pickle_is_read(protocol):
    values = [0, 1, 255, 256, 65_536, 2**40, 7]
    array = np.array(values, dtype=object)
    header = npy(values)[: npy(values).index(b"\n") + 1]
    if protocol == 0:
        with pytest.raises(ValueError, match="no list of whole numbers"):
            read_npy(header + pickle.dumps(array, protocol))
    else:
        assert read_npy(header + pickle.dumps(array, protocol)).tolist() == values


class Trap:
    executed = False

    def __reduce__(self):
        return (setattr, (Trap, "executed", True))


@pytest.mark.parametrize(
    "values",
    [[1, Trap(), 2], ["1", "2"], [[1], [2]], [1.5, 2], [np.int64(3), np.int64(4)], [None, 1]],
    ids=["a trap", "texts", "lists", "broken", "NumPy's", "None"],
)
def test_what_is_no_whole_number_is_refused_unexecuted(values):
    with pytest.raises(ValueError, match="whole numbers"):
        read_npy(npy(values))
    assert not Trap.executed


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_file_is_refused_or_gives_numbers(data):
    whole = bytearray(npy(list(range(50))))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        numbers = read_npy(cut)
    except ValueError:
        return
    assert numbers.dtype == np.int64


def write(folder, initial, pool, validation):
    folder.mkdir(parents=True)
    for prefix, part in (("lSet", initial), ("uSet", pool), ("valSet", validation)):
        (folder / f"{prefix}_CIFAR10.npy").write_bytes(npy(part))


def test_partitions_are_read_in_the_order_of_their_numbers(tmp_path):
    for number in (1, 2, 10):
        order = np.random.default_rng(number).permutation(20).tolist()
        write(tmp_path / f"partition_{number}", order[:2], order[2:16], order[16:])
    found = read_torchal(tmp_path)
    expected = [np.random.default_rng(number).permutation(20)[:2].tolist() for number in (1, 2, 10)]
    assert [parts.initial.tolist() for parts in found.splits] == expected
    alone = read_torchal(tmp_path / "partition_2")
    assert alone.splits[0].initial.tolist() == expected[1]


def test_a_file_too_many_or_too_few_is_named(tmp_path):
    folder = tmp_path / "sets"
    write(folder, [0, 1], [2, 3], [4])
    (folder / "lSet_CIFAR100.npy").write_bytes(npy([1]))
    with pytest.raises(UsageError, match="2 files lSet"):
        read_torchal(folder)
    (folder / "lSet_CIFAR100.npy").unlink()
    (folder / "uSet_CIFAR10.npy").write_bytes(b"no array")
    with pytest.raises(UsageError, match=r"uSet_CIFAR10\.npy"):
        read_torchal(folder)


def test_the_published_partitions_are_those_of_munjal2022(shared_data, protocol):
    from alharness.protocol.partition.splits import split

    for dataset in ("CIFAR10", "CIFAR100"):
        published = read_torchal(shared_data / "torchal-index-sets" / dataset)
        declared = protocol(initial_sets="munjal2022")
        for number, parts in enumerate(published.splits):
            ours = split(declared, 50_000, number, 0)
            for part in ("initial", "pool", "validation"):
                assert np.array_equal(getattr(parts, part), getattr(ours, part)), (number, part)
    for other, n_validation in (("val-set-1k", 1000), ("val-set-2.5k", 2500), ("imbalanced", 5000)):
        parts = read_torchal(shared_data / "torchal-index-sets" / "CIFAR10" / other).splits[0]
        assert (len(parts.initial), len(parts.validation)) == (5000, n_validation)
