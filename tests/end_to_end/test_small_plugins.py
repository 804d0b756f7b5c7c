"""What a third party writes in under 25 lines: two that mix, one that averages, a schedule."""

import json
import runpy
from pathlib import Path

import pytest
import torch
from scipy.stats import beta, kstest
from torch import nn
from torch.nn.functional import cross_entropy, one_hot

import alharness.testing
from alharness.executors.coordinator import Coordinator
from alharness.session.asked import Computing, Opening
from alharness.session.executors import open_executor
from alharness.session.opening import open_bench

PLUGIN_FILES = Path(__file__).parent / "plugin_files"
PLUGINS = {
    "mixup": "regularizer",
    "label-smoothing": "regularizer",
    "ema": "regularizer",
    "half-cosine": "schedule",
}


def file_of(name):
    return PLUGIN_FILES / f"{name.replace('-', '_')}.py"


def made(name, **parameters):
    """The plugin's own class, built as the harness builds it: all parameters by keyword."""
    module = runpy.run_path(str(file_of(name)))
    (factory,) = (
        one
        for one in module.values()
        if isinstance(one, type) and issubclass(one, alharness.Regularizer | alharness.Schedule)
    )
    return factory(**parameters)


@pytest.mark.parametrize("name", PLUGINS)
def test_it_takes_under_25_lines(name):
    assert len([line for line in file_of(name).read_text().splitlines() if line.strip()]) < 25


@pytest.mark.parametrize("name", PLUGINS)
def test_it_keeps_its_contract(name):
    alharness.testing.check(name, kind=PLUGINS[name], plugin_files=[file_of(name)])


def batch(n, seed=1):
    return torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))


def test_mixup_is_one_convex_combination_of_images_and_targets():
    """Zhang et al. (2018): lam x_i + (1 - lam) x_j, lam y_i + (1 - lam) y_j, lam ~ Beta(a, a).

    With a class for each image, the targets say which lam and which j were drawn.
    """
    n, alpha, shares = 12, 0.4, []
    mixup, generator = made("mixup", alpha=alpha), torch.Generator().manual_seed(3)
    for seed in range(400):
        images, identity = batch(n, seed), torch.eye(n)
        mixed, targets = mixup.mix(images, identity, generator)
        j = (targets - targets.diag().diag()).argmax(dim=1)
        moved = targets.diag() < 1 - 1e-6
        j = torch.where(moved, j, torch.arange(n))
        assert sorted(j.tolist()) == list(range(n))
        if not moved.any():
            continue
        share = targets.diag()[moved][0]
        torch.testing.assert_close(targets, share * identity + (1 - share) * identity[j])
        torch.testing.assert_close(mixed, share * images + (1 - share) * images[j])
        shares.append(float(share))
    assert kstest(shares, beta(alpha, alpha).cdf).pvalue > 0.01


def test_label_smoothing_is_the_one_of_pytorch():
    """Formula (1 - e) y + e / C, and torch's ``label_smoothing`` as an independent source."""
    classes, epsilon = 5, 0.2
    labels = torch.arange(20) % classes
    logits = torch.randn(20, classes, generator=torch.Generator().manual_seed(0))
    images, hot = batch(20), one_hot(labels, classes).float()
    same, smooth = made("label-smoothing", epsilon=epsilon).mix(images, hot, torch.Generator())
    assert torch.equal(same, images)
    expected = torch.full((20, classes), epsilon / classes)
    expected[torch.arange(20), labels] += 1 - epsilon
    torch.testing.assert_close(smooth, expected)
    torch.testing.assert_close(
        cross_entropy(logits, smooth), cross_entropy(logits, labels, label_smoothing=epsilon)
    )


