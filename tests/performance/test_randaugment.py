"""RandAugment on a batch of CIFAR size against torchvision, image by image."""

from __future__ import annotations

from time import perf_counter

import pytest
import torch
from alharness_plugins.regularizers.randaugment.regularizer import RandAugment
from torchvision.transforms import v2

IMAGES, SIDE, M = 256, 32, 5


@pytest.mark.parametrize("n", [2, pytest.param(8, marks=pytest.mark.slow)])
def test_a_batch_against_torchvision_image_by_image(benchmark, n: int) -> None:
    pixels = torch.randint(
        256, (IMAGES, 3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    regularizer = RandAugment(highest_m=8)
    regularizer.hyperparameters = {"randaugment.n": n, "randaugment.m": M}
    generator = torch.Generator().manual_seed(1)
    theirs = v2.RandAugment(num_ops=n, magnitude=M, num_magnitude_bins=10, fill=128)

    def batched() -> torch.Tensor:
        return regularizer.augment(pixels.float() / 255, generator)

    def one_by_one() -> torch.Tensor:
        return torch.stack([theirs(image) for image in pixels]).float() / 255

    assert batched().shape == one_by_one().shape
    if benchmark.disabled:
        benchmark(batched)
        return
    took = []
    for _ in range(5):
        start = perf_counter()
        one_by_one()
        took.append(perf_counter() - start)
    benchmark(batched)
    benchmark.extra_info["one_by_one_s"] = min(took)
    benchmark.extra_info["ratio"] = min(took) / benchmark.stats.stats.min
    assert benchmark.extra_info["ratio"] > 1
