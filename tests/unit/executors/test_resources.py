"""What a unit takes travels with it, and is no part of its key."""

from alharness.executors.resources import with_resources
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import (
    AnnotationInputs,
    Identity,
    Network,
    Recipe,
    TrialInputs,
    Unit,
    make_unit,
)

PLUGIN = Identity(name="one", source="s")
SEED = SeedPath(suite_seed=0, purpose="trial")
ANNOTATION = make_unit(AnnotationInputs(data="d", n_classes=2, oracle=PLUGIN, query="q", seed=SEED))


def trial(**recipe):
    network = Network(data="d", n_classes=2, in_channels=1, image_size=8, model=PLUGIN)
    return make_unit(
        TrialInputs(
            network=network,
            hyperparameters={},
            labeled=("l",),
            validation="v",
            loss=PLUGIN,
            recipe=Recipe(epochs=1, schedule=PLUGIN, **recipe),
            seed=SEED,
        )
    )


def taken(unit, on_gpu):
    resources = with_resources(unit, on_gpu)["resources"]
    assert resources["memory"] is None
    return resources["cores"], resources["gpus"]


def test_threads_are_cores():
    assert taken(trial(), on_gpu=False) == (1, 0)
    assert taken(trial(threads=3), on_gpu=False) == (3, 0)


def test_an_annotation_needs_no_gpu():
    assert taken(trial(), on_gpu=True) == (1, 1)
    assert taken(ANNOTATION, on_gpu=True) == (1, 0)


def test_they_are_no_part_of_the_unit():
    unit = trial(threads=3)
    described = with_resources(unit, on_gpu=True)
    assert Unit.from_json(described).to_json() == unit.to_json()
    assert described["key"] == unit.key
