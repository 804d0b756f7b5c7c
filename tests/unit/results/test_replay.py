"""What a document, and what is written from it, says of a scenario that replays another one."""

import pytest

from alharness.leaderboard.caveats import caveats
from alharness.leaderboard.paper.protocol_prose import protocol_paragraphs
from alharness.leaderboard.report import report_markdown
from alharness.leaderboard.setting import facts
from alharness.leaderboard.site.board import board
from alharness.leaderboard.site.recommendations import Answer, recommendations
from alharness.results.collect import collect
from alharness.results.document import numbers
from alharness.results.findings import findings
from alharness.results.reading import from_json
from alharness.results.samples import samples_of


@pytest.fixture
def bench(make_bench, replaying):
    return replaying(make_bench(initial_sets=3, seeds=2, queries={"pool_subset": 30}))


@pytest.fixture
def document(bench, world):
    one = world(bench)
    return collect(bench, one.finish(bench), one, [])


def test_the_document_says_what_it_replays(document):
    blobs, target = document.scenarios
    assert (blobs.replay, target.replay) == (None, "blobs")
    assert (blobs.querying.pool_subset, target.querying.pool_subset) == (30, 30)
    assert target.querying.model == "the cycle's own model in blobs"
    assert (blobs.overlap is None, target.overlap) == (False, None)
    for row in target.methods:
        assert {cycle.query for run in row.runs for cycle in run.cycles} == {None}
        assert {run.state for run in row.runs} == {"done"}
        assert numbers(row.annotation_cost).sum() == 0
        assert numbers(row.accuracy).shape == (3, 2, 3)
    assert document.findings["target"].methods["margin"].verdict is not None
    assert from_json(document.to_json()) == document


def test_it_is_said_wherever_its_numbers_stand(document):
    target = document.scenarios[1]
    report = report_markdown(document)
    before, behind = report.split("target", 1)
    assert "replays the labeled sets" not in before
    assert "run by run it replays the labeled sets that blobs queried" in behind
    assert ("replays", "the labeled sets of blobs") in list(facts(target))
    assert "Transfer: trained on the labeled sets of blobs, run by run." in (
        samples_of(target).notes
    )
    (entry,) = (one for one in board([document]).entries if one.scenario.scenario == "target")
    said = " ".join(" ".join(map(str, protocol_paragraphs(entry))).split())
    assert "its models were trained on the labeled sets of the scenario" in said


def test_what_its_source_blocked_is_said_below_its_table(bench, world):
    def fails(unit):
        return (
            unit.kind == "query"
            and unit.inputs.sampler.name == "margin"
            and (unit.inputs.seed.initial_set == 0)
        )

    one = world(bench)
    blobs, target = collect(bench, one.finish(bench, fails=fails), one, []).scenarios
    said = {each.scenario: caveats(each, findings(each)) for each in (blobs, target)}
    line = "Blocked runs: margin 2 of 6. What they replay in blobs failed or is blocked itself"
    assert any(one.startswith(line) for one in said["target"])
    assert not any("Blocked" in one for one in said["blobs"])


def test_it_is_what_the_paper_recommends(document):
    entrants = {one.label: one for one in board([document]).entrants}
    answers = {one.number: one.answer for one in recommendations(entrants["margin"].results)}
    assert answers["iii"] is Answer.MET


def test_a_cold_start_is_that_of_its_source(make_bench, replaying, world):
    bench = replaying(
        make_bench(
            ("random", "typical"),
            initial_sets=3,
            protocol={"initial_draw": "chosen"},
            training={"normalize": False},
            choosers=("random", "typical"),
        )
    )
    one = world(bench)
    blobs, target = collect(bench, one.finish(bench), one, []).scenarios
    assert target.first_sets == blobs.first_sets
    assert target.first_sets[0].overlap is not None
    assert target.first_tested == 0
