"""``alharness bundle pack``: what a bench found and computed, as one file for others."""

from __future__ import annotations

from pathlib import Path

import click

from alharness.cli import options


@click.command()
@options.workspace
@click.option("--suite", metavar="NAME", help="The suite; by default the only one benched there.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="A zip file where it ends in .zip, else a folder; by default SUITE.zip here.",
)
@click.option(
    "--weights", is_flag=True, help="With the weights of the chosen models of the first cycle."
)
@click.option(
    "--features",
    is_flag=True,
    help="With the features that models were trained on or samplers read, if any.",
)
@click.option(
    "--outputs/--no-outputs",
    default=None,
    help="With or without the outputs on the test images; by default with those up to 64 MiB.",
)
def pack(
    workspace: Path,
    suite: str | None,
    out: Path | None,
    weights: bool,
    features: bool,
    outputs: bool | None,
) -> None:
    """Pack what a bench found, and every record that it rests on, for others.

    Needs no plugin and no dataset. Names of user, host and folders are not packed; rows that are
    not complete are left out. The same content gives the same bytes.
    """
    from alharness.bundles.packing import pack as pack_bundle
    from alharness.cli.bundle.printing import say
    from alharness.results.documents import Documents
    from alharness.store.workspace import Workspace

    opened = Workspace(workspace)
    opened.require_readable()
    name = Documents(opened.reports).only() if suite is None else suite
    path = Path(f"{name}.zip") if out is None else out
    packed = pack_bundle(opened, name, path, weights=weights, features=features, outputs=outputs)
    say(f"{packed.path}: {packed.files} files, {packed.bytes} bytes unpacked.")
    say(f"Bundle {packed.identity}")
    for one in packed.left_out:
        say(f"Left out: {one.method} of {one.scenario} ({one.why}).")
    if not packed.outputs:
        say("Left out: outputs on the test images; --outputs packs them.")
    if packed.without_features:
        say("Left out: features; --features packs them.")
    if packed.features:
        say(f"Features of {packed.features} representations are in it.")
    if weights:
        say(f"Weights of {packed.weights} trials are in it.")
