"""Losses are computed as units compute them."""

import pytest


@pytest.fixture(autouse=True)
def as_in_a_unit(one_thread: None) -> None:
    """Of every test here."""
