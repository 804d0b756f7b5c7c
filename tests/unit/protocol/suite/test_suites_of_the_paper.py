"""The suites of the paper's experiments: its settings, and what they share with ``cifar``.

Sources: Munjal et al. (2022), sections 5 to 7 and supplement, Tables 2 to 6 and Figures 3 to 5.
"""

from fractions import Fraction
from pathlib import Path

import alharness_suites
import pytest

from alharness.protocol.suite.reading import load_suite, protocol_digest
from alharness.protocol.suite.trainings import trainings

FOLDER = Path(alharness_suites.__file__).parent
ALL = {"random", "least-confidence", "dbal", "bald", "coreset", "vaal", "qbc"}
STRONG = ["flip-crop", "weight-decay", "randaugment", "swa"]
METHODS = {
    "transfer": {"random", "dbal", "coreset", "vaal", "qbc"},
    "validation-size": ALL,
    "annotation-batch-size": ALL,
    "class-imbalance": ALL,
    "regularization": {"random"},
    "strong-regularization": {"random", "coreset", "vaal", "qbc"},
    "noisy-oracle": ALL,
    "baselines": {"random"},
}
"""Of each table's or figure's rows."""

DIGESTS = {
    ("transfer", "cifar10-vgg16-to-wrn-28-2"): "ba1e51b7a74429b06ead451321a91bee",
    ("transfer", "cifar10-vgg16-to-resnet18"): "e85ce01a8f25037c9caac6ebe3578e62",
    ("transfer", "cifar10-vgg16-to-resnet18-sr"): "190d5f2f6a84bb7e0f2fed6181f13226",
    ("transfer", "cifar100-vgg16-leaky"): "9bad55434aa6bd5aa080bb52f78f1eda",
    ("transfer", "cifar100-vgg16-to-wrn-28-2-leaky"): "f7794412b29216db80cc04e6ce7dce77",
    ("transfer", "cifar100-vgg16-to-resnet18-leaky-sr"): "6093efb7a0d0a2afa8fb5dfe3d4a9de5",
    ("validation-size", "cifar100-vgg16-validation-2"): "94181cad0d81aac2a8239df20c179781",
    ("validation-size", "cifar100-vgg16-validation-5"): "113802dd13ccc015dc220bd2e00fd2a0",
    ("annotation-batch-size", "cifar10-vgg16-query-5"): "affd7f689e7801888f064c1c0a55978e",
    ("annotation-batch-size", "cifar100-vgg16-query-5"): "0ad5cc0498a948072af21221eae8eaa7",
    ("class-imbalance", "cifar100-vgg16-long-tail"): "02d091b79581ce0a4b8ef201c0b965a0",
    ("regularization", "cifar10-vgg16"): "7c87d4ecac00528c686b97ac0332ad48",
    ("regularization", "cifar100-shake-shake-sr"): "1bc4d5980020ff3468c5eeb83bc64764",
    ("strong-regularization", "cifar10-vgg16-sr"): "10f066c2664d924a99dd498d499070d5",
    ("strong-regularization", "cifar100-vgg16-sr"): "76ad0fede7ca30883f78b8935a326e64",
    ("noisy-oracle", "cifar10-vgg16-noise-10"): "fb9d44297f7d791d67e70204543285da",
    ("noisy-oracle", "cifar10-vgg16-noise-20-sr"): "72acd3fe2ef3e08cf09e07d4da06afe1",
    ("baselines", "cifar10-resnet18"): "7dfebe5bb4e77397149395379307e876",
    ("baselines", "cifar10-resnet18-sr"): "7837fd4d17506936818162a37f0b7762",
}


def shipped(name):
    return load_suite(FOLDER / f"{name}.toml")


def scenario(suite, name):
    (found,) = [one for one in suite.scenarios if one.name == name]
    return found


@pytest.mark.parametrize("place", DIGESTS, ids="/".join)
def test_their_protocols_never_change(place):
    """Results of other digests are not ranked together: raise the version, and note the new one."""
    suite = shipped(place[0])
    assert protocol_digest(suite, scenario(suite, place[1])) == DIGESTS[place]


