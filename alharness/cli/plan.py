"""``alharness plan``: what bench would compute."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from alharness.cli import options
from alharness.session.asked import Opening

if TYPE_CHECKING:
    from alharness.session.data import DataFound

JSON_SCHEMA = 1


@click.command()
@options.opening
@options.as_json
def plan(
    opening: Opening,
    as_json: bool,
) -> None:
    """Show what bench would compute. Computes, prepares and fetches nothing.

    Units per method and cycle: how many there are, are done, are shared with other
    methods, and can be executed now; how long the rest takes, from what was measured;
    why units that were computed before have to be computed again. Of data that is not
    prepared yet, what its dataset declares; of data that is missing, how to get it.
    """
    from alharness.cli.plan_tables import labels, print_plan
    from alharness.protocol.planning.outdated import outdated
    from alharness.protocol.planning.survey import survey
    from alharness.protocol.planning.tally import estimate, overall, tallies
    from alharness.session.opening import open_plan
    from alharness.store.ledger import StoreLedger

    planned = open_plan(opening)
    ledger = StoreLedger(planned.workspace)
    state = survey(planned.bench, ledger)
    seconds = estimate(state, ledger.seconds)
    numbers = tallies(state)
    reasons = outdated(state.ready(), ledger.recorded_at)
    if as_json:
        rows: list[dict[str, Any]] = [
            {
                **place._asdict(),
                "labels": labels(planned.bench, place.scenario, place.cycle),
                **asdict(tally),
                "total": tally.total,
            }
            for place, tally in numbers.items()
        ]
        everything = overall(state)
        click.echo(
            json.dumps(
                {
                    "schema": JSON_SCHEMA,
                    "suite": planned.bench.suite.name,
                    "data": [_data_json(*one) for one in planned.data.items()],
                    "units": rows,
                    "distinct_units": {**asdict(everything), "total": everything.total},
                    "seconds_left": seconds,
                    "outdated": [asdict(reason) for reason in reasons],
                },
                indent=2,
            )
        )
    else:
        print_plan(planned, numbers, overall(state), seconds, reasons)


def _data_json(scenario: str, found: DataFound) -> dict[str, Any]:
    return {
        "scenario": scenario,
        "dataset": found.dataset.label,
        "state": found.state.value,
        "why": found.missing.what if found.missing else None,
        "remedy": found.missing.remedy if found.missing else None,
        "n_train": found.known.n_train,
        "n_classes": found.known.n_classes,
    }
