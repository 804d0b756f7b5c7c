"""The document of a bench has what earlier benches of the workspace found, as far as it holds."""

import json
import os
import threading
from dataclasses import replace
from itertools import chain, product

import alharness_suites
import pytest

from alharness.leaderboard.site.build import site
from alharness.observing.observers import Observers
from alharness.observing.tried import TriedObserver
from alharness.registry import discover
from alharness.results.documents import documents_of
from alharness.results.findings import findings
from alharness.results.publication import read_publication
from alharness.session.documenting import LOCK, leave_document
from alharness.session.opening import Opened
from alharness.store.forgetting import forget
from alharness.store.lock import exclusive

MINE = """
import alharness


class Mine(alharness.Sampler):
    def query(self, pool, budget, rng):
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("mine", Mine)
"""


class Benches:
    """Benches of a tiny suite in one workspace, without MLflow."""

    def __init__(self, workbench, watching):
        self.workbench = workbench
        self.watching = watching
        self.mine = workbench.workspace.root.with_name("mine.py")
        self.said = []

    def carried_out(self, *methods, sets=3, **changes):
        """A bench whose units are done and whose document is not written."""
        bench = self.workbench.bench("watching", *methods, sets=sets, **changes)
        observers = Observers()
        observers.add("tried", TriedObserver(self.workbench.workspace.tried))
        coordinator = self.workbench.coordinator(bench, observers)
        coordinator.run()
        opened = Opened(self.workbench.registry, self.workbench.workspace, bench, (), None)
        return opened, coordinator

    def leave(self, opened, coordinator):
        self.said.clear()
        ledger, failures = coordinator.ledger, coordinator.failures
        document, unwritten = leave_document(opened, ledger, failures, (), self.said.append)
        assert unwritten == []
        assert documents_of(opened.workspace.root).read("tiny-digits") == document
        for scenario in document.scenarios:
            assert document.findings[scenario.scenario] == findings(scenario)
        return document

    def bench(self, *methods, **changes):
        return self.leave(*self.carried_out(*methods, **changes))

    def with_mine(self, text):
        """From now on there is the plugin ``mine``, or there is not."""
        self.mine.write_text(text)
        files = [self.watching, self.mine] if text else [self.watching]
        self.workbench = type(self.workbench)(
            self.workbench.workspace.root, discover(files), tuple(files)
        )


@pytest.fixture
def benches(tmp_path, workbench, watching):
    workbench = type(workbench)(tmp_path / "w", workbench.registry, (watching,))
    return Benches(workbench, watching)


def rows(document):
    return {row.method: row.outdated for row in document.scenarios[0].methods}


def path_of(benches):
    return benches.workbench.workspace.reports / "tiny-digits.json"


def test_the_published_tables_of_a_suite_are_in_what_is_written(benches):
    workbench = benches.workbench
    bench = workbench.bench("watching", sets=1)  # nothing of it is computed
    opened = Opened(workbench.registry, workbench.workspace, bench, (), None)
    (path,) = alharness_suites.alharness_published()
    table = next(read_publication(path).published())
    held = replace(opened, published={bench.conditions[0].name: (table,)})
    for one, published in ((held, (table,)), (opened, ())):
        document = benches.leave(one, workbench.coordinator(bench))
        assert document.scenarios[0].published == published


def test_a_page_that_cannot_be_written_costs_that_page_alone(benches):
    workbench = benches.workbench
    bench = workbench.bench("watching", sets=1)  # nothing of it is computed
    opened = Opened(workbench.registry, workbench.workspace, bench, (), None)
    reports = workbench.workspace.reports
    mine = reports / "tiny-digits" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    ledger = workbench.coordinator(bench).ledger
    document, unwritten = leave_document(opened, ledger, {}, (), benches.said.append)
    (line,) = unwritten
    assert "tiny-digits: is not overwritten: there are files in it, and no site" in line
    assert documents_of(workbench.workspace.root).read("tiny-digits") == document
    assert (reports / "tiny-digits.md").exists()
    assert [path.name for path in mine.parent.iterdir()] == ["mine.txt"]
    mine.unlink()
    benches.leave(opened, workbench.coordinator(bench))
    for path, data in site([document]).items():
        assert (mine.parent / path).read_bytes() == data


