"""The ``alharness`` command: finds the command asked for, turns errors into exit codes."""

from __future__ import annotations

import faulthandler
import importlib
import traceback
from typing import Any

import click

from alharness import ExitCode, HarnessError, __version__
from alharness.api.text import one_line
from alharness.cli.data_output import keep_for_data
from alharness.cli.plain_text import write_plainly

COMMANDS = {
    "bench": ("alharness.cli.bench:bench", "Run a suite and give its verdict."),
    "plan": ("alharness.cli.plan:plan", "Show what bench would compute, and compute nothing."),
    "report": ("alharness.cli.report:report", "Show again what benches found."),
    "stats": ("alharness.cli.stats:stats", "Say what the statistics say of results."),
    "leaderboard": ("alharness.cli.leaderboard:leaderboard", "Publish what benches found."),
    "suites": ("alharness.cli.suites:suites", "List, describe and check suites."),
    "splits": ("alharness.cli.splits:splits", "Export and import index sets."),
    "forget": ("alharness.cli.forget:forget", "Have a unit, and what rests on it, computed anew."),
    "bundle": ("alharness.cli.bundle:bundle", "Pack, check, verify and take over results."),
    "plugins": ("alharness.cli.plugins:plugins", "List, describe and check plugins."),
}
"""Each command: where it is, imported only when invoked, and its short help."""


class LazyGroup(click.Group):
    """A group whose help is quick, because it imports only the command that is invoked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is none with this name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; a failure becomes one line and its exit code.

        An exception that nobody expected is a mistake of ours, and has a code of its own.
        """
        try:
            return super().invoke(ctx)
        except HarnessError as error:
            if ctx.params["debug"]:
                traceback.print_exception(error)
            click.echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(ExitCode.STOPPED)
        except click.ClickException as error:
            vars(error)["message"] = one_line(error.message)  # it quotes what it was given
            raise
        except (click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params["debug"]:
                traceback.print_exception(error)
            click.echo(f"Error: {_defect(error)}", err=True)
            ctx.exit(ExitCode.DEFECT)


def _defect(error: Exception) -> str:
    """What is said of a mistake of ours."""
    from alharness.registry.boundary import one_line as told

    return (
        f"{told(error)}. This is a mistake of alharness, and nothing that is recorded is lost: "
        "please report what 'alharness --debug' with the same command prints"
    )


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="alharness")
@click.option(
    "--debug", is_flag=True, envvar="ALHARNESS_DEBUG", help="Show the traceback of every error."
)
def alharness(debug: bool) -> None:
    """Deep active learning under equal conditions."""


def main() -> None:
    """Entry point of the ``alharness`` command."""
    faulthandler.enable()  # a plugin that crashes in C is named by its file
    write_plainly()
    keep_for_data()
    alharness(prog_name="alharness")


if __name__ == "__main__":
    main()
