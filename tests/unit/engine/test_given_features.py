"""Given features in any form: taken as they are, or refused in one line; nothing in between."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from alharness import GivenFeatures, UsageError, image_digest
from alharness.engine.given_features import checked_given
from alharness.engine.images import HeldImages

N = 12
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 1, 2, 2)).astype(np.uint8)
IMAGES = HeldImages(torch.from_numpy(PIXELS))
LABELS = np.arange(N) % 3
DIGESTS = np.array([image_digest(one) for one in PIXELS])
FEATURES = np.random.default_rng(1).normal(size=(N, 4))


def check(features=FEATURES, **beside):
    return checked_given(GivenFeatures(features, "x.npz", **beside), "d", LABELS, IMAGES, "train")


ANY = arrays(
    st.sampled_from([np.float16, np.float32, np.float64, ">f4", np.int64, np.bool_, "U3"]),
    array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=N + 1),
)


@given(ANY)
@settings(deadline=None, max_examples=150)
def test_features_of_any_shape_and_type(features):
    fits = features.ndim == 2 and features.shape[0] == N and features.shape[1] > 0
    with np.errstate(over="ignore"):
        finite = features.dtype.kind == "f" and np.isfinite(features.astype(np.float32)).all()
    if fits and finite:
        np.testing.assert_array_equal(check(features, data="d").features, features)
        return
    with pytest.raises(UsageError) as caught:
        check(features, data="d")
    assert "\n" not in str(caught.value)


@given(st.permutations(range(N)))
@settings(deadline=None, max_examples=80)
def test_any_other_order_is_noticed_as_far_as_what_came_with_it_tells(order):
    order = np.array(order)
    own = bool((order == np.arange(N)).all())
    alike = bool((LABELS[order] == LABELS).all())
    for fits, beside in ((own, {"images": DIGESTS[order]}), (alike, {"labels": LABELS[order]})):
        if fits:
            assert check(**beside).order.startswith("verified by")
        else:
            with pytest.raises(UsageError, match="in its order"):
                check(**beside)


@given(ANY)
@settings(deadline=None, max_examples=80)
def test_digests_and_labels_of_any_form_are_refused_in_one_line(strange):
    for name in ("images", "labels"):
        with pytest.raises(UsageError) as caught:
            check(**{name: strange})
        assert "\n" not in str(caught.value)
