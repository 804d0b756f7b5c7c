"""What a scenario lacks of what a sampler needs, and what follows for the plan."""

from dataclasses import replace

import pytest

from alharness import UsageError
from alharness.protocol.applicability import inapplicable, require_given
from alharness.protocol.components import MethodNeeds, ModelTraits, Reference
from alharness.protocol.condition import make_condition
from alharness.protocol.planning.survey import next_units, survey
from alharness.protocol.planning.tally import overall, tallies, trainings
from alharness.protocol.suite.tables import Queries

ON_RAW = Reference("raw")
"""What a scenario trains on, where it is no images."""


def of(bench, *, traits=None, on=None, **needs):
    """The condition of a bench, on images or on features, and a sampler that needs this."""
    (condition,) = bench.conditions
    model = replace(condition.model, traits=traits or ModelTraits())
    scenario = condition.scenario.model_copy(update={"representation": on})
    method = replace(bench.methods[1], needs=MethodNeeds(**needs))
    return replace(condition, model=model, scenario=scenario), method


@pytest.mark.parametrize(
    ("needs", "traits", "on", "reason"),
    [
        ({}, {"has_dropout": False, "has_layers": False}, ON_RAW, None),
        ({"images": True}, {}, None, None),
        ({"images": True}, {}, ON_RAW, "no images: the scenario trains on raw"),
        ({"dropout": True}, {"has_dropout": True}, None, None),
        ({"dropout": True}, {"has_dropout": None}, None, None),
        ({"dropout": True}, {"has_dropout": False}, ON_RAW, "no dropout: mlp has none"),
        ({"layers": True}, {}, ON_RAW, None),
        (
            {"layers": True},
            {"has_layers": False},
            ON_RAW,
            "no layers: mlp has none between its input and its last layer",
        ),
        ({"representation": "task-model"}, {}, None, None),
        ({"representation": "raw"}, {}, None, None),
        ({"representation": "scenario"}, {}, ON_RAW, None),
        (
            {"representation": "scenario"},
            {},
            None,
            "no representation: the scenario trains on images",
        ),
        # 60 images, 6 of them for validation; the last query is for 18 labels, after 12.
        ({"pool": 42}, {}, None, None),
        (
            {"pool": 43},
            {},
            None,
            "too small a pool: the query for 18 labels picks from 42 images, and it needs 43",
        ),
        (
            {"pool": 49},
            {},
            None,
            "too small a pool: the query for 12 labels picks from 48 images, and it needs 49",
        ),
        (
            {"images": True, "dropout": True},
            {"has_dropout": False},
            None,
            "no dropout: mlp has none",
        ),
    ],
)
def test_what_is_lacking_is_told_in_a_line(make_bench, needs, traits, on, reason):
    assert inapplicable(*of(make_bench(), traits=ModelTraits(**traits), on=on, **needs)) == reason


def test_a_sampler_with_a_parameter_for_it_is_told_to_name_one(make_bench):
    condition, method = of(make_bench(), representation="scenario")
    method = replace(method, parameters={"representation": "scenario"})
    assert inapplicable(condition, method) == (
        "no representation: the scenario trains on images: name one, margin:representation=…"
    )


def test_a_query_for_more_than_the_pool_it_sees(make_bench):
    condition, method = of(make_bench())
    assert inapplicable(replace(condition, pools=(48, 5)), method) == (
        "too small a pool: the query for 18 labels picks from 5 images, and it is for 6"
    )


def test_of_a_pool_of_which_samplers_see_a_part(make_bench):
    bench = make_bench()
    (condition,), suite = bench.conditions, bench.suite
    shown = make_condition(
        suite.model_copy(update={"queries": Queries(pool_subset=20)}),
        condition.scenario,
        condition.facts,
        dataset=condition.dataset,
        model=condition.model,
        regularizers=(),
        loss=condition.loss,
        schedule=condition.schedule,
        oracle=condition.oracle,
        space=condition.space,
    )
    assert (condition.pools, shown.pools) == ((48, 42), (20, 20))
    _, method = of(bench, pool=21)
    assert inapplicable(shown, method) == (
        "too small a pool: the query for 12 labels picks from 20 images, and it needs 21"
    )


