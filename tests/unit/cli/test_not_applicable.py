"""Methods that a scenario lacks something for: listed, or refused in one line, when planned."""

import pytest

from alharness import ExitCode

METHODS = {"compared": '["random", "dbal", "margin"]'}
REASON = "no dropout: mlp:dropout=0.0,hidden=8,layers=1 has none"
PLUGINS = """
import alharness
from alharness_plugins.models.networks.mlp import Mlp


class OnFeatures(alharness.Model):
    takes = frozenset({"features"})

    def build(self, n_classes, in_channels, image_size):
        return Mlp(4, 1, 0.0).build(n_classes, in_channels, image_size)


class Says(alharness.Model):
    def __init__(self, said):
        self.said = said

    @property
    def takes(self):
        return {"images"} if self.said == "takes" else frozenset({"images"})

    @property
    def has_layers(self):
        return 1 if self.said == "layers" else True

    def has_dropout(self):
        if self.said == "raises":
            raise RuntimeError("nobody knows")
        return "a half" if self.said == "dropout" else None

    def build(self, n_classes, in_channels, image_size):
        raise AssertionError("it is never built")


class Pixels(alharness.Representation):
    def features(self, images):
        return images.flatten(1)


class Sees(alharness.Sampler):
    needs = alharness.Needs(images=True)

    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


class Large(Sees):
    needs = alharness.Needs(pool=1400)


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("on-features", OnFeatures)
    yield alharness.ModelSpec("says:", Says)


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("pixels", Pixels)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("sees", Sees)
    yield alharness.SamplerSpec("large", Large)
"""


@pytest.fixture
def suite(command):
    """``suite(model, …)``: a suite in a file with one scenario, of a perceptron without dropout."""
    (command.folder / "mine.py").write_text(PLUGINS)

    def write(model='{ model = "mlp", hidden = 8, layers = 1, dropout = 0.0 }', more="", **changes):
        path = command.folder / command.suite(**changes)
        was = '{ model = "mlp", hidden = 8, layers = 1 }'
        text = path.read_text()
        assert was in text
        path.write_text(f"{text.replace(was, model)}{more}\n")
        return path.name

    return write


def refused(result, code=ExitCode.USAGE):
    """What one line said, behind ``Error: ``."""
    assert (result.exit_code, result.stdout) == (code, "")
    (line,) = result.stderr.splitlines()
    return line.removeprefix("Error: ")


def test_the_suite_s_own_is_listed_and_has_no_units(command, suite):
    planned = command.json("plan", "--suite", suite(**METHODS))
    assert planned["not_applicable"] == [{"scenario": "blots", "method": "dbal", "reason": REASON}]
    assert {one["method"] for one in planned["units"]} == {"random", "margin"}
    alone = command.json("plan", "--suite", suite(compared='["random", "margin"]'))
    assert alone["not_applicable"] == []
    for name in ("units", "distinct_units", "trainings"):
        assert planned[name] == alone[name]
    shown = command("plan", "--suite", suite(**METHODS)).stdout
    assert f"dbal is not applicable in blots: {REASON}." in " ".join(shown.split())


def test_a_model_with_dropout_and_one_that_does_not_say_lack_nothing(command, suite):
    for model in ('"mlp"', '{ model = "timm:resnet10t", dropout = 0.3 }'):
        planned = command.json("plan", "--suite", suite(model, **METHODS))
        assert planned["not_applicable"] == []


@pytest.mark.parametrize("option", ["--plugin", "--add"])
@pytest.mark.parametrize("command_name", ["plan", "bench"])
def test_one_that_is_asked_for_is_refused_where_it_is_applicable_nowhere(
    command, suite, option, command_name
):
    said = refused(command(command_name, "--suite", suite(), option, "dbal:passes=5"))
    assert said == (
        "suite 'small.toml', sampler 'dbal' (alharness 0.2.0): it is applicable in no scenario "
        f"({REASON}). Leave it out, or take a suite with a scenario that has what it needs"
    )


def test_asked_for_by_its_parameters_written_out_it_is_the_suite_s_own(command, suite):
    words = ("--suite", suite(**METHODS), "--add", "dbal:passes=25")
    assert "it is applicable in no scenario" in refused(command("plan", *words))


def test_the_reference_has_to_be_applicable(command, suite):
    path = command.folder / suite(**METHODS)
    path.write_text(path.read_text().replace('reference = "random"', 'reference = "dbal"'))
    assert refused(command("plan", "--suite", path.name)) == (
        f"suite 'small.toml', methods.reference: the reference 'dbal' is not applicable in 'blots' "
        f"({REASON}). Write another reference, or a scenario that has what it needs"
    )


def test_a_pool_that_is_too_small(command, suite):
    words = ("--suite", suite(), "--plugin-file", "mine.py", "--add", "large")
    # 1437 images, 144 of them for validation, 144 labeled: 1149.
    assert (
        "(too small a pool: the query for 216 labels picks from 1149 images, and it needs 1400)"
    ) in refused(command("plan", *words))


ON_PIXELS = 'representation = "pixels"'
FILE = ("--plugin-file", "mine.py")


def test_a_scenario_on_features_has_no_images(command, suite):
    changes = {"compared": '["random", "sees"]'}
    planned = command.json("plan", "--suite", suite('"on-features"', ON_PIXELS, **changes), *FILE)
    assert planned["not_applicable"] == [
        {
            "scenario": "blots",
            "method": "sees",
            "reason": "no images: the scenario trains on pixels",
        }
    ]


def test_features_for_a_model_that_takes_none(command, suite):
    said = refused(command("plan", "--suite", suite('"vgg16"', ON_PIXELS), *FILE))
    assert said == (
        "suite 'small.toml', scenario 'blots': model 'vgg16' (alharness 0.2.0): it takes images, "
        "and its scenario gives it features. Take a model that does, such as linear, or leave the "
        "scenario's representation out"
    )


@pytest.mark.parametrize("compared", ['["random", "margin"]', '["random", "dbal"]'])
def test_images_for_a_model_that_takes_none(command, suite, compared):
    """Whether anybody had to ask the model before, or two images are to pass through it."""
    said = refused(command("plan", "--suite", suite('"on-features"', compared=compared), *FILE))
    assert said.endswith(
        "scenario 'blots': model 'on-features' ((file) -): it takes features, and its scenario "
        "gives it images. Take another model, or give the scenario a representation"
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("takes", "its takes is {'images'}; it is a frozenset of 'images' and 'features'"),
        ("layers", "its has_layers is 1; it is True or False"),
        ("dropout", "its has_dropout() gives 'a half'; it is True, False or None"),
        ("raises", "has_dropout raised RuntimeError: nobody knows"),
    ],
)
def test_a_model_whose_answer_is_none(command, suite, said, why):
    words = ("--suite", suite(f'"says:{said}"', **METHODS), *FILE)
    assert why in refused(command("plan", *words), ExitCode.PLUGIN)
