"""``alharness plan``: numbers that follow from the protocol, printed and as JSON."""

from collections import Counter
from pathlib import Path

import pytest

from alharness.session.asked import Opening
from alharness.session.opening import open_bench

SETS, SEEDS, TRIALS, MEMBERS = 3, 2, 4, 3
RUNS = SETS * SEEDS
CYCLES = (144, 216, 287)  # 10, 15 and 20 % of 1437 images
TRAINED = {
    # A tuning of 4 trials in each initial set, where the other seed takes its choice over.
    "per-initial-set": SETS * (TRIALS + SEEDS - 1),
    # One tuning of 4 trials; all other runs take its choice over.
    "first-initial-set": TRIALS + RUNS - 1,
    "fixed": RUNS,
}


def of_scope(scope):
    return {"scope": scope} | ({"trials": 1, "rate": 0.01} if scope == "fixed" else {})


@pytest.mark.parametrize("scope", TRAINED)
def test_units_are_those_of_the_protocol(command, scope):
    planned = command.json("plan", "--suite", command.suite(**of_scope(scope)))
    found = Counter()
    for one in planned["units"]:
        found[one["method"], one["cycle"], one["kind"]] = one["total"]
        assert one["labels"] == CYCLES[one["cycle"]]
        shared = one["cycle"] == 0 and one["kind"] in ("trial", "evaluation")
        assert one["shared"] == (one["total"] if shared else 0)
    expected = {}
    for method in ("random", "margin", "qbc:members=3"):
        for cycle in range(len(CYCLES)):
            kinds = {"trial": TRAINED[scope], "evaluation": RUNS}
            if cycle < len(CYCLES) - 1:
                kinds |= {"query": RUNS, "annotation": RUNS}
                kinds |= {"committee": RUNS * MEMBERS} if method.startswith("qbc") else {}
            expected |= {(method, cycle, kind): number for kind, number in kinds.items()}
    assert found == expected
    first = TRAINED[scope] + RUNS
    later = 2 * (TRAINED[scope] + RUNS) + 2 * 2 * RUNS
    distinct = first + 3 * later + 2 * RUNS * MEMBERS
    assert planned["distinct_units"]["total"] == sum(expected.values()) - 2 * first == distinct


def test_the_table_says_what_the_json_says(command, cells):
    suite = command.suite()
    planned = command.json("plan", "--suite", suite)
    lines = command("plan", "--suite", suite).stdout.splitlines()
    rows = [cells(line) for line in lines if line.startswith("│")]
    assert [row[:3] for row in rows] == [
        [method, str(cycle), str(labels)]
        for method in ("random", "margin", "qbc:members=3")
        for cycle, labels in enumerate(CYCLES)
    ]
    for method, cycle, _, *counts in rows:
        units = {
            one["kind"]: one
            for one in planned["units"]
            if (one["method"], str(one["cycle"])) == (method, cycle)
        }
        done = [f"0 / {units[kind]['total']}" if kind in units else "–" for kind in (
            "trial", "evaluation", "committee", "query", "annotation")]  # fmt: skip
        waiting, shared = (sum(one[name] for one in units.values()) for name in STATES)
        assert counts == [*done, "–", str(waiting), "–", "–", str(shared or "–")]
    total = planned["distinct_units"]["total"]
    assert f"{total} distinct units: 0 done, {total} to do (0 of them now), 0 blocked." in lines[-4]
    trained = planned["trainings"]["total"]
    assert lines[-3] == f"Of them {trained} train a model: 0 done, {trained} to do."
    assert lines[-2].startswith("Time left on one worker: nothing measured yet; from the first")


STATES = ("waiting", "shared")


def test_what_can_be_executed_at_once_is_cycle_0s_tunings(command, cells):
    """Once the data is prepared: 4 trials in each initial set, which every method shares."""
    suite = command.suite()
    open_bench(Opening(suite, workspace_dir=Path("workspace")))
    before = command.everything()
    lines = command("plan", "--suite", suite, "--workspace", "workspace").stdout.splitlines()
    rows = [cells(line) for line in lines if line.startswith("│")]
    assert {(row[0], row[1], row[8]) for row in rows if row[8] != "–"} == {
        (method, "0", str(SETS * TRIALS)) for method in ("random", "margin", "qbc:members=3")
    }
    assert f"({SETS * TRIALS} of them now)" in lines[-3]
    assert command.everything() == before


def test_plan_writes_nothing(command):
    suite = command.suite()
    before = command.everything()
    for words in ((), ("--json",), ("--download",), ("--plugin", "entropy")):
        assert command("plan", "--suite", suite, *words).exit_code == 0
    assert command("plan", "--suite", suite, "--plugin", "entropi").exit_code == 2
    assert command.everything() == before == {suite: (command.folder / suite).read_bytes()}


