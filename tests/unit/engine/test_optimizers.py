"""Optimizers by name, with the options of suite and regularizers; against plain PyTorch."""

import pytest
import torch

from alharness import Regularizer, UsageError
from alharness.engine.optimizers import OptimizerOptions, make_optimizer
from alharness.protocol.tuning.declared_space import OPTIMIZERS

PLAIN = {
    "sgd": lambda one, options: torch.optim.SGD(
        one, 0.1, options.momentum, 0, options.weight_decay, options.nesterov
    ),
    "adam": lambda one, options: torch.optim.Adam(one, 0.1, weight_decay=options.weight_decay),
    "adamw": lambda one, options: torch.optim.AdamW(one, 0.1, weight_decay=options.weight_decay),
    "radam": lambda one, options: torch.optim.RAdam(one, 0.1, weight_decay=options.weight_decay),
}
OPTIONS = [
    OptimizerOptions(),
    OptimizerOptions(momentum=0.0),
    OptimizerOptions(momentum=0.7, nesterov=True, weight_decay=0.01),
]


def walked(make):
    """Where ten steps on a fixed quadratic lead."""
    point = torch.tensor([3.0, -2.0, 0.5], requires_grad=True)
    optimizer = make([point])
    for _ in range(10):
        optimizer.zero_grad()
        (point**2 * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
        optimizer.step()
    return point.detach()


class Decays(Regularizer):
    def optimizer_options(self, hyperparameters):
        return {"weight_decay": 0.02}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("options", OPTIONS)
def test_steps_are_those_of_pytorchs_optimizer(name, options):
    ours = walked(lambda points: make_optimizer(points, 0.1, {"optimizer": name}, [], options))
    torch.testing.assert_close(ours, walked(lambda points: PLAIN[name](points, options)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_regularizers_weight_decay(name):
    decay = OptimizerOptions(weight_decay=0.02)
    ours = walked(lambda points: make_optimizer(points, 0.1, {"optimizer": name}, [Decays()]))
    torch.testing.assert_close(ours, walked(lambda points: PLAIN[name](points, decay)))


def test_adamw_has_no_weight_decay_of_its_own():
    (group,) = make_optimizer(
        [torch.zeros(1, requires_grad=True)], 0.1, {"optimizer": "adamw"}, []
    ).param_groups
    assert group["weight_decay"] == 0


def test_a_fixed_weight_decay_and_a_regularizers():
    with pytest.raises(UsageError, match=r"weight_decay = 0.01 is fixed, and Decays sets 0.02"):
        make_optimizer(
            [], 0.1, {"optimizer": "sgd"}, [Decays()], OptimizerOptions(weight_decay=0.01)
        )


def test_what_is_frozen_is_not_trained():
    frozen, trained = torch.zeros(2), torch.zeros(3, requires_grad=True)
    (group,) = make_optimizer([frozen, trained], 0.1, {"optimizer": "adam"}, []).param_groups
    assert group["params"] == [trained]
