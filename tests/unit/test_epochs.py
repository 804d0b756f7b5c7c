"""The iterator of batches and the epoch loop."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from alharness import HarnessError
from alharness.epochs import batches, finite_loss, n_batches, run_epochs

SIZES = [
    (9, 4, [4, 4]),
    (10, 4, [4, 4, 2]),
    (8, 4, [4, 4]),
    (3, 1, [1, 1, 1]),
    (1, 8, [1]),
    (1, 1, [1]),
    (3, 8, [3]),
]


@pytest.mark.parametrize(("n", "size", "lengths"), SIZES)
def test_every_image_once_per_epoch(n, size, lengths):
    seen, ends, orders = [], [], []

    def step(rows):
        seen.append(rows)
        return torch.tensor(float(len(seen)))

    def after_epoch(epoch, loss):
        assert [len(rows) for rows in seen] == lengths
        counts = Counter(torch.cat(seen).tolist())
        assert set(counts.values()) == {1}
        assert set(counts) <= set(range(n))
        assert float(loss) == np.mean(range(1, len(seen) + 1))
        orders.append(torch.cat(seen).tolist())
        ends.append(epoch)
        seen.clear()

    generator = torch.Generator().manual_seed(1)
    run_epochs(3, lambda: batches(n, size, generator), step=step, after_epoch=after_epoch)
    assert ends == [0, 1, 2]
    assert n < 8 or orders[0] != orders[1]


@pytest.mark.parametrize(("n", "size", "lengths"), SIZES)
def test_without_a_generator_in_their_order(n, size, lengths):
    rows = list(batches(n, size))
    assert [len(batch) for batch in rows] == lengths
    assert torch.cat(rows).tolist() == list(range(sum(lengths)))


@given(n=st.integers(1, 70), size=st.integers(1, 30), seed=st.integers(0, 2**40))
def test_only_a_last_batch_of_one_is_dropped(n, size, seed):
    drawn = list(batches(n, size, torch.Generator().manual_seed(seed)))
    assert len(drawn) == n_batches(n, size)
    permutation = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    kept = torch.cat(drawn)
    assert torch.equal(kept, permutation[: len(kept)])
    dropped = n - len(kept)
    assert dropped == (n % size == 1 and size > 1 and n > 1)
    assert all(len(rows) == size for rows in drawn[:-1])


@given(n=st.integers(1, 70), size=st.integers(1, 30), least=st.integers(1, 30))
def test_a_last_batch_that_is_too_small_is_dropped_unless_it_is_the_only_one(n, size, least):
    lengths = [len(rows) for rows in batches(n, size, torch.Generator(), least)]
    assert len(lengths) == n_batches(n, size, least)
    whole, rest = divmod(n, size)
    last = [rest] if rest and (rest >= least or not whole) else []
    assert lengths == [size] * whole + last


def test_an_order_is_drawn_only_when_it_is_asked_for():
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    rows = batches(5, 2, generator)
    assert torch.equal(generator.get_state(), before)
    next(rows)
    assert not torch.equal(generator.get_state(), before)


def test_losses_of_several_models_have_a_mean_of_their_own():
    means = []
    run_epochs(
        2,
        lambda: range(3),
        step=lambda batch: torch.tensor([batch, 10.0 * batch]),
        after_epoch=lambda epoch, loss: means.append(loss.tolist()),
        mean=lambda losses: torch.stack(list(losses)).mean(dim=0),
    )
    assert means == [[1.0, 10.0]] * 2


def test_a_training_that_diverges_is_an_error():
    """In the epoch whose mean loss is the first not finite."""
    losses = iter([1.0, 2.0, 3.0, float("inf"), 1.0, 1.0])
    trained = []

    def step(_):
        trained.append(next(losses))
        return torch.tensor(trained[-1])

    with pytest.raises(HarnessError, match="loss is inf in epoch 1") as caught:
        run_epochs(3, lambda: range(2), step=step, after_epoch=finite_loss("my-sampler", "Wait"))
    assert (caught.value.where, caught.value.remedy) == ("my-sampler", "Wait")
    assert len(trained) == 4
