"""Long tails: of initial sets, and of all that is used.

Independent sources: for initial sets the class sizes of the index sets published with the paper,
CIFAR-10 from 1154 to 204 and CIFAR-100 from 132 to 28 of 5000; for all that is used the sizes of
long-tailed CIFAR that the literature prints (Cui et al., 2019, and those after them), 12 406 images
of CIFAR-10 and 10 847 of CIFAR-100 at a ratio of 100.
"""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness import UsageError
from alharness.protocol.partition.by_class import with_counts
from alharness.protocol.partition.long_tail import class_counts, tail_counts
from alharness.protocol.partition.splits import Split

CIFAR10 = {"a": 500, "k": 4000, "alpha": -0.32}
CIFAR100 = {"a": 100, "k": 400, "alpha": -0.046}


@pytest.mark.parametrize(
    ("n_classes", "law", "head", "tail", "ratio"),
    [(10, CIFAR10, 1154, 204, 5.7), (100, CIFAR100, 132, 28, 4.7)],
)
def test_published_class_sizes(n_classes, law, head, tail, ratio):
    counts = class_counts(n_classes, 5000, **law)
    assert (counts[0], counts[-1], counts.sum()) == (head, tail, 5000)
    assert counts[0] / counts[-1] == pytest.approx(ratio, abs=0.06)
    assert (np.diff(counts) <= 0).all()


@given(
    st.integers(1, 60),
    st.integers(1, 3000),
    st.floats(1, 500),
    st.floats(1, 5000),
    st.floats(-1, -0.001),
)
def test_counts_are_the_law_scaled(n_classes, total, a, k, alpha):
    counts = class_counts(n_classes, total, a=a, k=k, alpha=alpha)
    law = np.floor(a + k * np.exp(alpha * (np.arange(n_classes) + 0.5)))
    assert counts.sum() == total
    assert (np.abs(counts - law * total / law.sum()) < 1 + 1e-9).all()


def parts_of(n=400, n_initial=60, n_validation=40, seed=0):
    order = np.random.default_rng(seed).permutation(n)
    return Split(order[:n_initial], order[n_initial : n - n_validation], order[n - n_validation :])


def test_the_split_keeps_order_and_validation_set():
    parts, labels = parts_of(), np.random.default_rng(1).integers(0, 4, 400)
    counts = class_counts(4, 60, a=10, k=60, alpha=-0.5)
    new = with_counts(parts, labels, counts, "here", "Lower it")
    assert np.bincount(labels[new.initial]).tolist() == counts.tolist()
    assert new.validation is parts.validation
    order = np.concatenate([parts.initial, parts.pool]).tolist()
    assert sorted([*new.initial, *new.pool]) == sorted(order)
    for images in (new.initial, new.pool):
        assert sorted(images, key=order.index) == images.tolist()
    for number in range(4):
        of_class = [image for image in order if labels[image] == number]
        assert set(of_class[: counts[number]]) <= set(new.initial.tolist())


def test_a_class_with_too_few_images_is_refused():
    labels = np.zeros(400, dtype=np.int64)
    labels[:3] = 1
    with pytest.raises(UsageError, match=r"mine\.long_tail: the initial set wants 20 .* class 1"):
        with_counts(parts_of(), labels, np.array([40, 20]), "mine.long_tail", "Lower it")


@pytest.mark.parametrize(
    ("n_classes", "largest", "ratio", "total", "last"),
    [(10, 5_000, 100, 12_406, 50), (100, 500, 100, 10_847, 5), (10, 5_000, 10, 20_431, 500)],
)
def test_published_sizes_of_long_tailed_data(n_classes, largest, ratio, total, last):
    counts = tail_counts(n_classes, largest, ratio)
    assert (counts[0], counts[-1], counts.sum()) == (largest, last, total)


@given(st.integers(2, 40), st.integers(1, 5_000), st.integers(10, 10_000))
def test_the_law_without_floating_point_error(n_classes, largest, tenths):
    """In decimals of 60 digits, with a step of 10⁻⁴⁰ up for roots that are whole."""
    counts = tail_counts(n_classes, largest, tenths / 10)
    with localcontext() as context:
        context.prec = 60
        ratio = Decimal(tenths) / 10
        law = [largest * ratio ** (Decimal(-i) / (n_classes - 1)) for i in range(n_classes)]
        assert counts.tolist() == [int(kept + Decimal("1e-40")) for kept in law]
