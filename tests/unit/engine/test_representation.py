"""Features of real digits: computed or given, in trials, evaluations and queries."""

import numpy as np
import pytest
import torch

from alharness import GivenFeatures, HarnessError, image_digest
from alharness.api.errors import ContractViolation, UsageError
from alharness.protocol.planning.survey import survey
from alharness.protocol.units import RepresentationInputs, make_unit
from alharness.store.features import open_features
from alharness.store.ledger import StoreLedger

REPRESENTING = '''
import numpy as np
import torch

import alharness

given = {}


class Brightness(alharness.Parameters):
    factor: float = 1.0


class Rows(alharness.Representation):
    """The mean of each row and column of pixels, times a factor."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def features(self, images):
        assert not torch.is_grad_enabled()
        means = [images.mean(dim=(1, 2)), images.mean(dim=(1, 3))]
        return torch.cat(means, dim=1) * self._factor


class Broken(alharness.Representation):
    how = "none"

    def features(self, images):
        Broken.calls += 1
        n = len(images)
        match Broken.how:
            case "width":
                return torch.zeros(n, 3 if Broken.calls == 1 else 4)
            case "nan":
                return torch.full((n, 3), torch.nan)
            case "infinite":
                return torch.full((n, 3), torch.inf)
            case "large":
                return torch.full((n, 3), 1e5)
            case "shape":
                return images
            case "few":
                return torch.zeros(n - 1, 3)
            case "whole":
                return torch.zeros(n, 3, dtype=torch.int64)
            case "numpy":
                return np.zeros((n, 3))
            case "nothing":
                return torch.zeros(n, 0)
            case "raises":
                raise RuntimeError("on two\\nlines")


class Given(alharness.Representation):
    def given(self, part):
        return Given.parts[part]

    def features(self, images):
        raise AssertionError("they are given")


class TaskModel(alharness.Representation):
    belongs_to_trial = True

    def features(self, images):
        raise AssertionError("the pool answers it")


class Asking(alharness.Sampler):
    """Keeps the pool's features and images beside each other."""

    needs = alharness.Needs(representation="rows:factor=2")

    def query(self, pool, budget, rng):
        for subset in ("unlabeled", "labeled"):
            images, found = pool.images(subset), pool.representation(subset)
            means = [images.mean(dim=(1, 2)), images.mean(dim=(1, 3))]
            assert torch.equal(found, torch.cat(means, dim=1) * 2), subset
        pool.representation().zero_()
        assert pool.representation().abs().sum() > 0
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Scenario(alharness.Sampler):
    needs = alharness.Needs(representation="scenario")

    def query(self, pool, budget, rng):
        with torch.no_grad():
            assert torch.allclose(pool.model()(pool.representation()), pool.logits(), atol=1e-5)
            labeled = pool.representation("labeled")
            assert torch.allclose(pool.model()(labeled), pool.logits("labeled"), atol=1e-5)
        assert pool.representation().shape == (pool.n_unlabeled, 16)
        for ask in (pool.images, lambda: next(pool.minibatches())):
            try:
                ask()
            except alharness.HarnessError as error:
                assert "its pool has no images" in str(error)
            else:
                raise AssertionError("it has images")
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Penultimate(alharness.Sampler):
    needs = alharness.Needs(representation="task-model")

    def query(self, pool, budget, rng):
        assert torch.equal(pool.representation(), pool.embeddings())
        return rng.choice(pool.n_unlabeled, budget, replace=False)


class Undeclared(alharness.Sampler):
    def query(self, pool, budget, rng):
        pool.representation()


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("rows", Rows, parameters=Brightness)
    yield alharness.RepresentationSpec("broken", Broken)
    yield alharness.RepresentationSpec("given", Given)
    yield alharness.RepresentationSpec("task-model", TaskModel)


@alharness.hookimpl
def alharness_samplers():
    for name, factory in [("rows-asking", Asking), ("scenario-asking", Scenario),
                          ("penultimate", Penultimate), ("undeclared", Undeclared)]:
        yield alharness.SamplerSpec(name, factory)
'''

