"""Monte-Carlo dropout: one network per pass. Published trap 8 (docs/traps.md).

Independent source of what dropout does to an element: torch's own modules in train mode.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from alharness_plugins.samplers.bald import Bald
from alharness_plugins.samplers.dbal import Dbal
from alharness_plugins.samplers.entropy import Entropy
from alharness_plugins.samplers.least_confidence import LeastConfidence
from torch import nn
from torch.nn import functional

from alharness import HarnessError
from alharness.engine import pool as pool_module
from alharness.engine.dropout import DropoutMasks
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.pool import ImagePool
from alharness.protocol.planning.run import State
from alharness.registry import discover

# Registered under other names, so that the installed ones do not matter.
PLUGINS = """
import alharness
from alharness_plugins.samplers.bald import BaldParameters
from alharness_plugins.samplers.dbal import DbalParameters


@alharness.hookimpl
def alharness_samplers():
    for name, factory, parameters in [
        ("watching", "random:Random", None),
        ("least-sure", "least_confidence:LeastConfidence", None),
        ("most-entropy", "entropy:Entropy", None),
        ("mc-entropy", "dbal:Dbal", DbalParameters),
        ("mc-information", "bald:Bald", BaldParameters),
    ]:
        factory = f"alharness_plugins.samplers.{factory}"
        yield alharness.SamplerSpec(name, factory, parameters=parameters)


class Silent(alharness.Model):
    # Does not say that it has no dropout.

    def build(self, n_classes, in_channels, image_size):
        from alharness_plugins.models.networks.mlp import Mlp

        return Mlp(8, 1, 0.0).build(n_classes, in_channels, image_size)


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("silent", Silent)
"""
DETERMINISTIC, MONTE_CARLO = ["least-sure", "most-entropy"], ["mc-entropy", "mc-information"]

MLP = '{{ model = "mlp", hidden = 8, layers = 1, dropout = {} }}'

N, SIDE, C = 23, 4, 5


class Base(nn.Module):
    """timm's interface; counts how often features are computed."""

    num_features = 16

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Flatten(), nn.Linear(SIDE**2, 16), nn.BatchNorm1d(16), nn.ReLU()
        )
        self.head = nn.Linear(16, C)
        self.computed = 0

    def forward_features(self, x):
        self.computed += 1
        return self.body(x)

    def forward_head(self, x, pre_logits=False):
        return x if pre_logits else self.head(x)

    def forward(self, x):
        return self.forward_head(self.forward_features(x))


class Early(Base):
    """Dropout before and after the features."""

    def __init__(self, p=0.5):
        super().__init__()
        self.body.append(nn.Dropout(p, inplace=True))
        self.head = nn.Sequential(nn.Dropout(p), self.head)


class Late(Base):
    """Dropout in the head only, as in the built-in models."""

    def __init__(self, p=0.5):
        super().__init__()
        self.head = nn.Sequential(nn.Dropout(p), self.head)


class Functional(Base):
    """Dropout without a module, as in timm's ResNets and DenseNets."""

    def forward_head(self, x, pre_logits=False):
        return x if pre_logits else self.head(functional.dropout(x, 0.5, self.training))


class Reused(Base):
    """Shows its masks: logits are features, one in each place, dropped by one module twice."""

    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.25)

    def forward_features(self, x):
        return torch.ones(len(x), 200)

    def forward_head(self, x, pre_logits=False):
        return torch.cat([self.dropout(x), self.dropout(x)], dim=1)


def images_of(seed=0):
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(rng.integers(0, 256, (N, 1, SIDE, SIDE)).astype(np.uint8))
    images[-1] = images[0]  # alike, in the first and the last slice
    return HeldImages(images)


def make_pool(model):
    network = Network(model, torch.tensor([0.5]), torch.tensor([0.3]))
    return ImagePool(images_of(), images_of(1), torch.arange(N) % C, C, network, None)


def seeded(model_class, seed=0):
    torch.manual_seed(seed)
    return make_pool(model_class())


