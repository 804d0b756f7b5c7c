"""Plugins that raise while a unit is computed: one line names plugin, method, line and unit."""

import pytest

from alharness.registry import discover

PLUGINS = """
import alharness
from alharness_plugins.models.networks.mlp import Mlp
from torch import nn

class Wrapped(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.inner = model
        self.num_features = model.num_features

    def forward_features(self, images):
        return self.inner.forward_features(images)

    def forward_head(self, features, pre_logits=False):
        return self.inner.forward_head(features, pre_logits=pre_logits)

    def forward(self, images):
        if self.training:
            return self.missing(images)
        return self.inner(images)

class Faulty(alharness.Regularizer):
    def __init__(self, method):
        self.method = method

    def fail(self, method):
        if method == self.method:
            raise RuntimeError("on two\\nlines")

class Penalty(Faulty):
    def penalty(self, model):
        return model.last.mean()

class Raises(Faulty):
    def optimizer_options(self, hyperparameters):
        self.fail("optimizer_options")
        return {}

    def augment(self, images, generator):
        self.fail("augment")
        return images

    def wrap_model(self, model):
        self.fail("wrap_model")
        return Wrapped(model) if self.method == "forward" else model

    def after_training(self, model, continuation):
        self.fail("after_training")

class Shy(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.inner = model
        self.num_features = model.num_features

    def forward_features(self, images):
        if not self.training:
            raise RuntimeError("not in front of samplers")
        return self.inner.forward_features(images)

    def forward_head(self, features, pre_logits=False):
        return self.inner.forward_head(features, pre_logits=pre_logits)

    def forward(self, images):
        return self.inner(images)

class ShyModel(alharness.Model):
    def build(self, n_classes, in_channels, image_size):
        return Shy(Mlp(8, 1, 0.0).build(n_classes, in_channels, image_size))

class Vanishing(alharness.Model):
    def build(self, n_classes, in_channels, image_size):
        raise KeyError(n_classes)

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", "alharness_plugins.samplers.random:Random")

@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("vanishing", Vanishing)
    yield alharness.ModelSpec("shy", ShyModel)

@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("penalty", lambda: Penalty(""))
    for method in ["optimizer_options", "augment", "wrap_model", "after_training", "forward"]:
        name = method.replace("_", "-")
        yield alharness.RegularizerSpec(name, lambda method=method: Raises(method))
"""


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    file = tmp_path_factory.mktemp("plugins") / "faulty.py"
    file.write_text(PLUGINS)
    return file


@pytest.fixture
def failure(workbench, faulty, tmp_path):
    """What a bench says of its only unit, which fails."""

    def fail(*methods, **scenario):
        bench = type(workbench)(tmp_path / "faulty", discover([faulty]), (faulty,))
        coordinator = bench.coordinator(bench.bench(*methods, **scenario))
        coordinator.run()
        ((key, message),) = coordinator.failures.items()
        (log,) = (bench.workspace.root / "failures").rglob("*.json")
        assert "Traceback" in log.read_text()
        assert "\n" not in message
        return message.replace(key, "KEY")

    return fail


@pytest.mark.parametrize("hook", ["optimizer_options", "augment", "wrap_model", "after_training"])
def test_a_method_of_a_regularizer(failure, hook):
    name = hook.replace("_", "-")
    assert failure(regularizers=f'["{name}"]').startswith(
        f"regularizer '{name}' ((file) -), trial KEY: Raises.{hook} raised RuntimeError: "
        "on two lines (faulty.py, line 29)"
    )


def test_what_torch_raises_for_a_regularizer_is_the_regularizers(failure):
    message = failure(regularizers='["penalty"]')
    assert message.startswith(
        "regularizer 'penalty' ((file) -), trial KEY: Penalty.penalty raised AttributeError: "
        "'Network' object has no attribute 'last' (faulty.py, line 33)"
    )


def test_the_module_that_a_regularizer_wraps_the_model_in(failure):
    message = failure(regularizers='["forward"]')
    assert message.startswith(
        "regularizer 'forward' ((file) -), trial KEY: Wrapped.forward raised AttributeError: "
    )
    assert "(faulty.py, line 20)" in message


def test_a_model(failure):
    message = failure(model='"vanishing"')
    assert message.startswith(
        "model 'vanishing' ((file) -), trial KEY: Vanishing.build raised KeyError: 10 "
    )


def test_what_a_model_raises_in_a_query_is_the_models(failure):
    message = failure("watching", "margin", model='"shy"')
    assert message.startswith("model 'shy' ((file) -), called by sampler 'margin' (alharness ")
    assert (
        "query KEY: Shy.forward_features raised RuntimeError: not in front of samplers" in message
    )
    assert "(faulty.py, line " in message
