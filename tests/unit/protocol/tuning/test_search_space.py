"""Search spaces: a suite may narrow what regularizers own, and nothing else."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness import Choice, LogUniform, Uniform, UsageError
from alharness.protocol.tuning.declared_space import read_space, write_space
from alharness.protocol.tuning.search_space import search_space

HARNESS = {
    "learning-rate": LogUniform(1e-5, 1e-2),
    "batch-size": Choice((16, 32)),
    "optimizer": Choice(("sgd", "adam")),
}
OWNED = {
    "weight-decay": {"weight-decay": LogUniform(1e-8, 1e-3)},
    "randaugment": {
        "randaugment.n": Choice(tuple(range(1, 16))),
        "randaugment.share": Uniform(0.0, 1.0),
    },
}


def test_regularizers_bring_what_they_own():
    space = search_space(HARNESS, OWNED)
    assert space == HARNESS | OWNED["weight-decay"] | OWNED["randaugment"]
    assert search_space(HARNESS, {}) == HARNESS


@pytest.mark.parametrize(
    ("name", "narrow"),
    [
        ("weight-decay", LogUniform(1e-8, 1e-3)),
        ("weight-decay", LogUniform(1e-6, 1e-4)),
        ("weight-decay", Choice((1e-8,))),
        ("weight-decay", Choice((1e-4, 1e-5))),
        ("randaugment.n", Choice((3,))),
        ("randaugment.n", Choice((15, 1))),
        ("randaugment.share", Choice((0,))),
    ],
)
def test_a_suite_may_narrow(name, narrow):
    assert search_space({**HARNESS, name: narrow}, OWNED)[name] == narrow


@pytest.mark.parametrize(
    ("name", "wide"),
    [
        ("weight-decay", LogUniform(1e-9, 1e-3)),
        ("weight-decay", LogUniform(1e-8, 1e-2)),
        ("weight-decay", Uniform(1e-7, 1e-4)),
        ("weight-decay", Choice((1e-3,))),
        ("weight-decay", Choice((1e-4, 0.0))),
        ("weight-decay", Choice(("none",))),
        ("weight-decay", Choice((True,))),
        ("randaugment.n", Choice((1, 16))),
        ("randaugment.n", Choice((True,))),
        ("randaugment.n", Uniform(1.0, 2.0)),
        ("randaugment.share", LogUniform(0.1, 0.2)),
    ],
)
def test_a_suite_may_not_widen(name, wide):
    with pytest.raises(UsageError, match="is not inside") as caught:
        search_space({**HARNESS, name: wide}, OWNED)
    spelled = f'"{name}"' if "." in name else name
    assert caught.value.where == f"tuning.space.{spelled}"
    assert f"the regularizer '{name.partition('.')[0]}'" in str(caught.value)


@given(st.tuples(*[st.floats(1e-9, 1.0)] * 4))
def test_a_range_is_narrower_if_both_its_ends_are_inside(ends):
    (low, high), (owned_low, owned_high) = sorted(ends[:2]), sorted(ends[2:])
    inside = owned_low <= low and high <= owned_high
    owned = {"r": {"rate": LogUniform(owned_low, owned_high)}}
    try:
        search_space({**HARNESS, "rate": LogUniform(low, high)}, owned)
    except UsageError:
        assert not inside
    else:
        assert inside


def test_a_name_that_nobody_owns():
    with pytest.raises(UsageError, match="Did you mean 'weight-decay'") as caught:
        search_space({**HARNESS, "weight-decoy": Choice((1,))}, OWNED)
    assert caught.value.where == "tuning.space.weight-decoy"


def test_two_owners():
    with pytest.raises(UsageError, match="'weight-decay' and the regularizer 'l2' both own it"):
        search_space(HARNESS, {**OWNED, "l2": OWNED["weight-decay"]})
    with pytest.raises(UsageError, match="the harness and the regularizer 'warm' both own it"):
        search_space(HARNESS, {"warm": {"learning-rate": Uniform(0.1, 0.2)}})


def test_fixed_demands_single_values_of_regularizers_too():
    single = {
        "learning-rate": Choice((0.01,)),
        "batch-size": Choice((16,)),
        "optimizer": Choice(("sgd",)),
    }
    with pytest.raises(UsageError, match="not a single value") as caught:
        search_space(single, {"weight-decay": OWNED["weight-decay"]}, fixed=True)
    assert caught.value.where == "tuning.space.weight-decay"
    given = {**single, "weight-decay": Choice((1e-4,))}
    assert search_space(given, {"weight-decay": OWNED["weight-decay"]}, fixed=True) == given


def test_a_name_with_a_point_is_spelled_as_toml_reads_it():
    owned = {"randaugment": {"randaugment.n": Choice((1, 2))}}
    single = {"learning-rate": 0.01, "batch-size": 16, "optimizer": "sgd"}
    with pytest.raises(UsageError) as caught:
        search_space(read_space(single), owned, fixed=True)
    remedy = caught.value.remedy
    line = remedy.removeprefix("Write ").partition(",")[0].replace("VALUE", "2")
    given = read_space({**single, **tomllib.loads(line)})
    assert search_space(given, owned, fixed=True)["randaugment.n"] == Choice((2,))


def test_a_nested_table_is_answered_with_the_name_in_quotes():
    table = tomllib.loads("randaugment.n = 2")
    with pytest.raises(UsageError, match=r'stands in quotes: "randaugment\.n" = VALUE'):
        read_space({"learning-rate": 0.01, "batch-size": 16, "optimizer": "sgd", **table})


def test_the_suites_space_is_left_as_it_was():
    declared = dict(HARNESS)
    search_space(declared, OWNED)
    assert declared == HARNESS


def test_a_space_is_written_as_it_is_read():
    space = {**HARNESS, **OWNED["weight-decay"], **OWNED["randaugment"]}
    assert read_space(write_space(space)) == space


def test_how_a_space_is_read():
    table = {
        "learning-rate": {"uniform": [1, 2]},
        "batch-size": 8,
        "optimizer": ["adam"],
        "randaugment.n": [1, 2],
    }
    assert read_space(table) == {
        "learning-rate": Uniform(1.0, 2.0),
        "batch-size": Choice((8,)),
        "optimizer": Choice(("adam",)),
        "randaugment.n": Choice((1, 2)),
    }
