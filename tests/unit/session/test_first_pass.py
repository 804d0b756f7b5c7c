"""Networks are tried at the dataset's size before anything is trained."""

from ast import literal_eval
from pathlib import Path

import pytest
import torch
from PIL import Image

import alharness
from alharness import ContractViolation, DatasetShape, HarnessError, PluginError, UsageError
from alharness.engine.first_pass import first_pass
from alharness.engine.plugins import Plugins
from alharness.protocol.components import Reference
from alharness.protocol.units.parts import Network
from alharness.registry import discover
from alharness.session.asked import Opening
from alharness.session.first_pass import require_networks
from alharness.session.opening import open_bench, open_plan

PLUGINS = """
from pathlib import Path

import torch
from torch import nn

import alharness

TRIED = Path("NOTEBOOK")


class Net(nn.Module):
    num_features = 6

    def __init__(self, kind, n_classes):
        super().__init__()
        self.kind = kind
        self.head = nn.Linear(6, n_classes + (kind == "one-more"))

    def forward_features(self, images):
        with TRIED.open("a") as tried:
            tried.write(f"{(self.kind, self.training, tuple(images.shape))}\\n")
        if self.kind == "other-size" and images.shape[-1] != 224:
            raise AssertionError(f"Input height ({images.shape[-1]}) doesn't match model (224).")
        if self.kind == "shapeless":
            torch.nn.functional.one_hot(torch.tensor([-1]))
        if self.kind == "in-training" and self.training:
            raise RuntimeError("no training")
        width = 5 if self.kind == "narrow" else 6
        return images.flatten(1)[:, :width].contiguous()

    def forward_head(self, features, pre_logits=False):
        if pre_logits:
            return features
        if self.kind == "narrow":
            features = torch.cat([features, features[:, :1]], dim=1)
        outputs = self.head(features)
        kinds = {"rows": outputs[:1], "whole": outputs.long(), "list": [outputs]}
        return kinds.get(self.kind, outputs)

    def forward(self, images):
        return self.forward_head(self.forward_features(images))


class Builds(alharness.Model):
    def __init__(self, kind):
        self.kind = kind

    def made_for(self):
        return 224 if self.kind == "other-size" else None

    def build(self, n_classes, in_channels, image_size):
        return Net(self.kind, n_classes)


class Colours(alharness.Regularizer):
    def augment(self, images, generator):
        red, green, blue = images.unbind(dim=1)
        return images


class Wraps(alharness.Regularizer):
    def wrap_model(self, model):
        return model.no_such_layer


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("builds:", Builds)


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("wraps", Wraps)
    yield alharness.RegularizerSpec("colours", Colours)
"""
SUITE = """
schema = 1
name = "small"
version = 1
title = "Small"
[protocol]
initial_sets = 1
seeds = 1
initial_fraction = 0.10
query_fraction = 0.05
final_fraction = 0.15
validation_fraction = 0.10
[tuning]
trials = 1
scope = "fixed"
[tuning.space]
learning-rate = 0.01
batch-size = 32
optimizer = "sgd"
[training]
epochs = 1
[methods]
compared = ["random"]
"""
SCENARIO = """
[[scenarios]]
name = "{name}"
dataset = "digits"
model = "{model}"
regularizers = {regularizers}
oracle = "perfect"
"""


@pytest.fixture
def seen(tmp_path, tmp_path_factory):
    """Reads, once, what passed through the networks: kind, mode and shape of each batch."""
    notebook = tmp_path_factory.mktemp("tried") / "tried"
    (tmp_path / "nets.py").write_text(PLUGINS.replace("NOTEBOOK", str(notebook)))

    def read():
        lines = notebook.read_text().splitlines() if notebook.exists() else []
        notebook.unlink(missing_ok=True)
        return [literal_eval(line) for line in lines]

    return read


@pytest.fixture
def tried(tmp_path, seen):
    """``tried(*models)``: what ``bench`` does before training, on ``digits``; images seen."""
    file = tmp_path / "nets.py"

    def attempt(*models, regularizers="[]"):
        suite = tmp_path / "small.toml"
        scenarios = (
            SCENARIO.format(name=f"s{number}", model=model, regularizers=regularizers)
            for number, model in enumerate(models)
        )
        suite.write_text(SUITE + "".join(scenarios))
        opened = open_bench(
            Opening(suite, plugin_files=(file,), workspace_dir=tmp_path / "workspace")
        )
        known = {condition.name: condition.facts for condition in opened.bench.conditions}
        require_networks(opened.bench, known, opened.workspace.records, (file,))
        return seen()

    return attempt


def test_two_images_of_the_datasets_size_pass_in_both_modes_once_for_each_network(tried):
    seen = tried("builds:good", "builds:good", "builds:better")
    assert {(kind, training) for kind, training, _ in seen} == {
        (kind, training) for kind in ("good", "better") for training in (True, False)
    }
    assert {shape for *_, shape in seen} == {(2, 1, 8, 8)}
    assert len(seen) == len(tried("builds:good")) + len(tried("builds:better"))


