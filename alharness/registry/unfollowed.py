"""What a plugin computes from and its key does not cover, as far as that can be seen.

Each is one line for ``plan`` and ``bench``: results that depend on it are taken over though it
changed. Nothing is imported; code is parsed. What cannot be seen at all (the network, variables
of the environment, paths that are put together when it runs) is stated in ``docs/plugin-api.md``.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from alharness.api.specs import Parameters
from alharness.api.text import one_line
from alharness.registry.modules import imported_names, lists_its_folder, texts, top_level
from alharness.registry.registered import Registered
from alharness.registry.source import GROUP

_OWN = {GROUP, "alharness_plugins", "alharness_suites"}
"""The harness, which is versioned by its kinds of units."""


def unfollowed(registered: Registered, parameters: Parameters) -> Iterator[str]:
    """A line for each thing that the plugin uses and its key does not follow."""
    if registered.provenance.distribution.lower() != GROUP:
        for reason in _source(registered):
            yield f"{registered.origin} {reason}"
    if registered.kind != "dataset":  # a dataset's fingerprint tells its data apart
        for name, text in _texts(parameters):
            if _names_file(text):
                yield (
                    f"{registered.origin}: parameter '{name}' is a text that names the file "
                    f"'{one_line(text, 100)}', whose content is not part of the key; its type "
                    "should be pathlib.Path"
                )


def _source(registered: Registered) -> Iterator[str]:
    if registered.spec.step_version is not None:
        return  # its author answers for changes
    files = registered.provenance.code.files
    covered = {path.resolve() for path in files.values()}
    modules = {name.partition("/")[0].removesuffix(".py") for name in files}
    imported: set[str] = set()
    for name, path in files.items():
        if path.suffix != ".py":
            continue
        imported |= imported_names(path)
        if "/" not in name and lists_its_folder(path):
            yield f"lists the folder of {path.name}: of what lies there, only what its code names "
            "is part of its key"
        for text in sorted(texts(path)):
            if Path(text).is_absolute() and _names_file(text) and Path(text) not in covered:
                yield (
                    f"names the file '{one_line(text, 100)}' in {path.name}, which is not part "
                    "of its key; make it a parameter of type pathlib.Path"
                )
    for module in sorted(imported - modules - _OWN - sys.stdlib_module_names):
        if (place := _outside(module)) is not None:
            yield (
                f"imports '{module}' from {place}, which no installed distribution versions: its "
                "changes are not noticed"
            )


def _outside(module: str) -> Path | None:
    """Where a module lies that is not installed into this Python; None for any other."""
    installed = [Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")]
    for path in top_level(module):
        inside = any(path.resolve().is_relative_to(folder) for folder in installed)
        if not inside and "site-packages" not in path.parts and "dist-packages" not in path.parts:
            return path.parent
    return None


def _texts(parameters: Parameters) -> Iterator[tuple[str, str]]:
    for attribute, field in type(parameters).model_fields.items():
        for text in _texts_in(getattr(parameters, attribute)):
            yield field.alias or attribute, text


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        yield from _texts_in(dict(value))
    elif isinstance(value, dict):
        yield from _texts_in(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        yield from (text for item in value for text in _texts_in(item))


def _names_file(text: str) -> bool:
    try:
        return 0 < len(text) < 4096 and Path(text).is_file()
    except (OSError, ValueError):
        return False
