"""What a query stores for the next one: what it may be, and that it comes back."""

import numpy as np
import pytest
import torch

from alharness import STORED_BYTES, ContractViolation
from alharness.engine.stored import packed_stored, unpacked_stored
from alharness.store.arrays import pack

WHO = "sampler 'my_sampler' (mine 0.1)"


def test_arrays_tensors_and_lists_come_back_as_arrays():
    stored = {
        "numbers": torch.arange(3),
        "scores": np.float32([0.5, np.nan]),
        "picked": [True, False],
        "round": 4,
        "with.grad": torch.ones(2, requires_grad=True),
        "none-left": np.zeros((0, 7)),
    }
    read = unpacked_stored(packed_stored(stored, WHO), WHO)
    assert read.keys() == stored.keys()
    assert read["numbers"].tolist() == [0, 1, 2]
    assert read["numbers"].dtype == np.int64
    np.testing.assert_array_equal(read["scores"], stored["scores"])
    assert read["picked"].tolist() == stored["picked"]
    assert read["round"].shape == ()
    assert read["none-left"].shape == (0, 7)


def test_nothing_is_nothing():
    assert packed_stored({}, WHO) is None
    assert unpacked_stored(None, WHO) == {}


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (None, "stored is NoneType"),
        ([np.zeros(3)], "stored is list"),
        ({3: np.zeros(3)}, "3 is no name"),
        ({"": np.zeros(3)}, "'' is no name"),
        ({"../weights": np.zeros(3)}, "'../weights' is no name"),
        ({"a": np.array([{}])}, "stored['a'] is an array of object"),
        ({"a": "text"}, "stored['a'] is an array of <U4"),
        ({"a": np.zeros(2, dtype="M8[s]")}, "stored['a'] is an array of datetime64[s]"),
        ({"a": np.zeros(2, dtype=[("x", "f4")])}, "stored['a'] is an array of [('x', '<f4')]"),
        ({"a": [[1], [2, 3]]}, "stored['a'] is no array"),
        ({"a": torch.zeros(2, dtype=torch.bfloat16)}, "stored['a'] is no array"),
    ],
)
def test_what_may_not_be_stored(stored, said):
    with pytest.raises(ContractViolation) as broken:
        packed_stored(stored, WHO)
    text = str(broken.value)
    assert text.startswith(f"{WHO}: {said}")
    assert "at most 64 MiB" in text
    assert "\n" not in text


def test_the_bound_is_of_everything_together():
    half = np.zeros(STORED_BYTES // 2, dtype=np.uint8)
    with pytest.raises(ContractViolation, match=f"it stored {STORED_BYTES + 2} bytes"):
        packed_stored({"a": half, "b": half, "c": np.zeros(2, dtype=bool)}, WHO)
    with pytest.raises(ContractViolation, match="it stored 6710"):  # the file's own bytes count
        packed_stored({"a": half, "b": half}, WHO)
    assert packed_stored({"a": half, "b": half[:-1000]}, WHO) is not None


def test_what_another_process_answers_is_checked_again():
    for packed in (b"no file", pack({"..": np.zeros(2)}), pack({"a": np.array(["x"])})):
        with pytest.raises(ContractViolation):
            unpacked_stored(packed, WHO)
