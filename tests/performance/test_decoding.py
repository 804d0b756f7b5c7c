"""Decoding and scaling of JPEGs of ImageNet's size to 224 pixels, against Pillow one by one.

``pytest -n 0 tests/performance/test_decoding.py -m '' --benchmark-enable -s`` prints a table. The
files are made here: 500 x 375 pixels, about 100 kB. Both ways take turns, in short rounds of which
the best counts. Milliseconds of the processor stand beside: on a busy machine two threads do not
get two cores.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from alharness import Framing, ImageFiles, RandomView
from alharness.engine.images import Images, open_images
from alharness.store.images import open_stored, pack

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE, SIDE, SCALED_SIDE = (500, 375), 224, 256
BATCH, THREADS = 16, 2
CPU = torch.device("cpu")


def photograph(rng: np.random.Generator) -> bytes:
    """Soft shapes, small ones on them, and the noise of a camera, as a JPEG."""
    pixels = np.zeros((SIZE[1], SIZE[0], 3))
    for grain, share in ((40, 0.6), (6, 0.4)):
        small = rng.integers(0, 256, (SIZE[1] // grain, SIZE[0] // grain, 3), dtype=np.uint8)
        pixels += share * np.asarray(Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC))
    pixels += rng.normal(0, 4, (SIZE[1], SIZE[0], 1))
    stream = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=95)
    return stream.getvalue()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder, rng = tmp_path_factory.mktemp("photographs"), np.random.default_rng(0)
    paths = [folder / f"{number:03}.JPEG" for number in range(2 * BATCH)]
    for path in paths:
        path.write_bytes(photograph(rng))
        assert 80e3 < path.stat().st_size < 120e3
    return paths


def opened(paths: Sequence[Path], folder: Path, framing: Framing, threads: int) -> Images:
    pack(ImageFiles(paths, framing), folder)
    return open_images(open_stored(folder), np.arange(len(paths)), CPU, threads)


def one_by_one(paths: Sequence[Path], framing: Framing, views: bool) -> torch.Tensor:
    """As a loop over the files does it, without threads and nothing kept."""
    encoded = (path.read_bytes() for path in paths)
    rng = np.random.default_rng(0)
    pixels = [framing.viewed(one, rng) if views else framing.centred(one) for one in encoded]
    return torch.from_numpy(np.stack(pixels)).float() / 255


def streamed(images: Images, views: bool) -> list[torch.Tensor]:
    """All batches of an epoch as a training or an evaluation asks for them."""
    if not views:
        return [batch for _, batch in images.batches(BATCH)]
    generator = torch.Generator().manual_seed(0)
    rows = torch.arange(len(images)).split(BATCH)
    batches = []
    for now, following in zip(rows, [*rows[1:], None], strict=True):
        batches.append(images.training_batch(now, generator))
        if following is not None:
            images.expect(following, generator)
    return batches


def seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that pass, and those of the processor."""
    start, used = perf_counter(), process_time()
    work()
    return perf_counter() - start, process_time() - used


@pytest.mark.parametrize(
    ("views", "kept_side", "least"),
    [(True, SCALED_SIDE, 2.0), (False, SCALED_SIDE, 3.0), (True, None, 1.0), (False, None, 1.0)],
    ids=["views kept at 256", "centres kept at 256", "views", "centres"],
)
def test_streamed_against_one_by_one(
    benchmark: Any,
    files: list[Path],
    tmp_path: Path,
    views: bool,
    kept_side: int | None,
    least: float,
) -> None:
    """``imagenet`` keeps files scaled; two threads decode them, as on two cores."""
    rounds = 25 if benchmark.enabled else 0
    plain = Framing(SIDE, SCALED_SIDE, RandomView())
    framing = Framing(SIDE, SCALED_SIDE, RandomView(), kept_side)
    images = opened(files, tmp_path, framing, THREADS)
    theirs, ours = one_by_one(files[:8], plain, views=False), images.batch(slice(0, 8))
    assert (ours - theirs).abs().mean() < (0.02 if kept_side else 1e-7)
    before, now = [], []
    for _ in range(rounds):
        before.append(seconds(lambda: one_by_one(files, plain, views)))
        now.append(seconds(lambda: streamed(images, views)))
    benchmark.pedantic(lambda: streamed(images, views))
    if not benchmark.enabled:
        return
    # Milliseconds of an image: passed and of the processor, one by one and streamed.
    each = 1000 / len(files) * np.min([before, now], axis=1)
    ratio, of_the_processor = each[0] / each[1]
    benchmark.extra_info |= {"ms": each.tolist(), "ratio": ratio}
    what = "views" if views else "centres"
    print(
        f"\n| {what}, kept at {kept_side} | {each[0, 0]:.2f} | {each[1, 0]:.2f} ({ratio:.1f} x) "
        f"| {each[0, 1]:.2f} | {each[1, 1]:.2f} ({of_the_processor:.1f} x) |"
    )
    assert ratio >= least
