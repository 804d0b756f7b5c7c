"""Fixtures of the protocol's tests."""

from collections.abc import Callable

import pytest

from alharness.protocol.suite.protocol_table import Protocol


@pytest.fixture(scope="session")
def protocol() -> Callable[..., Protocol]:
    """Builds the standard protocol, with changes; other ``budgets`` instead of its fractions."""

    def build(budgets: dict[str, object] | None = None, **changes: object) -> Protocol:
        fractions = {"initial_fraction": 0.1, "query_fraction": 0.1, "final_fraction": 0.4}
        standard = {"initial_sets": 5, "seeds": 5, "validation_fraction": 0.1}
        return Protocol.model_validate(standard | (budgets or fractions) | changes)

    return build
