"""Typed parameters of plugins: as JSON values for keys, as Python values for factories.

A parameter whose value is a path names a file or a folder; its content belongs to the key.
"""

from __future__ import annotations

import errno
import hashlib
import inspect
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import BaseModel, ValidationError

from alharness.api.errors import HarnessError, PluginError, UsageError
from alharness.api.specs import Parameters
from alharness.api.text import one_line
from alharness.protocol.keys import DIGEST_BYTES, canonical_json, digest
from alharness.protocol.suite.bounds import has_larger_number
from alharness.protocol.wording import did_you_mean, spell
from alharness.registry.boundary import one_line as told
from alharness.registry.registered import Registered

_MOST_FILES = 100_000
"""Files of a folder that a parameter names."""


_OF_TEXTS = ("string_type", "path_type")
"""Problems of values that are no text where one is wanted."""


@dataclass(frozen=True)
class ParameterInfo:
    """One parameter, for listings; ``default`` is a JSON value."""

    name: str
    type: str
    default: Any
    description: str


def json_values(parameters: Parameters) -> dict[str, Any]:
    """All parameters as JSON values. Raises ValueError or TypeError when one is not JSON."""
    values = parameters.model_dump(mode="json", by_alias=True, round_trip=True)
    canonical_json(values)
    return values


def default_values(registered: Registered) -> dict[str, Any]:
    """The plugin's defaults as JSON values."""
    return json_values((registered.spec.parameters or Parameters)())


def describe_parameters(model: type[Parameters] | None) -> list[ParameterInfo]:
    """The parameters that a plugin takes, in the order of their declaration."""
    if model is None:
        return []
    defaults = json_values(model())
    return [
        ParameterInfo(
            name := field.alias or attribute,
            inspect.formatannotation(field.annotation),
            defaults[name],
            field.description or "",
        )
        for attribute, field in model.model_fields.items()
    ]


def checked(registered: Registered, given: Mapping[str, Any]) -> Parameters:
    """The plugin's parameters with ``given`` in place of defaults.

    Raises UsageError that names the plugin, each wrong parameter and the remedy.
    """
    model = registered.spec.parameters or Parameters
    names = [field.alias or attribute for attribute, field in model.model_fields.items()]
    for name in given:
        if name not in names:
            raise UsageError(
                f"no parameter '{name}'",
                where=registered.origin,
                remedy=did_you_mean(name, names) if names else "It takes none",
            )
    try:
        parameters = model.model_validate(dict(given))
        if has_larger_number(json_values(parameters)):
            raise ValueError("a whole number has more than 64 bits")
    except ValidationError as error:
        raise UsageError(
            "; ".join(_problem(problem) for problem in error.errors()),
            where=registered.origin,
            remedy=f"`alharness plugins show {registered.spec.name}` describes the parameters",
        ) from error
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise UsageError(
            f"parameters are not JSON values: {one_line(str(error), 200)}",
            where=registered.origin,
            remedy="Give finite numbers, strings, booleans or lists of them",
        ) from error
    except HarnessError:
        raise
    except Exception as error:  # of a validator of the plugin's
        raise PluginError(
            f"checking its parameters raised {told(error)}", where=registered.origin
        ) from error
    return parameters


def _problem(problem: Mapping[str, Any]) -> str:
    place = ".".join(map(str, problem["loc"]))
    message = problem["msg"][:1].lower() + problem["msg"][1:]
    subject = f"parameter '{place}'" if place else "parameters"
    return f"{subject} is {_shown(problem['input'])}: {one_line(message, 200)}{_hint(problem)}"


def _hint(problem: Mapping[str, Any]) -> str:
    """How to write what looks like a number, or true or false, where a text is wanted."""
    value, place = problem["input"], ".".join(map(str, problem["loc"]))
    if problem["type"] not in _OF_TEXTS or not isinstance(value, bool | int | float):
        return ""
    written = one_line(spell(value), 100)
    return f'; a text that looks like another value takes quotes: {place}="{written}"'


def _shown(value: object) -> str:
    try:
        return one_line(repr(value), 100)
    except ValueError:  # a whole number with thousands of digits
        return "too long to be shown"


def as_arguments(parameters: Parameters) -> dict[str, Any]:
    """Keyword arguments for the factory: the validated Python values."""
    return {name: getattr(parameters, name) for name in type(parameters).model_fields}


class NamedFiles:
    """Digests of the files and folders that parameters name.

    A file is read again only when its size, its times or its inode changed: an engine asks
    before every unit.
    """

    def __init__(self) -> None:
        self._known: dict[Path, tuple[tuple[int, ...], str]] = {}

    def digests(self, registered: Registered, parameters: Parameters) -> dict[str, str]:
        """The digest of what each parameter names that holds a path, or several.

        A default of ``Path()`` names nothing. Raises UsageError, naming plugin, parameter and
        path, for what cannot be read.
        """
        found: dict[str, str] = {}
        for attribute, field in type(parameters).model_fields.items():
            value = getattr(parameters, attribute)
            name = field.alias or attribute
            contents = []
            for path in () if value == field.default == Path() else _paths(value):
                try:
                    contents.append(self._content(Path(path)))
                except (OSError, ValueError) as error:
                    raise UsageError(
                        f"parameter '{name}' names '{one_line(str(path), 200)}', which cannot "
                        f"be read ({getattr(error, 'strerror', None) or error})",
                        where=registered.origin,
                        remedy="Give a file or folder that is there; a relative path starts "
                        "from the current folder",
                    ) from error
            if contents:
                found[name] = contents[0] if len(contents) == 1 else digest(contents)
        return found

    def _content(self, path: Path) -> str:
        """Digest of a file's bytes, or of all files below a folder by their relative paths."""
        if path.is_dir():
            return digest(
                {file.relative_to(path).as_posix(): self._file(file) for file in _files(path)}
            )
        return self._file(path)

    def _file(self, path: Path) -> str:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        seen = (about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino, about.st_dev)
        known = self._known.get(path)
        if known is not None and known[0] == seen:
            return known[1]
        with path.open("rb") as file:
            content = hashlib.file_digest(file, _hasher).hexdigest()
        self._known[path] = (seen, content)
        return content


def _hasher() -> Any:
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def _files(folder: Path) -> Iterator[Path]:
    """Raises OSError for a folder below it that cannot be read or is a link, and for too many."""

    def refuse(error: OSError) -> None:
        raise error

    count = 0
    for place, folders, names in os.walk(folder, onerror=refuse):
        for name in folders:
            if Path(place, name).is_symlink():
                raise OSError(errno.ELOOP, f"'{name}' below it is a link to a folder")
        count += len(names)
        if count > _MOST_FILES:
            raise OSError(errno.EFBIG, f"it holds more than {_MOST_FILES} files")
        yield from (Path(place, name) for name in names)


def _paths(value: Any) -> Iterator[PurePath]:
    """The paths in a parameter's value, in order."""
    if isinstance(value, PurePath):
        yield value
    elif isinstance(value, BaseModel):
        for attribute, field in type(value).model_fields.items():
            inner = getattr(value, attribute)
            if not inner == field.default == Path():
                yield from _paths(inner)
    elif isinstance(value, Mapping):
        yield from (path for item in value.values() for path in _paths(item))
    elif isinstance(value, list | tuple):
        yield from (path for item in value for path in _paths(item))
    elif isinstance(value, set | frozenset):
        yield from sorted(path for item in value for path in _paths(item))
