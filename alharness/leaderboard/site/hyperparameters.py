"""Which hyper-parameters tuning chose: Table S3 of the paper, for every method."""

from __future__ import annotations

from collections import Counter, defaultdict

from alharness.leaderboard.site.board import Board, Entry
from alharness.leaderboard.site.cells import Cell, Column, Row, Table, number
from alharness.leaderboard.site.results_table import kind
from alharness.protocol.wording import spell
from alharness.results.document import Method

_MOST = 3


def chosen(entry: Entry, board: Board) -> Table | None:
    """Of numbers the median with the extremes, of others how often; over all runs and cycles.

    None where the document names no chosen hyper-parameter.
    """
    of_method = [_values(method) for method in entry.scenario.methods]
    names = list(dict.fromkeys(name for values in of_method for name in values))
    if not names:
        return None
    return Table(
        caption="Chosen hyper-parameters",
        columns=(Column("method", numeric=False), *(Column(name) for name in names)),
        rows=tuple(
            Row(
                Cell(method.method, method.method, href=board.path_of(method)),
                tuple(_summary(values.get(name, [])) for name in names),
                kind=kind(method, entry.scenario),
            )
            for method, values in zip(entry.scenario.methods, of_method, strict=True)
        ),
    )


def importance(entry: Entry) -> Table | None:
    """How much each hyper-parameter mattered at each cycle, in %; None where nothing is told."""
    told = [one for one in entry.scenario.importance or () if one is not None]
    names = list(dict.fromkeys(name for one in told for name in one.shares))
    if not names:
        return None
    given = zip(entry.scenario.labels, entry.scenario.importance or (), strict=True)
    return Table(
        caption="Importance for validation accuracy, in %",
        columns=(
            Column("labels", numeric=False),
            *(Column(name) for name in names),
            Column("settings tried"),
        ),
        rows=tuple(
            Row(
                Cell(str(labels), str(labels)),
                (
                    *(_share(one.shares.get(name)) for name in names),
                    Cell(str(one.settings), str(one.settings)),
                ),
            )
            for labels, one in given
            if one is not None
        ),
    )


def _share(share: float | None) -> Cell:
    return number(share, "" if share is None else f"{100 * share:z.0f}")


def _values(method: Method) -> dict[str, list[object]]:
    """Every chosen value of each hyper-parameter."""
    values: dict[str, list[object]] = defaultdict(list)
    for run in method.runs:
        for cycle in run.cycles or ():
            for name, value in cycle.hyperparameters.items():
                values[name].append(value)
    return values


def _summary(values: list[object]) -> Cell:
    if not values:
        return Cell("–", "", "muted")
    given = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(given) == len(values) and len(set(given)) > _MOST:
        ordered = sorted(given)
        middle = ordered[(len(ordered) - 1) // 2]
        text = f"{middle:.3g} [{ordered[0]:.3g}, {ordered[-1]:.3g}]"
        return Cell(text, f"{middle:.12g}")
    names = (one if isinstance(one, str) else spell(one) for one in values)
    counts = sorted(Counter(names).items(), key=lambda one: (-one[1], one[0]))
    listed = ", ".join(f"{value} × {n}" for value, n in counts[: 2 * _MOST])
    return Cell(listed, listed)
