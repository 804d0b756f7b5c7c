"""Machines: units computed on another kind of machine may differ in the last bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Machine(NamedTuple):
    """A kind of machine.

    processor: its name. instructions: the set of them that torch uses, such as ``AVX2``.
    device: ``cpu``, or the name of the GPU.
    """

    processor: str
    instructions: str
    device: str


def machine_of(facts: Mapping[str, Any]) -> Machine | None:
    """The machine that a record's facts name, or None when they do not name all of it."""
    match facts:
        case {
            "processor": {"name": str(processor), "instructions": str(instructions)},
            "device": str(device),
        }:
            return Machine(processor, instructions, device)
    return None
