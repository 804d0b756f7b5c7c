"""Features whose order nobody can verify: every report says so, and what a probe made of them."""

import pytest

from alharness.leaderboard.caveats import caveats
from alharness.leaderboard.report import report_markdown
from alharness.protocol.units.representation import COMPUTED, NOT_VERIFIABLE
from alharness.results.setting import Probe, Representation

GOOD = Probe(accuracy=0.7, chance=0.11, n=2000)
NO_BETTER = Probe(accuracy=0.12, chance=0.11, n=2000)


@pytest.fixture
def told(made_up):
    """``told(order, probe)``: caveats about features, and the whole report."""

    def tell(order, probe=None):
        document = made_up.document(methods=2)
        shown = Representation(
            label="file:path=x.npz", distribution="d", version="1", source="s",
            precision="float16", width=4, digest="d", order=order, probe=probe,
        )  # fmt: skip
        (scenario,) = document.scenarios
        scenario = scenario.model_copy(update={"representation": shown})
        document = document.model_copy(update={"scenarios": (scenario,)})
        found = document.findings[scenario.scenario]
        lines = [one for one in caveats(scenario, found) if "features" in one]
        report = report_markdown(document)
        assert all(line in report for line in lines)
        return lines

    return tell


def test_nothing_is_said_of_features_that_are_known(told):
    assert told(COMPUTED) == told("verified by labels") == told(None) == []


def test_order_not_verifiable(told):
    (line,) = told(NOT_VERIFIABLE, GOOD)
    assert line.startswith("Order not verifiable: nothing tells that the features of file:path")
    assert told(NOT_VERIFIABLE) == [line]


def test_a_probe_at_chance_level_warns_in_one_line(told):
    _, line = told(NOT_VERIFIABLE, NO_BETTER)
    assert line.startswith("Warning: a linear probe of these features has 12.0 % on 2000")
    assert "chance (11.0 %)" in line
    assert "\n" not in line
