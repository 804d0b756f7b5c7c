"""Values as TOML spells them, durations, and what was probably meant."""

import math
import re
import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alharness.protocol import wording

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_what_is_spelled_is_read_again_by_toml(value):
    read = tomllib.loads(f"value = {wording.spell(value)}")["value"]
    assert read == value
    assert repr(read) == repr(value), "1, 1.0 and true are three values"


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (True, "true"),
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (math.nan, "nan"),
        ("a\x7fé\n", r'"a\u007fé\n"'),
        ((1, "b"), '[1, "b"]'),
        ({"log": [0.1, 1.0]}, "{ log = [0.1, 1.0] }"),
        ({"two words": 1, "": False}, '{ "two words" = 1, "" = false }'),
    ],
)
def test_spelling(value, spelled):
    assert wording.spell(value) == spelled


@pytest.mark.parametrize(
    ("toml", "kind"),
    [
        ("true", "a boolean"),
        ("1", "a whole number"),
        ("1.0", "a number"),
        ('""', "a string"),
        ("[]", "a list"),
        ("{}", "a table"),
        ("2026-01-02", "a date or time"),
    ],
)
def test_kinds_are_those_of_toml(toml, kind):
    assert wording.spell_kind(tomllib.loads(f"value = {toml}")["value"]) == kind
    assert wording.spell(date(2026, 1, 2)) == "2026-01-02"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (89 * 60 + 29, "89 min"),
        (89 * 60 + 31, "1 h 30 min"),
        (3 * 3600 + 5 * 60, "3 h 05 min"),
        (48 * 3600 - 31, "47 h 59 min"),
        (48 * 3600 - 29, "2 d 00 h"),
        (98 * 3600, "4 d 02 h"),
    ],
)
def test_durations(seconds, text):
    assert wording.clock(seconds) == text


UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def read(text):
    return sum(int(n) * UNITS[unit] for n, unit in re.findall(r"(\d+) (\w+)", text))


@given(st.floats(0, 1e7), st.floats(0, 1e7))
def test_a_duration_is_as_exact_as_its_last_unit_and_keeps_the_order(one, other):
    for seconds in (one, other):
        last = UNITS[wording.clock(seconds).split()[-1]]
        assert abs(read(wording.clock(seconds)) - seconds) <= last * (1.01 if last > 60 else 0.5)
    early, late = sorted((one, other))
    assert read(wording.clock(early)) <= read(wording.clock(late))


NAMES = st.lists(st.text("abcxyz-", min_size=1, max_size=8), max_size=5)


@given(st.text("abcxyz-", max_size=8), NAMES)
def test_a_suggestion_is_a_known_name_whatever_their_order(name, known):
    remedy = wording.did_you_mean(name, known)
    assert remedy == wording.did_you_mean(name, reversed(known))
    meant = re.fullmatch(r"Did you mean '(.+)'\?", remedy)
    assert meant is None or meant[1] in known
    if meant is None:
        assert remedy == (f"Known: {', '.join(sorted(known))}" if known else "There are none")
    assert (meant is None) == (wording.best_resemblance(name, known) == 0)


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("seads", ["seeds", "trials"], "seeds"),
        ("my-vaal", ["evaal", "vaal"], "vaal"),
        ("LEAST_confidence", ["least-confidence", "entropy"], "least-confidence"),
        ("ab", ["ac", "aa"], None),
        ("", ["margin"], None),
        ("marginal", ["margin", "marginals"], "marginals"),
        ("abcd", ["abce", "abcc"], "abcc"),
    ],
)
def test_who_is_nearest(name, known, meant):
    assert wording.nearest(name, known) == meant
