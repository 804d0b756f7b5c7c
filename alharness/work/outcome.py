"""Outcomes: how carrying out a unit ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from alharness.api.errors import HarnessError, PluginError
from alharness.work.messages import describe_error, described_error


@dataclass(frozen=True)
class Outcome:
    """How carrying out one unit ended.

    key: the unit's.
    error: what it raised; None when it is done: then its record is in the store.
    """

    key: str
    error: BaseException | None = None

    def result(self) -> None:
        """Raises what the unit raised."""
        if self.error is not None:
            raise self.error

    def to_json(self) -> dict[str, Any]:
        """As a JSON object: the key, and what tells the error, or None."""
        error = None if self.error is None else describe_error(self.error)
        return {"key": self.key, "error": error}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Outcome:
        """The outcome that ``to_json`` described.

        Its error is a HarnessError of the kind that it was, the traceback as its note;
        every other exception is a plain HarnessError.
        """
        error = None if data["error"] is None else described_error(data["error"])
        return cls(data["key"], error)


def spread(together: Future[Sequence[Outcome]], n_units: int) -> list[Future[None]]:
    """A future for each of the units whose outcomes, in their order, ``together`` will hold.

    All of them fail when it holds more or fewer: whose they are is not known then.
    """
    futures: list[Future[None]] = [Future() for _ in range(n_units)]
    for future in futures:
        future.set_running_or_notify_cancel()

    def settle(done: Future[Sequence[Outcome]]) -> None:
        for future, error in zip(futures, _errors(done, n_units), strict=True):
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

    together.add_done_callback(settle)
    return futures


def _errors(done: Future[Sequence[Outcome]], n_units: int) -> Sequence[BaseException | None]:
    if done.cancelled():
        return [HarnessError("the executor was shut down")] * n_units
    error = done.exception()
    if error is not None:
        return [error] * n_units
    errors = [outcome.error for outcome in done.result()]
    if len(errors) != n_units:
        told = f"the executor gave {len(errors)} outcomes for {n_units} units"
        return [PluginError(told)] * n_units
    return errors