@pytest.mark.parametrize("name", METHODS)
def test_methods_runs_and_tuning_are_the_papers(name):
    suite, standard = shipped(name), shipped("cifar")
    assert {one.label for one in suite.methods.compared} == METHODS[name]
    assert suite.methods.reference.label == "random"
    assert (suite.tuning, suite.training, suite.seed) == (
        standard.tuning,
        standard.training,
        standard.seed,
    )
    protocol = suite.protocol
    assert (protocol.initial_sets, protocol.n_initial_sets, protocol.seeds) == ("munjal2022", 5, 5)
    assert trainings(suite).cycle == 5 * (50 + 4)
    assert any(sentence.startswith("Runs: ") for sentence in suite.departures)
    comment = (FOLDER / f"{name}.toml").read_text("utf-8").partition("schema")[0]
    words = " ".join(comment.replace("#", " ").split())
    assert "5 initial sets x 5 seeds = 25 runs per" in words
    assert "in the paper" in words


@pytest.mark.parametrize(
    "name",
    ["transfer", "validation-size", "annotation-batch-size", "strong-regularization", "baselines"],
)
def test_what_is_the_same_as_in_cifar_is_computed_once(name):
    """Under the same name, which is in every seed path, and by the same protocol."""
    suite, standard = shipped(name), shipped("cifar")
    names = {one.name for one in suite.scenarios} & {one.name for one in standard.scenarios}
    assert names
    for one in names:
        ours, theirs = (protocol_digest(each, scenario(each, one)) for each in (suite, standard))
        assert ours == theirs


def test_transfer_is_from_vgg16_to_other_networks():
    suite = shipped("transfer")
    replays = {
        one.name: (one.replay, one.model.label, "swa" in [r.name for r in one.regularizers])
        for one in suite.scenarios
    }
    leaky = ':activation="leaky-relu"'
    assert replays == {
        "cifar10-vgg16": (None, "vgg16", False),
        "cifar10-vgg16-to-wrn-28-2": ("cifar10-vgg16", "wrn-28-2", False),
        "cifar10-vgg16-to-resnet18": ("cifar10-vgg16", "resnet18", False),
        "cifar10-vgg16-to-resnet18-sr": ("cifar10-vgg16", "resnet18", True),
        "cifar100-vgg16-leaky": (None, f"vgg16{leaky}", False),
        "cifar100-vgg16-to-wrn-28-2-leaky": ("cifar100-vgg16-leaky", f"wrn-28-2{leaky}", False),
        "cifar100-vgg16-to-resnet18-leaky-sr": ("cifar100-vgg16-leaky", f"resnet18{leaky}", True),
    }


def test_sizes_of_validation_sets_and_queries():
    sizes = shipped("validation-size")
    assert [sizes.of(one).protocol.validation_fraction for one in sizes.scenarios] == [
        0.02,
        0.05,
        0.1,
    ]
    batches = shipped("annotation-batch-size")
    steps = [batches.of(one).protocol.schedule.cumulative for one in batches.scenarios]
    twentieths = tuple(Fraction(number, 20) for number in range(2, 9))
    assert steps == [twentieths, twentieths[::2]] * 2


def test_class_imbalance_is_of_the_initial_set_and_weighed_by_the_loss():
    (one,) = shipped("class-imbalance").scenarios
    assert one.loss.name == "class-weighted-cross-entropy"
    assert (one.long_tail.a, one.long_tail.k, one.long_tail.alpha) == (100, 400, -0.046)


def test_regularizers_one_by_one():
    suite = shipped("regularization")
    rows = [[], ["swa"], ["randaugment"], [], ["randaugment", "swa"], ["randaugment", "swa"]]
    models = ["vgg16", "vgg16", "vgg16", "shake-shake", "vgg16", "shake-shake"]
    assert [[r.name for r in one.regularizers][2:] for one in suite.scenarios] == rows * 2
    assert [one.model.label for one in suite.scenarios] == models * 2
    for other in ("strong-regularization", "baselines"):
        strong = [one for one in shipped(other).scenarios if one.name.endswith("-sr")]
        assert all([r.name for r in one.regularizers] == STRONG for one in strong)


def test_noise_is_permuted_in_a_tenth_and_in_a_fifth():
    suite = shipped("noisy-oracle")
    noise = [
        (one.oracle.parameters["noise"], one.oracle.parameters["fraction"])
        for one in suite.scenarios
    ]
    assert noise == [("permute", 0.1)] * 2 + [("permute", 0.2)] * 2
