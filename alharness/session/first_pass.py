"""The networks of a bench, each tried once before anything is trained with it.

In a process of its own: a model may end or hang whatever builds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from alharness.api.dataset import DatasetShape
from alharness.api.errors import HarnessError, PluginError
from alharness.protocol.bench import Bench, Place
from alharness.protocol.condition import Condition, DatasetFacts
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.units.parts import Network
from alharness.registry.boundary import located
from alharness.store.records import Records
from alharness.work.limits import Limits
from alharness.work.seat import Seat
from alharness.work.workers import Setup, WorkerDied

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
    Raises PluginError or ContractViolation, naming scenario and plugins, for a model that
    does not take such images, has other outputs than classes, or ends or hangs its process.
    """
    untried = _untried(bench, known, records)
    if not untried:
        return
    seat = Seat(Setup(None, tuple(path.expanduser().resolve() for path in plugin_files), "cpu"))
    try:
        for condition, network in untried:
            dataset = condition.dataset
            message = {
                "network": network.model_dump(mode="json"),
                "hyperparameters": dict(bench.draws(condition, 0, 0)[0]),
                "sized": dataset.name if "side" in dataset.parameters else "",
            }
            with located(f"scenario '{condition.name}'"), _their_fault():
                seat.ask(message, _who(condition), Limits(seconds=LONGEST))
    finally:
        seat.close()


@contextmanager
def _their_fault() -> Iterator[None]:
    """What ended or hangs the process is the code of a plugin: there is no other."""
    try:
        yield
    except HarnessError as error:
        if type(error) in (HarnessError, WorkerDied):
            raise PluginError(error.what, where=error.where, remedy=error.remedy) from error
        raise


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
        representation=None
        if condition.representation is None
        else condition.representation.identity,
    )


def _has_trained(bench: Bench, condition: Condition, records: Records) -> bool:
    """Whether the first trial of the first initial set is recorded."""
    if condition.prepared is None or condition.starts[0].labeled is None:
        return False
    initial = LabeledSet(condition.starts[0].labeled)
    values = bench.draws(condition, 0, 0)[0]
    trial = bench.trial(condition, Place(0, 0), 0, 0, initial, values)
    return records.read(trial.kind, trial.key) is not None
