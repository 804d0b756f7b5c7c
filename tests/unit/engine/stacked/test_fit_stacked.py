"""What a stack trains is what ``engine.training.Training`` trains, up to rounding.

Independent source: that class, with PyTorch's autograd and optimizers.
"""

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from alharness import HarnessError, UsageError
from alharness.engine.randomness import controlled
from alharness.engine.stacked import can_be_stacked, fit_stacked, stack_shape

EPOCHS = 5


def assert_close(one, other):
    """Weights, losses and scores of two trainings.

    Where a gradient is nearly zero, Adam's direction hangs on its rounding.
    """
    assert one.weights.keys() == other.weights.keys()
    for name, tensor in one.weights.items():
        torch.testing.assert_close(tensor, other.weights[name], rtol=1e-3, atol=2e-4)
    torch.testing.assert_close(one.training_loss, other.training_loss, rtol=1e-4, atol=1e-5)
    assert [score.accuracy for score in one.validation] == [
        score.accuracy for score in other.validation
    ]
    for mine, theirs in zip(one.validation, other.validation, strict=True):
        assert mine.loss == pytest.approx(theirs.loss, rel=1e-4)
    assert one.best_epoch == other.best_epoch


@pytest.mark.parametrize("hidden", [None, 12])
@pytest.mark.parametrize(
    "described",
    [
        {"n_labeled": 21},
        {"n_labeled": 41},
        {"n_labeled": 22, "drop_last": True},
        {"n_labeled": 7, "batch_size": 16, "drop_last": True, "optimizer": "adam"},
        {"n_labeled": 60, "n_validation": 0},
        {"n_labeled": 7, "batch_size": 16, "weight_decay": 0.0},
        {"n_labeled": 21, "nesterov": False, "weight_decay": 0.1},
        {"optimizer": "adam"},
        {"optimizer": "adamw"},
        {"optimizer": "radam"},
    ],
    ids=[
        "span",
        "last-one-left-out",
        "last-six-left-out",
        "none-left-out",
        "no-validation",
        "one-batch",
        "decays",
        "adam",
        "adamw",
        "radam",
    ],
)
def test_as_each_alone(described, hidden, make, alone):
    rates = (0.003, 0.03, 0.01)

    def trainings():
        return [
            make(k, hidden=hidden, learning_rate=rate, **described) for k, rate in enumerate(rates)
        ]

    for one, training in zip(fit_stacked(trainings(), EPOCHS), trainings(), strict=True):
        assert_close(one, alone(training, EPOCHS))


def test_the_best_epoch_on_validation_is_kept(make, alone):
    """The learning rate is so high that accuracy goes up and down."""
    described = {"learning_rate": 0.5, "optimizer": "adam", "n_validation": 40}
    trained = fit_stacked([make(seed, **described) for seed in range(8)], EPOCHS)
    for seed, one in enumerate(trained):
        other = alone(make(seed, **described), EPOCHS)
        assert one.best_epoch == other.best_epoch
        assert one.best == one.validation[one.best_epoch]
        assert_close(one, other)
    assert len({one.best_epoch for one in trained}) > 2


def test_batches_that_are_not_whole_are_dropped(make):
    signs = []
    fit_stacked([make(0, n_labeled=22, drop_last=True)], 2, lambda: signs.append(1))
    assert len(signs) == 2 * 2


def test_without_validation_the_last_epoch_counts(make):
    (one,) = fit_stacked([make(0, n_validation=0)], EPOCHS)
    assert one.best is None
    assert one.validation == []
    assert one.best_epoch == EPOCHS - 1


def test_trainings_of_several_shapes_come_back_in_their_order(make):
    widths = [40, 12, 40, 8, 12]
    trained = fit_stacked([make(seed, width=width) for seed, width in enumerate(widths)], 1)
    assert [one.weights["model.head.weight"].shape[1] for one in trained] == widths