LINEAR = '{ model = "linear" }'
SAMPLERS = ("scenario-asking", "penultimate")


@pytest.fixture(scope="module")
def plugin_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("plugins") / "representing.py"
    file.write_text(REPRESENTING)
    return file


@pytest.fixture(scope="module")
def registered(plugin_file, watching):
    from alharness.registry import discover

    return discover([plugin_file, watching])


@pytest.fixture
def workbench(tmp_path, registered, plugin_file, make_workbench, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    return make_workbench(tmp_path, registered, (plugin_file,))


@pytest.fixture
def bench(workbench):
    """``bench(*methods, shown=…)``: trained on a representation; the first method is random."""

    def build(*methods, shown="rows", precision="float32"):
        table = f'representation = "{shown}"\nfeatures = "{precision}"\n'
        return workbench.bench("random", *methods, model=LINEAR, scenario=table, reference="random")

    return build


def unit_of(bench, part="train"):
    (condition,) = bench.conditions
    return condition.features(condition.representation, part)


def plugin(workbench, name):
    """The class of a representation, to be told how it behaves."""
    from alharness.protocol.components import Reference

    component = workbench.registry.component("representation", Reference(name))
    return type(workbench.registry.create(component))


def images_of(workbench, data):
    stored = workbench.workspace.datasets.images(data)
    return stored[np.arange(stored.shape[0])]


def rows_of(images, factor=1.0):
    pixels = torch.from_numpy(images).float() / 255
    means = torch.cat([pixels.mean(dim=(1, 2)), pixels.mean(dim=(1, 3))], dim=1)
    return (means * factor).numpy()


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_features_of_every_image_are_kept(workbench, bench, precision):
    tiny = bench(precision=precision)
    for part in ("train", "test"):
        unit = unit_of(tiny, part)
        result = workbench.execute(unit)
        expected = rows_of(images_of(workbench, unit.inputs.data))
        assert (result["n"], result["width"]) == expected.shape
        assert (result["order"], result["probe"]) == ("computed", None)
        folder = workbench.workspace.features.checked(unit.key, result["features"])
        found = open_features(folder)[np.arange(len(expected))]
        np.testing.assert_array_equal(found, expected.astype(precision).astype(np.float32))


def test_computed_again_they_are_the_same_and_stay(workbench, bench):
    unit = unit_of(bench())
    digest = workbench.execute(unit)["features"]
    workbench.workspace.features.drop(unit.key)
    assert workbench.execute(unit)["features"] == digest
    workbench.workspace.features.checked(unit.key, digest)


def test_a_bench_on_features_and_what_its_samplers_are_given(workbench, bench):
    """Those of the scenario, of the task model, and no images."""
    coordinator = workbench.coordinator(bench(*SAMPLERS))
    state = coordinator.run()
    assert not coordinator.failures, coordinator.failures
    assert {run.state.value for run in state.runs} == {"done"}
    kinds = [
        path.parent.parent.name for path in workbench.workspace.root.glob("records/*/*/*.json")
    ]
    assert kinds.count("representation") == 2


def test_a_sampler_asks_for_features_by_name_and_gets_those_of_its_images(workbench):
    tiny = workbench.bench("random", "rows-asking", "penultimate", reference="random")
    coordinator = workbench.coordinator(tiny)
    coordinator.run()
    assert not coordinator.failures, coordinator.failures
    (record,) = workbench.workspace.root.glob("records/representation/*/*.json")
    assert workbench.workspace.features.has(record.stem)


def test_a_sampler_that_declares_none_has_none(workbench, bench):
    coordinator = workbench.coordinator(bench("undeclared"))
    coordinator.run()
    (said,) = set(coordinator.failures.values())
    assert "representation" in said
    assert "it declares none" in said


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("width", "its features are 4 wide, after 3"),
        ("nan", "some of its features are no finite numbers in float16"),
        ("infinite", "some of its features are no finite numbers in float16"),
        ("large", 'no finite numbers in float16. Keep them in features = "float32"'),
        ("shape", "are torch.float32 of shape (64, 1, 8, 8), expected"),
        ("few", "are torch.float32 of shape (63, 3), expected"),
        ("whole", "are torch.int64 of shape (64, 3), expected"),
        ("numpy", "are ndarray, expected"),
        ("nothing", "its features have no numbers"),
        ("raises", "RuntimeError: on two lines"),
    ],
)
def test_features_that_are_none_are_one_line_that_names_the_plugin(workbench, bench, how, said):
    broken = plugin(workbench, "broken")
    broken.how, broken.calls = how, 0
    unit = unit_of(bench(shown="broken", precision="float16"))
    with pytest.raises(HarnessError) as caught:
        workbench.execute(unit)
    line = str(caught.value)
    assert said in line
    assert "representation 'broken'" in line
    assert "\n" not in line
    assert ("float32" in caught.value.remedy) == (how == "large")
    assert workbench.workspace.features.keys() == set()
    if how != "raises":
        assert isinstance(caught.value, ContractViolation)


