"""What a unit takes of a machine: advice for executors, no part of its key."""

from __future__ import annotations

from typing import Any

from alharness.protocol.units import Unit

WITHOUT_GPU = {"annotation"}
"""Kinds that compute nothing on a device."""


def with_resources(unit: Unit, on_gpu: bool) -> dict[str, Any]:
    """A unit's JSON with ``resources``: cores, gpus, and memory in MiB, which nobody knows."""
    described = unit.to_json()
    resources = {
        "cores": described["inputs"].get("recipe", {}).get("threads", 1),
        "gpus": int(on_gpu and unit.kind not in WITHOUT_GPU),
        "memory": None,
    }
    return {**described, "resources": resources}
