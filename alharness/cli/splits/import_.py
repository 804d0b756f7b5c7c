"""``alharness splits import``: index sets of others, as the initial sets of a suite."""

from __future__ import annotations

from pathlib import Path

import click

from alharness.api.errors import UsageError


@click.command("import")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE.npz|FILE.json",
    help="The file to write.",
)
def import_(source: Path, out: Path) -> None:
    """Make a file of splits for a suite from SOURCE, and say what to write into the suite.

    SOURCE is a file that 'splits export' wrote, of which the splits are taken, or a folder of
    index sets as published with the paper: lSet*.npy, uSet*.npy and valSet*.npy, or folders
    partition_1, … with such files. Object arrays are pickles; they are read without executing
    anything in them.
    """
    from alharness.protocol.index_sets.content import of_splits
    from alharness.protocol.index_sets.file import as_json, as_npz, read_given, read_index_sets
    from alharness.protocol.index_sets.torchal import read_torchal
    from alharness.protocol.partition.sizes import fraction_of
    from alharness.store.files import write_over

    if out.suffix not in (".npz", ".json"):
        raise UsageError(f"--out {out}: end it in .npz or .json")
    if source.is_dir():
        given, dataset = read_torchal(source), None
    else:
        given, dataset = read_given(source), read_index_sets(source).dataset
    content = of_splits(given, suite=None, scenario=None, dataset=dataset)
    write_over(out, as_npz(content) if out.suffix == ".npz" else as_json(content))
    first, n_images = given.splits[0], given.n_images
    others = f", {len(first.left_out)} in no set" if len(first.left_out) else ""
    click.echo(
        f"{len(given.splits)} x {given.n_train} training images: {len(first.initial)} labeled, "
        f"{len(first.pool)} in the pool, {len(first.validation)} for validation{others}.\n"
        "In the suite's [protocol]:\n"
        f'initial_sets = "{out.name}"\n'
        f"initial_fraction = {fraction_of(len(first.initial), n_images)}\n"
        f"validation_fraction = {fraction_of(len(first.validation), n_images)}"
    )
