"""``alharness suites``: what is there, and what a suite says."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("scope", ["per-initial-set", "first-initial-set", "fixed"])
def test_trainings_are_those_of_the_plan(command, scope):
    fixed = {"trials": 1, "rate": 0.01} if scope == "fixed" else {}
    suite = command.suite(scope=scope, compared='["random", "margin", "entropy"]', **fixed)
    shown, planned = command.json("suites", "show", suite), command.json("plan", "--suite", suite)
    trials = [one for one in planned["units"] if one["kind"] == "trial"]
    of_margin = sum(one["total"] for one in trials if one["method"] == "margin")
    assert shown["trainings"]["method"] == of_margin
    shared = sum(one["shared"] for one in trials)
    assert shown["trainings"]["total"] == sum(one["total"] for one in trials) - shared * 2 // 3


@pytest.mark.parametrize(
    "compared",
    [
        '["random", "margin"]',
        '["random", { sampler = "qbc", members = 3 }]',
        '["random", { sampler = "qbc", members = 3 }, { sampler = "qbc", members = 5 }]',
    ],
)
def test_committees_are_those_of_the_plan(command, compared):
    suite = command.suite(compared=compared, scenarios={"blots": "digits", "more": "digits"})
    shown, planned = command.json("suites", "show", suite), command.json("plan", "--suite", suite)
    trained = planned["trainings"]["total"] - shown["trainings"]["total"]
    assert shown["trainings"]["committees"] == trained
    assert shown["trainings"]["not_told_of"] == []
    said = " ".join(command("suites", "show", suite).stdout.split())
    assert ("Committees on top" in said) == (trained > 0)
    if trained:
        assert "3 models for qbc:members=3" in said
        assert f"at most {trained} trainings in all" in said


def test_a_scenario_that_replays_trains_no_committees(command):
    suite = command.suite(
        compared='["random", { sampler = "qbc", members = 3 }]',
        scenarios={"blots": "digits", "more": "digits"},
    )
    path = command.folder / suite
    path.write_text(path.read_text() + 'replay = "blots"\n')
    shown, planned = command.json("suites", "show", suite), command.json("plan", "--suite", suite)
    trained = planned["trainings"]["total"] - shown["trainings"]["total"]
    assert shown["trainings"]["committees"] == trained > 0


def test_show_says_of_whom_nothing_can_be_told_and_where_times_are(command):
    suite = command.suite(compared='["random", "nowhere"]')
    assert command.json("suites", "show", suite)["trainings"]["not_told_of"] == ["nowhere"]
    said = " ".join(command("suites", "show", suite).stdout.split())
    assert "Whether they train committees cannot be told here: nowhere." in said
    assert said.endswith("How long it takes: alharness plan --suite small.toml")


def test_show_says_what_it_departs_from(command):
    result = command("suites", "show", "cifar")
    assert (result.exit_code, result.stderr) == (0, "")
    for part in ("cifar10", "vgg16", "coreset", "150 epochs", "Departs", "- VAAL: its loss"):
        assert part in result.stdout


def test_a_suite_that_cannot_be_read_is_listed_with_the_reason(command):
    (command.folder / "odd.toml").write_text('schema = 1\nname = "mine"\n')
    (command.folder / "mine.py").write_text(
        "import alharness\nfrom pathlib import Path\n"
        "@alharness.hookimpl\ndef alharness_suites():\n"
        "    yield Path(__file__).with_name('odd.toml')\n"
    )
    listed = command.json("suites", "list", "--plugin-file", "mine.py")["suites"]
    reasons = {one["name"]: one["reason"] for one in listed}
    assert "odd.toml" in reasons.pop("mine")
    assert {"cifar", "digits", "digits-quick"} <= reasons.keys()
    assert set(reasons.values()) == {None}


def test_an_unknown_name_gives_the_nearest(command):
    result = command("suites", "show", "digits-quik")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean 'digits-quick'" in result.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_is_not_utf_8_gets_plain_characters(command, encoding):
    done = subprocess.run(
        [sys.executable, "-c", "from alharness.cli.plain_text import write_plainly as w\nw()\n"
         "print('92 ± 1 ▲ – … 雪')"],
        capture_output=True, env={"PYTHONIOENCODING": encoding}, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    spread = "±" if encoding == "latin-1" else "+-"
    assert done.stdout.decode(encoding) == f"92 {spread} 1 ^ - ... \\u96ea\n"


def test_the_package_is_the_command_and_lists_suites_without_torch():
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "alharness", "suites", "list"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    assert "digits-quick" in done.stdout
    assert not {"torch", "mlflow"} & {
        line.split("|")[-1].strip() for line in done.stderr.split("\n")
    }


def test_another_endpoint_than_accuracy_is_told(command):
    name = command.suite()
    path = command.folder / name
    assert "Endpoint" not in command("suites", "show", name).stdout
    path.write_text(
        path.read_text().replace("[methods]", '[endpoint]\nmetric = "nll"\n[methods]', 1)
    )
    said = " ".join(command("suites", "show", name).stdout.split())
    assert "Endpoint: the area under the curve of nll; two methods that differ by less than" in said


def shown_with(command, *changes):
    """What ``suites show`` says of the small suite with other lines, in one line."""
    path = command.folder / command.suite(scope="fixed", trials=1, rate=0.01)
    text = path.read_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path.write_text(text)
    shown = command("suites", "show", path)
    assert (shown.exit_code, shown.stderr) == (0, "")
    return " ".join(shown.stdout.split())


FRACTIONS = "initial_fraction = 0.10\nquery_fraction = 0.05\nfinal_fraction = 0.2"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "3 cycles from 10 % to 20 % of all training images, 10 % for validation."),
        (
            [(FRACTIONS, "initial_labels = 10\nquery_labels = 10\nfinal_labels = 210")],
            "21 cycles from 10 to 210 labels, 10 % for validation.",
        ),
        (
            [(FRACTIONS, "budgets = [20, 40, 60, 200, 400]")],
            "5 cycles of 20, 40, 60, 200 and 400 labels, 10 % for validation.",
        ),
        (
            [
                (FRACTIONS, "budgets = [0.1, 0.25]"),
                ("seeds = 2", "seeds = 2\nheld_back_fraction = 0.1"),
            ],
            "2 cycles of 10 % and 25 % of the training images that are in a set, 10 % for",
        ),
        (
            [("validation_fraction = 0.10", "validation_fraction = 0")],
            "nothing for validation: the weights of the last epoch count.",
        ),
        (
            [("seeds = 2", "seeds = 2\nheld_back_fraction = 0.1")],
            "Held back: 10 % of all training images, the same for all runs, are in no set and in "
            "no pool.",
        ),
        (
            [("seeds = 2", 'seeds = 2\ninitial_draw = "per-class"')],
            "Initial sets have as equal numbers of each class as their size allows.",
        ),
        (
            [("[methods]", "[queries]\npool_subset = 1000\n[methods]")],
            "A sampler sees 1000 of the unlabeled images, drawn at random for each query, or all",
        ),
        (
            [('oracle = "perfect"', 'oracle = "perfect"\nlong_tail = { ratio = 100 }')],
            "oracle perfect. Its training images are long-tailed, from class to class down to 1 / "
            "100.",
        ),
        (
            [
                (
                    'oracle = "perfect"',
                    'oracle = "perfect"\nlong_tail = { a = 5, k = 9, alpha = -1 }',
                )
            ],
            "oracle perfect. Its initial sets are long-tailed.",
        ),
        (
            [("seeds = 2", "seeds = 2\nwarm_start = true")],
            "Warm start: after cycle 0 it goes on from the weights that its run chose in the cycle "
            "before.",
        ),
        (
            [("[methods]", "[training.later]\nepochs = 7\nschedule = 'cosine'\n[methods]")],
            "in cycle 0, 7 in later cycles. In later cycles: schedule cosine.",
        ),
        (
            [("[training]", '[training]\nprecision = "bfloat16"\nchannels_last = true')],
            "Training and validation are computed in bfloat16, with channels last.",
        ),
        (
            [("[training]", '[training]\ncompile = "default"')],
            'Training and validation are computed compiled ("default").',
        ),
        (
            [("[training]", "[tuning.later]\nlearning-rate = 0.001\n[training]")],
            "In later cycles: learning-rate 0.001.",
        ),
    ],
)
def test_show_says_what_is_in_which_set(command, changes, said):
    assert said in shown_with(command, *changes)


def test_the_usual_is_not_spelled_out(command):
    said = shown_with(command)
    for word in (
        "Held back",
        "per class",
        "long-tailed",
        "sees",
        "Warm",
        "later cycles",
        "computed",
    ):
        assert word not in said
