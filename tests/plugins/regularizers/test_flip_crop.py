"""flip-crop, against padding, slicing and flipping image by image."""

import pytest
import torch
from alharness_plugins.regularizers.flip_crop import FlipCrop
from torch.nn.functional import pad


def image_by_image(images, flip, padding, generator):
    """What is documented, drawn in the same order: coins, then rows, then columns."""
    n, _, height, width = images.shape
    if flip:
        coins = torch.rand(n, 1, 1, 1, generator=generator).flatten() < 0.5
        images = torch.stack(
            [one.flip(-1) if coin else one for one, coin in zip(images, coins, strict=True)]
        )
    if not padding:
        return images
    rows, columns = torch.randint(2 * padding + 1, (2, n), generator=generator).tolist()
    padded = pad(images, (padding,) * 4)
    return torch.stack(
        [
            one[:, row : row + height, column : column + width]
            for one, row, column in zip(padded, rows, columns, strict=True)
        ]
    )


@pytest.mark.parametrize("shape", [(40, 3, 32, 32), (9, 1, 20, 28), (1, 3, 8, 8)])
@pytest.mark.parametrize("padding", [0, 1, 4])
@pytest.mark.parametrize("flip", [True, False])
def test_equals_it_image_by_image(flip, padding, shape):
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    untouched = images.clone()
    ours, theirs = (torch.Generator().manual_seed(1) for _ in range(2))
    out = FlipCrop(flip, padding).augment(images, ours)
    assert torch.equal(out, image_by_image(images, flip, padding, theirs))
    assert torch.equal(torch.rand(2, generator=ours), torch.rand(2, generator=theirs))
    assert torch.equal(images, untouched)
    assert out.is_contiguous()
