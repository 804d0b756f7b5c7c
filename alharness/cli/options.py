"""Options that several commands have. Precedence: option, then ``ALHARNESS_*``, then suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    default="digits",
    show_default=True,
    envvar="ALHARNESS_SUITE",
    help="A suite's name, or the path of a TOML file.",
)

scenarios = click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Only this scenario of the suite; may be repeated. What was found in others stays in the "
    "report.",
)

plugins = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME[:PARAMETER=VALUE,…]",
    help="Compare this sampler with the suite's reference, instead of the suite's methods; "
    "may be repeated.",
)

add = click.option(
    "--add",
    "add",
    multiple=True,
    metavar="NAME[:PARAMETER=VALUE,…]",
    help="Compare this sampler beside the suite's methods, or those of --plugin; may be repeated.",
)

workspace = click.option(
    "--workspace",
    "workspace",
    default=Opening.workspace_dir,
    show_default=True,
    type=click.Path(path_type=Path),
    envvar="ALHARNESS_WORKSPACE",
    help="The folder that holds records, mlflow.db and reports.",
)

data_dir = click.option(
    "--data-dir",
    default=Opening.data_dir,
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

looks = click.option(
    "--looks",
    is_flag=True,
    help="Stop running further seeds of a method once its verdict is certain, or further seeds "
    "will hardly give one; looks are part of the result. For suites of 5 seeds.",
)

executor = click.option(
    "--executor",
    default=Computing.executor,
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

silence = click.option(
    "--silence",
    type=click.FloatRange(min=0),
    default=Computing.silence,
    show_default=True,
    metavar="SECONDS",
    envvar="ALHARNESS_SILENCE",
    help="End a unit that gives no sign of life for so long: no batch of a training, no time on "
    "the processor of a query. 0: never.",
)

trial_timeout = click.option(
    "--trial-timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    envvar="ALHARNESS_TRIAL_TIMEOUT",
    help="End a trial that is not done by then; by default never.",
)

trial_memory = click.option(
    "--trial-memory",
    type=click.IntRange(min=1),
    metavar="MIB",
    envvar="ALHARNESS_TRIAL_MEMORY",
    help="End a trial whose processes hold more; by default never.",
)

query_timeout = click.option(
    "--query-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=Computing.query_timeout,
    show_default=True,
    metavar="SECONDS",
    envvar="ALHARNESS_QUERY_TIMEOUT",
    help="End a sampler that has not answered by then; counts from when it is asked.",
)

query_memory = click.option(
    "--query-memory",
    type=click.IntRange(min=1),
    metavar="MIB",
    envvar="ALHARNESS_QUERY_MEMORY",
    help="End a sampler whose processes hold more; by default half of the machine's memory.",
)

device = click.option(
    "--device",
    default=Computing.device,
    show_default=True,
    envvar="ALHARNESS_DEVICE",
    help="Where units compute: auto, cpu, cuda or cuda:N.",
)

family = click.option(
    "--family",
    "family",
    multiple=True,
    metavar="METHOD[,METHOD…]",
    help="Count these methods in family-wise decisions, instead of all that were ever recorded "
    "in the workspace for the same protocol; may be repeated.",
)

tracking_uri = click.option(
    "--tracking-uri",
    envvar=["ALHARNESS_TRACKING_URI", "MLFLOW_TRACKING_URI"],
    help="An MLflow server or database; by default mlflow.db in the workspace.",
)


def opening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say which bench, named like the arguments of ``alharness.plan``."""
    methods = (plugins, add, plugin_files)
    return _with(command, (suite, scenarios, *methods, workspace, data_dir, download, looks))


def computing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say how to execute units, named like arguments of ``alharness.bench``."""
    limits = (silence, trial_timeout, trial_memory, query_timeout, query_memory)
    return _with(command, (executor, device, jobs, jobs_per_gpu, *limits))


def _with(
    command: Callable[..., Any], decorators: Sequence[Callable[[Callable[..., Any]], Any]]
) -> Callable[..., Any]:
    for option in reversed(decorators):
        command = option(command)
    return command
