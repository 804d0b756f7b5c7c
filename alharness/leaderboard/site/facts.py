"""What a scenario is made of, and where everything in it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from alharness.leaderboard import setting, wording
from alharness.leaderboard.caveats import machine_words
from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table
from alharness.leaderboard.site.results_table import kind
from alharness.protocol.wording import spell
from alharness.results.document import Component, Method, Scenario, numbers

_PLURALS = {"regularizer": "regularizers"}
_ORDER = ("dataset", "representation", "model", "regularizer", "loss", "schedule", "oracle")
_TUNING = {
    "per-initial-set": "every initial set on its own",
    "first-initial-set": "the first initial set, for all",
    "fixed": "nothing: one value for each hyper-parameter",
    None: "not told",
}


def condition(entry: Entry) -> list[tuple[str, str]]:
    """Names and values that say under which condition the results of an entry hold."""
    scenario = entry.scenario
    told = [*_plugins(scenario), *setting.facts(scenario)]
    return [*told, *_protocol(entry), *_digests(entry)]


def _plugins(scenario: Scenario) -> Iterator[tuple[str, str]]:
    kinds = dict.fromkeys([*_ORDER, *(one.kind for one in scenario.components or ())])
    for name in kinds:
        labels = [one.label for one in scenario.plugins(name)]
        if labels:
            yield _PLURALS.get(name, name), ", ".join(labels)


def _protocol(entry: Entry) -> Iterator[tuple[str, str]]:
    scenario = entry.scenario
    n_sets, n_seeds, _ = numbers(scenario.methods[0].accuracy).shape
    yield "runs for each method", f"{n_sets} initial sets × {n_seeds} seeds"
    yield "labels", ", ".join(wording.budget(one, scenario.n_images) for one in scenario.labels)
    yield "labels for validation beside", str(scenario.n_validation)
    if scenario.n_train is not None:
        yield "training images", str(scenario.n_train)
    if scenario.n_left_out:
        yield "of these in no set", str(scenario.n_left_out)
    if scenario.n_held_out:
        yield "of these held out of every pool", str(scenario.n_held_out)
    for first in scenario.first_sets or ():
        shared = "" if first.overlap is None else f", overlap {first.overlap:.2g}"
        yield f"initial sets of {first.method}", f"chosen by {first.chosen_by}{shared}"
    if scenario.n_classes is not None:
        yield "classes", str(scenario.n_classes)
    yield "tuned", _TUNING[scenario.tuning]
    for name, values in (scenario.space or {}).items():
        yield f"space of {name}", spell(values)
    for table, cycles in (("first", "cycle 0"), ("later", "later cycles")):
        for name, values in entry.document.suite.table(f"tuning.{table}").items():
            yield f"space of {name} in {cycles}", spell(values)
    if scenario.stop_at_accuracy is not None:
        yield "stops at validation accuracy", wording.threshold(scenario.stop_at_accuracy)
    yield "reference", scenario.reference


def _digests(entry: Entry) -> Iterator[tuple[str, str]]:
    scenario, document = entry.scenario, entry.document
    yield "protocol digest", scenario.protocol_digest
    if scenario.train_digest is not None:
        yield "training data", scenario.train_digest
    if scenario.test_digest is not None:
        yield "test data", scenario.test_digest
    yield "suite", f"{document.suite.name}, version {document.suite.version}"
    yield "suite digest", document.suite.digest
    yield "written by", f"alharness {document.alharness}"
    yield "document", entry.document_digest


def provenance(entry: Entry, board: Board) -> Table:
    """Of every row: which plugin of which distribution, at which version, and what was done."""
    columns = (
        "method", "plugin", "parameters", "distribution", "version", "source", "recorded",
        "trained on", "runs done",
    )  # fmt: skip
    return Table(
        caption="Where every row comes from",
        columns=tuple(Column(name, numeric=False) for name in columns),
        rows=tuple(
            Row(
                Cell(method.method, method.method, href=board.path_of(method)),
                (
                    *_plugin_cells(method.sampler),
                    _text(_days(method)),
                    _text(_machines(method)),
                    _text(_done(method)),
                ),
                kind=kind(method, entry.scenario),
            )
            for method in entry.scenario.methods
        ),
    )


def components(entry: Entry) -> Table | None:
    """Of the plugins that all rows share; None where the document does not say."""
    if not entry.scenario.components:
        return None
    columns = ("part", "plugin", "parameters", "distribution", "version", "source")
    return Table(
        caption="Where the scenario comes from",
        columns=tuple(Column(name, numeric=False) for name in columns),
        rows=tuple(
            Row(_text(one.kind), tuple(_plugin_cells(one))) for one in entry.scenario.components
        ),
    )


def _plugin_cells(one: Component) -> Iterator[Cell]:
    yield _text(one.label)
    yield _text(parameters(one))
    yield _text(one.distribution)
    yield _text(one.version)
    yield Cell(one.source, one.source, "digest", detail=one.fingerprint or "")


def parameters(one: Component) -> str:
    """All of a plugin's parameters as TOML spells them, a dash for none."""
    given = one.parameters or {}
    return ", ".join(f"{name} = {spell(value)}" for name, value in given.items()) or "–"


def _days(method: Method) -> str:
    if method.recorded is None:
        return "–"
    return " – ".join(dict.fromkeys(day.isoformat() for day in method.recorded))


def _machines(method: Method) -> str:
    return ", ".join(machine_words(one.machine) for one in method.machines or ()) or "–"


def _done(method: Method) -> str:
    done = sum(run.state == "done" for run in method.runs)
    return f"{done} of {len(method.runs)}"


def _text(value: str) -> Cell:
    return Cell(value, value)
