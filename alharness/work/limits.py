"""Limits: what a worker may take, and how what it took is counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from alharness.api.errors import HarnessError

LONGEST_TICK = 1.0
"""Seconds between two looks that count at most: who looks was stopped or suspended meanwhile."""


@dataclass(frozen=True)
class Limits:
    """When a worker is ended; None for no limit.

    kind: what it does, ``trial`` or ``query``: the options that set its limits begin with it,
        if there are any.
    silence: seconds without a sign of life. seconds: from when a plugin is asked to its answer.
    memory: MiB, children included. by_processor: time on the processor is a sign of life, too.
    """

    kind: str = ""
    silence: float | None = None
    seconds: float | None = None
    memory: int | None = None
    by_processor: bool = False

    def times(self, n: int) -> Limits:
        """The same with the time of ``n`` units."""
        return self if self.seconds is None else replace(self, seconds=n * self.seconds)


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Usage:
    """What a worker and its children hold and took: MiB, seconds; whether it is stopped."""

    memory: int = 0
    processor: float = 0.0
    stopped: bool = False


@dataclass
class Watch:
    """Counts what a worker takes for one message, by looks at it. ``who`` is named at the end.

    Silence counts while nothing was heard and the worker was not stopped; time counts from
    ``begin``. Neither counts while whoever looks was stopped or the machine suspended.
    """

    limits: Limits
    who: str
    silent: float = field(default=0.0, init=False)
    taken: float = field(default=0.0, init=False)
    begun: bool = field(default=False, init=False)
    _processor: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """A plugin is asked from now on."""
        self.begun = True
        self.heard()

    def heard(self) -> None:
        """There was a sign of life."""
        self.silent = 0.0

    def look(self, elapsed: float, usage: Usage) -> None:
        """``elapsed`` seconds after the last look. Raises HarnessError past a limit."""
        elapsed = min(elapsed, LONGEST_TICK)
        if not usage.stopped:
            self.silent += elapsed
        # Less than before is a sign, too: a child that ended takes its time with it.
        if self.limits.by_processor and usage.processor != self._processor:
            self._processor = usage.processor
            self.heard()
        if self.begun:
            self.taken += elapsed
        self._require(usage)

    def _require(self, usage: Usage) -> None:
        limits = self.limits
        if limits.seconds is not None and self.taken > limits.seconds:
            raise self._past(f"no answer within {limits.seconds:g} s{self._option('timeout')}")
        if limits.silence is not None and self.silent > limits.silence:
            raise self._past(f"no sign of life for {limits.silence:g} s (--silence)")
        if limits.memory is not None and usage.memory > limits.memory:
            more = f"more than {limits.memory}{self._option('memory')}"
            raise self._past(f"it used {usage.memory} MiB, {more}")

    def _option(self, name: str) -> str:
        return f" (--{self.limits.kind}-{name})" if self.limits.kind else ""

    def _past(self, what: str) -> HarnessError:
        return HarnessError(f"{what}; its worker was ended", where=self.who)
