"""``raw`` and ``task-model``."""

import pytest
import torch

from alharness import UsageError


def test_raw_pixels_lie_channel_by_channel(create):
    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.float32).view(2, 3, 4, 4) / 95
    features = create("representation", "raw").features(images)
    assert features.shape == (2, 48)
    assert features.dtype == torch.float32
    for image, row in zip(images, features, strict=True):
        assert torch.equal(row[:16], image[0].flatten())
        assert torch.equal(row[32:], image[2].flatten())


def test_the_task_models_features_belong_to_a_trial(create):
    made = create("representation", "task-model")
    assert made.belongs_to_trial
    assert made.missing() is None
    with pytest.raises(UsageError, match="it belongs to a trial"):
        made.features(torch.rand(1, 3, 4, 4))
