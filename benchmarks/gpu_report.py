"""What trainings achieve on a GPU: images per second, share of its bfloat16 arithmetic, hours.

    python benchmarks/gpu_report.py                               # on a GPU
    python benchmarks/gpu_report.py --device cpu --images 64      # a rehearsal: no figure counts

Every network is trained as a trial trains it, on random images of CIFAR's size, flipped and
cropped, under recipes that a suite can name. The share is what passes multiply, counted, over what
the device multiplies in bfloat16, measured by products of large matrices. Hours are of a suite's
own trainings and validations, one at a time, without members of committees, queries and
evaluations.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import torch
from alharness_plugins.losses.cross_entropy import CrossEntropy
from alharness_plugins.models.networks.resnet import ResNet18
from alharness_plugins.models.networks.resnet9 import ResNet9
from alharness_plugins.models.networks.vgg import Vgg16
from alharness_plugins.models.networks.wide_resnet import WideResNet
from alharness_plugins.regularizers.flip_crop import FlipCrop
from alharness_plugins.schedules.constant import Constant
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

import alharness
from alharness.engine.images import HeldImages
from alharness.engine.network import Network
from alharness.engine.passes import AS_THE_NETWORK_DOES, Passes
from alharness.engine.randomness import controlled
from alharness.engine.training import Examples, Training, hits_and_loss
from alharness.protocol.partition.sizes import labeled_sizes, validation_size
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import load_suite
from alharness.protocol.suite.trainings import trainings

SUITES = Path(__file__).parent / "alharness_suites"
SIDE, CLASSES, CIFAR = 32, 10, 50_000
BATCH = 512
GOAL = 0.3
"""Of the card's measured bfloat16 arithmetic."""

NETWORKS: dict[str, alharness.Model] = {
    "VGG16": Vgg16(dropout=0.5, activation="relu", head="compact"),
    "ResNet-18": ResNet18(dropout=0.0, activation="relu"),
    "WRN-28-2": WideResNet(dropout=0.3, activation="relu"),
    "ResNet-9 (cifar-fast)": ResNet9(width=32, dropout=0.2, activation="relu"),
}
PLAIN_RECIPES = {
    "float32": AS_THE_NETWORK_DOES,
    "bfloat16": Passes("bfloat16"),
    "bfloat16, channels last": Passes("bfloat16", channels_last=True),
}
COMPILED_RECIPES = {
    "…, compiled": Passes("bfloat16", channels_last=True, compile="default"),
    "…, CUDA graphs": Passes("bfloat16", channels_last=True, compile="reduce-overhead"),
}
OF_SUITES = {"cifar": "VGG16", "cifar-fast": "ResNet-9 (cifar-fast)"}


class Rates(NamedTuple):
    """Images per second, medians of repetitions: of an epoch's steps, and of validation."""

    training: float
    validation: float


