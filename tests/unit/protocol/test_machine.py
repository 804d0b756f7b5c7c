"""The machine of a record's facts, which nothing says are whole."""

import pytest

from alharness.protocol.machine import Machine, machine_of

FACTS = {
    "host": "h",
    "device": "cpu",
    "processor": {"name": "a processor", "instructions": "AVX2"},
}


def test_facts_name_a_machine():
    assert machine_of(FACTS) == Machine("a processor", "AVX2", "cpu")
    gpu = FACTS | {"device": "a GPU"}
    assert machine_of(gpu) == Machine("a processor", "AVX2", "a GPU")


@pytest.mark.parametrize(
    "damage",
    [
        {"device": None},
        {"device": 3},
        {"processor": None},
        {"processor": "a processor"},
        {"processor": {"name": "a processor"}},
        {"processor": {"name": "a processor", "instructions": None}},
        {"processor": {"name": ["a"], "instructions": "AVX2"}},
    ],
)
def test_facts_that_do_not_name_all_of_it_name_none(damage):
    assert machine_of(FACTS | damage) is None
    assert machine_of({}) is None
