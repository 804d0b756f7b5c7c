"""A table with every kind of cell, and a method that is called what nobody should be."""

import pytest

from alharness.leaderboard.tables.numerals import PERCENT
from alharness.leaderboard.tables.table import Column, Estimate, Kind, Table

NASTY = (
    r"""=x|y & $z% #1_2 {a} ~^\ <script>"q"</script> [b](c) `d` ▲ − ± ≥ é Ş 中 *e* \\ "'""".strip()
)

COLUMNS = (
    Column("method", "method"),
    Column("runs", "runs", Kind.COUNT),
    Column("share", "share", Kind.NUMBER, PERCENT),
    Column("p", "p", Kind.P_VALUE),
    Column("mean", "mean", Kind.MEAN, PERCENT),
    Column("difference", "difference", Kind.EFFECT, PERCENT),
    Column("detectable", "detectable", Kind.RANGE, PERCENT),
    Column("bootstrap", "bootstrap", Kind.INTERVAL, PERCENT),
)
ROWS = (
    (
        "margin", 25, 0.5, 0.0039, Estimate(0.9238, 0.9062, 0.9414, "▲"),
        Estimate(-0.0055, -0.012, 0.001), Estimate(0.0035, 0.0024, 0.0067),
        Estimate(-0.0055, -0.0121, 0.0011),
    ),
    (NASTY, 0, 0.0, 1e-9, Estimate(0.5), Estimate(-0.00001), Estimate(0.2, bound="≥"), None),
    (None,) * 8,
    ("[x]", None, None, None, Estimate(None), Estimate(None), Estimate(None), Estimate(0.1)),
)  # fmt: skip


@pytest.fixture
def table():
    notes = ("Mean ± half an interval; ▲: better.", NASTY)
    return Table("verdicts", "tiny blobs", f"Verdicts: {NASTY}", COLUMNS, ROWS, notes)


@pytest.fixture(scope="session")
def nasty():
    return NASTY
