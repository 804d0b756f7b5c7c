"""The networks of a bench, each tried once before anything is trained with it.

In a process of its own: a model may end or hang whatever builds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from alharness.api.dataset import DatasetShape
from alharness.protocol.bench import Bench, Place
from alharness.protocol.condition import Condition, DatasetFacts
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.units.parts import Network
from alharness.registry.boundary import located
from alharness.store.records import Records

Known = Mapping[str, DatasetFacts | DatasetShape]
"""What is known of the data, by scenario."""


LONGEST = 600.0
"""Seconds that two images may take."""


def require_networks(
    bench: Bench,
    known: Known,
    records: Records,
    plugin_files: Iterable[Path],
) -> None:
    """Pass two images of the dataset's size through the network of each scenario.

    Scenarios whose first trial is recorded are known to work; of data that declares no
    size nothing can be tried. ``plugin_files`` are those that the bench was opened with.
    Raises PluginError or ContractViolation, naming scenario and plugin, for a model that
    does not take such images or has other outputs than classes; HarnessError for one that ends
    or hangs the process that it is tried in.
    """
    untried = _untried(bench, known, records)
    if not untried:
        return
    # Imports torch, which a plan of what is known to work does without.
    from alharness.work.limits import Limits
    from alharness.work.seat import Seat
    from alharness.work.workers import Setup

    seat = Seat(Setup(None, tuple(path.expanduser().resolve() for path in plugin_files), "cpu"))
    try:
        for condition, network in untried:
            message = {
                "network": network.model_dump(mode="json"),
                "hyperparameters": dict(bench.draws(condition, 0, 0)[0]),
            }
            with located(f"scenario '{condition.name}'"):
                seat.ask(message, _who(condition), Limits(seconds=LONGEST))
    finally:
        seat.close()


def _who(condition: Condition) -> str:
    """Model and regularizers: which of them ended or hangs their process, nobody saw."""
    return ", ".join(part.origin for part in (condition.model, *condition.regularizers))


def _untried(bench: Bench, known: Known, records: Records) -> list[tuple[Condition, Network]]:
    """A scenario of each network that is not known to work."""
    found: dict[str, tuple[Condition, Network]] = {}
    for condition in bench.conditions:
        network = _network(condition, known[condition.name])
        if network is not None and not _has_trained(bench, condition, records):
            found.setdefault(network.spelled(), (condition, network))
    return list(found.values())


def _network(condition: Condition, known: DatasetFacts | DatasetShape) -> Network | None:
    """What a scenario's networks are built from, as far as a first pass needs it."""
    if isinstance(known, DatasetFacts):
        return condition.network
    if known.n_classes is None or known.channels is None or known.image_size is None:
        return None
    return Network(
        data="",
        n_classes=known.n_classes,
        in_channels=known.channels,
        image_size=known.image_size,
        model=condition.model.identity,
        regularizers=tuple(part.identity for part in condition.regularizers),
    )


def _has_trained(bench: Bench, condition: Condition, records: Records) -> bool:
    """Whether the first trial of the first initial set is recorded."""
    if condition.prepared is None:
        return False
    initial = LabeledSet(condition.starts[0].labeled)
    values = bench.draws(condition, 0, 0)[0]
    trial = bench.trial(condition, Place(0, 0), 0, 0, initial, values)
    return records.read(trial.kind, trial.key) is not None
