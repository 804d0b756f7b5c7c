"""Options of the commands that compute units of a bundle again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alharness.cli import options

if TYPE_CHECKING:
    from alharness.bundles.verifying import Means
    from alharness.store.workspace import Workspace

seed = click.option(
    "--seed",
    type=click.IntRange(min=0),
    help="The seed of the random sample; by default a new one, which is printed.",
)


def means(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say with what units are computed."""
    for option in (options.download, options.data_dir, options.plugin_files):
        command = option(command)
    return options.computing(command)


def as_means(
    prepared: Workspace | None,
    plugin_files: tuple[Path, ...],
    data_dir: Path,
    download: bool,
    **computing: Any,
) -> Means:
    """What these options were given, and whose prepared data is used.

    Raises UsageError for a limit that nothing could keep.
    """
    from alharness.bundles.verifying import Means
    from alharness.session.asked import Computing

    return Means(plugin_files, data_dir, download, Computing(**computing), prepared)
