"""Plugins of the documentation, as written: installed by pip, checked, at work in a bench."""

import json
import tomllib

import numpy as np
import pytest

import alharness.testing
from alharness.results.document import numbers

REGISTERED = """

class ByLoss(alharness.ScoreSampler):
    needs = alharness.Needs(extension=PredictsLosses())

    def scores(self, pool):
        return pool.extension()(pool.embeddings())[:, 0]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("steady", Steady, summary="Steady")
    yield alharness.SamplerSpec("by-loss", ByLoss, summary="Predicted loss")


@alharness.hookimpl
def alharness_losses():
    yield alharness.LossSpec("focal", Focal, summary="Focal")
"""
ON_PIXELS = """

class Pixels(alharness.Representation):
    def features(self, images):
        return images.flatten(1)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("herds", Herds, summary="Nearest to the mean")


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("pixels", Pixels, summary="Pixels")
"""
ANOTHER_SCENARIO = """
[[scenarios]]
name = "on-pixels"
dataset = "digits"
model = "linear"
representation = "pixels"
regularizers = []
oracle = "perfect"
"""
CHOOSING = """

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("spread", Spread, summary="Spread")
"""
COLOURS = """

@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("colours", Colours, summary="Colours")
"""
REMOTE = """

@alharness.hookimpl
def alharness_executors():
    yield alharness.ExecutorSpec("remote", Remote, summary="By ssh")
"""
SSH = """
echo "$1" >> "{folder}/hosts"
shift
cat > "{folder}/$$.json"
[ -e "{folder}/request.json" ] || cp "{folder}/$$.json" "{folder}/request.json"
exec "$@" < "{folder}/$$.json"
"""
"""Stands in for ssh: the other machine is this one. It keeps what it was asked for first."""


def test_the_readmes_files_are_a_plugin_that_pip_installs(shell, blocks):
    module, project = blocks
    shell.write("my_new_sampler/my_new_sampler.py", module)
    shell.write("my_new_sampler/pyproject.toml", project)
    shell.run("pip install ./my_new_sampler")
    (mine,) = listed(shell)
    assert (mine["distribution"], mine["conflict"]) == ("my-new-sampler", False)


@pytest.mark.slow
def test_the_readmes_commands_install_and_bench_it(shell, blocks, first_sampler, all_blocks):
    (commands,) = blocks
    project = next(one.text for one in all_blocks if one.language == "toml")
    shell.write("my_new_sampler/my_new_sampler.py", first_sampler)
    shell.write("my_new_sampler/pyproject.toml", project)
    assert "│ my_new_sampler │" in shell.run(commands)
    assert len(listed(shell)) == 1


def listed(shell):
    found = json.loads(shell.run("alharness plugins list --kind sampler --json"))["plugins"]
    return [one for one in found if one["name"] == "my_new_sampler"]


@pytest.mark.slow
def test_a_plugin_is_checked_by_its_own_tests(shell, blocks, first_sampler):
    """The rules one by one are many: two of them stand for all, which the first test checks."""
    whole, by_rule = blocks
    shell.write("my_new_sampler.py", first_sampler)
    shell.write("test_whole.py", whole)
    shell.write("test_by_rule.py", by_rule)
    said = shell.run("python -m pytest -q -p no:cacheprovider test_whole.py")
    assert "1 passed" in said
    said = shell.run("python -m pytest -q -p no:cacheprovider test_by_rule.py -k 'ties or budget'")
    assert " passed" in said


@pytest.mark.slow
def test_parts_of_plugins_do_their_part_in_a_bench(alharness, blocks):
    steady, extension, loss, observer = blocks
    parts = alharness.folder / "parts.py"
    parts.write_text("\n\n".join([steady, extension, loss, observer]) + REGISTERED)
    suite = alharness.suite(
        initial_sets=1, seeds=1, final_fraction=0.3, compared='["random", "steady", "by-loss"]'
    )
    suite.write_text(suite.read_text() + 'loss = "focal"\n')
    done = alharness.bench("--plugin-file", parts)
    assert done.returncode == 0, done.stderr
    methods = alharness.workspace().report()["scenarios"][0]["methods"]
    assert [run["state"] for one in methods for run in one["runs"]] == ["done"] * 3
    told = {line.split()[1] for line in done.stderr.splitlines() if line.startswith("query ")}
    assert told == {key for kind, key in alharness.workspace().results() if kind == "query"}


