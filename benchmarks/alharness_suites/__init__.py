"""The suites that alharness comes with, and published results that they are held against."""

from collections.abc import Iterator
from pathlib import Path

import alharness


@alharness.hookimpl
def alharness_suites() -> Iterator[Path]:
    """Paths of the suite files."""
    yield from sorted(Path(__file__).parent.glob("*.toml"))


@alharness.hookimpl
def alharness_published() -> Iterator[Path]:
    """Paths of the publications' files."""
    yield from sorted((Path(__file__).parent / "published").glob("*.toml"))
