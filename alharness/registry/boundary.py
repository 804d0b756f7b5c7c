"""The one boundary round plugin code: whatever it raises becomes one line that names it.

- ``refusing`` while plugins are found: what is raised refuses the plugin, and stops no other;
- ``plugin_code`` round one call of one plugin: plugin, distribution and method are named;
- ``unit_code`` round the computation of a unit, in which the code of several plugins runs
  inside torch's: nothing is wrapped, so a batch costs nothing. What comes out is the
  doing of the plugin that owns the deepest line of the traceback; of none, if nobody does.

A HarnessError is what a plugin wants to be read: it keeps its type and its text, and is
given the plugin's name if it names none. An interrupt passes.
"""

from __future__ import annotations

import importlib
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pluggy

from alharness.api import text
from alharness.api.errors import ContractViolation, HarnessError, PluginError
from alharness.registry.registered import Registered
from alharness.registry.surroundings import staying

_BETWEEN = (
    "<frozen",
    str(Path(importlib.__file__).parent),
    str(Path(pluggy.__file__).parent),
    str(Path(__file__).parent),
)
"""Code that runs between a command and a plugin: no place to mend a plugin at."""

_NUMERIC = tuple(f"{os.sep}site-packages{os.sep}{name}{os.sep}" for name in ("torch", "numpy"))
"""Code that computes what others ask for: where it raises says nothing of who asked."""

TRACE = "Its traceback is in the workspace's failures"
"""For a failure of a unit that is not known where it is raised: ``unit_code`` says it exactly."""


class RefusedPlugin(Exception):
    """Why a plugin is skipped: one line. Discovery turns it into a BrokenPlugin."""


@contextmanager
def refusing(doing: str) -> Iterator[None]:
    """Run a plugin's code; whatever it raises, leaving the process included, refuses the plugin.

    Raises RefusedPlugin, whose line begins with ``doing``. A KeyboardInterrupt passes: who
    loads plugins knows whether it came from outside.
    """
    try:
        yield
    except (KeyboardInterrupt, RefusedPlugin):
        raise
    except BaseException as error:
        raise RefusedPlugin(f"{doing}: {one_line(error)}") from error


@contextmanager
def plugin_code(
    method: str,
    origin: str,
    failure: type[HarnessError] = PluginError,
    involved: Iterable[Registered] = (),
) -> Iterator[None]:
    """Call one method of one plugin.

    ``involved`` are plugins whose code it may call, and it itself.

    Raises ``failure``, which names the plugin (``origin``), the method and the line, for
    whatever it raises but a HarnessError. What comes out of another involved plugin's files
    is that one's doing.
    """
    try:
        with staying():
            yield
    except HarnessError as error:
        raise _named(error, origin) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        remedy = TRACE if failure is ContractViolation else ""
        blamed = _blamed(error, involved)
        if blamed is not None and blamed[0].origin != origin:
            other, what = blamed
            where = f"{other.origin}, called by {origin}"
            raise failure(what, where=where, remedy=remedy) from error
        raise failure(f"{method} raised {one_line(error)}", where=origin, remedy=remedy) from error


@contextmanager
def unit_code(unit: str, plugins: Callable[[], Iterable[Registered]]) -> Iterator[None]:
    """Compute a unit, in which plugins' code runs.

    ``unit`` names it; ``plugins`` are those that its inputs name, asked for only when
    something was raised. Raises ContractViolation, naming plugin, method, line and unit,
    for what comes out of a plugin's files; a HarnessError keeps its type and text and is
    given the unit. What comes out of no plugin's files names the unit alone.
    """
    try:
        with staying():
            yield
    except HarnessError as error:
        if unit in error.where:
            raise
        located = _located(error, f"{error.where}, {unit}" if error.where else unit)
        if located.remedy == TRACE:
            located = type(error)(error.what, where=located.where, remedy=_trace_of(unit))
        raise located from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        blamed = _blamed(error, plugins())
        if blamed is None:
            raise HarnessError(one_line(error), where=unit, remedy=_trace_of(unit)) from error
        plugin, what = blamed
        where = f"{plugin.origin}, {unit}"
        raise ContractViolation(what, where=where, remedy=_trace_of(unit)) from error


