"""Python of the documentation that is no plugin."""

import pytest
import torch


@pytest.mark.slow
def test_a_notebook(shell, blocks):
    """A cell each, with the names of those before."""
    lines = shell.run(f"python -c '{''.join(blocks)}print(*document.failures)'").splitlines()
    assert [line.split()[:1] for line in lines] == [
        ["random"], ["margin"], ["labels"], ["method"], ["margin"], ["random"], [],
    ]  # fmt: skip


def test_a_sampler_goes_through_the_one_epoch_loop(blocks):
    (text,) = blocks
    steps, epochs = [], []

    class Pool:
        n_labeled = 129

    def step(rows):
        steps.append(rows)
        return torch.tensor(1.0)

    given = {
        "pool": Pool,
        "generator": torch.Generator().manual_seed(0),
        "step": step,
        "after_epoch": lambda epoch, loss: epochs.append(epoch),
    }
    exec(text, given)
    assert epochs == list(range(10))
    # Two batches of 64 in an epoch, for a last one of one image is left out.
    assert [len(rows) for rows in steps] == [64] * 20
