"""What a document tells of a scenario's setting: trained on what, asked how, lacking what."""

import json
from dataclasses import replace

import pytest

from alharness.api.errors import MismatchError
from alharness.protocol.components import MethodNeeds, ModelTraits, Reference
from alharness.protocol.planning.survey import survey
from alharness.protocol.suite.reading import suite_json, suite_of
from alharness.protocol.suite.tables import Queries
from alharness.results.analysis import analyse
from alharness.results.collect import collect
from alharness.results.earlier import left_out, with_outdated, without_incomplete
from alharness.results.family import conclude, with_noted
from alharness.results.findings import findings
from alharness.results.frame import load_results
from alharness.results.reading import from_json
from alharness.results.samples import samples_of
from alharness.results.setting import NotApplicable, Querying, Representation
from alharness.store.tried import TriedMethods

METHODS = ("random", "dbal", "margin")
REASON = "no dropout: mlp has none"


@pytest.fixture
def bench(make_bench):
    """A bench of three methods, of which dbal is not applicable."""

    def make(methods=METHODS, **changes):
        made = make_bench(methods, initial_sets=4, seeds=2, scope="fixed", **changes)
        model = replace(made.conditions[0].model, traits=ModelTraits(has_dropout=False))
        needy = [
            replace(one, needs=MethodNeeds(dropout=one.label == "dbal")) for one in made.methods
        ]
        conditions = (replace(made.conditions[0], model=model),)
        return replace(made, methods=tuple(needy), conditions=conditions)

    return make


@pytest.fixture
def lacking(bench, world):
    """The document of that bench, done."""
    whole = bench()
    one = world(whole)
    return collect(whole, one.finish(whole), one, [])


def told(document):
    (scenario,) = document.scenarios
    return scenario.not_applicable


def rows(document):
    return [row.method for row in document.scenarios[0].methods]


def test_what_is_not_applicable_has_a_reason_and_no_row(lacking):
    assert told(lacking) == (NotApplicable(method="dbal", reason=REASON),)
    assert rows(lacking) == ["random", "margin"]
    assert from_json(json.loads(json.dumps(lacking.to_json()))) == lacking


def test_it_changes_nothing_for_the_others(lacking, bench, world):
    alone = bench(("random", "margin"))
    one = world(alone)
    without = collect(alone, one.finish(alone), one, [])
    assert lacking.findings == without.findings
    (ours,), (theirs,) = lacking.scenarios, without.scenarios
    assert theirs.not_applicable == ()
    assert ours.methods == theirs.methods
    assert ours.shared_trainings == theirs.shared_trainings


def test_it_is_in_no_family(lacking, tmp_path):
    tried = TriedMethods(tmp_path)
    conclude(lacking, tried)
    noted = with_noted(lacking, tried)
    assert noted.findings["blobs"].family.methods == ("margin",)


@pytest.mark.parametrize(
    "others",
    [
        [{"method": "margin", "reason": "no images"}],
        [{"method": "dbal", "reason": "no images"}] * 2,
    ],
)
def test_a_method_has_a_row_or_is_not_applicable(lacking, others):
    data = json.loads(json.dumps(lacking.to_json()))
    data["scenarios"][0]["not_applicable"] = others
    with pytest.raises(MismatchError, match="that is not applicable has a row, or is there twice"):
        from_json(data)


def test_statistics_list_it_and_rank_it_nowhere(lacking):
    (scenario,) = lacking.scenarios
    found = analyse(samples_of(scenario))
    assert found.not_applicable == scenario.not_applicable
    assert "dbal" not in {*found.methods, *found.ranking.methods, *found.family.methods}
    assert analyse(samples_of(scenario), named=["margin"]).not_applicable == ()
    assert analyse(samples_of(scenario), named=["dbal"]).not_applicable == scenario.not_applicable


# --- with earlier benches ---------------------------------------------------------------------


def test_a_later_bench_of_other_methods_still_tells(lacking, bench, world):
    later = bench(("random", "bald"))
    one = world(later)
    document = collect(later, one.finish(later), one, [])
    both = with_outdated(document, lacking, {}, {})
    assert told(both) == told(lacking)
    assert rows(both) == ["random", "bald", "margin"]
    again = with_outdated(document, both, {}, {})
    assert told(again) == told(lacking)


def test_of_an_early_document_that_does_not_say_nothing_is_kept(lacking):
    (scenario,) = lacking.scenarios
    early = scenario.model_copy(update={"not_applicable": None})
    document = lacking.model_copy(update={"scenarios": (early,)})
    assert told(with_outdated(lacking, document, {}, {})) == told(lacking)
    assert told(with_outdated(document, document, {}, {})) == ()


def test_once_it_is_applicable_it_has_a_row_again(lacking, bench, world):
    later = bench(("random", "dbal"))
    model = replace(later.conditions[0].model, traits=ModelTraits(has_dropout=True))
    later = replace(later, conditions=(replace(later.conditions[0], model=model),))
    one = world(later)
    document = with_outdated(collect(later, one.finish(later), one, []), lacking, {}, {})
    assert rows(document) == ["random", "dbal", "margin"]
    assert told(document) == ()


