"""What samplers and oracles may answer."""

import numpy as np
import pytest
import torch

from alharness import ContractViolation
from alharness.engine.querying import ask_oracle, checked_near, checked_positions


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ([0, 1, 1], "1 positions are duplicates"),
        ([0, 1, 5], "position 5 is out of range"),
        ([0, -1, 2], "position -1 is out of range"),
        ([0, 1], "2 positions were returned"),
        ([0, 1, 2, 3], "4 positions were returned"),
        ([0.0, 1.0, 2.0], "positions are float64"),
        ([True, False, True], "positions are bool"),
        ([[0, 1, 2]], "shape"),
        (None, "shape"),
        ([[0], [1, 2]], "no array"),
        (torch.tensor([0.0, 1.0, 2.0], dtype=torch.bfloat16), "no array"),
    ],
)
def test_broken_answers(answer, rule):
    """Published trap 5."""
    with pytest.raises(ContractViolation, match=rule) as caught:
        checked_positions(answer, 5, 3, "sampler 'x' (dist 1)")
    assert "sampler 'x' (dist 1)" in str(caught.value)
    assert "3 distinct integers in [0, 5)" in str(caught.value)


@pytest.mark.parametrize(
    "answer", [[4, 0, 2], (4, 0, 2), np.array([4, 0, 2], np.uint8), torch.tensor([4, 0, 2])]
)
def test_good_answers(answer):
    positions = checked_positions(answer, 5, 3, "x")
    assert (positions.tolist(), positions.dtype) == ([4, 0, 2], np.int64)


class Says:
    def __init__(self, answer):
        self.answer = answer

    def annotate(self, true_labels, indices, n_classes, rng):
        true_labels[:] = 0
        indices[:] = 0
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        [0, 1],
        [0, 1, 3],
        [0, 1, -1],
        [0.0, 1.0, 2.0],
        [[0, 1, 2]],
        None,
        [[0], [1, 2], [0]],
        ValueError("no"),
        SystemExit(1),
    ],
)
def test_oracles_that_break_their_contract(answer):
    truth, indices = np.array([0, 1, 2]), np.array([7, 8, 9])
    with pytest.raises(ContractViolation, match="oracle 'x'"):
        ask_oracle(Says(answer), truth, indices, 3, np.random.default_rng(0), "oracle 'x'")
    assert (truth.tolist(), indices.tolist()) == ([0, 1, 2], [7, 8, 9])


def test_an_oracles_labels_are_taken():
    truth = np.array([0, 1, 2])
    labels = ask_oracle(Says([2, 1, 0]), truth, truth, 3, np.random.default_rng(0), "x")
    assert (labels.tolist(), labels.dtype) == ([2, 1, 0], np.int64)


@pytest.mark.parametrize(
    ("near", "taken"),
    [
        ([2, 0], [2, 0]),
        ([3, -1, 1], [1]),
        ([0.5], []),
        ("near", []),
        (None, []),
        ([[0]], []),
        ([0] * 1001, []),
        ([], []),
    ],
)
def test_what_is_told_to_be_near_the_cut_is_taken_as_far_as_it_is_positions(near, taken):
    assert checked_near(near, 3).tolist() == taken
