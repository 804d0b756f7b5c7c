"""Options that several commands have. Precedence: option, then ``ALHARNESS_*``, then suite."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from alharness.session.asked import Computing, Opening

plugin_files = click.option(
    "--plugin-file",
    "plugin_files",
    multiple=True,
    type=click.Path(path_type=Path),
    envvar="ALHARNESS_PLUGIN_FILE",
    help="A Python file to load as a plugin, without packaging; may be repeated.",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

suite = click.option(
    "--suite",
    "suite_name",
    default="digits",
    show_default=True,
    envvar="ALHARNESS_SUITE",
    help="A suite's name, or the path of a TOML file.",
)

plugins = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME[:PARAMETER=VALUE,…]",
    help="Compare this sampler with the suite's reference, instead of the suite's methods; "
    "may be repeated.",
)

workspace = click.option(
    "--workspace",
    "workspace_dir",
    default=Path("alharness-workspace"),
    show_default=True,
    type=click.Path(path_type=Path),
    envvar="ALHARNESS_WORKSPACE",
    help="The folder that holds records, mlflow.db and reports.",
)

data_dir = click.option(
    "--data-dir",
    default=Path("data"),
    show_default=True,
    type=click.Path(path_type=Path),
    envvar="ALHARNESS_DATA_DIR",
    help="The folder that holds datasets.",
)

download = click.option(
    "--download",
    is_flag=True,
    envvar="ALHARNESS_DOWNLOAD",
    help="Allow fetching a dataset that is not in --data-dir.",
)

executor = click.option(
    "--executor",
    default="local",
    show_default=True,
    metavar="NAME[:PARAMETER=VALUE,…]",
    envvar="ALHARNESS_EXECUTOR",
    help="What carries out units. local: worker processes, samplers isolated. inline: in this "
    "process, for debugging; same results, no isolation. `alharness plugins list` has the others.",
)

jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    envvar="ALHARNESS_JOBS",
    help="The executor's parameter of this name. local: units at a time, by default one per core, "
    "or --jobs-per-gpu for each GPU.",
)

jobs_per_gpu = click.option(
    "--jobs-per-gpu",
    type=click.IntRange(min=1),
    envvar="ALHARNESS_JOBS_PER_GPU",
    help="Likewise. local: units at a time on each GPU, by default 1.",
)

query_timeout = click.option(
    "--query-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    envvar="ALHARNESS_QUERY_TIMEOUT",
    help="End a sampler that has not answered a query by then.",
)

query_memory = click.option(
    "--query-memory",
    type=click.IntRange(min=1),
    metavar="MIB",
    envvar="ALHARNESS_QUERY_MEMORY",
    help="End a sampler whose process holds more; by default half of the machine's memory.",
)

device = click.option(
    "--device",
    default="auto",
    show_default=True,
    envvar="ALHARNESS_DEVICE",
    help="Where units compute: auto, cpu, cuda or cuda:N.",
)

tracking_uri = click.option(
    "--tracking-uri",
    envvar=["ALHARNESS_TRACKING_URI", "MLFLOW_TRACKING_URI"],
    help="An MLflow server or database; by default mlflow.db in the workspace.",
)


def opening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which bench, handed to the command as ``opening``."""
    decorators = (suite, plugins, plugin_files, workspace, data_dir, download)
    return _gathered(command, Opening, "opening", decorators)


def computing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how to execute units, handed to the command as ``computing``."""
    decorators = (executor, device, jobs, jobs_per_gpu, query_timeout, query_memory)
    return _gathered(command, Computing, "computing", decorators)


def _gathered(
    command: Callable[..., Any],
    kind: type[Any],
    argument: str,
    decorators: Sequence[Callable[[Callable[..., Any]], Callable[..., Any]]],
) -> Callable[..., Any]:
    """``command`` with these options, gathered into one argument of type ``kind``."""
    names = [field.name for field in fields(kind)]

    @functools.wraps(command)
    def gather(*args: Any, **options: Any) -> Any:
        gathered = kind(**{name: options.pop(name) for name in names})
        return command(*args, **{argument: gathered}, **options)

    decorated: Callable[..., Any] = gather
    for option in reversed(decorators):
        decorated = option(decorated)
    return decorated