def test_a_bench_of_another_sampler_keeps_the_others(benches):
    first = benches.bench("margin")
    assert benches.said == []
    second = benches.bench("entropy", "least-confidence")
    assert benches.said == []
    assert rows(second) == dict.fromkeys(("watching", "entropy", "least-confidence", "margin"))
    (before,), (after,) = first.scenarios, second.scenarios
    assert after.methods[0] == before.methods[0]
    assert after.methods[3] == before.methods[1]
    everything = benches.bench("entropy", "least-confidence", "margin")
    assert everything.scenarios == second.scenarios
    assert everything.findings == second.findings


@pytest.mark.slow
def test_the_rows_are_those_of_today_s_records_not_of_the_earlier_document(benches):
    first = benches.bench("margin")
    data = json.loads(path_of(benches).read_text())
    for row in data["scenarios"][0]["methods"]:
        row["accuracy"] = [[[0.5 for _ in run] for run in runs] for runs in row["accuracy"]]
    path_of(benches).write_text(json.dumps(data))
    second = benches.bench("entropy")
    assert second.scenarios[0].methods[2] == first.scenarios[0].methods[1]


def test_a_method_with_parameters_keeps_its_label(benches):
    model = '{ model = "mlp", hidden = 8, layers = 1, dropout = 0.5 }'
    first = benches.bench("bald", sets=1, model=model)
    assert first.scenarios[0].methods[1].sampler.parameters["passes"] == 25
    second = benches.bench("entropy", sets=1, model=model)
    assert rows(second) == dict.fromkeys(("watching", "entropy", "bald"))


def test_a_plugin_that_changed_or_is_gone(benches):
    benches.with_mine(MINE)
    before = benches.bench("mine")
    benches.with_mine(MINE + "\n# another line\n")
    changed = benches.bench("margin")
    assert rows(changed) == {"watching": None, "margin": None, "mine": "its plugin changed"}
    assert changed.scenarios[0].methods[2].accuracy == before.scenarios[0].methods[1].accuracy
    assert changed.scenarios[0].family.others[0].method == "mine", "it was tried"
    benches.with_mine("")
    gone = benches.bench("entropy")
    assert rows(gone) == {
        "watching": None,
        "entropy": None,
        "margin": None,
        "mine": "its plugin is not here: not installed, or its file not given",
    }
    benches.with_mine(MINE)
    again = benches.bench("entropy")
    assert rows(again) == dict.fromkeys(("watching", "entropy", "margin", "mine"))
    assert again.scenarios[0].methods[3] == before.scenarios[0].methods[1]


@pytest.mark.slow
def test_units_that_were_forgotten(benches):
    before = benches.bench("margin")
    run = before.scenarios[0].methods[1].runs[0]
    forget(benches.workbench.workspace, run.cycles[0].query)
    document = benches.bench("entropy")
    assert rows(document) == {
        "watching": None,
        "entropy": None,
        "margin": "code or data that it rests on changed, or records of it are gone",
    }


@pytest.mark.slow
def test_a_model_that_is_another_is_another_protocol(benches):
    benches.bench("margin")
    document = benches.bench("entropy", model='{ model = "mlp", hidden = 4, layers = 1 }')
    assert rows(document) == {"watching": None, "entropy": None}
    assert benches.said == [
        "Note: the report no longer shows earlier results of digits-mlp (watching, margin): "
        "the suite declares it otherwise now."
    ]


def newer(path):
    path.write_text('{"schema": 9, "scenarios": []}')


def unknown(path):
    path.write_text('{"schema": 3, "scenarios": []}')


def garbage(path):
    path.write_bytes(b"\xff\x00")


