"""Reach: the files that a query process is left, where the kernel denies it the others."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import distributions
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import alharness
from alharness.api.executor import Site

if TYPE_CHECKING:
    from alharness.engine.questions import Question

SYSTEM = (
    *("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc", "/opt", "/proc", "/sys"),
    *("/nix/store", "/gnu/store", "/run/systemd/resolve", "/run/nvidia-persistenced"),
)
DEVICES = "/dev"


@dataclass(frozen=True)
class Reach:
    """Absolute paths: what is in ``listed`` has names alone, all else with what lies below it.

    ``open``: what stays reachable though it is hidden, in words.
    """

    read: tuple[str, ...]
    listed: tuple[str, ...]
    written: tuple[str, ...]
    open: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"read": self.read, "listed": self.listed, "written": self.written}


def of_plugins(site: Site) -> Reach:
    """What Python, the plugins and the devices need, without what is hidden.

    Hidden are the workspace and what ``site.hidden`` names. A folder that holds something
    hidden is given entry by entry, without it; the names in it can be listed, or nothing could be
    imported from it. A folder that is needed is given though a hidden one holds it, or is it.
    """
    needed = _resolved([*_python(), *(file.parent for file in site.plugin_files), *SYSTEM])
    workspace, *hidden = _hidden(site)
    inside = [one for one in needed if any(one.is_relative_to(folder) for folder in hidden)]
    withheld = [workspace, *(one for one in hidden if one not in needed)]
    read, listed = _spared(needed, withheld)
    written, also = _spared(_resolved([DEVICES, *_caches()]), withheld)
    return Reach(
        _texts([*read, *site.plugin_files]),
        _texts([*listed, *also]),
        _texts(written),
        (
            *(f"{one}: needed by Python or a plugin" for one in inside if one != workspace),
            *(f"{one}: names of the files in it" for one in listed),
        ),
    )


def for_question(reach: Reach, question: Question, site: Site) -> Reach:
    """The same with the files that a question names, and what parameters of its plugins name.

    That may lie in the folder of the data, for the user named it, but not in the workspace.
    """
    models = [*question["models"], *question["committee"]]
    files = [question["images"], *question["labeled"], question["validation"]]
    files += [model["path"] for model in models]
    files += filter(None, (question["left_out"], question["held_out"]))
    files += filter(None, (question["stored"], question["labels"]))
    files += filter(None, (question.get("features"), question.get("own_features")))
    workspace, *hidden = _hidden(site)
    named = [
        path
        for path in map(Path.resolve, _named(question["inputs"]))
        if not _overlap(path, workspace) and not any(one.is_relative_to(path) for one in hidden)
    ]
    inside = [path for path in named if any(path.is_relative_to(one) for one in hidden)]
    return replace(
        reach,
        read=_texts([*reach.read, *(Path(file).resolve() for file in files), *named]),
        open=(*reach.open, *(f"{one}: named by a parameter" for one in inside)),
    )


def _hidden(site: Site) -> list[Path]:
    """The workspace, then what else is hidden."""
    return _resolved([site.workspace, *site.hidden])


def _resolved(paths: Iterable[Path | str]) -> list[Path]:
    return list(dict.fromkeys(Path(path).resolve() for path in paths))


def _named(inputs: Mapping[str, Any]) -> Iterator[Path]:
    """What texts among the parameters of the plugins name, if it is there."""
    network = inputs["network"]
    plugins = [inputs["sampler"], network["model"], *network.get("regularizers", ())]
    for text in _texts_in([plugin.get("parameters", {}) for plugin in plugins]):
        path = Path(text).expanduser() if text.strip() else None
        try:
            if path is not None and path.exists():
                yield path
        except (OSError, ValueError, RuntimeError):
            continue


def _texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts_in(one)


def _python() -> Iterator[Path]:
    """Where Python, its libraries and what is installed lie."""
    yield from map(Path, (sys.prefix, sys.base_prefix, sys.exec_prefix))
    yield Path(sys.executable).resolve().parent
    yield from map(Path, sysconfig.get_paths().values())
    yield from (Path(entry or os.curdir) for entry in sys.path)
    yield from map(Path, filter(None, os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep)))
    yield Path(alharness.__file__).parent
    yield from _installed_editable()


def _installed_editable() -> Iterator[Path]:
    for distribution in distributions():
        try:
            about = loads(distribution.read_text("direct_url.json") or "{}")
            if about["dir_info"]["editable"]:
                yield Path(unquote(urlsplit(about["url"]).path))
        except (OSError, ValueError, KeyError, TypeError):
            continue


def _caches() -> Iterator[Path]:
    """Where weights are fetched to, and compiled code."""
    home, environ = Path.home(), os.environ
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    yield Path(environ.get("TORCH_HOME") or cache / "torch")
    hugging_face = Path(environ.get("HF_HOME") or cache / "huggingface")
    yield Path(environ.get("HF_HUB_CACHE") or hugging_face / "hub")
    yield Path(environ.get("CUDA_CACHE_PATH") or home / ".nv")


def _spared(folders: Iterable[Path], hidden: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Folders without what is hidden in them: what is left, and those that were divided for it."""
    left: list[Path] = []
    divided: list[Path] = []
    for folder in folders:
        _spare(folder, [one for one in hidden if one.is_relative_to(folder)], left, divided)
    return left, divided


def _spare(path: Path, inside: Sequence[Path], left: list[Path], divided: list[Path]) -> None:
    if not inside:
        left.append(path)
        return
    if path in inside:
        return
    divided.append(path)
    try:
        entries = sorted(path.iterdir())
    except OSError:
        return
    for entry in entries:
        if not entry.is_symlink():
            _spare(entry, [one for one in inside if one.is_relative_to(entry)], left, divided)
        elif not any(_overlap(entry.resolve(), one) for one in inside):
            left.append(entry)


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def _texts(paths: Iterable[Path | str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(path) for path in paths))
