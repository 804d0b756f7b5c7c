"""What goes wrong, in one clear line, and the exit code that says which kind it was."""

from __future__ import annotations

from enum import IntEnum

from alharness.api.text import one_line


class ExitCode(IntEnum):
    """How a command ended."""

    DONE = 0
    """Everything that was asked for is done."""
    UNITS_FAILED = 1
    """Units failed, or a file could not be written; what was computed is recorded."""
    USAGE = 2
    """Bad input: an option, a suite, a path, a name."""
    PLUGIN = 3
    """A plugin that the command needs cannot be used."""
    STOPPED = 4
    """Stopped before the end; the same command goes on from there."""
    CONFORMANCE = 5
    """A plugin breaks a rule of its contract."""
    MISMATCH = 6
    """A document, a bundle or a record is not what it claims to be."""
    DEFECT = 7
    """A mistake of alharness itself: please report it."""


class HarnessError(Exception):
    """An expected failure: what is wrong, where, and how to mend it.

    Shown as one line without a traceback (unless ``--debug``); every other
    exception is a bug. What it is given is made fit for one line (``api.text``).
    """

    exit_code: ExitCode = ExitCode.UNITS_FAILED

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = one_line(what)
        self.where = one_line(where)
        self.remedy = one_line(remedy)
        line = f"{self.where}: {self.what}" if where else self.what
        super().__init__(f"{line}. {self.remedy}" if remedy else line)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.remedy))


def _rebuild(kind: type[HarnessError], what: str, where: str, remedy: str) -> HarnessError:
    return kind(what, where=where, remedy=remedy)


class UsageError(HarnessError):
    """Bad input: an option, a suite, a path, a name (exit code 2)."""

    exit_code = ExitCode.USAGE


class PluginError(HarnessError):
    """A plugin that is needed cannot be loaded or built (exit code 3)."""

    exit_code = ExitCode.PLUGIN


class MismatchError(HarnessError):
    """A document, a bundle or a record is not what it claims to be (exit code 6)."""

    exit_code = ExitCode.MISMATCH


class ContractViolation(HarnessError):
    """A plugin broke a rule of its contract while a unit ran (exit code 1).

    ``where`` names the plugin and its distribution, ``what`` the rule.
    """
