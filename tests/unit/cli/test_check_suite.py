"""``alharness suites check``: one line for what is wrong with a suite, without its data."""

import pytest

from alharness.registry import discover

MODEL = """
import alharness
import torch


class Model(alharness.Model):
    def build(self, n_classes, in_channels, image_size):
        {built}


@alharness.hookimpl
def alharness_models():
    yield alharness.ModelSpec("mine", Model, summary="Mine.")
"""


def written(command, *changes, **settings):
    """The path of the small suite with other lines."""
    path = command.folder / command.suite(**settings)
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    return path.name


def test_what_nothing_is_wrong_with_is_a_line_and_nothing_is_written(command):
    name = command.suite()
    before = command.everything()
    result = command("suites", "check", name)
    assert (result.exit_code, result.stderr) == (0, "")
    said = " ".join(result.stdout.split())
    assert said == (
        "small, version 1: nothing is wrong with it, as far as that can be told without data."
    )
    assert command.everything() == before


def test_a_dataset_that_is_not_here_is_no_mistake_of_the_suite(command):
    name = written(command, ('dataset = "digits"', 'dataset = "cifar10"'))
    found = command.json("suites", "check", name)
    assert (found["suite"], found["version"], found["untried"], found["notes"]) == (
        "small", 1, [], []
    )  # fmt: skip
    assert len(found["digest"]) == 32


def test_networks_that_met_no_image_are_named(command):
    folder = '{ dataset = "image-folder", path = "photos", side = 8 }'
    name = written(command, ('dataset = "digits"', f"dataset = {folder}"))
    assert command.json("suites", "check", name)["untried"] == ["blots"]
    said = " ".join(command("suites", "check", name).stdout.split())
    assert "met no image, as it is not known how many classes or pixels there are: blots." in said


def test_what_is_not_as_it_may_seem_is_told(command):
    compared = '["random", "bald", "qbc", { sampler = "qbc", members = 5 }]'
    name = written(command, ("layers = 1", "layers = 1, dropout = 0"), compared=compared)
    notes = command.json("suites", "check", name)["notes"]
    assert any("'qbc:members=5' is 'qbc', written out" in one for one in notes)
    assert any(one.startswith("bald is not applicable in blots") for one in notes)


WRONG = [
    (("seeds = 2", "seed = 2"), 2, "small.toml, protocol.seed: unknown key"),
    (("trials = 4", "trials = 0"), 2, "small.toml, tuning.trials: 0"),
    (('"margin"', '"margn"'), 2, "did you mean 'margin'"),
    (('model = "mlp", hidden', 'model = "mlp", hiden'), 2, "hiden"),
    (('oracle = "perfect"', 'oracle = "perfct"'), 2, "did you mean 'perfect'"),
    (("regularizers = []", 'regularizers = ["swap"]'), 2, "no regularizer named 'swap'"),
    (("batch-size = 32", "batch-size = 32\ntemperature = 2"), 2, "temperature"),
    (("epochs = 1", 'epochs = 1\nschedule = "stps"'), 2, "stps"),
    (('dataset = "digits"', 'dataset = "digts"'), 2, "did you mean 'digits'"),
    (
        ('oracle = "perfect"', 'oracle = "perfect"\npublished = ["munjal2022-table-7"]'),
        2,
        "'munjal2022-table-7' is of another condition: its dataset is cifar10",
    ),
]


@pytest.mark.parametrize(("change", "code", "said"), WRONG, ids=lambda one: str(one)[:40])
def test_what_is_wrong_is_one_line(command, change, code, said):
    name = written(command, change)
    before = command.everything()
    result = command("suites", "check", name)
    assert (result.exit_code, result.stdout) == (code, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert said in line
    assert command.everything() == before


def test_an_unknown_name_gives_the_nearest(command):
    result = command("suites", "check", "digits-quik")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 'digits-quick'" in result.stderr


@pytest.mark.parametrize(
    ("built", "code", "said"),
    [
        ("raise ValueError('no such width')", 3, "no such width"),
        (
            "return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))",
            1,
            "no forward_features",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_told_by_its_scenario(command, built, code, said):
    (command.folder / "mine.py").write_text(MODEL.format(built=built))
    name = written(command, ('{ model = "mlp", hidden = 8, layers = 1 }', '"mine"'))
    result = command("suites", "check", name, "--plugin-file", "mine.py", "--json")
    assert (result.exit_code, result.stdout) == (code, "")
    (line,) = result.stderr.splitlines()
    assert "blots" in line
    assert said in line


@pytest.mark.slow
@pytest.mark.parametrize("name", [one.name for one in discover().suites])
def test_nothing_is_wrong_with_what_is_shipped(command, name):
    result = command("suites", "check", name)
    assert (result.exit_code, result.stderr) == (0, "")
