"""``inline``: units are carried out one after another in this process, without isolation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import alharness
from alharness.work import InProcessSite


class InlineExecutor(alharness.Executor):
    """Carries a unit out while it is submitted, in the process of the bench, for a debugger.

    The results are those of every other executor. Samplers are not isolated.
    """

    def open(self, site: alharness.Site) -> None:
        self._site = InProcessSite(site)

    def submit(self, unit: Mapping[str, Any]) -> Future[None]:
        future: Future[None] = Future()
        (outcome,) = self._site.carry_out([unit])
        if outcome.error is None:
            future.set_result(None)
        else:
            future.set_exception(outcome.error)
        return future

    def shutdown(self) -> None:
        """Nothing is in progress between two calls."""


@alharness.hookimpl
def alharness_executors() -> Iterator[alharness.ExecutorSpec]:
    yield alharness.ExecutorSpec(
        "inline",
        InlineExecutor,
        summary="Units one after another in the process of the bench, for debugging",
        cost="One unit at a time.",
        isolated=False,
    )
