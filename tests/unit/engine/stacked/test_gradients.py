"""Gradients of a stack against autograd, with the masks of its dropout."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from alharness.engine.stacked.optimizers import make_stacked_optimizer
from alharness.engine.stacked.program import Program
from alharness.engine.stacked.span import SpanProgram, in_span
from alharness.engine.stacked.training import stack_shape

N = 21


def program(make, kind=Program, n_trainings=3, **described):
    trainings = [make(seed, n_labeled=N, **described) for seed in range(n_trainings)]
    with torch.no_grad():
        return kind(stack_shape(trainings[0]), trainings)


def masked(inputs, outputs):
    """What dropout multiplied inputs with; one where they are zero and it does not show."""
    return torch.where(inputs == 0, torch.ones(()), outputs / inputs)


def by_autograd(one, number):
    """Losses and gradients of a training's weights, with the masks that its pass has drawn."""
    through, rows = one.training_pass(N), one.labeled
    weights = [matrix[number].clone().requires_grad_() for matrix in one.weights.matrices]
    given = rows.features[number]
    units = (given * masked(given, through.inputs[number])).T
    for layer, matrix in enumerate(weights):
        if layer:
            kept = through.hidden[layer - 1][number, :, :N]
            units = torch.cat([units.relu(), torch.ones(1, N)])
            units = torch.cat([units, torch.zeros(len(kept) - len(units), N)])
            units = units * masked(units.detach(), kept)
        units = matrix @ units
    losses = cross_entropy(units.T, rows.labels[number], reduction="none")
    losses.mean().backward()
    return losses.detach(), [matrix.grad for matrix in weights]


@pytest.mark.parametrize("hidden", [None, 6])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_as_autograd(hidden, dropout, make):
    one = program(make, hidden=hidden, dropout=dropout)
    with torch.no_grad():
        losses = one.step(None)
    for number in range(3):
        expected, gradients = by_autograd(one, number)
        torch.testing.assert_close(losses[number], expected)
        for mine, theirs in zip(one.slopes.matrices, gradients, strict=True):
            torch.testing.assert_close(mine[number], theirs, rtol=1e-4, atol=1e-6)


def test_dropout_keeps_its_share(make):
    one = program(make, dropout=0.25, n_trainings=40)
    with torch.no_grad():
        one.step(None)
    before, after = one.labeled.features[:, :, :40], one.training_pass(N).inputs[:, :, :40]
    drawn = (after / before)[before != 0]
    kept = drawn != 0
    torch.testing.assert_close(drawn[kept], torch.full_like(drawn[kept], 1 / 0.75))
    assert abs(float(kept.float().mean()) - 0.75) < 0.01


@pytest.mark.parametrize("hidden", [None, 6])
def test_the_bias_is_never_dropped(hidden, make):
    one = program(make, hidden=hidden, dropout=0.9)
    with torch.no_grad():
        one.step(None)
    through = one.training_pass(N)
    constant = through.inputs[:, :, 40] if hidden is None else through.hidden[-1][:, hidden, :N]
    assert (constant == 1).all()


def test_masks_are_each_trainings_own_and_change(make):
    one = program(make, dropout=0.5)
    through = one.training_pass(N)
    seen = []
    with torch.no_grad():
        for _ in range(2):
            one.step(None)
            seen += [through.inputs[number] != 0 for number in range(3)]
    assert all(not torch.equal(mask, other) for k, mask in enumerate(seen) for other in seen[:k])


@pytest.mark.parametrize("described", [{}, {"weight_decay": 0.3}, {"nesterov": False}])
def test_in_the_span_as_with_weights(described, make):
    """The same steps of the same optimizer, on coefficients and on weights."""
    both = [program(make, kind, **described) for kind in (Program, SpanProgram)]
    assert in_span(both[0].shape)
    rows = torch.stack([torch.randperm(N)[:8] for _ in range(3)])
    with torch.no_grad():
        decay = torch.tensor([[training.decay] for training in both[0].trainings])
        optimizers = [make_stacked_optimizer(one.shape, one.parameters, decay) for one in both]
        for step in range(12):
            batch = None if step % 3 == 0 else rows.roll(step, dims=1)
            losses = [one.step(batch) for one in both]
            torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-5)
            for one, optimizer in zip(both, optimizers, strict=True):
                optimizer.step(one.gradients, torch.full((3, 1), 0.02))
        for number in range(3):
            states = [one.state(number, one.parameters[number]) for one in both]
            for name in ("model.head.weight", "model.head.bias"):
                torch.testing.assert_close(states[0][name], states[1][name], rtol=1e-4, atol=1e-5)
        for mine, theirs in zip(*(one.scores() for one in both), strict=True):
            assert mine.accuracy == theirs.accuracy
            assert mine.loss == pytest.approx(theirs.loss, rel=1e-4)


def test_when_the_span_is_taken(make):
    def taken(**described):
        return in_span(stack_shape(make(0, **described)))

    assert taken(n_labeled=37)
    assert not taken(n_labeled=38), "40 features and 3 classes"
    assert not taken(optimizer="adam")
    assert not taken(dropout=0.1)
    assert not taken(hidden=5)
