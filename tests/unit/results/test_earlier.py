"""Results add up: rows of earlier benches, as records and an earlier document have them."""

from dataclasses import replace

import pytest

from alharness.leaderboard.report import report_markdown
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.document import numbers
from alharness.results.earlier import left_out, with_outdated, without_incomplete
from alharness.results.family import conclude, with_noted
from alharness.results.findings import findings
from alharness.results.reading import from_json
from alharness.store.tried import TriedMethods, method_id


@pytest.fixture
def benches(make_bench):
    """Of random and margin, of random and bald, and of all three."""
    make = {"initial_sets": 4, "seeds": 2, "scope": "fixed"}
    return [
        make_bench(methods, **make)
        for methods in (("random", "margin"), ("random", "bald"), ("random", "bald", "margin"))
    ]


def rows(document):
    return [row.method for row in document.scenarios[0].methods]


def row(document, label):
    return next(row for row in document.scenarios[0].methods if row.method == label)


def test_what_is_complete_is_compared_as_if_it_were_benched_together(benches, world):
    first, second, both = benches
    one = world(first)
    alone = collect(first, one.finish(first), one, [])
    one.finish(second)
    compared = {method.label for method in second.methods}
    state = without_incomplete(survey(both, one), compared)
    document = collect(replace(both, suite=second.suite), state, one, [])
    assert rows(document) == ["random", "bald", "margin"]
    together = world(both)
    assert document.findings == collect(both, together.finish(both), together, []).findings
    assert row(document, "margin") == row(alone, "margin")
    assert document.findings["blobs"].methods["margin"] == alone.findings["blobs"].methods["margin"]


def test_what_is_not_complete_stays_out_unless_it_is_compared(benches, world):
    first, second, both = benches
    one = world(second)
    one.finish(second)

    def last_fails(unit):
        path = unit.inputs.seed if unit.kind == "query" else None
        return path is not None and (path.initial_set, path.seed, path.cycle) == (3, 1, 1)

    one.finish(first, fails=last_fails)
    for compared, expected in ((second, ["random", "bald"]), (both, ["random", "bald", "margin"])):
        labels = {method.label for method in compared.methods}
        document = collect(both, without_incomplete(survey(both, one), labels), one, [])
        assert rows(document) == expected
    assert document.scenarios[0].shared_trainings == 8


# --- rows of an earlier document --------------------------------------------------------------


@pytest.fixture
def earlier(clear):
    """A document in which margin is better than random."""
    return clear


@pytest.fixture
def later(benches, world):
    """The document of a bench of random and bald."""
    one = world(benches[1])
    return collect(benches[1], one.finish(benches[1]), one, [])


def waiting(document):
    """The same with a run of margin that is not done."""
    (scenario,) = document.scenarios
    reference, margin = scenario.methods
    runs = (margin.runs[0].model_copy(update={"state": "failed"}), *margin.runs[1:])
    update = {"methods": (reference, margin.model_copy(update={"runs": runs}))}
    return document.model_copy(update={"scenarios": (scenario.model_copy(update=update),)})


def finished_runs(document):
    (scenario,) = document.scenarios
    done = [
        method.model_copy(
            update={"runs": tuple(run.model_copy(update={"state": "done"}) for run in method.runs)}
        )
        for method in scenario.methods
    ]
    scenario = scenario.model_copy(update={"methods": tuple(done)})
    return document.model_copy(update={"scenarios": (scenario,)})


@pytest.mark.parametrize("why", ["changed", "incomplete", "elsewhere", "unusable"])
def test_a_row_that_records_no_longer_bear_out_is_marked(earlier, later, why):
    earlier = finished_runs(earlier)
    same = method_id(row(earlier, "margin").sampler)
    said = {
        "changed": "its plugin changed",
        "incomplete": "not all of its runs are done",
        "elsewhere": "code or data that it rests on changed, or records of it are gone",
        "unusable": "its plugin cannot be used: no sampler named 'margin'",
    }[why]
    document = with_outdated(
        later,
        waiting(earlier) if why == "incomplete" else earlier,
        {} if why == "unusable" else {"margin": "another" if why == "changed" else same},
        {"margin": said} if why == "unusable" else {},
    )
    assert rows(document) == ["random", "bald", "margin"]
    kept = row(document, "margin")
    assert kept.outdated == said
    assert (kept.accuracy, kept.sampler) == (row(earlier, "margin").accuracy, kept.sampler)
    text = report_markdown(document)
    assert f"Outdated: margin ({said}). Its row stands as an earlier bench left it" in text
    (cells,) = [line.split("|") for line in text.splitlines() if line.startswith("| margin")]
    assert cells[5].strip() == "outdated"
    mean = 100 * numbers(kept.accuracy)[..., 2].mean()
    assert cells[4].strip().startswith(f"{mean:.2f} ± ")


