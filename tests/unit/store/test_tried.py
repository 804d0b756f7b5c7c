"""Notes of methods that were tried."""

import json
from dataclasses import replace

import pytest

from alharness import HarnessError
from alharness.protocol.components import Component
from alharness.store.tried import UNREADABLE, Tried, TriedMethods, method_id

PROTOCOL = "0" * 32
MARGIN = Component("sampler", "margin", {}, "source", "margin", "(test)", "1", "margin")


@pytest.fixture
def tried(tmp_path):
    return TriedMethods(tmp_path)


def noted(tried):
    return list(tried.under(PROTOCOL).values())


def test_a_note_is_there_from_the_first_result_on(tried):
    assert noted(tried) == []
    tried.note(PROTOCOL, MARGIN, "random")
    assert noted(tried) == [Tried("margin", "random", None)]
    tried.conclude(PROTOCOL, MARGIN, "random", 0.25)
    assert noted(tried) == [Tried("margin", "random", 0.25)]
    tried.note(PROTOCOL, MARGIN, "random")
    assert noted(tried) == [Tried("margin", "random", 0.25)]
    tried.conclude(PROTOCOL, MARGIN, "random", 0.01)
    assert noted(tried) == [Tried("margin", "random", 0.01)]
    assert tried.under("1" * 32) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"passes": 3}, "label": "margin:passes=3"},
        {"source": "edited"},
        {"fingerprint": "another file"},
        {"name": "margins", "label": "margins"},
    ],
)
def test_variants_and_edited_plugins_are_methods_of_their_own(tried, changes):
    other = replace(MARGIN, **changes)
    for sampler in (MARGIN, other, MARGIN):
        tried.note(PROTOCOL, sampler, "random")
    assert set(tried.under(PROTOCOL)) == {method_id(MARGIN), method_id(other)}
    assert {one.method for one in noted(tried)} == {"margin", other.label}


def test_where_it_comes_from_makes_no_other_method(tried):
    same = replace(MARGIN, distribution="mine", version="2", label="margin")
    assert method_id(same) == method_id(MARGIN)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"\xff", b"[1]", b"null", b'{"schema": 1}', b'"margin"'],
)
def test_a_damaged_note_still_counts(tried, tmp_path, text):
    tried.conclude(PROTOCOL, MARGIN, "random", 0.01)
    (path,) = (tmp_path / "tried" / PROTOCOL).iterdir()
    path.write_bytes(text)
    assert noted(tried) == [Tried(UNREADABLE, "", None)]
    tried.conclude(PROTOCOL, MARGIN, "random", 0.01)
    assert noted(tried) == [Tried("margin", "random", 0.01)]


@pytest.mark.parametrize("p", [-1, 2, "0.01", None, [0.01]])
def test_a_p_value_that_is_none_is_not_known(tried, tmp_path, p):
    tried.note(PROTOCOL, MARGIN, "random")
    (path,) = (tmp_path / "tried" / PROTOCOL).iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), "p_value": p}))
    assert noted(tried) == [Tried("margin", "random", None)]


def test_a_folder_in_the_place_of_a_note_counts_and_costs_no_traceback(tried, tmp_path):
    folder = tmp_path / "tried" / PROTOCOL / f"{method_id(MARGIN)}.json"
    folder.mkdir(parents=True)
    assert noted(tried) == [Tried(UNREADABLE, "", None)]
    with pytest.raises(HarnessError, match="cannot write"):
        tried.conclude(PROTOCOL, MARGIN, "random", 0.01)
