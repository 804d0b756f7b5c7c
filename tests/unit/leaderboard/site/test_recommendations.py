"""Which of the paper's recommendations results meet: nothing is claimed that no document shows."""

import pytest

from alharness.leaderboard.site.board import board
from alharness.leaderboard.site.recommendations import Answer, recommendations


@pytest.fixture
def answers(made_up):
    """What is said of margin in scenarios that differ as told."""

    def said(*differences, outdated=None, declaration=True):
        scenarios = []
        for number, different in enumerate(differences):
            made = made_up.scenario(["random", "margin"], number, 3, 1, made_up.date(2026, 1, 1))
            rows = (made.methods[0], made.methods[1].model_copy(update={"outdated": outdated}))
            scenarios.append(made.model_copy(update={"methods": rows, **different}))
        document = made_up.of(scenarios)
        if not declaration:
            suite = document.suite.model_copy(update={"declaration": None})
            document = document.model_copy(update={"suite": suite})
        elif isinstance(declaration, dict):
            suite = document.suite.model_copy(update={"declaration": declaration})
            document = document.model_copy(update={"suite": suite})
        entrants = {one.label: one for one in board([document]).entrants}
        return {one.number: one.answer for one in recommendations(entrants["margin"].results)}

    return said


def parts(made_up, model="small-cnn", *regularizers, distribution="alharness"):
    made = [made_up.component("model", model)]
    made += [
        made_up.component("regularizer", one).model_copy(update={"distribution": distribution})
        for one in regularizers
    ]
    return {"components": tuple(made)}


def test_of_one_plain_scenario(answers, made_up):
    said = answers(parts(made_up, "small-cnn", "weight-decay"))
    assert said == {
        "i": Answer.NOT_MET,
        "ii": Answer.NOT_MET,
        "iii": Answer.NOT_MET,
        "iv": Answer.MET,
        "v": Answer.MET,
        "vi": Answer.CANNOT_TELL,
    }


def test_varied_settings_are_several_architectures_and_budgets(answers, made_up):
    one, other = parts(made_up, "vgg16"), parts(made_up, "resnet18")
    narrow = {"labels": (100, 150, 200, 250)}
    assert answers(one, other)["i"] is Answer.PARTLY
    assert answers(one, {**one, **narrow})["i"] is Answer.PARTLY
    assert answers(one, {**other, **narrow})["i"] is Answer.MET
    wider = made_up.component("model", "vgg16").model_copy(update={"label": "vgg16:width=2"})
    assert answers(one, {"components": (wider,)})["i"] is Answer.NOT_MET
    assert answers(one, {"components": None})["i"] is Answer.CANNOT_TELL


@pytest.mark.parametrize(
    ("used", "distribution", "answer"),
    [
        (("randaugment", "swa"), "alharness", Answer.MET),
        (("swa", "weight-decay"), "alharness", Answer.PARTLY),
        (("randaugment", "swa"), "somebody-s", Answer.CANNOT_TELL),
        (("flip-crop",), "alharness", Answer.NOT_MET),
    ],
)
def test_strong_is_randaugment_with_swa(answers, made_up, used, distribution, answer):
    given = parts(made_up, "vgg16", *used, distribution=distribution)
    assert answers(given)["ii"] is answer


def test_transfer_is_to_another_architecture(answers):
    """Which one the source has, the declaration says: its results may not be there."""
    declared = {
        "scenarios": [
            {"name": "scenario-00", "model": "vgg16"},
            {"name": "scenario-01", "model": "resnet18", "replay": "scenario-00"},
        ]
    }
    alike = {"scenarios": [{**one, "model": "vgg16"} for one in declared["scenarios"]]}
    replays = {"replay": "scenario-00"}
    assert answers({}, replays, declaration=declared)["iii"] is Answer.MET
    assert answers({}, replays, declaration=alike)["iii"] is Answer.NOT_MET
    assert answers({}, {}, declaration=declared)["iii"] is Answer.NOT_MET
    assert answers({}, declaration=False)["iii"] is Answer.CANNOT_TELL
    assert answers({}, declaration=False)["v"] is Answer.NOT_MET


def test_several_machines_or_unknown_ones_are_no_common_platform(answers, made_up):
    known = made_up.TrainedOn(machine=made_up.MACHINE, trainings=1)
    unknown = made_up.TrainedOn(machine=None, trainings=1)
    faster = made_up.MACHINE.model_copy(update={"device": "a GPU"})
    other = made_up.TrainedOn(machine=faster, trainings=1)
    assert answers({"machines": (known, other)})["iv"] is Answer.PARTLY
    assert answers({"machines": (known, unknown)})["iv"] is Answer.PARTLY
    assert answers({"machines": None})["iv"] is Answer.PARTLY


def test_outdated_results_tell_nothing(answers):
    assert set(answers({}, outdated="its plugin changed").values()) == {Answer.CANNOT_TELL}
