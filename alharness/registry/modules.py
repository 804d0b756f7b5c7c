"""Modules as files: located and parsed, never imported, for what is imported may be heavy."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

_COMPILED = {".pyc", ".pyo"}
_LISTING = {"glob", "rglob", "iglob", "iterdir", "listdir", "scandir", "walk"}
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def module_file(module: str) -> dict[str, Path]:
    """The file of a module or a package's ``__init__.py``, by relative path; empty if not found."""
    path = _locate(module)
    if path is None:
        return {}
    stem = module.replace(".", "/")
    return {f"{stem}/__init__.py" if path.name == "__init__.py" else f"{stem}.py": path}


def module_files(module: str) -> dict[str, Path]:
    """All files of a package, or the file of a module; by relative path, empty if not found."""
    path = _locate(module)
    if path is None or path.name != "__init__.py":
        return module_file(module)
    return files_below(path.parent, module.replace(".", "/"))


def top_level(name: str) -> list[Path]:
    """A top-level module's file, or its package's folders; several of a namespace package."""
    spec = _find(name)
    if spec is None:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    if folders:
        return [folder for folder in folders if folder.is_dir()]
    file = Path(spec.origin or "")
    return [file] if file.suffix == ".py" and file.is_file() else []


def beside(folder: Path, name: str) -> Path | None:
    """The module or package of this name that lies in a folder, None if there is none."""
    package, single = folder / name, folder / f"{name}.py"
    if (package / "__init__.py").is_file():
        return package
    return single if single.is_file() else None


def files_of(path: Path) -> dict[str, Path]:
    """The files of a top-level module (a file) or package (a folder), by relative path."""
    return files_below(path, path.name) if path.is_dir() else {path.name: path}


def files_below(folder: Path, stem: str) -> dict[str, Path]:
    """All files below a folder but by-products, by their path after ``stem``."""
    return {
        f"{stem}/{file.relative_to(folder).as_posix()}": file
        for file in folder.rglob("*")
        if not is_by_product(file.relative_to(folder)) and file.is_file()
    }


def is_by_product(path: Path) -> bool:
    """Whether a relative path is of compiled code, a cache or a tool's hidden file."""
    return path.suffix in _COMPILED or any(
        part == "__pycache__" or part.startswith(".") for part in path.parts
    )


def imported_modules(name: str, path: Path, top: str) -> Iterator[str]:
    """What a file imports of its top-level package: dotted names, of which some may be no modules.

    ``name`` is the file's path from the folder of the top-level package.
    """
    source = path.read_bytes()
    # To parse is slow, and seldom needed.
    if top.encode() not in source and not re.search(rb"from\s+\.", source):
        return
    package = name.rpartition("/")[0].replace("/", ".")
    for node in _nodes(source):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name for name in _names(node, package) if _is_in(name, top))


def mentioned(path: Path) -> set[str]:
    """Top-level names that a file may import: of imports, and of texts that name a module.

    Such a text is ``"package.module:Class"``, or the argument of ``importlib.import_module``
    or ``importlib.resources.files``.
    """
    names: set[str] = set()
    for node in _nodes(path.read_bytes()):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {name.partition(".")[0] for name in _names(node, "")}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            module = node.value.partition(":")[0]
            if _DOTTED.fullmatch(module):
                names.add(module.partition(".")[0])
    return names


def imported_names(path: Path) -> set[str]:
    """Top-level names that a file's ``import`` statements name; relative ones are its own."""
    return {
        name.partition(".")[0]
        for node in _nodes(path.read_bytes())
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for name in _names(node, "")
    }


def texts(path: Path) -> set[str]:
    """Every text that stands in a file's code."""
    return {
        node.value
        for node in _nodes(path.read_bytes())
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def lists_its_folder(path: Path) -> bool:
    """Whether a file's code knows where it lies (``__file__``) and lists folders."""
    names = {
        name
        for node in _nodes(path.read_bytes())
        if isinstance(node, ast.Name | ast.Attribute)
        and (name := node.id if isinstance(node, ast.Name) else node.attr)
    }
    return "__file__" in names and not names.isdisjoint(_LISTING)


def _nodes(source: bytes) -> Iterator[ast.AST]:
    """The syntax tree; nothing of what is no Python: a template, say, of which nothing runs."""
    try:
        yield from ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError):
        return


def _names(node: ast.Import | ast.ImportFrom, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    relative = "." * node.level + (node.module or "")
    try:
        base = importlib.util.resolve_name(relative, package or None)
    except ImportError:
        return []
    return [base, *(f"{base}.{alias.name}" for alias in node.names)]


def _is_in(module: str, top: str) -> bool:
    return module == top or module.startswith(f"{top}.")


def _find(top: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except Exception:  # of a finder that a stranger installed, or of a module without a spec
        return None


def _locate(module: str) -> Path | None:
    """The source file of a module; only the top-level package's finder is asked.

    ``find_spec("a.b")`` would import ``a``, which may be heavy.
    """
    top, *rest = module.split(".")
    spec = _find(top)
    if spec is None:
        return None
    file = Path(spec.origin) if spec.origin is not None else None
    folders: Sequence[str | Path] = list(spec.submodule_search_locations or ())
    for part in rest:
        file, folders = _step_into(folders, part)
    if file is None or file.suffix != ".py" or _in_archive(file):
        return None
    return file


def _in_archive(file: Path) -> bool:
    """Whether a path leads into a zip: what is imported from there has an origin, too."""
    return any(parent.is_file() for parent in file.parents)


def _step_into(
    folders: Iterable[str | Path], part: str
) -> tuple[Path | None, Sequence[str | Path]]:
    namespace = []
    for folder in map(Path, folders):
        package, single = folder / part / "__init__.py", folder / f"{part}.py"
        if package.is_file():
            return package, [package.parent]
        if single.is_file():
            return single, []
        if (folder / part).is_dir():
            namespace.append(folder / part)
    return None, namespace
