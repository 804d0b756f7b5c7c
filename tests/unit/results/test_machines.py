"""A scenario whose trainings ran on several kinds of machines says so; another says nothing."""

import pytest

from alharness.leaderboard.caveats import caveats
from alharness.leaderboard.report import report_markdown
from alharness.protocol.machine import Machine
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.machines import trained_on

OLD = Machine("an old one", "AVX2", "cpu")
NEW = Machine("a new one", "AVX512", "cpu")
GPU = Machine("a new one", "AVX512", "a GPU")


def counts(trained):
    return [
        (None if one.machine is None else Machine(**one.machine.model_dump()), one.trainings)
        for one in trained
    ]


@pytest.fixture
def said(finished):
    """What a scenario says below its table of the machines that its trainings ran on."""
    (scenario,) = finished.scenarios

    def say(machines):
        trained = None if machines is None else trained_on(machines)
        changed = scenario.model_copy(update={"machines": trained})
        with_machines = finished.model_copy(update={"scenarios": (changed,)})
        notes = caveats(changed, finished.findings["blobs"])
        lines = [note for note in notes if note.startswith("Trainings")]
        assert report_markdown(with_machines).count("of machines:") == len(lines)
        return lines

    return say


def test_trainings_are_counted_by_machine_most_first_and_unknown_last():
    machines = [OLD, None, GPU, NEW, GPU, OLD, GPU, None, None, None]
    assert counts(trained_on(machines)) == [(GPU, 3), (OLD, 2), (NEW, 1), (None, 4)]
    assert counts(trained_on([NEW, OLD])) == counts(trained_on([OLD, NEW]))
    assert trained_on([]) == ()


def test_each_training_that_is_done_counts_once(bench, world):
    one = world(bench)
    first = survey(bench, one).ready()
    for unit in first:
        one.compute(unit)
    (scenario,) = collect(bench, survey(bench, one), one, []).scenarios
    # Cycle 0 of both methods: one training for each of 4 x 2 runs.
    assert [trained.trainings for trained in scenario.machines] == [8]
    end = one.finish(bench)
    trainings = [unit.key for unit in one.units.values() if unit.kind == "trial"]
    for key in one.units:
        one.machines[key] = OLD  # what is no training does not count
    one.machines |= dict.fromkeys(trainings, NEW)
    one.machines |= {first[0].key: OLD, first[1].key: None}
    (scenario,) = collect(bench, end, one, []).scenarios
    assert len(trainings) == 24 + 24 - 8
    assert counts(scenario.machines) == [(NEW, 38), (OLD, 1), (None, 1)]


def test_members_of_a_committee_are_trainings(make_bench, world):
    bench = make_bench(
        ("random", "qbc"), initial_sets=1, seeds=1, scope="fixed", committees={"qbc": 3}
    )
    one = world(bench)
    end = one.finish(bench)
    (scenario,) = collect(bench, end, one, []).scenarios
    # Three cycles each, the first shared; a committee of three in two cycles.
    assert [trained.trainings for trained in scenario.machines] == [3 + 2 + 6]


@pytest.mark.parametrize("machines", [None, [], [OLD], [OLD] * 9, [None] * 9])
def test_machines_of_one_kind_are_no_news(said, machines):
    assert said(machines) == []


@pytest.mark.parametrize(
    ("machines", "begins"),
    [
        (
            [NEW] * 120 + [OLD] * 30,
            "Trainings ran on 2 kinds of machines: 120 on a new one (AVX512), "
            "30 on an old one (AVX2). What one kind",
        ),
        (
            [GPU] * 2 + [NEW] + [None],
            "Trainings ran on 2 kinds of machines: 2 on a GPU with a new one (AVX512), "
            "1 on a new one (AVX512), 1 on one that their records do not name. What one kind",
        ),
        (
            [NEW] * 5 + [None] * 7,
            "Trainings may have run on several kinds of machines: 5 on a new one (AVX512), "
            "7 on one that their records do not name. What one kind",
        ),
    ],
)
def test_machines_of_several_kinds_are_told_in_one_line(said, machines, begins):
    (line,) = said(machines)
    assert line.startswith(begins)


def test_a_document_has_them_by_name(finished):
    (scenario,) = finished.to_json()["scenarios"]
    assert scenario["machines"] == [
        {
            "machine": {"processor": "a processor", "instructions": "AVX2", "device": "cpu"},
            "trainings": 40,
        }
    ]
