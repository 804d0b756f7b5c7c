"""The page of a method: all its results, wherever they stand."""

from __future__ import annotations

from dataclasses import dataclass

from alharness.leaderboard.setting import features
from alharness.leaderboard.site.board import Entrant, Result
from alharness.leaderboard.site.cells import Bar, Cell, Column, Row, Table, bars, number
from alharness.leaderboard.site.facts import parameters
from alharness.leaderboard.site.recommendations import Recommendation, recommendations
from alharness.leaderboard.site.results_table import (
    detectable_cell,
    difference_cell,
    difference_of,
    familywise_cell,
    kind,
    mean_text,
    verdict_cell,
)


@dataclass(frozen=True)
class MethodPage:
    """The page of an entrant."""

    entrant: Entrant
    summary: str
    citations: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    results: Table
    recommendations: tuple[Recommendation, ...]


def method_page(entrant: Entrant) -> MethodPage:
    """The page of an entrant of a board."""
    return MethodPage(
        entrant=entrant,
        summary=next(iter(_said(entrant, "summary")), ""),
        citations=_said(entrant, "citation"),
        facts=tuple(_facts(entrant)),
        results=_results(entrant),
        recommendations=recommendations(entrant.results),
    )


def _said(entrant: Entrant, member: str) -> tuple[str, ...]:
    """What its plugin says of itself, newest document first, each once."""
    said = (getattr(result.method, member) for result in entrant.results)
    return tuple(dict.fromkeys(one for one in said if one))


def _facts(entrant: Entrant) -> list[tuple[str, str]]:
    samplers = [result.method.sampler for result in entrant.results]
    versions = dict.fromkeys(one.version for one in samplers)
    given = dict.fromkeys(map(parameters, samplers))
    return [
        ("plugin", entrant.sampler.name),
        ("parameters", "; ".join(given)),
        ("distribution", entrant.distribution),
        ("versions" if len(versions) > 1 else "version", ", ".join(versions)),
        ("results", f"{len(entrant.results)}"),
    ]


def _results(entrant: Entrant) -> Table:
    drawn = bars(
        difference_of(result.entry.found.methods[result.method.method].verdict)
        for result in entrant.results
    )
    columns = (
        Column("scenario", numeric=False),
        Column("suite", numeric=False),
        Column("last value", note="at the largest number of labels"),
        Column("rank", note="ties share one"),
        Column("verdict", numeric=False),
        Column("in a family", numeric=False, note="Holm"),
        Column("difference", note="95 % interval"),
        Column("detectable", note="with 80 % power"),
        Column("trainings"),
        Column("version", numeric=False),
        Column("source", numeric=False),
    )
    return Table(
        caption=f"All results of {entrant.label}",
        columns=columns,
        rows=tuple(_row(one, bar) for one, bar in zip(entrant.results, drawn, strict=True)),
    )


def _row(result: Result, bar: Bar | None) -> Row:
    entry, method = result.entry, result.method
    shown = entry.scenario.representation
    found = entry.found.methods[method.method]
    verdict = found.verdict
    there = [point for point in found.curve if point.mean is not None]
    last = there[-1] if there else None
    ranks = entry.standing.ranks
    rank = ranks[method.method].rank if method.method in ranks else None
    return Row(
        head=Cell(
            entry.scenario.scenario,
            entry.scenario.scenario,
            href=entry.path,
            detail="" if shown is None else f"on {features(shown)}",
        ),
        cells=(
            Cell(entry.document.suite.name, entry.document.suite.name),
            number(last.mean if last else None, mean_text(last, entry.scale) if last else ""),
            number(rank, str(rank)),
            verdict_cell(method, found, entry.scenario),
            familywise_cell(found),
            difference_cell(verdict, bar, entry.scale),
            detectable_cell(verdict, entry.scale),
            number(method.trainings, str(method.trainings)),
            Cell(method.sampler.version, method.sampler.version),
            Cell(method.sampler.source, method.sampler.source, "digest"),
        ),
        kind=kind(method, entry.scenario),
    )