@contextmanager
def located(place: str) -> Iterator[None]:
    """An expected failure says where in the suite, or of which thing, it is."""
    try:
        yield
    except HarnessError as error:
        raise _located(error, f"{place}: {error.where}" if error.where else place) from error


def _named(error: HarnessError, origin: str) -> HarnessError:
    """An error that names the plugin: as it is when it does, else with the plugin before."""
    name = origin.partition(" (")[0]
    if name in error.where:
        return error
    return _located(error, f"{origin}: {error.where}" if error.where else origin)


def _located(error: HarnessError, where: str) -> HarnessError:
    return type(error)(error.what, where=where, remedy=error.remedy)


def _trace_of(unit: str) -> str:
    """Where the traceback of a unit, ``trial KEY``, lies."""
    return f"Its traceback is in the workspace, below failures/{unit.rpartition(' ')[2]}"


@dataclass(frozen=True)
class _Call:
    """A frame of a traceback in the files of plugins: of which, what was called, and where."""

    owners: list[Registered]
    cls: str
    function: str
    place: str


def _blamed(error: BaseException, plugins: Iterable[Registered]) -> tuple[Registered, str] | None:
    """The plugin that owns the deepest line of the traceback, and what is said of it.

    Of several plugins in one file it is the one whose class the method is of.
    """
    calls = list(_calls(error, plugins))
    if not calls:
        return None
    owners = calls[-1].owners
    called = [call for call in calls if call.owners == owners]
    whose = {_class_name(plugin): plugin for plugin in reversed(owners)}
    method = next((call for call in called if call.cls in whose), called[0])
    said = f"{method.function} raised {_said(error)} ({calls[-1].place})"
    return whose.get(method.cls, owners[0]), said


def _calls(error: BaseException, plugins: Iterable[Registered]) -> Iterator[_Call]:
    owners: dict[Path, list[Registered]] = {}
    for plugin in plugins:
        for path in plugin.provenance.code.files.values():
            owners.setdefault(path.resolve(), []).append(plugin)
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        file = Path(code.co_filename).resolve()
        if file in owners:
            cls = type(frame.f_locals["self"]).__qualname__ if "self" in frame.f_locals else ""
            function = f"{cls}.{code.co_name}" if cls else code.co_qualname
            yield _Call(owners[file], cls, function, f"{_file_name(file)}, line {line}")


def _class_name(plugin: Registered) -> str:
    factory = plugin.spec.factory
    if isinstance(factory, str):
        return factory.partition(":")[2]
    return str(getattr(factory, "__qualname__", ""))


def one_line(error: BaseException) -> str:
    """An exception as one line: its type, its message and the line of code that raised it.

    Where torch or NumPy raised it, the line that called them.
    """
    said = _said(error)
    if isinstance(error, SyntaxError):
        return said  # its message has the place already
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_BETWEEN)
        and not any(part in frame.filename for part in _NUMERIC)
    ]
    if not frames:
        return said
    return f"{said} ({_file_name(Path(frames[-1].filename))}, line {frames[-1].lineno})"


def _file_name(path: Path) -> str:
    """With its folder where its own name says nothing."""
    return f"{path.parent.name}/{path.name}" if path.name == "__init__.py" else path.name


def trace(error: BaseException) -> str:
    """The traceback of an exception with its notes, bounded, as it is kept in a file."""
    try:
        return text.block("".join(traceback.format_exception(error)))
    except Exception:  # one of its exceptions cannot say what it is
        return text.block("".join(traceback.format_tb(error.__traceback__)) + _said(error))


def _said(error: BaseException) -> str:
    """Type and message of an exception; its type alone when it cannot even say its message."""
    try:
        message = text.one_line(str(error))
    except Exception:
        message = ""
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
