"""Optimizers of a stack. Independent source: ``torch.optim``, one training at a time."""

import pytest
import torch

from alharness.engine.optimizers import OptimizerOptions, make_optimizer
from alharness.engine.stacked.optimizers import make_stacked_optimizer
from alharness.engine.stacked.training import StackShape

STEPS = 50
RATES, DECAYS = (1e-3, 0.05, 0.2), (0.0, 1e-2, 0.5)


def gradient(parameters, step):
    """Of a bowl whose sides differ, with noise that the step determines."""
    noise = torch.randn(parameters.shape[-1], generator=torch.Generator().manual_seed(step))
    return torch.linspace(0.1, 3, parameters.shape[-1]) * parameters + 0.3 * noise


def rate(number, step):
    return RATES[number] * (1 - step / STEPS)


@pytest.mark.parametrize("decays", [False, True])
@pytest.mark.parametrize(
    ("optimizer", "momentum", "nesterov"),
    [
        ("sgd", 0.9, False),
        ("sgd", 0.9, True),
        ("sgd", 0.0, False),
        ("adam", 0.9, False),
        ("adamw", 0.9, False),
        ("radam", 0.9, False),
    ],
)
def test_fifty_steps_of_torch_optim(optimizer, momentum, nesterov, decays):
    start = torch.randn(3, 64, generator=torch.Generator().manual_seed(1))
    decay = torch.tensor([[value] for value in DECAYS]) * decays
    shape = StackShape((), 0, 0, 0, 0, optimizer, momentum, nesterov, decays)
    stacked = start.clone()
    mine = make_stacked_optimizer(shape, stacked, decay)
    parameters = [torch.nn.Parameter(one.clone()) for one in start]
    theirs = [
        make_optimizer(
            [one],
            RATES[number],
            {"optimizer": optimizer},
            (),
            OptimizerOptions(momentum, nesterov, float(decay[number])),
        )
        for number, one in enumerate(parameters)
    ]
    for step in range(STEPS):
        with torch.no_grad():
            rates = torch.tensor([[rate(number, step)] for number in range(3)])
            mine.step(gradient(stacked, step), rates)
        for number, one in enumerate(theirs):
            one.param_groups[0]["lr"] = rate(number, step)
            parameters[number].grad = gradient(parameters[number].detach(), step)
            one.step()
        for number, parameter in enumerate(parameters):
            torch.testing.assert_close(stacked[number], parameter.detach(), rtol=2e-5, atol=2e-6)
