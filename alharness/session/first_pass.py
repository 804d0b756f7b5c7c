"""The networks of a bench, each tried once before anything is trained with it."""

from __future__ import annotations

from collections.abc import Mapping

from alharness.api.dataset import DatasetShape
from alharness.protocol.bench import Bench, Place
from alharness.protocol.condition import Condition, DatasetFacts
from alharness.protocol.partition.sets import LabeledSet
from alharness.protocol.units.parts import Network
from alharness.registry import Registry
from alharness.registry.boundary import located
from alharness.store.records import Records

Known = Mapping[str, DatasetFacts | DatasetShape]
"""What is known of the data, by scenario."""


def require_networks(bench: Bench, known: Known, registry: Registry, records: Records) -> None:
    """Pass two images of the dataset's size through the network of each scenario.

    Scenarios whose first trial is recorded are known to work; of data that declares no
    size nothing can be tried. Raises PluginError or ContractViolation, naming scenario and
    plugin, for a model that does not take such images or has other outputs than classes.
    """
    tried = set()
    for condition in bench.conditions:
        network = _network(condition, known[condition.name])
        if network is None or network.spelled() in tried or _has_trained(bench, condition, records):
            continue
        tried.add(network.spelled())
        # Imports torch, which a plan of what is known to work does without.
        from alharness.engine.first_pass import first_pass
        from alharness.engine.plugins import Plugins

        hyperparameters = bench.draws(condition, 0, 0)[0]
        with located(f"scenario '{condition.name}'"):
            first_pass(Plugins(registry), network, hyperparameters)


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
