"""The devices that units compute on."""

from __future__ import annotations

import torch

from alharness.api.errors import UsageError


def find_device(name: str) -> torch.device:
    """The device of this name; ``auto`` takes a GPU when there is one. Raises UsageError."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(
            f"device '{name}' cannot be used ({reason})",
            where="--device",
            remedy="Use auto, cpu, cuda or cuda:N",
        ) from error
    return device


def is_gpu(name: str) -> bool:
    """Whether units take a GPU on the device of this name; ``auto``: where there is one here."""
    return torch.cuda.is_available() if name == "auto" else name.startswith("cuda")