def sampled(pool, passes, seed=1, **options):
    """All slices together, (passes, n, C); they are all rows, in order."""
    torch.manual_seed(seed)
    parts, stop = [], 0
    for rows, probabilities in pool.mc_probabilities(passes, **options):
        assert (rows.start, rows.step) == (stop, None)
        stop = rows.stop
        assert probabilities.shape[:2] == (passes, rows.stop - rows.start)
        assert probabilities.dtype == torch.float32
        assert not probabilities.requires_grad
        parts.append(probabilities)
    assert stop == pool.n_unlabeled
    return torch.cat(parts, dim=1)


WITH_DROPOUT = [Early, Late, Functional]


@pytest.mark.parametrize("model", WITH_DROPOUT)
def test_the_size_of_slices_changes_nothing(model, monkeypatch):
    """One mask per pass: masks drawn for each slice or image would differ."""
    results = []
    for size in (1, 7, 512):
        monkeypatch.setattr(pool_module, "BATCH", size)
        results.append(sampled(seeded(model), 6))
    assert results[0].sum(dim=2).allclose(torch.ones(6, N))
    for other in results[1:]:
        torch.testing.assert_close(other, results[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("model", WITH_DROPOUT)
def test_equal_images_are_treated_alike_and_passes_are_not(model, monkeypatch):
    monkeypatch.setattr(pool_module, "BATCH", 8)
    result = sampled(seeded(model), 6)
    torch.testing.assert_close(result[:, 0], result[:, -1], rtol=1e-5, atol=1e-6)
    assert len(np.unique(result[:, 0].numpy().round(4), axis=0)) == 6


def test_masks_differ_between_passes_and_calls_and_not_between_images(monkeypatch):
    monkeypatch.setattr(pool_module, "BATCH", 5)
    result = sampled(seeded(Reused), 4)
    kept = result > result.amin(dim=2, keepdim=True)
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    masks = kept[:, 0].reshape(8, 200)  # two calls in each of four passes
    assert len(masks.unique(dim=0)) == 8
    # 1600 draws of probability ¾: within four standard deviations.
    assert abs(masks.float().mean() - 0.75) < 4 * (0.75 * 0.25 / 1600) ** 0.5
    agree = (masks[:, None] == masks[None]).float().mean(dim=2)[~torch.eye(8, dtype=torch.bool)]
    # Independent masks agree in 10 of 16 places.
    assert abs(agree - 0.625).max() < 5 * (0.625 * 0.375 / 200) ** 0.5


def test_per_image_each_image_of_each_pass_has_masks_of_its_own(monkeypatch):
    monkeypatch.setattr(pool_module, "BATCH", 5)
    result = sampled(seeded(Reused), 4, masks="per-image")
    kept = result > result.amin(dim=2, keepdim=True)
    masks = kept.reshape(4 * N * 2, 200)  # two calls for each image in each of four passes
    assert len(masks.unique(dim=0)) == 4 * N * 2
    assert abs(masks.float().mean() - 0.75) < 4 * (0.75 * 0.25 / masks.numel()) ** 0.5


@pytest.mark.slow
@pytest.mark.parametrize("model", WITH_DROPOUT)
def test_per_image_is_what_a_network_in_training_mode_does(model):
    """Torch's own dropout in training mode, batch norm evaluating: mean and deviation of p."""
    pool, passes = seeded(model), 3000
    ours = sampled(pool, passes, masks="per-image")
    network = pool.model()
    for module in network.modules():
        module.training = not isinstance(module, nn.BatchNorm1d)
    with torch.no_grad():
        torchs = torch.stack([network(pool.images()).softmax(dim=1) for _ in range(passes)])
    error = (ours.var(dim=0) / passes + torchs.var(dim=0) / passes).sqrt()
    assert ((ours.mean(dim=0) - torchs.mean(dim=0)).abs() < 5 * error + 1e-6).all()
    torch.testing.assert_close(ours.std(dim=0), torchs.std(dim=0), rtol=0.2, atol=1e-3)


@pytest.mark.parametrize("sampler", [Dbal, Bald])
def test_samplers_ask_for_the_masks_that_they_are_told(sampler):
    scores = {}
    for masks in ("per-pass", "per-image"):
        pool = seeded(Early)
        torch.manual_seed(1)
        scores[masks] = sampler(passes=3, masks=masks).scores(pool)
    assert scores["per-pass"][0] == pytest.approx(float(scores["per-pass"][-1]), rel=1e-4)
    assert scores["per-image"][0] != pytest.approx(float(scores["per-image"][-1]), rel=1e-4)


@pytest.mark.parametrize("p", [0.2, 0.7, 1.0])
@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Dropout, (3, 6)),
        (nn.Dropout, (3, 4, 2, 2)),
        (nn.Dropout1d, (3, 6, 4)),
        (nn.Dropout2d, (3, 6, 2, 2)),
        (nn.Dropout3d, (3, 6, 2, 2, 2)),
        (nn.AlphaDropout, (3, 6)),
        (nn.FeatureAlphaDropout, (3, 6, 2, 2)),
    ],
)
def test_elements_become_what_torch_makes_of_them(module, shape, p):
    """Kept or dropped, an element has one of the two values that train mode gives it."""
    torch.manual_seed(0)
    inputs, layer = torch.randn(shape), module(p)
    trained = torch.stack([layer.train()(inputs) for _ in range(60)])
    low, high = trained.amin(dim=0), trained.amax(dim=0)
    layer.eval()
    masks, seen = DropoutMasks(), []
    with masks:
        for number in range(60):
            masks.begin(number)
            seen.append(layer(inputs))
        masks.begin(0)
        assert torch.equal(layer(inputs), seen[0])
    assert torch.equal(layer(inputs), inputs)
    ours = torch.stack(seen)
    torch.testing.assert_close(ours.amin(dim=0), low)
    torch.testing.assert_close(ours.amax(dim=0), high)
    is_low = (ours - low).abs() < 1e-5
    assert (is_low | ((ours - high).abs() < 1e-5)).all()
    if p < 1 and module in (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d):
        dropped = (ours == 0).flatten(3)
        assert torch.equal(dropped, dropped[..., :1].expand_as(dropped)), "whole channels"