def test_named_samplers_stand_in_for_the_suites_methods(command):
    words = ("plan", "--suite", command.suite(), "--plugin", "qbc:members=2", "--plugin", "entropy")
    units = command.json(*words)["units"]
    assert {one["method"] for one in units} == {"random", "qbc:members=2", "entropy"}
    committees = [one["total"] for one in units if one["kind"] == "committee"]
    assert committees == [2 * RUNS] * 2


def test_data_that_several_scenarios_miss_is_named_once(command):
    scenarios = {"first": "cifar10", "second": "digits", "third": "cifar10"}
    result = command("plan", "--suite", command.suite(scenarios), "--data-dir", "nowhere")
    assert result.exit_code == 0
    notes = [line for line in result.stdout.splitlines() if line.startswith("Data of ")]
    assert len(notes) == 2
    assert notes[0].startswith("Data of cifar10 (first, third): missing; labels follow")
    assert "nowhere" in notes[0]
    assert "--download" in notes[0]
    assert notes[1].startswith("Data of digits (second): not prepared yet, bench does it; ")
    titles = [line for line in result.stdout.splitlines() if ": units done / all" in line]
    assert [title.split(":")[0] for title in titles] == list(scenarios)


def test_data_that_may_be_fetched_says_that_bench_does_it(command):
    words = ("plan", "--suite", command.suite({"first": "cifar10"}), "--download")
    (note,) = [one for one in command(*words).stdout.splitlines() if one.startswith("Data of ")]
    assert "bench fetches it from https://www.cs.toronto.edu/" in note
    assert "into 'data'" in note
    assert "--d" not in note


def test_what_a_plugin_prints_is_no_data(command):
    (command.folder / "loud.py").write_text(
        "import alharness\nprint('imported')\n"
        "class Loud(alharness.Sampler):\n"
        "    def __init__(self):\n        print('built')\n"
        "    def query(self, pool, budget, rng):\n        return []\n"
        "@alharness.hookimpl\ndef alharness_samplers():\n"
        "    yield alharness.SamplerSpec('loud', Loud, summary='Prints')\n"
    )
    words = ("--plugin-file", "loud.py", "--plugin", "loud", "--json")
    result = command("plan", "--suite", command.suite(), *words)
    assert result.stdout.startswith("{")
    assert result.stderr.split() == ["imported", "built"]


def test_debug_shows_the_traceback_before_the_line(command):
    words = ("plan", "--suite", command.suite(), "--plugin", "entropi")
    plain, debugged = command(*words), command("--debug", *words)
    assert (plain.exit_code, debugged.exit_code) == (2, 2)
    assert plain.stderr.count("\n") == 1
    assert debugged.stderr.startswith("Traceback")
    assert debugged.stderr.endswith(plain.stderr)
    assert debugged.stdout == ""


def test_what_a_sampler_sees_is_said(command):
    path = command.folder / command.suite()
    assert command.json("plan", "--suite", path)["pool_subset"] == {"blots": None}
    assert "A sampler sees" not in command("plan", "--suite", path).stdout
    text = path.read_text().replace("[methods]", "[queries]\npool_subset = 100\n[methods]")
    path.write_text(text)
    assert command.json("plan", "--suite", path)["pool_subset"] == {"blots": 100}
    said = " ".join(command("plan", "--suite", path).stdout.split())
    assert "A sampler sees 100 of the unlabeled images, or all where there are fewer." in said


def test_a_warm_start_is_said(command):
    path = command.folder / command.suite()
    assert command.json("plan", "--suite", path)["warm_start"] is False
    assert "Warm start" not in command("plan", "--suite", path).stdout
    path.write_text(path.read_text().replace("seeds = 2", "seeds = 2\nwarm_start = true"))
    assert command.json("plan", "--suite", path)["warm_start"] is True
    said = " ".join(command("plan", "--suite", path).stdout.split())
    assert "Warm start: after cycle 0 a training goes on from the weights that its run" in said


def test_numbers_of_labels_are_known_before_the_data_is(command):
    """With what is held back of the declared number, and where nobody declares one."""
    path = command.folder / command.suite()
    fractions = "initial_fraction = 0.10\nquery_fraction = 0.05\nfinal_fraction = 0.2"
    text = path.read_text()
    path.write_text(text.replace(fractions, "budgets = [20, 40, 200]"))
    cycles = {one["cycle"]: one["labels"] for one in command.json("plan", "--suite", path)["units"]}
    assert cycles == {0: 20, 1: 40, 2: 200}
    path.write_text(text.replace("seeds = 2", "seeds = 2\nheld_back_fraction = 0.5"))
    cycles = {one["cycle"]: one["labels"] for one in command.json("plan", "--suite", path)["units"]}
    assert cycles == {0: 72, 1: 108, 2: 144}  # of 1437 - 718 images
    path.write_text(text.replace(fractions, "budgets = [20, 2000]"))
    refused = command("plan", "--suite", path)
    assert refused.exit_code == 2
    assert "protocol.budgets: the last query wants 2000 labeled images, but only 1293" in (
        refused.stderr
    )