@pytest.mark.slow
def test_what_a_sampler_needs_of_a_scenario(alharness, blocks):
    (herds,) = blocks
    (alharness.folder / "herds.py").write_text(herds + ON_PIXELS)
    few = {"initial_sets": 1, "seeds": 1, "trials": 1}
    suite = alharness.suite(**few, compared='["random", "herds"]')
    suite.write_text(suite.read_text() + ANOTHER_SCENARIO)
    done = alharness.bench("--plugin-file", "herds.py")
    assert done.returncode == 0, done.stderr
    images, pixels = alharness.workspace().report()["scenarios"]
    assert [one["method"] for one in images["methods"]] == ["random"]
    assert images["not_applicable"] == [
        {"method": "herds", "reason": "no representation: the scenario trains on images"}
    ]
    runs = [run["state"] for one in pixels["methods"] for run in one["runs"]]
    assert (runs, pixels["not_applicable"]) == (["done", "done"], [])


@pytest.mark.slow
def test_a_sampler_that_needs_no_model_chooses_its_initial_sets(alharness, blocks):
    (spread,) = blocks
    file = alharness.folder / "spread.py"
    file.write_text(spread + CHOOSING)
    suite = alharness.suite(initial_sets=2, seeds=1, compared='["random", "spread"]')
    text = suite.read_text().replace("epochs = 1", "epochs = 1\nnormalize = false")
    suite.write_text(text.replace("seeds = 1", 'seeds = 1\ninitial_draw = "chosen"'))
    done = alharness.bench("--plugin-file", file)
    assert done.returncode == 0, done.stderr
    (scenario,) = alharness.workspace().report()["scenarios"]
    assert [one["chosen_by"] for one in scenario["first_sets"]] == ["random", "spread"]


@pytest.mark.slow
def test_strategies_of_scikit_activeml_and_a_function(alharness, blocks):
    pytest.importorskip("skactiveml")
    table, function = blocks
    (alharness.folder / "function.py").write_text(function)
    compared = [*tomllib.loads(table)["compared"], "farthest-from-class-means"]
    written = table.partition("=")[2].strip().removesuffix("]")
    suite = alharness.suite(
        initial_sets=1, seeds=1, trials=1, compared=f'{written} "farthest-from-class-means"]'
    )
    assert tomllib.loads(suite.read_text())["methods"]["compared"] == compared
    done = alharness.bench("--plugin-file", "function.py")
    assert done.returncode == 0, done.stderr
    (scenario,) = alharness.workspace().report()["scenarios"]
    states = [run["state"] for one in scenario["methods"] for run in one["runs"]]
    assert states == ["done"] * len(compared)


@pytest.mark.slow
def test_an_executor_and_the_command_of_a_work_site(alharness, shell, blocks):
    """ssh is a program that carries out here what it is asked to carry out there."""
    executor, command = blocks
    file = alharness.folder / "remote.py"
    file.write_text(executor + REMOTE)
    shell.program("ssh", SSH.format(folder=shell.folder))
    few = {"initial_sets": 1, "seeds": 1, "trials": 1}
    suite = alharness.suite(**few, compared='["random"]', regularizers="[]")
    said = shell.run(
        f"alharness bench --suite {suite} --device cpu --plugin-file {file} --executor remote"
    )
    assert "random" in said
    units = (shell.folder / "hosts").read_text().split()
    assert units == ["gpu-1"] * 6  # two trials with an evaluation each, a query, an annotation
    asked = json.loads((shell.folder / "request.json").read_text())
    answered = json.loads(shell.run(command))
    assert answered == {"outcomes": [{"key": asked["units"][0]["key"], "error": None}]}


def test_a_representation(blocks, tmp_path):
    (text,) = blocks
    file = tmp_path / "colours.py"
    file.write_text(text + COLOURS)
    alharness.testing.check("colours", plugin_files=[file])


@pytest.mark.slow
def test_features_are_written_and_benched_on(shell, blocks):
    script, suite, commands = blocks
    shell.write("features.py", script)
    shell.write("digits-on-spectra.toml", suite)
    shell.run("python features.py")
    said = shell.run(commands)
    assert "margin" in said
    assert "not verifiable" not in said
    (document,) = json.loads(shell.run("alharness report --json"))
    (scenario,) = document["scenarios"]
    assert scenario["representation"]["width"] == 40
    assert scenario["representation"]["order"].startswith("verified by image digests")
    for method in scenario["methods"]:
        assert np.mean(numbers(method["accuracy"]), axis=(0, 1))[-1] > 0.6
