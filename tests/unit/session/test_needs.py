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
    "sees": alharness.Needs(images=True, dropout=True, layers=True, pool=50),
    "seldom": alharness.Needs(dropout=0.5),
    "empty": alharness.Needs(pool=0),
    "shallow": alharness.Needs(pool=True),
    "cold": alharness.Needs(model=False, representation="raw"),
    "lukewarm": alharness.Needs(model=0),
    "vote": alharness.Needs(model=False, committee=2),
    "along": alharness.Needs(model=False, extension=Along()),
    "mine": alharness.Needs(model=False, representation="task-model"),
    "bound": alharness.Needs(sees_labels=True, held_out=5),
    "peeps": alharness.Needs(held_out=5),
    "part": alharness.Needs(sees_labels=True, held_out=0.5),
    "masks": alharness.Needs(model=False, dropout=True),
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
        ("random", MethodNeeds(model=False)),
        ("cold", MethodNeeds(model=False, representation="raw")),
        ("qbc", MethodNeeds(committee=5)),
        ("qbc:members=2", MethodNeeds(committee=2)),
        ("elsewhere", MethodNeeds(representation="pixels")),
        ("sees", MethodNeeds(images=True, dropout=True, layers=True, pool=50)),
        ("bound", MethodNeeds(sees_labels=True, held_out=5)),
        ("vaal", MethodNeeds(images=True)),
        ("bald:passes=3", MethodNeeds(dropout=True)),
        ("dbal", MethodNeeds(dropout=True)),
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
        ("unhashable", "the representation ['task-model']; it is a name, or None"),
        ("perhaps", "sees_labels = 1; it is True or False"),
        ("seldom", "dropout = 0.5; it is True or False"),
        ("empty", "a pool of 0; it is a whole number of 1 or more"),
        ("lukewarm", "model = 0; it is True or False"),
        ("vote", "it needs a committee, and says that it needs no model (model = False)"),
        ("along", "it needs a training extension, and says that it needs no model"),
        ("mine", "it needs the task model's features, and says that it needs no model"),
        ("masks", "it needs dropout, and says that it needs no model"),
        ("peeps", "5 images held out, which are for upper bounds (sees_labels=True)"),
        ("part", "0.5 images held out; it is a whole number"),
        ("shallow", "a pool of True; it is a whole number of 1 or more"),
    ],
)
def test_what_nobody_can_give_is_refused(find, name, said):
    with pytest.raises(PluginError) as refused:
        find(name)
    text = str(refused.value)
    assert text.startswith(f"sampler '{name}' ((file) -): ")
    assert said in text
    assert "\n" not in text
