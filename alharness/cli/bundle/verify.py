"""``alharness bundle verify``: units of a bundle are computed again and compared."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alharness import ExitCode, UsageError
from alharness.cli import options
from alharness.cli.bundle.means import as_means, means, seed

if TYPE_CHECKING:
    from alharness.bundles.agreement import Compared
    from alharness.bundles.checking import Bundle
    from alharness.bundles.verifying import Verified


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--units", type=click.IntRange(min=1), help="Only so many, drawn at random.")
@click.option("--row", metavar="METHOD", help="Only those that the rows of a method rest on.")
@click.option(
    "--workspace",
    type=click.Path(path_type=Path),
    help="Use the prepared data of this workspace, and prepare there what is not; nothing else is "
    "written there. By default data is prepared for this once, in the temporary folder.",
)
@seed
@means
@options.as_json
@click.pass_context
def verify(
    ctx: click.Context,
    /,
    bundle: Path,
    units: int | None,
    row: str | None,
    workspace: Path | None,
    seed: int | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Compute units of a BUNDLE again from their recorded inputs, and say which agree.

    All of them, or --units, or a --row. A query needs the weights that it read: these trials are
    trained again first. Plugins and data have to be here as they were; what is missing or another
    is named. Exit code 6 when a unit does not agree, 3 when one could not be computed.
    """
    from alharness.bundles.checking import checked
    from alharness.bundles.verifying import trainings
    from alharness.bundles.verifying import verify as compute_again
    from alharness.store.workspace import Workspace

    if units is not None and row is not None:
        raise UsageError("--units and --row: one of them at a time")
    with checked(bundle) as found, redirect_stdout(sys.stderr):
        keys, drawn = _keys(found, units, row, seed)
        _tell(
            f"{len(keys)} units are compared, {drawn}; it takes {trainings(found, keys)} trainings."
        )
        prepared = None if workspace is None else Workspace(workspace)
        verified = compute_again(found, keys, as_means(prepared, **asked), _tell, _tell_unit)
    if as_json:
        click.echo(json.dumps(_described(verified), indent=2))
    else:
        print_verified(verified)
    ctx.exit(exit_code(verified))


def _keys(
    bundle: Bundle, units: int | None, row: str | None, seed: int | None
) -> tuple[list[str], str]:
    from alharness.bundles import sampling

    if row is not None:
        return sampling.of_row(bundle, row), f"those of {row}"
    if units is None:
        return sampling.every(bundle), "all of the bundle"
    seed = sampling.new_seed() if seed is None else seed
    return sampling.sample(bundle, units, seed), f"drawn with --seed {seed}"


def exit_code(verified: Verified) -> ExitCode:
    """What a command ends with that verified."""
    from alharness.bundles.agreement import Outcome

    if verified.of(Outcome.DIFFERENT):
        return ExitCode.MISMATCH
    return ExitCode.PLUGIN if verified.of(Outcome.NOT_COMPUTED) else ExitCode.DONE


def print_verified(verified: Verified) -> None:
    """How many units ended how, and a line for each that did not agree."""
    from alharness.bundles.agreement import Outcome
    from alharness.cli.bundle.printing import listed, say

    for outcome in (Outcome.DIFFERENT, Outcome.NOT_COMPUTED):
        for line in listed([_line(one) for one in verified.of(outcome)]):
            say(line)
    numbers = {outcome: len(verified.of(outcome)) for outcome in Outcome}
    say(
        f"{len(verified.units)} units: {numbers[Outcome.IDENTICAL]} agree bit for bit, "
        f"{numbers[Outcome.CLOSE]} within tolerance, {numbers[Outcome.DIFFERENT]} do not, "
        f"{numbers[Outcome.NOT_COMPUTED]} could not be computed."
    )


def _line(one: Compared) -> str:
    said = f": {one.said}" if one.said else ""
    return f"{one.kind} {one.key}: {one.outcome.value}{said}"


def _tell(line: str) -> None:
    from alharness.api.text import one_line

    click.echo(one_line(line), err=True)


def _tell_unit(one: Compared) -> None:
    _tell(_line(one))


def _described(verified: Verified) -> dict[str, Any]:
    return {
        "schema": 1,
        "units": [
            {
                "kind": one.kind,
                "key": one.key,
                "outcome": one.outcome.value,
                "away": one.away,
                "said": one.said,
            }
            for one in verified.units
        ],
    }