@pytest.mark.parametrize(
    ("kind", "error", "said"),
    [
        ("one-more", ContractViolation, "its outputs for 2 images are of shape (2, 11), expected"),
        ("rows", ContractViolation, "its outputs for 2 images are of shape (1, 10), expected"),
        ("whole", ContractViolation, "its outputs for 2 images are torch.int64, expected (2, 10)"),
        ("list", ContractViolation, "its outputs for 2 images are list, expected (2, 10)"),
        ("narrow", ContractViolation, "its features of 2 images are of shape (2, 5), expected"),
        ("other-size", PluginError, "with images of 1 x 8 x 8 raised AssertionError: Input height"),
        ("in-training", PluginError, "raised RuntimeError: no training (nets.py, line"),
    ],
)
def test_a_network_that_does_not_fit_is_one_line_with_scenario_and_model(tried, kind, error, said):
    with pytest.raises(error) as refused:
        tried("builds:good", f"builds:{kind}")
    line = str(refused.value)
    assert "\n" not in line
    assert f"scenario 's1': model 'builds:{kind}'" in line
    assert said in line
    if error is PluginError:
        size = (
            "1 x 224 x 224, which it is made for"
            if kind == "other-size"
            else "a size that it takes"
        )
        assert line.endswith(f"Take another model, or images of {size}")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wraps", "no_such_layer"),
        ("colours", "Colours.augment, given images of 1 x 8 x 8, raised ValueError"),
    ],
)
def test_a_regularizer_that_fits_neither_model_nor_images_is_named(tried, name, said):
    with pytest.raises(HarnessError) as refused:
        tried("builds:good", regularizers=f'["{name}"]')
    line = str(refused.value)
    assert f"regularizer '{name}'" in line
    assert said in line
    assert "scenario 's0'" in line


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["randaugment", "flip-crop", "weight-decay", "swa"])
def test_regularizers_are_refused_by_channels_and_not_by_what_they_draw(name, channels):
    """No draw of one operation for two images meets all fifteen of RandAugment."""
    registry = discover(())
    network = Network(
        data="",
        n_classes=2,
        in_channels=channels,
        image_size=8,
        model=registry.component("model", Reference("mlp", {})).identity,
        regularizers=(registry.component("regularizer", Reference(name, {})).identity,),
    )
    values = {"randaugment.n": 1, "randaugment.m": 1, "weight-decay": 0.1}
    if name != "randaugment" or channels in (1, 3):
        first_pass(Plugins(registry), network, values)
        return
    with pytest.raises(UsageError) as refused:
        first_pass(Plugins(registry), network, values)
    assert str(refused.value) == (
        f"regularizer 'randaugment': images of {channels} channels; it takes 1 (grey) or 3 (red, "
        "green, blue). Leave it out of the scenario, or give images of 1 or 3 channels"
    )


def test_an_error_of_torch_is_placed_at_the_line_that_called_it(tried):
    with pytest.raises(PluginError, match=r"raised RuntimeError: .* \(nets.py, line \d+\)"):
        tried("builds:shapeless")


def test_the_remedy_names_the_parameter_that_makes_images_fit(tmp_path, seen):
    for place in ("train/a", "train/b", "test/a", "test/b"):
        folder = tmp_path / "data" / place
        folder.mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (9, 9), (number, 0, 0)).save(folder / f"{number}.png")
    suite, file = tmp_path / "small.toml", tmp_path / "nets.py"
    scenario = SCENARIO.format(name="s", model="builds:other-size", regularizers="[]")
    dataset = '{ dataset = "image-folder", side = 32 }'
    suite.write_text(SUITE + scenario.replace('"digits"', dataset))
    asked = {"plugin_files": (file,), "workspace_dir": tmp_path / "workspace"}
    opened = open_plan(Opening(suite, data_dir=tmp_path / "data", **asked))
    known = {name: found.known for name, found in opened.data.items()}
    assert known == {"s": DatasetShape(20, 20, 2, 3, 32)}
    with pytest.raises(PluginError) as refused:
        require_networks(opened.bench, known, opened.workspace.records, (file,))
    assert str(refused.value).endswith(
        "Take another model, or images of 3 x 224 x 224, which it is made for "
        "(image-folder: side = 224)"
    )


def test_global_generators_are_left_as_they_were():
    before = torch.random.get_rng_state()
    network = Network(
        data="",
        n_classes=10,
        in_channels=1,
        image_size=8,
        model=discover(()).component("model", Reference("mlp", {})).identity,
        regularizers=(),
    )
    first_pass(Plugins(discover(())), network, {})
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.slow
def test_plan_and_bench_refuse_before_anything_is_written(tmp_path):
    suite = tmp_path / "vit.toml"
    model = "timm:vit_tiny_patch16_224"
    suite.write_text(SUITE + SCENARIO.format(name="vit", model=model, regularizers="[]"))
    for command in (alharness.plan, alharness.bench):
        with pytest.raises(PluginError, match=r"scenario 'vit'.*doesn't match model \(224\)"):
            command(suite, workspace=tmp_path / "workspace")
    assert not list(Path(tmp_path / "workspace").rglob("records/*/*/*.json"))


@pytest.mark.slow
def test_what_has_trained_is_not_tried_again(tmp_path, seen):
    file, suite = tmp_path / "nets.py", tmp_path / "small.toml"
    suite.write_text(SUITE + SCENARIO.format(name="s", model="builds:good", regularizers="[]"))
    asked = {"plugin_files": [file], "workspace": tmp_path / "workspace"}
    assert not alharness.bench(suite, executor="inline", device="cpu", **asked).failures
    opened = open_plan(Opening(suite, plugin_files=(file,), workspace_dir=tmp_path / "workspace"))
    assert seen()
    known = {name: found.known for name, found in opened.data.items()}
    require_networks(opened.bench, known, opened.workspace.records, (file,))
    assert not seen()