@pytest.mark.parametrize(
    ("value", "said", "remedy"),
    [
        (1e300, "row 0 is not finite in float32", "Give the features of this data set"),
        (1e5, "no finite numbers in float16", 'Keep them in features = "float32"'),
    ],
)
def test_given_features_that_overflow(workbench, bench, value, said, remedy):
    given = plugin(workbench, "given")
    given.parts = {"train": GivenFeatures(np.full((1437, 2), value), "big.npz")}
    with pytest.raises(HarnessError, match=said) as caught:
        workbench.execute(unit_of(bench(shown="given", precision="float16")))
    assert remedy in caught.value.remedy


# Given features.


@pytest.fixture
def give(workbench, bench):
    """``give(…)``: what the record says of given training features of the digits."""
    given = plugin(workbench, "given")
    unit = unit_of(bench(shown="given"))
    images = images_of(workbench, unit.inputs.data)

    def execute(features=None, **beside):
        features = rows_of(images) if features is None else features
        given.parts = {"train": GivenFeatures(features, "given.npz", **beside)}
        return workbench.execute(unit)

    execute.unit, execute.images = unit, images
    execute.labels = workbench.workspace.datasets.labels(unit.inputs.data)
    execute.digests = np.array([image_digest(image) for image in images])
    return execute


def test_each_way_of_verification(give):
    data = give.unit.inputs.data
    first = give(data=data)
    assert (first["order"], first["probe"]) == ("verified by data digest", None)


@pytest.mark.parametrize("kind", ["text", "bytes"])
def test_digests_of_images(give, kind):
    digests = give.digests if kind == "text" else give.digests.astype("S")
    assert give(images=digests, labels=give.labels)["order"] == "verified by image digests"


def test_labels(give):
    assert give(labels=give.labels.astype(np.int32))["order"] == "verified by labels"


def swapped(array, one, other):
    array = array.copy()
    array[[one, other]] = array[[other, one]]
    return array


@pytest.mark.parametrize(
    ("beside", "said"),
    [
        (lambda give: {"data": "0" * 32}, "it is for data 00000000"),
        (lambda give: {"images": swapped(give.digests, 3, 7)}, "image 3 is "),
        (lambda give: {"images": give.digests[:-1]}, "of shape (1436,), expected (1437,) text"),
        (lambda give: {"images": np.arange(1437)}, "image digests are int64"),
        (lambda give: {"images": give.digests.astype(object)}, "image digests are object"),
        (
            lambda give: {"labels": swapped(give.labels, *differing(give.labels))},
            "the label of row",
        ),
        (lambda give: {"labels": give.labels[1:]}, "of shape (1436,), expected (1437,)"),
        (lambda give: {"labels": give.labels.astype(float)}, "labels are float64"),
        # All that came with them counts, not only what is asked first.
        (
            lambda give: {"data": give.unit.inputs.data, "labels": (give.labels + 1) % 10},
            "the label of row 0",
        ),
        (
            lambda give: {"images": give.digests, "data": "nobody's"},
            "it is for data nobody's",
        ),
    ],
)
def test_what_came_with_other_features_is_refused(give, beside, said):
    with pytest.raises(UsageError) as caught:
        give(**beside(give))
    assert said in str(caught.value)
    assert "given.npz" in str(caught.value)
    assert "one row for each image, in its order" in str(caught.value)
    assert "\n" not in str(caught.value)