@pytest.mark.parametrize("model", WITH_DROPOUT)
def test_the_network_stays_as_it_was(model, monkeypatch):
    """Evaluation mode, batch-norm statistics, what a sampler asks between two slices.

    Published trap 8.
    """
    monkeypatch.setattr(pool_module, "BATCH", 8)
    pool = seeded(model)
    plain = make_pool(pool.model().model).probabilities()
    before = {name: value.clone() for name, value in pool.model().state_dict().items()}
    for _ in pool.mc_probabilities(3):
        copied = pool.model()
        assert torch.equal(pool.probabilities(), plain)
        torch.testing.assert_close(copied(pool.images()).softmax(dim=1), plain)
    after = pool.model()
    assert not any(module.training for module in after.modules())
    assert all(torch.equal(value, before[name]) for name, value in after.state_dict().items())
    assert torch.equal(pool.probabilities(), pool.probabilities())


@pytest.mark.parametrize("sampler", [LeastConfidence, Entropy])
def test_scores_are_equal_on_repeated_queries(sampler):
    """Published trap 8. Without dropout nothing is random, whatever was asked before."""
    first = sampler().scores(seeded(Early))
    pool = seeded(Early)
    torch.manual_seed(3)
    Bald(passes=3).scores(pool)
    assert torch.equal(sampler().scores(pool), first)


@pytest.mark.parametrize("sampler", [Dbal, Bald])
def test_scores_of_dropout_are_random_only_by_the_seed(sampler):
    scores = []
    for seed in (1, 1, 2):
        pool = seeded(Early)
        torch.manual_seed(seed)
        scores.append(sampler(passes=3).scores(pool))
    assert torch.equal(scores[0], scores[1])
    assert not torch.allclose(scores[0], scores[2])