def folder(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


def link(path):
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize("damage", [newer, unknown, garbage, folder, pipe, link])
def test_an_earlier_document_that_cannot_be_read_is_set_aside(benches, damage):
    """What it said is in the records."""
    benches.bench("margin", sets=1)
    damage(path_of(benches))
    document = benches.bench("entropy", sets=1)
    (line,) = benches.said
    assert line.startswith(f"Note: the earlier document {path_of(benches)} ")
    assert line.endswith("; it was set aside in 'damaged'.")
    assert os.path.lexists(benches.workbench.workspace.root / "damaged" / "tiny-digits.json.1")
    assert rows(document) == dict.fromkeys(("watching", "entropy", "margin"))


@pytest.mark.slow
def test_of_two_that_end_at_once_each_has_the_other_s(benches):
    first, second = benches.carried_out("margin"), benches.carried_out("entropy")
    left = [list(rows(benches.leave(*one))) for one in (first, second)]
    assert left == [["watching", "margin", "entropy"], ["watching", "entropy", "margin"]]


def test_it_waits_for_one_that_is_writing(benches):
    carried_out = benches.carried_out("margin", sets=1)
    with exclusive(benches.workbench.workspace.root / LOCK):
        thread = threading.Thread(target=benches.leave, args=carried_out)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        assert not path_of(benches).exists()
    thread.join()
    assert path_of(benches).exists()


@pytest.mark.slow
def test_a_method_of_another_suite_with_the_same_protocol(benches):
    opened, coordinator = benches.carried_out("margin")
    other = opened.bench.suite.model_copy(update={"name": "other"})
    opened = replace(opened, bench=replace(opened.bench, suite=other))
    leave_document(opened, coordinator.ledger, {}, (), benches.said.append)
    assert rows(benches.bench("entropy")) == dict.fromkeys(("watching", "entropy", "margin"))


def records_of(benches, kind):
    """Every record of a kind as JSON, read past the store."""
    folder = benches.workbench.workspace.root / "records" / kind
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*/*.json")}


@pytest.mark.slow
def test_overlap_times_and_days_follow_from_the_files(benches):
    document = benches.bench("margin", "entropy")
    (scenario,) = document.scenarios
    queries, trials = records_of(benches, "query"), records_of(benches, "trial")
    picked = {
        (row.method, run.initial_set): [
            queries[cycle.query]["result"]["indices"] for cycle in run.cycles[:-1]
        ]
        for row in scenario.methods
        for run in row.runs
    }
    labels = [row.method for row in scenario.methods]
    for number, other in product(range(3), range(3)):
        first, everything = [], []
        for initial_set in range(3):
            one, two = (picked[labels[n], initial_set] for n in (number, other))
            first.append(len({*one[0]} & {*two[0]}) / len(one[0]))
            a, b = {*chain(*one)}, {*chain(*two)}
            assert len(a) == len(b) == sum(map(len, one))
            everything.append(len(a & b) / len(a))
        assert scenario.overlap.first[number][other] == pytest.approx(sum(first) / 3, abs=6e-5)
        assert scenario.overlap.all[number][other] == pytest.approx(sum(everything) / 3, abs=6e-5)
    for row, times in zip(scenario.methods, scenario.times, strict=True):
        own = [run.cycles for run in row.runs]
        for cycle, told in enumerate(times.queries):
            took = [queries[cycles[cycle].query]["facts"]["seconds"] for cycles in own]
            assert (told.n, told.median) == (3, sorted(took)[1])
            assert told.total == pytest.approx(sum(took))
        trained = {cycle.trial for cycles in own for cycle in cycles}
        took = [trials[key]["facts"]["seconds"] for key in trained]
        assert (times.trainings, row.trainings) == (len(took),) * 2
        assert times.training_seconds == pytest.approx(sum(took))
        machine = times.machine.model_dump()
        facts = trials[own[0][0].trial]["facts"]
        assert (machine["processor"], machine["device"]) == (facts["processor"]["name"], "cpu")
        assert [on.model_dump() for on in row.machines] == [
            {"machine": machine, "trainings": row.trainings}
        ]
        days = [record["facts"]["started"][:10] for record in (*queries.values(), *trials.values())]
        assert row.recorded[0].isoformat() == min(days)
        assert row.recorded[1].isoformat() >= max(days)
    assert "Scheffer" in scenario.methods[1].citation
    assert scenario.methods[1].summary
    assert scenario.importance == (None,) * len(scenario.labels)
    written = path_of(benches).read_bytes()
    assert benches.bench("margin", "entropy") == document
    assert path_of(benches).read_bytes() == written
