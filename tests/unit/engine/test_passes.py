"""Passes as a recipe says: bfloat16, channels last, compiled."""

from dataclasses import replace

import pytest
import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.resnet9 import ResNet9
from alharness_plugins.regularizers.swa import Swa
from alharness_plugins.schedules.constant import Constant
from torch import nn

from alharness import UsageError
from alharness.engine.extension import features_and_logits
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.passes import AS_THE_NETWORK_DOES, Passes, passes_of
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training
from alharness.protocol.units import Identity, Recipe

PLUGIN = Identity(name="one", source="s")


def network():
    with controlled(0):
        model = ResNet9(width=4, dropout=0.0, activation="relu").build(3, 3, 8)
        return Network(model, torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25))


def examples(n=24):
    drawn = torch.Generator().manual_seed(1)
    pixels = torch.randint(0, 256, (n, 3, 8, 8), dtype=torch.uint8, generator=drawn)
    return Examples(HeldImages(pixels), torch.randint(0, 3, (n,), generator=drawn))


def training(passes, loss=None, regularizers=()):
    return Training(
        network(),
        examples(),
        examples(12),
        {"learning-rate": 0.05, "batch-size": 7, "optimizer": "sgd"},
        regularizers,
        torch.Generator().manual_seed(0),
        torch.Generator().manual_seed(0),
        n_classes=3,
        loss=loss or CrossEntropy(),
        schedule=Constant(),
        passes=passes,
    )


def fitted(passes, **parts):
    with controlled(0):
        return training(passes, **parts).fit(2)


def convolved(passes, images):
    """What the first convolution of a network hands on."""
    handed = []
    net = network()
    convolution = next(one for one in net.modules() if isinstance(one, nn.Conv2d))
    convolution.register_forward_hook(lambda module, given, made: handed.append(made.detach()))
    logits = passes.of(net)(images)
    return handed[0], logits, net


def test_by_default_a_network_computes_its_passes_itself():
    net = network()
    assert AS_THE_NETWORK_DOES.of(net) is net


def test_a_recipe_says_how():
    recipe = Recipe(
        epochs=1, schedule=PLUGIN, precision="bfloat16", channels_last=True, compile="default"
    )
    assert passes_of(recipe) == Passes("bfloat16", True, "default")
    assert passes_of(Recipe(epochs=1, schedule=PLUGIN)) == AS_THE_NETWORK_DOES


@pytest.mark.parametrize(
    ("value", "words"),
    [({"precision": "float16"}, "precision 'float16'"), ({"compile": "fast"}, "compile 'fast'")],
)
def test_what_is_not_carried_out_is_refused_in_one_line(value, words):
    with pytest.raises(UsageError, match=words) as caught:
        passes_of(Recipe(epochs=1, schedule=PLUGIN, **value))
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


def test_bfloat16_is_computed_in_and_float32_handed_out():
    images = examples().images.batch(slice(None))
    inside, logits, net = convolved(Passes(precision="bfloat16"), images)
    assert inside.dtype == torch.bfloat16
    assert logits.dtype == torch.float32
    assert {parameter.dtype for parameter in net.parameters()} == {torch.float32}
    exact = network()(images)
    assert not torch.equal(logits, exact)
    assert torch.allclose(logits, exact, atol=0.1)


def test_losses_of_bfloat16_passes_are_float32():
    seen = []

    class Seeing(CrossEntropy):
        def mean(self, logits, targets):
            seen.append((logits.dtype, torch.is_autocast_enabled("cpu")))
            return super().mean(logits, targets)

    trained = fitted(Passes(precision="bfloat16"), loss=Seeing())
    assert set(seen) == {(torch.float32, False)}
    assert {value.dtype for value in trained.weights.values()} <= {torch.float32, torch.int64}


def test_validation_is_computed_as_training_is():
    """So that of two epochs the better one is told in the precision that was trained in."""
    low, exact = training(Passes(precision="bfloat16")), training(AS_THE_NETWORK_DOES)
    low = replace(low, hyperparameters={**low.hyperparameters, "learning-rate": 1e-30})
    exact = replace(exact, hyperparameters=low.hyperparameters)
    with controlled(0):
        losses = [one.fit(1).validation[0].loss for one in (low, exact)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], abs=0.1)


def test_channels_lie_last_and_weights_stay_what_they_are():
    images = examples().images.batch(slice(None))
    inside, logits, net = convolved(Passes(channels_last=True), images)
    assert inside.is_contiguous(memory_format=torch.channels_last)
    assert not inside.is_contiguous()
    assert torch.allclose(logits, network()(images), atol=1e-5)
    weights = dict(net.named_parameters())
    assert all(torch.equal(weights[name], value) for name, value in network().named_parameters())


def test_an_extension_meets_features_and_logits_in_float32():
    images = examples().images.batch(slice(None))
    computed = Passes("bfloat16", channels_last=True).of(network())
    features, logits = features_and_logits(computed, images)
    assert (features.dtype, logits.dtype) == (torch.float32, torch.float32)
    assert features.shape == (24, network().num_features)
    assert torch.allclose(logits, network()(images), atol=0.1)


@pytest.mark.parametrize("how", [Passes("bfloat16"), Passes(channels_last=True)])
def test_a_training_repeats_itself_and_is_another_than_the_networks_own(how):
    first, again, own = fitted(how), fitted(how), fitted(AS_THE_NETWORK_DOES)
    assert all(torch.equal(first.weights[name], again.weights[name]) for name in first.weights)
    assert first.training_loss == again.training_loss
    assert first.training_loss != own.training_loss
    assert first.training_loss[:1] == pytest.approx(own.training_loss[:1], abs=0.1)


def test_averaged_weights_are_offered_after_passes_in_bfloat16():
    """They are averaged of the network's own weights, float32, and measured as all others are."""
    averaging = Swa(epochs=2, learning_rate=0.01, frequency=2)
    trained = fitted(Passes("bfloat16", channels_last=True), regularizers=[averaging])
    assert trained.weights.keys() == network().state_dict().keys()
    assert {value.dtype for value in trained.weights.values()} <= {torch.float32, torch.int64}


class Layer(nn.Module):
    """What takes a compiler little time."""

    num_features = 3 * 8 * 8

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(self.num_features, 3)

    def forward_features(self, images):
        return images.flatten(1)

    def forward_head(self, features, pre_logits=False):
        return features if pre_logits else self.head(features)

    def forward(self, images):
        return self.forward_head(self.forward_features(images))


@pytest.mark.slow
def test_what_was_compiled_before_changes_nothing():
    """Trainings in one process, the second of other shapes, and the first one again."""

    def weights(passes, batch_size=8):
        with controlled(0):
            torch.manual_seed(0)
            one = replace(
                training(passes),
                network=Network(Layer(), torch.zeros(3, 1, 1), torch.ones(3, 1, 1)),
                validation=None,
                hyperparameters={
                    "learning-rate": 0.05,
                    "batch-size": batch_size,
                    "optimizer": "sgd",
                },
            )
            return one.fit(2).weights

    compiled = Passes(compile="default")
    first, _, again = weights(compiled), weights(compiled, 12), weights(compiled)
    own = weights(AS_THE_NETWORK_DOES)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert first.keys() == own.keys()
    assert all(torch.allclose(first[name], own[name], atol=1e-4) for name in own)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
