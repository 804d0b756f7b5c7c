"""The processor that a unit is computed on: another kind may differ in the last bits."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")


def processor() -> dict[str, str]:
    """Its name, and the instruction set that torch uses of it, such as ``AVX2``."""
    return {"name": _name(), "instructions": torch.backends.cpu.get_cpu_capability()}


def _name() -> str:
    try:
        with CPUINFO.open(errors="replace") as lines:
            for line in lines:
                label, _, value = line.partition(":")
                if label.strip() == "model name":
                    return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
