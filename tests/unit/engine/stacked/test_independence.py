"""A training's result does not depend on which others share its stack: bit by bit."""

import math
import random
from itertools import count

import pytest
import torch
from torch.overrides import TorchFunctionMode

from alharness.engine.stacked import fit_stacked, stack_shape

EPOCHS = 3

LINEAR = [
    *({"optimizer": name} for name in ("sgd", "adam", "adamw", "radam")),
    {"n_labeled": 13, "n_validation": 0, "batch_size": 64},
    {"n_labeled": 61, "width": 40, "n_validation": 5, "drop_last": True},
    {"dropout": 0.3, "n_validation": 70, "optimizer": "adam"},
    {"n_classes": 11, "nesterov": False},
]
PERCEPTRONS = [
    {"hidden": 7, "dropout": 0.5},
    {"hidden": 33, "optimizer": "adamw", "n_validation": 0, "batch_size": 5},
]
RATES = (1e-4, 1e-2, 1.0)
DIVERGES = 1e38
"""A learning rate at which losses become infinite, then no numbers."""


def hundred():
    """Of each kind ten, every other with a weight decay, at several rates; the last diverges."""
    numbers = count()
    for kind in (*LINEAR, *PERCEPTRONS):
        for place in range(10):
            rate = DIVERGES if place == 9 else RATES[place % len(RATES)]
            decay = 1e-3 * (place % 2)
            yield next(numbers), {**kind, "learning_rate": rate, "weight_decay": decay}


def grouped(parts, make):
    """Results of the hundred by number, fitted part by part."""
    described = dict(hundred())
    found = {}
    for part in parts:
        trained = fit_stacked([make(number, **described[number]) for number in part], EPOCHS)
        found.update(zip(part, trained, strict=True))
    return found


def random_parts(seed):
    """The hundred in a random order, cut at random places."""
    rng = random.Random(seed)
    numbers = [number for number, _ in hundred()]
    rng.shuffle(numbers)
    cuts = sorted(rng.sample(range(1, 100), rng.randint(1, 12)))
    return [numbers[i:j] for i, j in zip([0, *cuts], [*cuts, 100], strict=True)]


@pytest.fixture(scope="module")
def each_alone(make):
    return grouped([[number] for number, _ in hundred()], make)


def bits(values):
    return torch.as_tensor(values, dtype=torch.float64).view(torch.int64).tolist()


def assert_same(one, other):
    assert one.weights.keys() == other.weights.keys()
    for name, tensor in one.weights.items():
        as_integers = [
            value.contiguous().view(torch.int32) for value in (tensor, other.weights[name])
        ]
        assert torch.equal(*as_integers), name
    assert bits(one.training_loss) == bits(other.training_loss)
    assert one.validation == other.validation
    assert (one.best, one.best_epoch) == (other.best, other.best_epoch)


@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_trainings_grouped_at_random_give_what_each_gives_alone(seed, each_alone, make):
    found = grouped(random_parts(seed), make)
    assert sorted(found) == list(range(100))
    for number, trained in found.items():
        assert_same(trained, each_alone[number])


def test_the_hundred_are_what_the_test_means(each_alone, make):
    """Some diverge, others learn, and they are of several shapes."""
    shapes = {stack_shape(make(number, **described)) for number, described in hundred()}
    assert len(shapes) == 2 * len((*LINEAR, *PERCEPTRONS))
    diverging = [n for n, described in hundred() if described["learning_rate"] == DIVERGES]
    assert all(not math.isfinite(each_alone[number].training_loss[-1]) for number in diverging)
    assert all(
        math.isfinite(each_alone[number].training_loss[-1])
        for number, described in hundred()
        if described["learning_rate"] < 1
    )


class Products(TorchFunctionMode):
    """Notes where the operands and results of matrix products lie."""

    def __init__(self):
        super().__init__()
        self.places = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        found = func(*args, **(kwargs or {}))
        if func is torch.mm:
            self.places += [tensor.data_ptr() for tensor in (*args, found)]
        return found


def test_matrix_products_are_of_memory_that_is_aligned(make):
    """Where it is not, their last bits are others."""
    with Products() as products:
        grouped([[number for number, _ in hundred()]], make)
    assert len(products.places) > 1000
    assert all(place % 64 == 0 for place in products.places)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("width", [64, 384, 1280])
@pytest.mark.parametrize("n_classes", [2, 10, 100])
def test_so_do_trainings_of_real_sizes(optimizer, width, n_classes, make):
    def trained(numbers):
        stack = [make(number, **described) for number in numbers]
        return dict(zip(numbers, fit_stacked(stack, 2), strict=True))

    for n_labeled in (10, 60, 110, 210):
        described = {"n_labeled": n_labeled, "n_validation": 50, "width": width}
        described |= {"n_classes": n_classes, "batch_size": 64, "optimizer": optimizer}
        each_alone = {number: trained([number])[number] for number in range(20)}
        parts = [list(range(20)), [3, 1], [19, 18, 17, 2, 5, 7, 11]]
        for part in parts:
            for number, found in trained(part).items():
                assert_same(found, each_alone[number])
