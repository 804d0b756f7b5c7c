"""The report of what a GPU achieves: refused without one, rehearsed on the CPU."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import alharness
from alharness.protocol.suite.reading import load_suite

ROOT = Path(__file__).parents[3]
SCRIPT = ROOT / "benchmarks" / "gpu_report.py"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_is_one_line_and_1():
    ended = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("gpu_report: no GPU is here")
    assert len(ended.stderr.splitlines()) == 1


def test_operations_are_those_of_a_linear_layer_by_hand(script):
    """2 x 3 072 x 10 forwards, as many for the weights' gradient; images want none."""

    class Linear(alharness.Model):
        def build(self, n_classes, in_channels, image_size):
            width = in_channels * image_size**2
            return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(width, n_classes))

    assert script["operations_per_image"](Linear()) == 2 * 2 * 3 * 32 * 32 * 10


def test_hours_are_of_every_training_and_validation(script):
    """25 models of one method in cycle 0, of nine methods in each of three later ones."""
    suite = load_suite(ROOT / "benchmarks" / "alharness_suites" / "cifar-fast.toml")
    images = 25 * 20 * (5_000 + 9 * (10_000 + 15_000 + 20_000))
    validated = 25 * 20 * (1 + 9 * 3) * 5_000
    rates = {64: script["Rates"](training=1000.0, validation=4000.0)}
    assert script["batch_sizes"](suite) == [64]
    assert script["seconds_of"](suite, rates) == pytest.approx(images / 1000 + validated / 4000)


@pytest.mark.slow
def test_a_rehearsal_has_every_line(script):
    machine = script["Machine"](torch.device("cpu"), images=2, repeats=1)
    lines = list(script["report"](machine, 64))
    assert lines[0].startswith("A rehearsal")
    for network in script["NETWORKS"]:
        assert sum(line.startswith(f"| {network} |") for line in lines) == 3
    assert [line.split("`")[1] for line in lines[-2:]] == ["cifar", "cifar-fast"]