def test_it_is_neither_tested_nor_counted_with_today_s(earlier, later, tmp_path):
    tried = TriedMethods(tmp_path)
    conclude(earlier, tried)
    document = with_noted(with_outdated(later, earlier, {}, {}), tried)
    found, alone = document.findings["blobs"], with_noted(later, tried).findings["blobs"]
    assert found == findings(document.scenarios[0]), "computed anew they are the same"
    margin = found.methods["margin"]
    assert (margin.verdict, margin.marks, margin.familywise, margin.sentence) == (None,) * 4
    assert found.paper_chain == alone.paper_chain
    assert found.methods["bald"] == alone.methods["bald"]
    # It was tried: the family counts it still, as a method without a row.
    assert found.family == alone.family
    assert found.family.methods == ("bald", "margin")
    notes = [one.method for one in tried.under(document.scenarios[0].protocol_digest).values()]
    conclude(document, tried)
    assert sorted(notes) == ["margin"]
    assert "random 24, bald 24; 8 of them" in report_markdown(document)


def test_what_is_outdated_stays_so_and_what_is_benched_again_does_not(earlier, later):
    once = with_outdated(later, earlier, {}, {})
    twice = with_outdated(later, once, {}, {})
    assert twice == once
    assert rows(with_outdated(earlier, once, {}, {})) == ["random", "margin", "bald"]
    assert row(with_outdated(earlier, once, {}, {}), "margin").outdated is None


def test_it_keeps_its_times_and_its_days_and_is_not_compared(benches, world, later):
    one = world(benches[0])
    earlier = collect(benches[0], one.finish(benches[0]), one, [])
    document = with_outdated(later, earlier, {}, {})
    (before,), (after,), (alone,) = earlier.scenarios, document.scenarios, later.scenarios
    assert after.times == (*alone.times, before.times[1])
    assert [time.method for time in after.times] == ["random", "bald", "margin"]
    for name in ("citation", "summary", "recorded", "machines"):
        assert getattr(row(document, "margin"), name) == getattr(row(earlier, "margin"), name)
    for wide, narrow in (
        (after.overlap.first, alone.overlap.first),
        (after.overlap.all, alone.overlap.all),
    ):
        assert wide == (*((*shares, None) for shares in narrow), (None,) * 3)
    assert after.importance == alone.importance
    assert from_json(document.to_json()) == document
    early = before.model_copy(update=dict.fromkeys(("times", "overlap", "importance")))
    earlier = earlier.model_copy(update={"scenarios": (early,)})
    assert with_outdated(later, earlier, {}, {}).scenarios[0].times == alone.times


def test_a_method_under_another_label_is_there_once(earlier, later):
    (scenario,) = earlier.scenarios
    reference, margin = scenario.methods
    bald = row(later, "bald")
    alias = margin.model_copy(update={"method": "bald:passes=25", "sampler": bald.sampler})
    update = {"methods": (reference, margin, alias)}
    earlier = earlier.model_copy(update={"scenarios": (scenario.model_copy(update=update),)})
    assert rows(with_outdated(later, earlier, {}, {})) == ["random", "bald", "margin"]


@pytest.mark.parametrize(
    ("update", "why"),
    [
        ({"protocol_digest": "other"}, "random, margin): the suite declares it otherwise now"),
        ({"labels": (6, 12, 17)}, "margin): they were measured at other numbers of labels"),
    ],
)
def test_rows_that_fit_no_more_are_named(earlier, later, update, why):
    (scenario,) = earlier.scenarios
    scenario = scenario.model_copy(update=update)
    earlier = earlier.model_copy(update={"scenarios": (scenario,)})
    document = with_outdated(later, earlier, {}, {})
    assert document == later
    (line,) = left_out(document, earlier)
    assert line == f"the report no longer shows earlier results of blobs ({why}"


def test_nothing_is_named_where_every_row_stays(earlier, later):
    assert list(left_out(with_outdated(later, earlier, {}, {}), earlier)) == []
    assert list(left_out(later, later)) == []
