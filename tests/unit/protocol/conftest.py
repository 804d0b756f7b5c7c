"""Fixtures of the protocol's tests."""

from collections.abc import Callable

import pytest

from alharness.protocol.suite.tables import Protocol


@pytest.fixture(scope="session")
def protocol() -> Callable[..., Protocol]:
    """Builds the standard protocol, with changes."""

    def build(**changes: object) -> Protocol:
        standard = {
            "initial_sets": 5,
            "seeds": 5,
            "initial_fraction": 0.1,
            "query_fraction": 0.1,
            "final_fraction": 0.4,
            "validation_fraction": 0.1,
        }
        return Protocol.model_validate(standard | changes)

    return build
