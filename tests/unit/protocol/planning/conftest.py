"""Fixtures of the tests of planning."""

from collections.abc import Callable

import pytest

from alharness import DatasetShape
from alharness.protocol.bench import Bench
from alharness.protocol.condition import Condition, make_condition


@pytest.fixture(scope="session")
def prepared_as() -> Callable[[Bench, DatasetShape], Condition]:
    """The condition of a bench by what its dataset declares alone."""

    def make(bench: Bench, shape: DatasetShape) -> Condition:
        (condition,) = bench.conditions
        return make_condition(
            bench.suite,
            condition.scenario,
            shape,
            dataset=condition.dataset,
            model=condition.model,
            regularizers=condition.regularizers,
            loss=condition.loss,
            schedule=condition.schedule,
            oracle=condition.oracle,
            space=condition.space,
        )

    return make
