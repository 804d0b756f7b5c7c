"""What a unit takes travels with it, and is no part of its key."""

import pytest

from alharness.executors.resources import with_resources
from alharness.protocol.seeds import SeedPath
from alharness.protocol.units import (
    KINDS,
    AnnotationInputs,
    EvaluationInputs,
    Identity,
    Network,
    QueryInputs,
    Recipe,
    RepresentationInputs,
    TrialInputs,
    Unit,
    make_unit,
)

PLUGIN = Identity(name="one", source="s")
SEED = SeedPath(suite_seed=0, purpose="trial")
NETWORK = Network(data="d", n_classes=2, in_channels=1, image_size=8, model=PLUGIN)
ANNOTATION = make_unit(AnnotationInputs(data="d", n_classes=2, oracle=PLUGIN, query="q", seed=SEED))


def trial(**recipe):
    return make_unit(
        TrialInputs(
            network=NETWORK,
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


EVALUATION = EvaluationInputs(network=NETWORK, hyperparameters={}, trial="t", test="e")
QUERY = QueryInputs(
    network=NETWORK,
    hyperparameters={},
    sampler=PLUGIN,
    trial="t",
    labeled=("l",),
    validation="v",
    budget=1,
    seed=SEED,
)


@pytest.mark.parametrize("on_gpu", [True, False])
def test_what_each_kind_asks_for(on_gpu):
    """What trains, measures or shows a model takes the GPU, where there is one; an oracle never."""
    features = RepresentationInputs(data="d", part="train", representation=PLUGIN)
    units = [*(trial(), make_unit(EVALUATION), make_unit(QUERY), ANNOTATION), make_unit(features)]
    assert {unit.kind for unit in units} == set(KINDS)
    asked = {unit.kind: taken(unit, on_gpu) for unit in units}
    gpus = int(on_gpu)
    assert asked == {
        "trial": (1, gpus),
        "evaluation": (1, gpus),
        "query": (1, gpus),
        "annotation": (1, 0),
        "representation": (1, gpus),
    }
