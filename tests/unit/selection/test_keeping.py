"""Values stored for images. Independent source: a dictionary."""

import numpy as np
import pytest

from alharness import selection


@pytest.mark.parametrize(("n_stored", "n_known", "n_new"), [(40, 25, 10), (9, 9, 0), (7, 0, 5)])
def test_values_are_found_by_numbers(n_stored, n_known, n_new):
    """In an order of their own; some are gone, some new; numbers are as large as they get."""
    rng = np.random.default_rng(n_stored)
    everything = rng.choice(2**62, n_stored + n_new, replace=False) * 2 + 1
    values = rng.random((n_stored, 2))
    stored = {"numbers": everything[:n_stored], "values": values}
    of_number = dict(zip(everything[:n_stored].tolist(), values.tolist(), strict=True))
    asked = rng.permutation(np.concatenate([everything[:n_known], everything[n_stored:]]))
    known, found = selection.kept_values(asked, stored, "values")
    assert known.tolist() == [number in of_number for number in asked.tolist()]
    assert found.tolist() == [of_number[number] for number in asked[known].tolist()]
    assert known.sum() == n_known


def test_nothing_is_stored_at_a_first_query():
    known, found = selection.kept_values(np.arange(3), {}, "values")
    assert known.tolist() == [False] * 3
    assert found.shape == (0,)
