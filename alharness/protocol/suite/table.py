"""What all tables of a suite are."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from alharness.protocol.suite.errors import misfit


class Table(BaseModel):
    """A table of a suite. A field's description says what to write, for messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def refuse_repeats(names: list[str], *, key: str) -> None:
    """For validators: raises what says which name is there twice."""
    for name in names:
        if names.count(name) > 1:
            raise misfit(f"'{name}' is there twice", "Rename or remove one of them", key=key)
