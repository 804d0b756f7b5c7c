"""``alharness plan``: what bench would compute."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from alharness.cli import options
from alharness.session.asked import Opening

JSON_SCHEMA = 1


@click.command()
@options.opening
@options.as_json
def plan(
    opening: Opening,
    as_json: bool,
) -> None:
    """Show what bench would compute, and compute nothing.

    Units per method and cycle: how many there are, are done, are shared with other
    methods, and can be executed now; how long the rest takes, from what was measured;
    why units that were computed before have to be computed again.
    """
    from alharness.cli.tables import print_plan
    from alharness.protocol.planning.outdated import outdated
    from alharness.protocol.planning.survey import survey
    from alharness.protocol.planning.tally import estimate, overall, tallies
    from alharness.session.opening import open_bench
    from alharness.store.ledger import StoreLedger

    opened = open_bench(opening)
    ledger = StoreLedger(opened.workspace)
    state = survey(opened.bench, ledger)
    seconds = estimate(state, ledger.seconds)
    numbers = tallies(state)
    reasons = outdated(state.ready(), ledger.recorded_at)
    if as_json:
        rows: list[dict[str, Any]] = [
            {**place._asdict(), **asdict(tally), "total": tally.total}
            for place, tally in numbers.items()
        ]
        everything = overall(state)
        click.echo(
            json.dumps(
                {
                    "schema": JSON_SCHEMA,
                    "suite": opened.bench.suite.name,
                    "units": rows,
                    "distinct_units": {**asdict(everything), "total": everything.total},
                    "seconds_left": seconds,
                    "outdated": [asdict(reason) for reason in reasons],
                },
                indent=2,
            )
        )
    else:
        print_plan(numbers, overall(state), seconds, reasons)
