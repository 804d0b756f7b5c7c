"""What a site is of: scenarios of documents in their order, and methods with all their results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from alharness.leaderboard.site.naming import page_name
from alharness.leaderboard.site.standing import Standing, standing
from alharness.leaderboard.tables.numerals import Scale, scale_of
from alharness.results.document import Component, Document, Method, Scenario, ScenarioFindings
from alharness.statistics import Measure, measure


@dataclass(frozen=True)
class Entry:
    """A scenario of a document: what a page is of. ``path``: of its page in the site."""

    document: Document
    document_digest: str
    scenario: Scenario
    found: ScenarioFindings
    standing: Standing
    path: str

    @property
    def measure(self) -> Measure:
        """The metric that curves and verdicts are on."""
        return measure(self.scenario.endpoint.metric)

    @property
    def scale(self) -> Scale:
        """How numbers of the metric are shown."""
        return scale_of(self.measure)

    @property
    def unit(self) -> str:
        """The unit of shown values: ``%``, ``nats`` or nothing."""
        return {"share": "%", "nats": "nats", "score": ""}[self.measure.unit]

    @property
    def unit_of_differences(self) -> str:
        """The unit of shown differences, in words."""
        return {"share": "percentage points", "nats": "nats", "score": "points of the score"}[
            self.measure.unit
        ]


@dataclass(frozen=True)
class Result:
    """What a method reached in an entry."""

    entry: Entry
    method: Method


@dataclass(frozen=True)
class Entrant:
    """A method of the site, by its label and the distribution that its plugin comes from.

    results: by suite and scenario. Versions of the plugin may differ between them.
    """

    label: str
    distribution: str
    path: str
    results: tuple[Result, ...]

    @property
    def sampler(self) -> Component:
        """The plugin, as its first result has it."""
        return self.results[0].method.sampler


@dataclass(frozen=True)
class Board:
    """Everything that a site shows. entrants: by label."""

    documents: tuple[Document, ...]
    entries: tuple[Entry, ...]
    entrants: tuple[Entrant, ...]
    _paths: dict[tuple[str, str], str] = field(repr=False)

    def path_of(self, method: Method) -> str:
        """Of a method's page in the site."""
        return self._paths[_key(method)]

    def same_protocol(self, entry: Entry) -> list[Entry]:
        """Other entries whose results could have stood in one table with those of this one."""
        protocol = entry.scenario.protocol_digest
        return [
            one
            for one in self.entries
            if one is not entry and one.scenario.protocol_digest == protocol
        ]


def board(documents: Iterable[Document]) -> Board:
    """The board of documents, in any order; the same document twice counts once.

    Two documents are never merged, not even two of one suite, scenario and protocol: each has its
    own page. Of such the newest comes first, and has the page that links from elsewhere meet;
    where dates do not tell, the documents' digests decide.
    """
    once = {one.content_digest: one for one in documents}
    ordered = sorted(
        once.items(),
        key=lambda one: (
            one[1].suite.name, -one[1].suite.version, -_last_recorded(one[1]), one[0]
        ),
    )  # fmt: skip
    entries = tuple(_entries(ordered))
    entrants = _entrants(entries)
    paths = {(one.distribution, one.label): one.path for one in entrants}
    return Board(tuple(one for _, one in ordered), entries, entrants, paths)


def _last_recorded(document: Document) -> int:
    """The day of its latest unit, as a number; 0 where the document does not tell."""
    methods = [method for scenario in document.scenarios for method in scenario.methods]
    return max((one.recorded[1].toordinal() for one in methods if one.recorded), default=0)


def _entries(documents: Sequence[tuple[str, Document]]) -> Iterable[Entry]:
    taken: set[str] = set()
    for of_document, document in documents:
        for scenario in document.scenarios:
            identity = (document.suite.name, scenario.scenario, scenario.protocol_digest)
            name = page_name(scenario.scenario, *identity)
            if name in taken:
                name = page_name(scenario.scenario, *identity, of_document)
            taken.add(name)
            yield Entry(
                document=document,
                document_digest=of_document,
                scenario=scenario,
                found=document.findings[scenario.scenario],
                standing=standing(scenario),
                path=f"scenarios/{name}.html",
            )


def _entrants(entries: Sequence[Entry]) -> tuple[Entrant, ...]:
    results: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for entry in entries:
        for method in entry.scenario.methods:
            results[_key(method)].append(Result(entry, method))
    return tuple(
        Entrant(label, distribution, f"methods/{page_name(label, *key)}.html", tuple(of_method))
        for key, of_method in sorted(results.items(), key=lambda one: (one[0][1], one[0][0]))
        for distribution, label in [key]
    )


def _key(method: Method) -> tuple[str, str]:
    return method.sampler.distribution, method.method
