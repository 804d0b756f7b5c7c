"""``alharness bench``: run a suite and give its verdict."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from alharness import ExitCode
from alharness.cli import options

if TYPE_CHECKING:
    from alharness.results.document import Document


@click.command()
@options.opening
@options.computing
@options.tracking_uri
@options.family
@options.as_json
@click.pass_context
def bench(ctx: click.Context, /, workspace: Path, as_json: bool, **asked: Any) -> None:
    """Run a suite: train, query and compare, then give the verdict.

    What is recorded in the workspace is not computed again: stop at any time,
    and go on with the same command. Where no suite is named, nothing is started:
    it is said what the default suite would take.
    """
    if ctx.get_parameter_source("suite") is ParameterSource.DEFAULT:
        _say_what_it_would_do(**asked)
        ctx.exit(ExitCode.USAGE)
    document, unwritten = _computed(ctx, workspace, asked)
    if as_json:
        click.echo(json.dumps(document.to_json(), indent=2, allow_nan=False))
    else:
        from alharness.cli.tables import print_document

        print_document(document)
    if unwritten:
        click.echo(f"Error: {unwritten}", err=True)
    elif not as_json:
        _say_where_it_lies(document, workspace)
    _say_what_failed(document)
    if document.failures or unwritten:
        ctx.exit(ExitCode.UNITS_FAILED)


def _computed(
    ctx: click.Context, workspace: Path, asked: Mapping[str, Any]
) -> tuple[Document, str | None]:
    """What was found, and what of it could not be written; when stopped, the command ends."""
    from alharness.results.documents import NotWritten
    from alharness.session import commands

    try:
        # What plugins print must not get into the data on stdout.
        with _terminate_as_interrupt(), redirect_stdout(sys.stderr):
            return commands.bench(workspace=workspace, **asked), None
    except KeyboardInterrupt:
        _ignore_signals()
        click.echo(
            f"Stopped. What was finished is recorded in '{workspace}': "
            "run the same command to go on.",
            err=True,
        )
        ctx.exit(ExitCode.STOPPED)
    except NotWritten as error:
        return error.document, str(error)


def _say_where_it_lies(document: Document, workspace: Path) -> None:
    from alharness.leaderboard.page import page_path
    from alharness.leaderboard.report import report_path
    from alharness.store.workspace import Workspace

    reports = Workspace(workspace).reports
    click.echo(f"Report: {report_path(document, reports)}", err=True)
    click.echo(f"Page: {page_path(document, reports)}", err=True)


def _say_what_failed(document: Document) -> None:
    from alharness.leaderboard.wording import counted

    if document.failures:
        click.echo(f"{len(document.failures)} failed:", err=True)
        for line in counted(document.failures):
            click.echo(f"  {line}", err=True)


def _say_what_it_would_do(
    suite: str,
    plugins: tuple[str, ...],
    add: tuple[str, ...],
    plugin_files: tuple[Path, ...],
    **_: object,
) -> None:
    from alharness.cli.unnamed_suite import would_do

    for line in would_do(suite, plugins, add, plugin_files):
        click.echo(line, err=True)


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM, as a cluster sends it, stops as cleanly as Ctrl-C."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _ignore_signals() -> None:
    """The process is about to end: a second Ctrl-C must not cut its last words short."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
