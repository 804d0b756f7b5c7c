"""Documents of a small bench, and one that alharness 0.1 wrote."""

import json
from pathlib import Path

import alharness_suites
import numpy as np
import pytest

from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.document import members
from alharness.results.findings import findings
from alharness.results.publication import Publication, read_publication


@pytest.fixture
def bench(make_bench):
    return make_bench(initial_sets=4, seeds=2, scope="fixed")


@pytest.fixture
def empty(bench, world):
    """The document of a bench of which nothing is computed."""
    one = world(bench)
    return collect(bench, survey(bench, one), one, [])


@pytest.fixture
def finished(bench, world):
    """The document of a bench that is done."""
    one = world(bench)
    return collect(bench, one.finish(bench), one, [])


@pytest.fixture
def clear(empty):
    """A document in which margin is 10 points better than random, after cycle 0."""
    noise = np.random.default_rng(0).normal(0, 0.001, (4, 2, 3))
    random = np.array([0.5, 0.6, 0.7]) + noise
    margin = random + np.array([-0.3, 0.1, 0.1]) + noise[::-1]
    return changed(empty, random={"accuracy": random}, margin={"accuracy": margin})


def changed(document, **methods):
    """A document with other numbers or marks of its methods, and the findings that follow."""
    (scenario,) = document.scenarios
    new = [
        method.model_copy(
            update={
                name: members(value) if isinstance(value, np.ndarray) else value
                for name, value in methods.get(method.method, {}).items()
            }
        )
        for method in scenario.methods
    ]
    scenario = scenario.model_copy(update={"methods": tuple(new)})
    update = {"scenarios": (scenario,), "findings": {scenario.scenario: findings(scenario)}}
    return document.model_copy(update=update)


@pytest.fixture(name="changed")
def changed_fixture():
    return changed


@pytest.fixture
def of_0_1():
    """What alharness 0.1 wrote after ``bench --suite digits-quick``, as JSON."""
    return json.loads((Path(__file__).parent / "documents" / "digits-quick-0.1.json").read_text())


@pytest.fixture(scope="module")
def paper() -> Publication:
    """The published tables that come with the harness."""
    (path,) = alharness_suites.alharness_published()
    return read_publication(path)
