"""What processes tell each other: JSON objects, errors among them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from alharness.api.errors import ContractViolation, HarnessError, PluginError, UsageError
from alharness.registry.boundary import one_line, trace
from alharness.store.checkpoints import CheckpointMissing

Message: TypeAlias = dict[str, Any]

_ERRORS: dict[str, type[HarnessError]] = {
    kind.__name__: kind
    for kind in (HarnessError, UsageError, PluginError, ContractViolation, CheckpointMissing)
}


def answered(answer: Callable[[Message], Message], message: Message) -> Message:
    """What ``answer`` says to a message; ``{"error": …}`` where it raises."""
    try:
        return answer(message)
    except Exception as error:
        return {"error": describe_error(error)}


def unless_error(answer: Message) -> Message:
    """The answer itself. Raises the error that it describes."""
    if "error" in answer:
        raise described_error(answer["error"])
    return answer


def describe_error(error: BaseException) -> dict[str, str]:
    """An exception as JSON. One that is no HarnessError is told in one line: type, text, place."""
    if isinstance(error, HarnessError):
        kind = next(one.__name__ for one in type(error).__mro__ if one.__name__ in _ERRORS)
        what, where, remedy = error.what, error.where, error.remedy
    else:
        kind, what, where, remedy = "", one_line(error), "", ""
    return {"kind": kind, "what": what, "where": where, "remedy": remedy, "trace": trace(error)}


def described_error(description: dict[str, str]) -> HarnessError:
    """The exception that ``describe_error`` described, the traceback as a note."""
    kind = _ERRORS.get(description["kind"], HarnessError)
    error = kind(description["what"], where=description["where"], remedy=description["remedy"])
    error.add_note(description["trace"])
    return error
