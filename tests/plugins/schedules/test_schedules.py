"""Built-in schedules, against torch.optim.lr_scheduler and their papers' formulas."""

import math

import pytest
import torch
from alharness_plugins.schedules.constant import Constant
from alharness_plugins.schedules.cosine import Cosine
from alharness_plugins.schedules.one_cycle import OneCycle
from alharness_plugins.schedules.steps import Steps
from torch.optim import lr_scheduler

LENGTHS = [(1, 2), (1, 40), (7, 5), (13, 20)]
"""Steps per epoch, epochs."""


def ours(schedule, steps_per_epoch, epochs):
    steps = range(steps_per_epoch * epochs)
    return [schedule.factor(step, steps_per_epoch, epochs) for step in steps]


def theirs(make, n_steps, rate=1.0):
    """The rates that PyTorch's scheduler gives, of a highest or initial rate of one."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], rate)
    scheduler = make(optimizer)
    rates = []
    for _ in range(n_steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


@pytest.mark.parametrize(("steps_per_epoch", "epochs"), LENGTHS)
def test_constant(steps_per_epoch, epochs):
    assert set(ours(Constant(), steps_per_epoch, epochs)) == {1.0}


@pytest.mark.parametrize(("steps_per_epoch", "epochs"), LENGTHS)
def test_cosine_is_pytorchs_cosine_annealing(steps_per_epoch, epochs):
    n = steps_per_epoch * epochs
    reference = theirs(lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, n), n)
    assert ours(Cosine(), steps_per_epoch, epochs) == pytest.approx(reference, abs=1e-9)


@pytest.mark.parametrize("milestones", [(0.5, 0.75), (0.1, 0.3, 0.9), (1, 7, 12), (0.4, 15)])
@pytest.mark.parametrize("gamma", [0.1, 0.2])
def test_steps_are_pytorchs_milestones(milestones, gamma):
    steps_per_epoch, epochs = 13, 20
    marks = [
        math.ceil(round(mark * steps_per_epoch * (epochs if mark < 1 else 1), 6))
        for mark in milestones
    ]
    reference = theirs(
        lambda optimizer: lr_scheduler.MultiStepLR(optimizer, marks, gamma),
        steps_per_epoch * epochs,
    )
    schedule = Steps(milestones, gamma)
    assert ours(schedule, steps_per_epoch, epochs) == pytest.approx(reference, rel=1e-9)


@pytest.mark.parametrize("hundredths", range(1, 100))
def test_a_share_of_the_steps_falls_on_its_step(hundredths):
    """0.07 * 100 is more than 7 in binary: no step is missed for that."""
    factors = ours(Steps((hundredths / 100,)), 1, 100)
    assert factors.count(1.0) == hundredths


def test_the_papers_imagenet_schedule():
    """Munjal et al. (2022): five epochs of warm-up, a tenth at epochs 140, 160 and 180 of 200."""
    schedule = Steps((140, 160, 180), warmup_epochs=5)
    at = [schedule.factor(10 * epoch, 10, 200) for epoch in (0, 4, 5, 139, 140, 159, 160, 180, 199)]
    assert at == pytest.approx([1 / 50, 41 / 50, 1, 1, 0.1, 0.1, 0.01, 0.001, 0.001])


@pytest.mark.parametrize("warmup", [1.0, 2.5, 5.0])
def test_warm_up_is_linear(warmup):
    """Goyal et al. (2017): equal increments, from one increment to the whole rate."""
    factors = ours(Steps((), warmup_epochs=warmup), 10, 8)
    risen = int(10 * warmup)
    assert factors[:risen] == pytest.approx([(step + 1) / risen for step in range(risen)])
    assert set(factors[risen:]) == {1.0}


@pytest.mark.parametrize("rising", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(("steps_per_epoch", "epochs"), [(1, 40), (7, 5), (13, 20)])
def test_one_cycle_is_pytorchs(steps_per_epoch, epochs, rising):
    n = steps_per_epoch * epochs
    reference = theirs(
        lambda optimizer: lr_scheduler.OneCycleLR(
            optimizer, 1.0, total_steps=n, pct_start=rising, cycle_momentum=False
        ),
        n - 1,
    )
    mine = ours(OneCycle(rising=rising), steps_per_epoch, epochs)
    assert mine[:-1] == pytest.approx(reference, rel=1e-6)
    assert mine[-1] == pytest.approx(1 / 25 / 1e4)


def test_one_cycle_of_few_steps_begins_at_its_highest():
    assert ours(OneCycle(), 1, 1) == [1.0]
    assert ours(OneCycle(), 1, 3)[0] == 1.0