def differing(labels):
    return 0, int(np.flatnonzero(labels != labels[0])[0])


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.zeros((1436, 3)), "it has 1436 rows, expected 1437, as the train images"),
        (np.zeros((1438, 3)), "it has 1438 rows"),
        (np.zeros((0, 3)), "it has 0 rows"),
        (np.zeros(1437), "of shape (1437,), expected (n, D)"),
        (np.zeros((1437, 0)), "of shape (1437, 0)"),
        (np.zeros((1437, 3), dtype=np.int64), "features are int64"),
        (np.full((1437, 3), None), "features are object"),
        (np.where(np.arange(1437)[:, None] == 99, np.nan, np.ones((1437, 2))), "row 99 is not"),
        (np.where(np.arange(1437)[:, None] == 7, -np.inf, np.ones((1437, 2))), "row 7 is not"),
    ],
)
def test_given_features_of_another_kind_are_refused(give, features, said):
    with pytest.raises(UsageError) as caught:
        give(features, data=give.unit.inputs.data)
    assert said in str(caught.value)
    assert "given.npz" in str(caught.value)


def test_without_any_a_probe_tells_right_features_from_others(give):
    right = give()
    assert right["order"] == "not verifiable"
    probe = right["probe"]
    assert probe["n"] == 719
    assert probe["accuracy"] > 0.6
    assert probe["chance"] == pytest.approx(0.1, abs=0.03)


def test_in_another_order_a_probe_is_at_chance_level(give):
    from alharness.statistics.chance import at_chance

    order = np.random.default_rng(5).permutation(1437)
    probe = give(rows_of(give.images)[order])["probe"]
    assert at_chance(**probe)


def test_too_few_rows_for_a_probe():
    from alharness.engine.given_features import _probe

    features = np.random.default_rng(0).normal(size=(19, 2))
    assert _probe(features, np.arange(19) % 2) is None
    assert _probe(np.ones((40, 2)), np.zeros(40, dtype=np.int64)) is None
    assert _probe(np.ones((40, 2)), np.arange(40) % 2).accuracy <= 0.75


# What a query is given.


def ready(workbench, tiny):
    return survey(tiny, StoreLedger(workbench.workspace)).ready()


def test_a_query_names_no_test_features(workbench, bench):
    """Reach is what a question names: see ``test_isolation`` for what the kernel denies."""
    from alharness.engine.questions import pose
    from alharness.work.reach import Reach, for_question

    tiny = bench()
    units = {part: unit_of(tiny, part) for part in ("train", "test")}
    for unit in units.values():
        workbench.execute(unit)
    while not (queries := [unit for unit in ready(workbench, tiny) if unit.kind == "query"]):
        for unit in ready(workbench, tiny):
            workbench.execute(unit)
    question = pose(workbench.workspace, queries[0].inputs)
    reach = for_question(Reach((), (), ()), question, workbench.site)
    folders = {
        part: str(workbench.workspace.root / "features" / unit.key) for part, unit in units.items()
    }
    assert folders["train"] in reach.read
    hidden = (
        folders["test"],
        str(workbench.workspace.root),
        str(workbench.workspace.root / "features"),
    )
    assert not set(hidden) & set(reach.read)


def test_a_unit_of_another_fingerprint_is_another_unit(workbench, bench):
    unit = unit_of(bench())
    inputs = unit.inputs
    identity = inputs.representation.model_copy(update={"fingerprint": "other weights"})
    other = make_unit(
        RepresentationInputs.model_validate(
            {**inputs.model_dump(), "representation": identity.model_dump()}
        )
    )
    assert other.key != unit.key