def test_a_row_of_what_is_not_applicable_any_more_is_named_and_goes(lacking, bench, world):
    before = bench(("random", "dbal"))
    model = replace(before.conditions[0].model, traits=ModelTraits())
    before = replace(before, conditions=(replace(before.conditions[0], model=model),))
    one = world(before)
    earlier = collect(before, one.finish(before), one, [])
    document = with_outdated(lacking, earlier, {}, {})
    assert rows(document) == ["random", "margin"]
    assert told(document) == told(lacking)
    assert document.findings == lacking.findings
    assert list(left_out(document, earlier)) == [
        "the report no longer shows earlier results of blobs (dbal): it is not applicable there, "
        f"{REASON}"
    ]
    assert list(left_out(document, lacking)) == []


def test_what_nobody_compares_is_not_listed(bench, world):
    """A method of another suite that the workspace tried: without a row it is not told of."""
    whole = bench()
    one = world(whole)
    state = without_incomplete(one.finish(whole), {"random"})
    shown = {run.method.label for run in state.runs}
    kept = replace(whole, methods=tuple(m for m in whole.methods if m.label in shown))
    assert told(collect(kept, state, one, [])) == ()


# --- what is trained on -----------------------------------------------------------------------


@pytest.fixture
def on_features(bench):
    """That bench on features, and its units of training and test features."""
    made = bench(("random", "margin"))
    (condition,) = made.conditions
    raw = replace(condition.model, kind="representation", name="raw", label="raw:side=4")
    shown = replace(
        condition,
        scenario=condition.scenario.model_copy(
            update={"representation": Reference("raw", {"side": 4}), "features": "float16"}
        ),
        representation=raw,
    )
    return replace(made, conditions=(shown,))


class Features:
    """What computing the features of a part would record."""

    def __init__(self, world):
        class WithFeatures(world):
            def _answer(self, unit):
                if unit.kind != "representation":
                    return super()._answer(unit)
                self.checkpoints.add(unit.key)
                order = "not verifiable" if unit.inputs.part == "train" else "computed"
                return {"width": 16, "features": f"of {unit.inputs.part}", "order": order}

        self.world = WithFeatures


def test_the_features_are_those_of_the_training_images(on_features, world):
    one = Features(world).world(on_features)
    (scenario,) = collect(on_features, one.finish(on_features), one, []).scenarios
    assert scenario.representation == Representation(
        label="raw:side=4",
        distribution="(test)",
        version="1",
        source="source of mlp",
        precision="float16",
        width=16,
        digest="of train",
        order="not verifiable",
    )
    assert scenario.plugins("representation")[0].label == "raw:side=4"
    assert {run.state for row in scenario.methods for run in row.runs} == {"done"}


def test_before_they_are_computed_their_width_is_not_known(on_features, world):
    one = Features(world).world(on_features)
    (scenario,) = collect(on_features, survey(on_features, one), one, []).scenarios
    told = scenario.representation
    assert (told.label, told.width, told.digest, told.order) == ("raw:side=4", None, None, None)


def test_on_images_there_is_none(lacking):
    (scenario,) = lacking.scenarios
    assert scenario.representation is None
    assert scenario.querying == Querying(pool_subset=None, model="the cycle's own model")
    assert findings(scenario) == lacking.findings["blobs"]


def test_a_pool_of_which_samplers_see_a_part(bench, world):
    whole = bench()
    suite = whole.suite.model_copy(update={"queries": Queries(pool_subset=20)})
    shown = replace(whole, suite=suite)
    one = world(shown)
    (scenario,) = collect(shown, survey(shown, one), one, []).scenarios
    assert scenario.querying.pool_subset == 20


def test_a_suite_on_features_is_read_from_its_declaration(on_features, world):
    (condition,) = on_features.conditions
    suite = on_features.suite.model_copy(update={"scenarios": (condition.scenario,)})
    document = json.loads(json.dumps(suite_json(suite)))
    assert document["scenarios"][0]["features"] == "float16"
    assert suite_of(document, "declaration") == suite


def test_a_frame_has_what_was_trained_on(lacking, tmp_path):
    (scenario,) = lacking.scenarios
    raw = replace_component(scenario)
    document = lacking.model_copy(update={"scenarios": (raw,)})
    for number, one in enumerate((lacking, document)):
        (tmp_path / f"{number}.json").write_text(json.dumps(one.to_json()))
    assert set(load_results(tmp_path / "0.json")["representation"]) == {None}
    assert set(load_results(tmp_path / "1.json")["representation"]) == {"raw"}


def replace_component(scenario):
    """The scenario with a representation among its plugins."""
    (model,) = scenario.plugins("model")
    raw = model.model_copy(update={"kind": "representation", "label": "raw", "name": "raw"})
    return scenario.model_copy(update={"components": (*scenario.components, raw)})
