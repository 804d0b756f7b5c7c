"""``alharness bundle merge``: another machine's records are taken over into a workspace."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alharness import ExitCode
from alharness.cli import options
from alharness.cli.bundle.means import as_means, means, seed
from alharness.cli.bundle.verify import print_verified

if TYPE_CHECKING:
    from alharness.bundles.checking import Bundle
    from alharness.store.workspace import Workspace

UNITS = 5


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@options.workspace
@click.option(
    "--units",
    type=click.IntRange(min=1),
    default=UNITS,
    show_default=True,
    help="So many units, drawn at random, are computed again first, and have to agree.",
)
@click.option("--trust", is_flag=True, help="Compute nothing again: believe what the bundle says.")
@seed
@means
def merge(
    bundle: Path, workspace: Path, units: int, trust: bool, seed: int | None, **asked: Any
) -> None:
    """Take over the records of a BUNDLE, so that nothing in it is computed a second time.

    A random sample is computed again first; where one does not agree, nothing is taken over. Each
    record keeps its origin: reports say how many units of a row others computed, and
    `alharness forget --origin` drops them again.
    """
    from alharness.bundles.checking import checked
    from alharness.bundles.merging import merge as take_over
    from alharness.bundles.merging import require_no_conflict
    from alharness.cli.bundle.printing import say
    from alharness.store.workspace import Workspace

    target = Workspace(workspace)
    target.require_writable()
    with checked(bundle) as found, redirect_stdout(sys.stderr):
        require_no_conflict(found, target)
        verified = 0 if trust else _verified(found, target, units, seed, asked)
        merged = take_over(found, target, verified)
    if trust:
        say("Nothing was computed again: its records are believed (--trust).")
    say(
        f"{merged.taken} records taken over, {merged.there} were there, weights of "
        f"{merged.weights} trials{_features(merged.features)}. "
        f"`alharness forget --origin {found.identity[:12]}` drops them."
    )


def _features(representations: int) -> str:
    return f", features of {representations} representations" if representations else ""


def _verified(
    bundle: Bundle, target: Workspace, units: int, seed: int | None, asked: dict[str, Any]
) -> int:
    """How many units were computed again. Raises MismatchError when one does not agree."""
    from alharness.api.errors import MismatchError, PluginError
    from alharness.bundles.sampling import new_seed, sample
    from alharness.bundles.verifying import verify
    from alharness.cli.bundle.verify import exit_code

    seed = new_seed() if seed is None else seed
    keys = sample(bundle, units, seed)
    click.echo(f"Computing {len(keys)} units again, drawn with --seed {seed}.", err=True)
    means = as_means(target, **asked)
    verified = verify(bundle, keys, means, lambda line: click.echo(line, err=True))
    if not verified.agreed:
        print_verified(verified)
        if exit_code(verified) == ExitCode.MISMATCH:
            raise MismatchError("units do not agree with their records; nothing was taken over")
        raise PluginError(
            "units could not be computed again; nothing was taken over",
            remedy="Install what is missing, or take it over unseen with --trust",
        )
    return len(verified.units)
