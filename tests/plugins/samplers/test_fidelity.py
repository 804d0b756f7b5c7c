"""Picks of a second library on the same arrays: what docs/explanation/fidelity.md shows."""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("skactiveml")
ROOT = Path(__file__).parents[3]
SCRIPT = runpy.run_path(str(ROOT / "benchmarks" / "fidelity.py"))
THEIRS = "scikit-activeml"
PEERS = [
    one
    for one in (*SCRIPT["uncertainties"](), *SCRIPT["of_features"]())
    if one.library == THEIRS and not one.why
]


@pytest.fixture(scope="module")
def arrays():
    return SCRIPT["Arrays"]()


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.sampler)
def test_the_page_says_what_is_found(arrays, peer):
    found = SCRIPT["compared"](arrays, peer)
    assert found.startswith("yes | yes |" if peer.drawn is None else "drawn | drawn |")
    assert peer.drawn is None or found.endswith("the same: yes |")
    rows = (ROOT / "docs" / "explanation" / "fidelity.md").read_text("utf-8").splitlines()
    (row,) = [one for one in rows if one.startswith(f"| `{peer.sampler}` | {THEIRS} ")]
    assert row.endswith(found)
