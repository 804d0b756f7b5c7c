"""Loading one plugin: import it, check its hooks and what it registers."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pluggy import HookRelay, PluginManager, PluginValidationError

from alharness.api.specs import API_VERSION, Parameters, Spec
from alharness.api.text import one_line
from alharness.registry import hookspecs
from alharness.registry.boundary import RefusedPlugin, refusing
from alharness.registry.boundary import one_line as told
from alharness.registry.parameters import json_values
from alharness.registry.registered import (
    Origin,
    Provenance,
    Registered,
    RegisteredResults,
    RegisteredSuite,
    Source,
)
from alharness.registry.surroundings import undisturbed

FILE = "(file)"
"""What stands for the distribution of a plugin file."""

_NAME = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*(:[\w.-]*)?")
_TEXTS = {"summary": 1_000, "citation": 10_000, "requires": 1_000, "cost": 1_000}
"""The texts of a spec, and how many characters they may have."""

_MOST_SPECS = 10_000
"""What a hook may yield; a family stands for more."""

_LONGEST_NAME = 100

_IMPORT_STRING = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


@dataclass(frozen=True)
class Candidate(Origin):
    """A plugin that is not loaded yet.

    load: imports it and returns what holds its hooks, usually a module.
    source: the files behind it and a factory's module (None for a class).
    """

    load: Callable[[], Any]
    source: Callable[[str | None], Source]


@dataclass(frozen=True)
class Plugin(Origin):
    """A plugin that can be used: its hooks and what it registers."""

    hooks: HookRelay
    registered: tuple[Registered, ...]
    suites: tuple[RegisteredSuite, ...]
    published: tuple[RegisteredResults, ...]


def load(candidate: Candidate) -> Plugin:
    """Load all of a plugin or nothing of it.

    Raises RefusedPlugin when it has no source or cannot be imported, asks for another API,
    has a hook that does not fit, registers what is no sound spec, suite or table of results, or
    does not end.
    The process is afterwards as it was (``alharness.registry.surroundings``). An interrupt passes.
    """
    with undisturbed() as interrupts:
        try:
            with refusing("cannot be loaded"):
                with refusing("cannot be imported"):
                    module = candidate.load()
                _check_api(module)
                hooks = attach(module, candidate.plugin)
                specs = list(_specs(hooks))
                suites = list(_toml_files(hooks, "alharness_suites"))
                published = list(_published(hooks))
        except KeyboardInterrupt as error:
            if interrupts.seen:
                raise
            raise RefusedPlugin(f"cannot be loaded: it raises {told(error)}") from None
    provenances = _Provenances(candidate)
    of_files = provenances.of(None)
    return Plugin(
        candidate.plugin,
        candidate.distribution,
        candidate.version,
        hooks,
        tuple(Registered(spec, provenances.of(spec)) for spec in specs),
        tuple(RegisteredSuite(_declared_name(path), path, of_files) for path in suites),
        tuple(RegisteredResults(name, path, of_files) for name, path in published),
    )


def attach(plugin: object, name: str) -> HookRelay:
    """The hooks of one plugin, checked.

    Each plugin has a plugin manager of its own, so that a call reaches that
    plugin alone and what it raises stays its own. Raises RefusedPlugin for an
    unknown hook, a wrong signature, a missing ``@alharness.hookimpl``, or no hook at all.
    """
    manager = PluginManager("alharness")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except PluginValidationError as error:
        raise RefusedPlugin(" ".join(str(error).split())) from error
    implemented = {caller.name for caller in manager.get_hookcallers(plugin) or ()}
    for hook in _hook_names():
        if hook not in implemented and callable(getattr(plugin, hook, None)):
            raise RefusedPlugin(f"its function '{hook}' is not marked with @alharness.hookimpl")
    if not implemented:
        raise RefusedPlugin(
            "implements no hook; define one, such as alharness_samplers, "
            "and mark it with @alharness.hookimpl"
        )
    return manager.hook


def _hook_names() -> list[str]:
    return [name for name in vars(hookspecs) if name.startswith("alharness_")]


def _check_api(module: Any) -> None:
    wanted = getattr(module, "ALHARNESS_API", API_VERSION)
    if wanted != API_VERSION:
        raise RefusedPlugin(
            f"asks for plugin API {wanted}, this alharness has {API_VERSION}; "
            "install versions of the two that fit"
        )


def _specs(hooks: HookRelay) -> Iterator[Spec]:
    for hook, expected in hookspecs.SPEC_HOOKS.items():
        for spec in _yielded(hooks, hook):
            _check_spec(spec, expected, hook)
            yield spec


def _toml_files(hooks: HookRelay, hook: str) -> Iterator[Path]:
    for path in _yielded(hooks, hook):
        if not isinstance(path, Path):
            raise RefusedPlugin(f"hook '{hook}' yields {path!r}, not a pathlib.Path")
        if not (path.is_file() and path.suffix == ".toml"):
            raise RefusedPlugin(f"hook '{hook}' yields '{path}', which is no TOML file")
        yield path


def _published(hooks: HookRelay) -> Iterator[tuple[str, Path]]:
    """The names of all published tables, each with its file; what else it holds is read later."""
    for path in _toml_files(hooks, "alharness_published"):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))["tables"]
            names = [table["name"] for table in tables]
        except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
            raise RefusedPlugin(
                f"hook 'alharness_published' yields '{path}', which names no tables; "
                "write [[tables]] with a name each"
            ) from error
        for name in names:
            _check_text(name, f"hook 'alharness_published': a name in '{path}'", _LONGEST_NAME)
            yield name, path


def _declared_name(path: Path) -> str:
    """The name that a suite's file declares; its stem where the file cannot say.

    Who asks for that suite is told then what is wrong with it.
    """
    try:
        name = tomllib.loads(path.read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError, RecursionError):
        return path.stem
    return name if isinstance(name, str) and name else path.stem


def _yielded(hooks: HookRelay, hook: str) -> list[Any]:
    with refusing(f"hook '{hook}' fails"):
        items = (item for result in getattr(hooks, hook)() for item in result)
        yielded = list(islice(items, _MOST_SPECS + 1))
    if len(yielded) > _MOST_SPECS:
        raise RefusedPlugin(f"hook '{hook}' yields more than {_MOST_SPECS}; register a family")
    return yielded


def _check_spec(spec: object, expected: type[Spec], hook: str) -> None:
    """Raises RefusedPlugin, naming the hook, when ``spec`` is not a sound ``expected``."""
    if not isinstance(spec, expected):
        raise RefusedPlugin(f"hook '{hook}' yields {spec!r}, not a {expected.__name__}")
    name = spec.name
    if not (isinstance(name, str) and len(name) <= _LONGEST_NAME and _NAME.fullmatch(name)):
        raise RefusedPlugin(
            f"hook '{hook}' yields the name {one_line(repr(name), _LONGEST_NAME)}; a name has "
            "lower-case letters and digits joined by '-' or '_'; it ends in ':' for a family"
        )
    for text, longest in _TEXTS.items():
        _check_text(getattr(spec, text), f"hook '{hook}': the {text} of '{name}'", longest)
    if spec.step_version is not None:
        _check_text(
            spec.step_version, f"hook '{hook}': the step_version of '{name}'", _LONGEST_NAME
        )
    _check_factory(spec, hook)
    _check_parameters(spec, hook)


def _check_text(text: object, what: str, longest: int) -> None:
    if not isinstance(text, str):
        raise RefusedPlugin(f"{what} is {one_line(repr(text), _LONGEST_NAME)}; give a text")
    if len(text) > longest:
        raise RefusedPlugin(f"{what} has {len(text)} characters; {longest} are the most")
    for letter in text:
        if not (letter.isprintable() or letter.isspace()):
            raise RefusedPlugin(f"{what} holds the control character {letter!r}; leave it out")


def _check_factory(spec: Spec, hook: str) -> None:
    sound = (
        _IMPORT_STRING.fullmatch(spec.factory)
        if isinstance(spec.factory, str)
        else callable(spec.factory)
    )
    if not sound:
        raise RefusedPlugin(
            f"hook '{hook}': the factory of '{spec.name}' is {spec.factory!r}; give a class "
            "or an import string 'package.module:Class'"
        )


def _check_parameters(spec: Spec, hook: str) -> None:
    model = spec.parameters
    if model is None:
        return
    if not (isinstance(model, type) and issubclass(model, Parameters)):
        raise RefusedPlugin(
            f"hook '{hook}': the parameters of '{spec.name}' are {model!r}; give a subclass of "
            "alharness.Parameters"
        )
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    if required:
        raise RefusedPlugin(
            f"hook '{hook}': parameters of '{spec.name}' have no default: {', '.join(required)}"
        )
    with refusing(f"hook '{hook}': the default parameters of '{spec.name}' are no JSON values"):
        json_values(model())


class _Provenances:
    """Provenances of one plugin; one source for each module that factories point to."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate
        self._sources: dict[str | None, Source] = {}

    def of(self, spec: Spec | None) -> Provenance:
        """The provenance of a spec; of a suite for None."""
        factory = spec.factory if spec is not None else None
        module = factory.partition(":")[0] if isinstance(factory, str) else None
        if module not in self._sources:
            self._sources[module] = self._candidate.source(module)
        candidate = self._candidate
        return Provenance(
            candidate.plugin, candidate.distribution, candidate.version, self._sources[module]
        )