def test_batch_norm_does_not_see_the_batch():
    """In train mode, an image's probabilities would depend on the others of its slice."""
    pool = seeded(Late)
    alone = ImagePool(
        HeldImages((images_of().batch(slice(0, 1)) * 255).round().to(torch.uint8)),
        images_of(1),
        torch.arange(N) % C,
        C,
        pool.model(),
        None,
    )
    torch.testing.assert_close(sampled(pool, 4)[:, :1], sampled(alone, 4), rtol=1e-5, atol=1e-6)


def test_masks_come_from_torchs_generator():
    pool = seeded(Early)
    first = sampled(pool, 3, seed=5)
    assert torch.equal(sampled(pool, 3, seed=5), first)
    assert not torch.allclose(sampled(pool, 3, seed=6), first)
    again = torch.cat([rows for _, rows in pool.mc_probabilities(3)], dim=1)
    assert not torch.allclose(again, first), "another call draws other masks"


@pytest.mark.parametrize("model", WITH_DROPOUT)
def test_fewer_passes_are_the_first_passes(model, monkeypatch):
    monkeypatch.setattr(pool_module, "BATCH", 8)
    pool = seeded(model)
    torch.testing.assert_close(sampled(pool, 2), sampled(pool, 5)[:2])


@pytest.mark.parametrize(("model", "times"), [(Late, 1), (Functional, 1), (Early, 6)])
def test_features_are_computed_again_only_where_they_vary(model, times):
    pool = seeded(model)
    network = pool._network.model
    sampled(pool, 6)
    assert network.computed == times


@pytest.mark.parametrize("model", [Base, lambda: Late(0.0), lambda: Early(0.0)])
def test_an_error_without_dropout(model):
    """Published trap 8."""
    with pytest.raises(HarnessError, match="no dropout") as caught:
        list(seeded(model).mc_probabilities(4))
    assert "dropout = 0.5" in caught.value.remedy


def test_an_error_without_passes():
    with pytest.raises(HarnessError, match="0 passes"):
        list(seeded(Late).mc_probabilities(0))


class Sideways(Base):
    """Images in the second dimension where it drops out."""

    def forward_head(self, x, pre_logits=False):
        return x if pre_logits else self.head(functional.dropout(x.T, 0.5, self.training).T)


def test_an_error_where_images_are_not_the_first_dimension(monkeypatch):
    monkeypatch.setattr(pool_module, "BATCH", 8)
    with pytest.raises(HarnessError, match="first dimension"):
        list(seeded(Sideways).mc_probabilities(2))


@pytest.fixture
def bench_of(workbench, tmp_path):
    """Carries out a tiny bench on digits: how each sampler's run ended, and the coordinator."""
    file = tmp_path / "renamed.py"
    file.write_text(PLUGINS)
    bench = type(workbench)(tmp_path / "workspace", discover([file]), (file,))

    def carry_out(*methods, model):
        coordinator = bench.coordinator(bench.bench("watching", *methods, model=model))
        survey = coordinator.run()
        return {run.name.split("/")[1]: run.state for run in survey.runs}, coordinator

    return carry_out


@pytest.mark.slow
def test_a_bench_on_digits(bench_of):
    ended, coordinator = bench_of(*DETERMINISTIC, *MONTE_CARLO, model=MLP.format(0.5))
    assert not coordinator.failures
    assert set(ended.values()) == {State.DONE}
    assert len(ended) == 5


def test_without_dropout_the_samplers_that_need_it_have_no_runs(bench_of):
    ended, coordinator = bench_of(*DETERMINISTIC, *MONTE_CARLO, model=MLP.format(0.0))
    assert set(ended) == {"watching", *DETERMINISTIC}
    assert set(ended.values()) == {State.DONE}
    assert not coordinator.failures


def test_of_a_model_that_does_not_say_only_the_samplers_that_need_it_fail(bench_of):
    ended, coordinator = bench_of(*DETERMINISTIC, *MONTE_CARLO, model='"silent"')
    assert {name for name, state in ended.items() if state is State.FAILED} == set(MONTE_CARLO)
    assert len(coordinator.failures) == 2
    for message in coordinator.failures.values():
        assert "no dropout" in message
        assert "dropout = 0.5" in message
