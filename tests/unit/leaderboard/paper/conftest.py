"""Entries of documents, with their statistics and the prose on them."""

from types import SimpleNamespace

import pytest

from alharness.leaderboard.paper.findings_prose import findings_paragraphs
from alharness.leaderboard.paper.protocol_prose import protocol_paragraphs
from alharness.leaderboard.site.board import board
from alharness.results.analysis import analyse
from alharness.results.samples import samples_of


@pytest.fixture(scope="session")
def told():
    """What is told of the first scenario of a document: its entry, statistics and prose."""

    def tell(document):
        entry = board([document]).entries[0]
        found = analyse(samples_of(entry.scenario, document.suite.name))
        text = "\n".join((*protocol_paragraphs(entry), *findings_paragraphs(entry, found)))
        return SimpleNamespace(entry=entry, found=found, text=text)

    return tell


@pytest.fixture
def changed(made_up):
    """A made-up document, its scenario changed."""

    def change(methods=3, *, declaration=None, initial_sets=4, seeds=2, **changes):
        (scenario,) = made_up.document(methods, initial_sets=initial_sets, seeds=seeds).scenarios
        document = made_up.of([scenario.model_copy(update=changes)])
        if declaration is None:
            return document
        suite = document.suite.model_copy(update={"declaration": declaration})
        return document.model_copy(update={"suite": suite})

    return change
