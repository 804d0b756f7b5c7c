"""Which files stand for a plugin in keys, and their digest.

A third party's plugin is tied to its whole distribution: every code and data file that the
distribution installs. Installed, its RECORD lists them. Installed editable (or without
RECORD), they are the files of its top-level modules and packages: those that its entry points
and its metadata name, and those that lie beside them in the project and are imported, or named
in a text, by what counts already. A factory that an import string finds elsewhere counts by its
module's file; the version of that library is a fact of the record.

A plugin file is tied to itself, to what it so names of the modules in its folder, and to the
data there that its code names: a file counts when the steps of its path from that folder stand as
texts in the code (``"table.csv"``, ``"tables/one.csv"``, ``HERE / "tables" / "one.csv"``). So does
data beside the modules of an editable project. What is listed instead of named is not followed
(``alharness.registry.unfollowed``).

The harness's own plugins lie with its core and suites in one distribution, whose digest would
change with every line of it and outdate every record. What the core computes is versioned by
its kinds of units (their step versions); so a built-in is tied to the module or package of its
entry point and of its factory, and to what these import of their top-level package, directly
or not.

By-products (compiled code, caches, hidden files) and a distribution's metadata say nothing of
behaviour. Files are located and parsed, never imported, and read when a digest is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from alharness.api.errors import PluginError
from alharness.protocol.keys import DIGEST_BYTES, digest
from alharness.registry.modules import (
    beside,
    files_of,
    imported_modules,
    is_by_product,
    mentioned,
    module_file,
    module_files,
    texts,
    top_level,
)

GROUP = "alharness"
"""The group of entry points that plugins are found by, and the name of the core."""

_MOST_FOLDERS = 50
"""Folders beside a plugin in which the data that its code names is looked for."""

_CHUNK = 1 << 20
_METADATA = {".dist-info", ".egg-info", ".data"}


class Digests:
    """Digests of sources; a file that several plugins share is read once."""

    def __init__(self) -> None:
        self._contents: dict[Path, str] = {}

    def of(self, files: Mapping[str, Path]) -> str:
        """Digest of files by relative name; the same for either line ending, wherever they lie.

        Raises PluginError for a file that cannot be read.
        """
        return digest({name: self._content(path) for name, path in files.items()})

    def _content(self, path: Path) -> str:
        if path not in self._contents:
            self._contents[path] = _content_digest(path)
        return self._contents[path]


def _content_digest(path: Path) -> str:
    hasher = hashlib.blake2b(digest_size=DIGEST_BYTES)
    try:
        with path.open("rb") as file:
            chunk = file.read(_CHUNK)
            is_text = b"\0" not in chunk
            while chunk:
                while is_text and chunk.endswith(b"\r") and (more := file.read(1)):
                    chunk += more
                hasher.update(chunk.replace(b"\r\n", b"\n") if is_text else chunk)
                chunk = file.read(_CHUNK)
    except OSError as error:
        raise PluginError(
            f"a file of a plugin cannot be read ({error.strerror})",
            where=str(path),
            remedy="Make it readable, or install the plugin again",
        ) from error
    return hasher.hexdigest()


def own_files(entry: str, factory: str | None) -> dict[str, Path]:
    """The files of one of the harness's own plugins, by path from its top-level package's folder.

    ``entry`` and ``factory`` are dotted names of modules; ``factory`` is None
    when it is a class and not an import string. Empty when the entry has no source.
    """
    top = entry.partition(".")[0]
    files = module_files(entry)
    if files and factory is not None:
        inside = factory == top or factory.startswith(f"{top}.")
        files |= module_files(factory) if inside else module_file(factory)
    waiting = [name for name in files if name.endswith(".py")]
    while waiting:
        name = waiting.pop()
        for imported in imported_modules(name, files[name], top):
            new = {key: path for key, path in module_file(imported).items() if key not in files}
            files |= new
            waiting += new
    return files


def distribution_files(distribution: Distribution, factory: str | None) -> dict[str, Path]:
    """The files of a third party's distribution, and of a factory's module that lies elsewhere."""
    files = _recorded(distribution) or _found(distribution)
    if factory is not None:
        files = {**module_file(factory), **files}
    return files


def plugin_file_files(path: Path, factory: str | None) -> dict[str, Path]:
    """A plugin file, the modules that it uses of its folder, and the factory's module."""
    files = _with_neighbours([path], path.parent)
    return {**(module_file(factory) if factory is not None else {}), **files}