def test_one_that_diverges_leaves_the_others_as_they_are(make):
    def trainings(rate):
        return [make(seed, learning_rate=rate if seed == 1 else 0.01) for seed in range(3)]

    usual, mixed = fit_stacked(trainings(0.01), 3), fit_stacked(trainings(1e38), 3)
    assert mixed[1].validation[-1].loss == math.inf
    assert not math.isfinite(mixed[1].training_loss[-1])
    for number in (0, 2):
        assert torch.equal(
            mixed[number].weights["model.head.weight"], usual[number].weights["model.head.weight"]
        )


def test_networks_and_labeled_sets_stay_as_they_are(make):
    training, before = make(0, hidden=5), make(0, hidden=5)
    fit_stacked([training], 2)
    for name, tensor in before.network.state_dict().items():
        assert torch.equal(training.network.state_dict()[name], tensor)
    every = slice(None)
    assert torch.equal(training.labeled.images.batch(every), before.labeled.images.batch(every))


def test_all_is_drawn_from_generators_of_its_own(make):
    before = torch.get_rng_state()
    described = {"hidden": 5, "dropout": 0.5}
    first = fit_stacked([make(0, **described)], 2)[0].weights
    assert torch.equal(torch.get_rng_state(), before)
    with controlled(7):
        again = fit_stacked([make(0, **described)], 2)[0].weights
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())
    other = replace(make(0, **described), dropout=torch.Generator().manual_seed(5))
    masked_otherwise = fit_stacked([other], 2)[0].weights
    assert not torch.equal(masked_otherwise["model.head.weight"], first["model.head.weight"])


def test_one_weight_decay_alone(make):
    with pytest.raises(UsageError, match="is fixed, and a regularizer sets"):
        replace(make(0), weight_decay=0.1)


def test_a_sign_of_life_in_each_step(make):
    signs = []
    fit_stacked([make(seed, n_labeled=21) for seed in range(3)], 2, lambda: signs.append(1))
    assert len(signs) == 2 * 3


def test_only_what_acts_in_order_is_stacked(make):
    training = make(0, hidden=5)
    training.network.model.penultimate = nn.Tanh()
    with pytest.raises(HarnessError, match=r"Tanh at 'model\.penultimate'"):
        stack_shape(training)
    training.network.model.penultimate = nn.Identity()
    assert [layer.n_out for layer in stack_shape(training).layers] == [5, 5, 3]
    training.network.model.head = nn.Identity()
    with pytest.raises(HarnessError, match="does not end in a linear layer"):
        fit_stacked([training], 1)


def test_an_unknown_optimizer_is_refused(make):
    with pytest.raises(UsageError, match="no optimizer 'lion'"):
        fit_stacked([make(0, optimizer="lion")], 1)


def test_only_one_thread_of_a_cpu(make):
    assert can_be_stacked(torch.device("cpu"), 1)
    assert not can_be_stacked(torch.device("cpu"), 2)
    assert not can_be_stacked(torch.device("cuda"), 1)
    torch.set_num_threads(2)
    try:
        with pytest.raises(HarnessError, match="PyTorch has 2 threads"):
            fit_stacked([make(0)], 1)
    finally:
        torch.set_num_threads(1)


def test_what_trainings_have_in_common(make):
    base = make(0)
    alike = make(1, learning_rate=1.0)
    assert stack_shape(base) == stack_shape(alike)
    assert hash(stack_shape(base)) == hash(stack_shape(alike))
    others = [
        make(1, width=39),
        make(1, n_labeled=20),
        make(1, n_validation=8),
        make(1, batch_size=9),
        make(1, drop_last=True),
        make(1, optimizer="adam"),
        make(1, dropout=0.1),
        make(1, weight_decay=0.0),
        replace(base, options=replace(base.options, momentum=0.8)),
    ]
    assert len({stack_shape(one) for one in (base, *others)}) == 1 + len(others)
