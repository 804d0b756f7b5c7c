"""What samplers declare that they need: read once, refused in one line where nobody can give it."""

import pytest

from alharness import PluginError
from alharness.protocol.components import MethodNeeds
from alharness.protocol.written_reference import parse_reference
from alharness.registry import discover
from alharness.session.methods import find_method

PLUGINS = """
import alharness


class Random(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


class Along(alharness.TrainingExtension):
    def build(self, num_features, n_classes):
        return None

    def loss(self, module, batch):
        return None


DECLARED = {
    "nothing": alharness.Needs(),
    "everything": alharness.Needs(3, Along(), "task-model", True),
    "object": alharness.Needs(extension=object()),
    "number": 3,
    "half": alharness.Needs(committee=0.5),
    "true": alharness.Needs(committee=True),
    "negative": alharness.Needs(committee=-1),
    "elsewhere": alharness.Needs(representation="pixels"),
    "unhashable": alharness.Needs(representation=["task-model"]),
    "perhaps": alharness.Needs(sees_labels=1),
}


@alharness.hookimpl
def alharness_samplers():
    for name, needs in DECLARED.items():
        yield alharness.SamplerSpec(name, type(name.title(), (Random,), {"needs": needs}))
"""


@pytest.fixture(scope="module")
def find(tmp_path_factory):
    file = tmp_path_factory.mktemp("plugins") / "needy.py"
    file.write_text(PLUGINS)
    registry = discover([file])
    return lambda name: find_method(registry, parse_reference(name))


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("nothing", MethodNeeds()),
        ("everything", MethodNeeds(3, True, "task-model", True)),
        ("random", MethodNeeds()),
        ("qbc", MethodNeeds(committee=5)),
        ("qbc:members=2", MethodNeeds(committee=2)),
    ],
)
def test_they_are_plain_data_of_the_component(find, name, needs):
    assert find(name).needs == needs


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number", "it needs 3, which is no alharness.Needs"),
        ("object", "which is no alharness.TrainingExtension"),
        ("half", "a committee of 0.5; it is a whole number"),
        ("true", "a committee of True; it is a whole number"),
        ("negative", "a committee of -1 models; it is from 0 to"),
        ("elsewhere", "the representation 'pixels'; there is task-model"),
        ("unhashable", "the representation ['task-model']; there is task-model"),
        ("perhaps", "sees_labels = 1; it is True or False"),
    ],
)
def test_what_nobody_can_give_is_refused(find, name, said):
    with pytest.raises(PluginError) as refused:
        find(name)
    text = str(refused.value)
    assert text.startswith(f"sampler '{name}' ((file) -): ")
    assert said in text
    assert "\n" not in text
