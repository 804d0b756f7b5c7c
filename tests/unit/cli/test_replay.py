"""What the commands say of a scenario that replays another one, or validates on its own share."""

import pytest

OWN = """
[[scenarios]]
name = "target"
dataset = "digits"
model = {{ model = "mlp", hidden = 4, layers = 1, dropout = 0.0 }}
regularizers = []
oracle = "perfect"
{own}
"""


@pytest.fixture
def write(command):
    """``write(own)``: a suite of ``blots`` and of ``target``, which says ``own``; its file."""

    def make(own='replay = "blots"', **changes):
        name = command.suite(**changes)
        path = command.folder / name
        path.write_text(path.read_text() + OWN.format(own=own))
        return name

    return make


def flat(text):
    return " ".join(text.split())


def test_a_plan_has_no_queries_of_it(command, write):
    suite = write()
    planned = command.json("plan", "--suite", suite)
    kinds = {
        name: {one["kind"] for one in planned["units"] if one["scenario"] == name}
        for name in ("blots", "target")
    }
    assert kinds["target"] == {"trial", "evaluation"}
    assert kinds["blots"] == {"trial", "evaluation", "query", "annotation", "committee"}
    assert planned["replay"] == {"target": "blots"}
    shown = command.json("suites", "show", suite)["trainings"]["total"]
    committees = sum(one["total"] for one in planned["units"] if one["kind"] == "committee")
    assert planned["trainings"]["total"] == shown + committees
    told = flat(command("plan", "--suite", suite).stdout)
    assert "target replays the labeled sets of blots, and waits for its queries." in told


def test_asked_for_alone_it_brings_what_it_replays(command, write):
    suite = write()
    both = command.json("plan", "--suite", suite)
    alone = command.json("plan", "--suite", suite, "--scenario", "target")
    for name in ("units", "distinct_units", "trainings"):
        assert alone[name] == both[name]
    note = "target replays the labeled sets of blots, which is benched with it"
    assert alone["notes"] == [*both["notes"], note]
    source = command.json("plan", "--suite", suite, "--scenario", "blots")
    assert {one["scenario"] for one in source["units"]} == {"blots"}
    assert source["replay"] == {}


def test_a_method_is_asked_where_its_source_is(command, write):
    """No dropout in the target, but nobody asks it there."""
    planned = command.json("plan", "--suite", write(compared='["random", "dbal"]'))
    assert planned["not_applicable"] == []
    assert {one["method"] for one in planned["units"]} == {"random", "dbal"}


def test_what_it_lacks_in_common_is_one_line(command, write):
    result = command("plan", "--suite", write('replay = "blots"\nvalidation_fraction = 0.2'))
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(
        "Error: small.toml, scenarios[1].validation_fraction: it replays 'blots'"
    )


def test_a_suite_shows_what_replays_and_what_is_validated(command, write):
    shown = flat(command("suites", "show", write()).stdout)
    assert "It queries nothing: it trains on the sets that blots labeled, run by run." in shown
    assert "to 20 % of all training images, 10 % for validation." in shown
    shown = flat(command("suites", "show", write("validation_fraction = 0.05")).stdout)
    assert "It has 5 % for validation." in shown
    assert "to 20 % of all training images, 10 % for validation." in shown


PAPER = {
    "transfer": ("It queries nothing: it trains on the sets that cifar10-vgg16 labeled", 30240),
    "validation-size": ("It has 2 % for validation.", 17820),
    "annotation-batch-size": ("7 cycles from 10 % to 40 % of all training images.", 35100),
    "class-imbalance": ("Its initial sets are long-tailed.", 5940),
    "regularization": ("2 cycles of 10 % and 20 % of all training images", 6480),
    "strong-regularization": ("regularizers flip-crop, weight-decay, randaugment, swa", 14040),
    "noisy-oracle": ('oracle noisy:fraction=0.2,noise="permute"', 23760),
    "baselines": ("Compares with random: nothing.", 4320),
}


@pytest.mark.parametrize("name", PAPER)
def test_the_papers_experiments_are_told_in_words_and_planned_without_data(command, name):
    words, trainings = PAPER[name]
    shown = flat(command("suites", "show", name).stdout)
    assert words in shown
    assert "5 initial sets x 5 seeds for each method and scenario" in shown
    assert "Departs from what it is held against:" in shown
    assert f"at most {trainings} in all" in shown or f", {trainings} in all" in shown
    planned = command.json("plan", "--suite", name, "--plugin", "random")
    assert planned["not_applicable"] == []
    assert max(one["labels"] for one in planned["units"]) in (10_000, 20_000)
