"""``local``: units are carried out at work sites on this machine, samplers isolated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from pydantic import Field

import alharness
from alharness.work import Outcome, WorkSite, sites, spread


class LocalParameters(alharness.Parameters):
    """Parameters of ``local``."""

    jobs: int | None = Field(
        None,
        ge=1,
        description="units at a time; null: one per core, or `jobs_per_gpu` for each GPU",
    )
    jobs_per_gpu: int = Field(1, ge=1, description="units at a time on each GPU")


class LocalExecutor(alharness.Executor):
    """Hands each unit to the next idle of its work sites on this machine, all of them alike.

    Work sites are processes that live across units; samplers are asked in processes of their own.
    """

    def __init__(self, jobs: int | None = None, jobs_per_gpu: int = 1) -> None:
        self._jobs = jobs
        self._jobs_per_gpu = jobs_per_gpu

    def open(self, site: alharness.Site) -> None:
        """Raises UsageError for a device that cannot be used."""
        self._sites = [WorkSite(one) for one in sites(site, self._jobs, self._jobs_per_gpu)]
        self.slots = len(self._sites)
        self._idle: SimpleQueue[WorkSite] = SimpleQueue()
        for one in self._sites:
            self._idle.put(one)
        self._threads = ThreadPoolExecutor(self.slots, thread_name_prefix="alharness-lane")

    def submit(self, unit: Mapping[str, Any]) -> Future[None]:
        (future,) = self.submit_together([unit])
        return future

    def submit_together(self, units: Sequence[Mapping[str, Any]]) -> list[Future[None]]:
        return spread(self._threads.submit(self._carry_out, units), len(units))

    def shutdown(self) -> None:
        for site in self._sites:
            site.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _carry_out(self, units: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        site = self._idle.get()
        try:
            return site.carry_out(units)
        finally:
            self._idle.put(site)


@alharness.hookimpl
def alharness_executors() -> Iterator[alharness.ExecutorSpec]:
    yield alharness.ExecutorSpec(
        "local",
        LocalExecutor,
        summary="Worker processes on this machine, samplers in processes of their own",
        cost="A core, or a share of a GPU, for each unit at a time; for each of these a process "
        "that executes units and, during a query, one that asks its sampler.",
        parameters=LocalParameters,
    )