def test_of_data_that_nobody_knows_the_size_of_no_pool_is_too_small(make_bench):
    condition, method = of(make_bench(), pool=1000)
    assert inapplicable(replace(condition, sizes=(), pools=()), method) is None


@pytest.mark.parametrize(
    ("takes", "given", "said"),
    [
        (
            {"images"},
            "features",
            "model 'mlp' ((test) 1): it takes images, and its scenario gives it features. "
            "Take a model that does, such as linear, or leave the scenario's representation out",
        ),
        (
            {"features"},
            "images",
            "model 'mlp' ((test) 1): it takes features, and its scenario gives it images. "
            "Take another model, or give the scenario a representation",
        ),
    ],
)
def test_a_model_that_does_not_take_what_is_given(make_bench, takes, given, said):
    condition, _ = of(make_bench(), traits=ModelTraits(takes=frozenset(takes)))
    with pytest.raises(UsageError) as refused:
        require_given(condition.model, given)
    assert str(refused.value) == said
    require_given(replace(condition.model, traits=ModelTraits()), given)


# --- the plan ---------------------------------------------------------------------------------


@pytest.fixture
def lacking(make_bench):
    """A bench of three methods, of which dbal is not applicable."""

    def make(**changes):
        bench = make_bench(("random", "dbal", "margin"), **changes)
        model = replace(bench.conditions[0].model, traits=ModelTraits(has_dropout=False))
        random, dbal, margin = bench.methods
        return replace(
            bench,
            methods=(random, replace(dbal, needs=MethodNeeds(dropout=True)), margin),
            conditions=(replace(bench.conditions[0], model=model),),
        )

    return make


def without(bench, label):
    return replace(bench, methods=tuple(one for one in bench.methods if one.label != label))


def test_a_method_that_is_not_applicable_has_no_units(lacking, world):
    bench = lacking()
    assert bench.not_applicable == {("blobs", "dbal"): "no dropout: mlp has none"}
    assert [one.label for one in bench.applicable(bench.conditions[0])] == ["random", "margin"]
    one, other = world(bench), world(bench)
    alone = without(bench, "dbal")
    assert [unit.key for unit in next_units(bench, one)] == [
        unit.key for unit in next_units(alone, other)
    ]
    assert {group.method for group in tallies(survey(bench, one))} == {"random", "margin"}
    for count in (overall, trainings):
        assert count(survey(bench, one)) == count(survey(alone, other))
    one.finish(bench)
    other.finish(alone)
    assert one.records == other.records


def test_looks_wait_for_no_method_that_is_not_applicable(lacking, world):
    bench = lacking(seeds=5, initial_sets=4, scope="fixed")
    looked = replace(bench, looked_at=frozenset({"random", "dbal", "margin"}))
    one, other = world(bench), world(bench)
    one.finish(looked)
    other.finish(replace(without(bench, "dbal"), looked_at=frozenset({"random", "margin"})))
    assert one.records == other.records


def test_it_is_another_matter_in_another_scenario(lacking, world):
    bench = lacking()
    (condition,) = bench.conditions
    other = replace(
        condition,
        scenario=condition.scenario.model_copy(update={"name": "drops"}),
        model=replace(condition.model, traits=ModelTraits(has_dropout=True)),
    )
    both = replace(bench, conditions=(condition, other))
    assert list(both.not_applicable) == [("blobs", "dbal")]
    groups = {(one.scenario, one.method) for one in tallies(survey(both, world(both)))}
    assert ("drops", "dbal") in groups
    assert ("blobs", "dbal") not in groups
