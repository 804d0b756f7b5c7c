"""Lanes: how many units this machine carries out at a time, and what of it each is given."""

from __future__ import annotations

import os

from alharness.api.executor import Site


def lanes(device: str, jobs: int | None = None, jobs_per_gpu: int = 1) -> list[str]:
    """The device of each unit that runs at the same time.

    On the CPU ``jobs`` of them, by default one per core that this process may
    use; on GPUs ``jobs_per_gpu`` for each, at most ``jobs``. ``cuda`` means all
    GPUs, ``cuda:N`` one. Raises UsageError for a device that cannot be used.
    """
    # Imports torch, which listing plugins does without.
    from alharness.engine.device import find_device

    found = find_device(device)
    if found.type == "cpu":
        return ["cpu"] * (jobs or _usable_cores())
    every = _gpus(str(found)) * jobs_per_gpu
    return every if jobs is None else (every * jobs)[:jobs]


def sites(site: Site, jobs: int | None = None, jobs_per_gpu: int = 1) -> list[Site]:
    """The site of each unit that runs at the same time: its device, its share of the decoders."""
    devices = lanes(site.device, jobs, jobs_per_gpu)
    share = max(1, decoders_of(site) // len(devices))
    return [site.model_copy(update={"device": device, "decoders": share}) for device in devices]


def decoders_of(site: Site) -> int:
    """Threads that decode images at a site: as many as it says, or as this process has cores."""
    return site.decoders or _usable_cores()


def _gpus(device: str) -> list[str]:
    """Each GPU by its number where ``device`` names none."""
    import torch

    if device != "cuda":
        return [device]
    return [f"cuda:{number}" for number in range(torch.cuda.device_count())]


def _usable_cores() -> int:
    """Cores that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