def _recorded(distribution: Distribution) -> dict[str, Path]:
    """What RECORD lists; empty when there is none, or when it lists no code (editable)."""
    if distribution.read_text("RECORD") is None or _project(distribution) is not None:
        return {}
    files: dict[str, Path] = {}
    for entry in distribution.files or ():
        outside = entry.is_absolute() or ".." in entry.parts
        metadata = Path(entry.parts[0]).suffix in _METADATA or entry.suffix == ".pth"
        if not (outside or metadata or is_by_product(Path(entry))):
            path = Path(str(distribution.locate_file(entry)))
            if path.is_file():
                files[entry.as_posix()] = path
    return files


def _found(distribution: Distribution) -> dict[str, Path]:
    """The files of the top-level modules of a distribution that has no list of its files."""
    project = _project(distribution)
    found: dict[Path, list[Path]] = {}
    for name in _top_levels(distribution):
        for root in top_level(name):
            found.setdefault(root.parent, []).append(root)
    files: dict[str, Path] = {}
    for folder, roots in found.items():
        # Beside what lies in site-packages lie other distributions.
        if project is not None and folder.resolve().is_relative_to(project):
            files |= _with_neighbours(roots, folder)
        else:
            files |= {name: file for root in roots for name, file in files_of(root).items()}
    return files


def _with_neighbours(roots: list[Path], folder: Path) -> dict[str, Path]:
    """Files of modules and packages, and of those in the same folder that they name."""
    files: dict[str, Path] = {}
    seen = {GROUP, *(root.stem for root in roots)}
    waiting = list(roots)
    while waiting:
        new = files_of(waiting.pop())
        files |= new
        names = {n for file in new.values() if file.suffix == ".py" for n in mentioned(file)}
        waiting += [path for name in names - seen if (path := beside(folder, name)) is not None]
        seen |= names
    return {**_named_data(folder, files), **files}


def _named_data(folder: Path, files: Mapping[str, Path]) -> dict[str, Path]:
    """Data in and below a folder whose path from there is made of texts in the code of files."""
    said = {text for file in files.values() if file.suffix == ".py" for text in texts(file)}
    steps = sorted(text for text in said if _is_step(text))
    found: dict[str, Path] = {}
    places = [folder]
    for place in places:  # it grows
        for step in steps:
            path = place / step
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path
            elif path.is_dir() and len(places) < _MOST_FOLDERS and not _is_workspace(path):
                places.append(path)
    return {name: path for name, path in found.items() if not is_by_product(Path(name))}


def _is_step(text: str) -> bool:
    """Whether a text may name what lies below a folder."""
    printable = 0 < len(text) < 256 and text.isprintable()
    return printable and not text.startswith("/") and not {".", ".."} & set(text.split("/"))


def _is_workspace(folder: Path) -> bool:
    """Whether a bench writes there: what it leaves decides no key."""
    return (folder / "records").is_dir()


def _top_levels(distribution: Distribution) -> list[str]:
    """Names of top-level modules: of the metadata, and of the entry points."""
    listed = (distribution.read_text("top_level.txt") or "").split()
    entries = [entry.module.partition(".")[0] for entry in distribution.entry_points]
    return list(dict.fromkeys([*listed, *entries]))


def _project(distribution: Distribution) -> Path | None:
    """The folder of an editable installation; None for any other."""
    try:
        about: Any = json.loads(distribution.read_text("direct_url.json") or "{}")
        if about.get("dir_info", {}).get("editable"):
            return Path(url2pathname(urlsplit(about["url"]).path)).resolve()
    except (ValueError, KeyError, AttributeError, TypeError):
        pass
    return None