class Machine(NamedTuple):
    """A device, how many images an epoch has, and how often each is repeated."""

    device: torch.device
    images: int
    repeats: int

    def wait(self) -> None:
        """Until the device has done what it was asked for."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def seconds(self, act: Callable[[], object]) -> float:
        """The median of repetitions, after one that does not count."""
        taken = []
        for _ in range(self.repeats + 1):
            self.wait()
            began = perf_counter()
            act()
            self.wait()
            taken.append(perf_counter() - began)
        return statistics.median(taken[1:])


def arithmetic(machine: Machine, size: int) -> float:
    """Floating-point operations per second of bfloat16 products of ``size`` x ``size`` matrices."""
    one = torch.randn(size, size, device=machine.device, dtype=torch.bfloat16)
    return 2 * size**3 / machine.seconds(lambda: one @ one)


def operations_per_image(model: alharness.Model) -> float:
    """Floating-point operations of the products of a training step, forwards and backwards."""
    network = model.build(CLASSES, 3, SIDE).train()
    images, labels = torch.rand(2, 3, SIDE, SIDE), torch.zeros(2, dtype=torch.int64)
    with FlopCounterMode(display=False) as counted:
        cross_entropy(network(images), labels).backward()  # type: ignore[no-untyped-call]
    return float(counted.get_total_flops()) / len(images)


def rates(model: alharness.Model, passes: Passes, batch_size: int, machine: Machine) -> Rates:
    """Of a network trained as a trial trains it."""
    with controlled(0):
        training = _training(model, passes, batch_size, machine)
        epoch = machine.seconds(lambda: training.train(1, 1e-3, after_step=lambda: None))
        computed = passes.of(training.network)
        validation = machine.seconds(lambda: hits_and_loss(computed, training.labeled))
    return Rates(machine.images / epoch, machine.images / validation)


def _training(
    model: alharness.Model, passes: Passes, batch_size: int, machine: Machine
) -> Training:
    drawn = torch.Generator().manual_seed(0)
    shape = (machine.images, 3, SIDE, SIDE)
    pixels = torch.randint(256, shape, dtype=torch.uint8, generator=drawn).to(machine.device)
    labels = torch.randint(CLASSES, shape[:1], generator=drawn).to(machine.device)
    mean, deviation = torch.full((3, 1, 1), 0.5), torch.full((3, 1, 1), 0.25)
    return Training(
        Network(model.build(CLASSES, 3, SIDE), mean, deviation).to(machine.device),
        Examples(HeldImages(pixels), labels),
        None,
        {"learning-rate": 1e-3, "batch-size": batch_size, "optimizer": "sgd"},
        [FlipCrop(flip=True, padding=4)],
        order=torch.Generator().manual_seed(0),
        augmentation=torch.Generator(machine.device).manual_seed(0),
        n_classes=CLASSES,
        loss=CrossEntropy(),
        schedule=Constant(),
        passes=passes,
    )


def seconds_of(suite: Suite, of_batches: dict[int, Rates]) -> float:
    """Of all trainings of a suite on CIFAR, one at a time; batch sizes being equally frequent."""
    counted = trainings(suite)
    per_image = statistics.mean(1 / one.training for one in of_batches.values())
    validated = statistics.mean(1 / one.validation for one in of_batches.values())
    seconds = 0.0
    for scenario in suite.scenarios:
        protocol = suite.of(scenario).protocol
        validation = validation_size(protocol, CIFAR)
        for cycle, labeled in enumerate(labeled_sizes(protocol, CIFAR)):
            methods = 1 if cycle == 0 else len(suite.methods.compared)
            epochs = methods * counted.cycle * suite.training.of_cycle(cycle).epochs
            seconds += epochs * (labeled * per_image + validation * validated)
    return seconds


def batch_sizes(suite: Suite) -> list[int]:
    """Those that a suite's trainings have."""
    given = suite.tuning.space["batch-size"]
    assert isinstance(given, alharness.Choice)
    return [int(one) for one in given.options]


def report(machine: Machine, size: int) -> Iterator[str]:
    """The report's lines, in Markdown, as they are measured."""
    on_gpu = machine.device.type == "cuda"
    name = torch.cuda.get_device_name(machine.device) if on_gpu else platform.processor()
    if not on_gpu:
        yield "A rehearsal on a processor: it shows that everything runs; no figure counts.\n"
    peak = arithmetic(machine, size)
    yield (
        f"{name or 'a processor'}, PyTorch {torch.__version__}; bfloat16 products of "
        f"{size} x {size}: {peak / 1e12:.4g} TFLOP/s. Epochs of {machine.images} images, batches "
        f"of {BATCH}, medians of n = {machine.repeats}.\n"
    )
    yield f"| network | recipe | images per second | of the bfloat16 arithmetic (goal {GOAL:.0%}) |"
    yield "|---|---|---|---|"
    recipes = PLAIN_RECIPES | (COMPILED_RECIPES if on_gpu else {})
    best: dict[str, Passes] = {}
    for network, model in NETWORKS.items():
        operations, fastest = operations_per_image(model), 0.0
        for recipe, passes in recipes.items():
            rate = rates(model, passes, min(BATCH, machine.images), machine).training
            yield f"| {network} | {recipe} | {rate:,.0f} | {rate * operations / peak:.1%} |"
            if rate > fastest:
                fastest, best[network] = rate, passes
    yield "\n| suite | network | hours, one training at a time |"
    yield "|---|---|---|"
    for suite_name, network in OF_SUITES.items():
        suite = load_suite(SUITES / f"{suite_name}.toml")
        of_batches = {
            one: rates(NETWORKS[network], best[network], min(one, machine.images), machine)
            for one in batch_sizes(suite)
        }
        yield f"| `{suite_name}` | {network} | {seconds_of(suite, of_batches) / 3600:,.1f} |"


def main() -> int:
    """Print the report; 1 where there is no such device."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N, or cpu for a rehearsal")
    parser.add_argument("--images", type=int, default=20_480, help="of an epoch")
    parser.add_argument("--repeats", type=int, default=5, help="epochs measured of each")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("gpu_report: no GPU is here; --device cpu --images 64 rehearses it", file=sys.stderr)
        return 1
    machine = Machine(device, asked.images, asked.repeats)
    for line in report(machine, 8192 if device.type == "cuda" else 256):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
