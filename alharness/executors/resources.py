"""What a unit takes of a machine: advice for executors, no part of its key."""

from __future__ import annotations

from typing import Any

from alharness.protocol.units import TrialInputs, Unit

WITHOUT_GPU = {"annotation"}
"""Kinds that compute nothing on a device."""


def _on_cpu(unit: Unit) -> bool:
    """Whether a unit leaves a GPU alone: trainings in stacks are computed on the CPU."""
    inputs = unit.inputs
    stacked = isinstance(inputs, TrialInputs) and inputs.recipe.stacked
    return stacked or unit.kind in WITHOUT_GPU


def with_resources(unit: Unit, on_gpu: bool) -> dict[str, Any]:
    """A unit's JSON with ``resources``: cores, gpus, and memory in MiB, which nobody knows."""
    described = unit.to_json()
    resources = {
        "cores": described["inputs"].get("recipe", {}).get("threads", 1),
        "gpus": int(on_gpu and not _on_cpu(unit)),
        "memory": None,
    }
    return {**described, "resources": resources}