def test_ema_is_the_loop_that_defines_it():
    """s_1 = w_1, s_t = d s_(t-1) + (1 - d) w_t, over every step of a real optimizer."""
    decay, ema = 0.8, made("ema", decay=0.8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(16, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    visited = []
    for step in range(7):
        optimizer.zero_grad()
        cross_entropy(model(batch(16, step)), torch.arange(16) % 3).backward()
        optimizer.step()
        ema.after_step(model)
        visited.append({name: one.detach().clone() for name, one in model.state_dict().items()})
    offered = ema.after_training(model, None)
    assert offered.keys() == visited[-1].keys()
    for name, last in visited[-1].items():
        expected = visited[0][name].double()
        for weights in visited[1:]:
            expected = decay * expected + (1 - decay) * weights[name].double()
        expected = expected.to(last.dtype) if last.is_floating_point() else last
        torch.testing.assert_close(offered[name], expected)


@pytest.mark.parametrize(("steps_per_epoch", "epochs", "floor"), [(1, 1, 0.0), (7, 3, 0.1)])
def test_half_cosine_is_cosine_annealing_of_pytorch(steps_per_epoch, epochs, floor):
    """Independent source: ``torch.optim.lr_scheduler.CosineAnnealingLR``, step by step."""
    rate, steps = 0.3, steps_per_epoch * epochs
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=rate)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, eta_min=floor * rate)
    schedule = made("half-cosine", floor=floor)
    for step in range(steps):
        ours = rate * schedule.factor(step, steps_per_epoch, epochs)
        assert ours == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)
        optimizer.step()
        reference.step()


SMALL = {"initial_sets": 1, "seeds": 1, "epochs": 3, "compared": '["random"]'}

CHANGES = {
    "": {"regularizers": "[]"},
    "mixup": {"regularizers": '["mixup"]'},
    "label-smoothing": {"regularizers": '["label-smoothing"]'},
    "ema": {"regularizers": '[{ regularizer = "ema", decay = 0.5 }]'},
    # The table [training] goes on after its epochs.
    "half-cosine": {"regularizers": "[]", "epochs": '3\nschedule = "half-cosine"'},
}


@pytest.fixture(scope="module")
def first_trials(new_alharness, tmp_path_factory):
    """What the trials of cycle 0 left, by plugin ("" for none) and by seed path.

    Real benches of one scenario, so that only the plugin is another.
    """
    command = new_alharness(tmp_path_factory.mktemp("small"))
    left = {}
    for name, changes in CHANGES.items():
        carry_out(command.suite(**SMALL | changes), command.folder / name)
        left[name] = trials_of_cycle_0(command.workspace(name))
    return left


def carry_out(suite, folder):
    """What the command ``bench`` does, but for MLflow, which takes longer than the rest."""
    files = tuple(map(file_of, PLUGINS))
    opened = open_bench(
        Opening(str(suite), plugin_files=files, workspace_dir=folder, data_dir=folder / "data")
    )
    executor = open_executor(opened, Computing("inline", "cpu"), print)
    coordinator = Coordinator(opened.bench, opened.workspace, executor)
    coordinator.run()
    executor.shutdown()
    assert not coordinator.failures


def trials_of_cycle_0(workspace):
    records = [json.loads(data) for data in workspace.record_files().values()]
    return {
        json.dumps(record["inputs"]["seed"]): record
        for record in records
        if record["kind"] == "trial" and record["inputs"]["seed"]["cycle"] == 0
    }


@pytest.mark.parametrize("name", PLUGINS)
def test_it_changes_the_results_of_a_real_bench(first_trials, name):
    """Same images, labels, hyper-parameters and seeds: what differs comes from the plugin."""
    without, with_it = first_trials[""], first_trials[name]
    assert len(without) == 2
    assert without.keys() == with_it.keys()
    for seed, before in without.items():
        after = with_it[seed]
        for same in ("labeled", "validation", "hyperparameters"):
            assert after["inputs"][same] == before["inputs"][same]
        if name == "ema" and after["result"]["replaced_by"] is None:
            # Its weights were worse on validation, so the trial's own were kept.
            assert after["result"]["checkpoint"] == before["result"]["checkpoint"]
            continue
        assert after["result"]["checkpoint"] != before["result"]["checkpoint"]
        assert after["result"]["validation_loss"] != before["result"]["validation_loss"]


def test_averaged_weights_were_taken_by_a_trial(first_trials):
    assert "Ema" in {one["result"]["replaced_by"] for one in first_trials["ema"].values()}
