"""``alharness bundle check``: whether a bundle is what it claims to be; executes nothing in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alharness.cli import options

if TYPE_CHECKING:
    from alharness.bundles.checking import Bundle


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@options.as_json
def check(bundle: Path, as_json: bool) -> None:
    """Check a stranger's BUNDLE as a whole, and execute nothing in it.

    Its files, their digests, every record and its key, the document against the records, the
    verdicts against the numbers. What is not what it claims to be ends with exit code 6 and the
    reason. Whether its records are true, only `bundle verify` can tell.
    """
    from alharness.bundles.checking import checked
    from alharness.cli.bundle.printing import say

    with checked(bundle) as found:
        if as_json:
            click.echo(json.dumps(_described(found), indent=2))
            return
        for line in _lines(found):
            say(line)


def _described(bundle: Bundle) -> dict[str, Any]:
    return {
        "schema": 1,
        "bundle": bundle.identity,
        "suite": bundle.manifest.suite.model_dump(mode="json"),
        "alharness": bundle.manifest.alharness,
        "units": dict(bundle.counts()),
        "methods": {
            one.scenario: [method.method for method in one.methods]
            for one in bundle.document.scenarios
        },
        "left_out": [one.model_dump(mode="json") for one in bundle.manifest.left_out],
        "without_outputs": len(bundle.without_outputs),
        "weights": sum(name.startswith("weights/") for name in bundle.manifest.files),
        "features": sum(name.startswith("features/") for name in bundle.manifest.files),
    }


def _lines(bundle: Bundle) -> Iterator[str]:
    from alharness.cli.bundle.printing import kinds

    suite = bundle.manifest.suite
    yield f"Bundle {bundle.identity}"
    yield (
        f"{bundle.document.title}: suite {suite.name} version {suite.version}, digest "
        f"{suite.digest}, packed by alharness {bundle.manifest.alharness}."
    )
    for scenario in bundle.document.scenarios:
        methods = ", ".join(one.method for one in scenario.methods)
        yield f"{scenario.scenario}: {methods}."
    yield f"It rests on {kinds(bundle.counts())}."
    for one in bundle.manifest.left_out:
        yield f"Left out when it was packed: {one.method} of {one.scenario} ({one.why})."
    if bundle.without_outputs:
        yield f"Without the outputs of {len(bundle.without_outputs)} evaluations."
    yield (
        "It is what it claims to be, and nothing in it was executed. Whether its records are "
        "true, 'alharness bundle verify' tells."
    )
