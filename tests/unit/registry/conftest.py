"""Real distributions on disk, small enough to write into a test."""

import importlib
import sys
from pathlib import Path
from textwrap import dedent

import pytest


class Distributions:
    """Writes distributions into a folder of ``sys.path``; they go when the test ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def module(self, path: str, source: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(source))
        importlib.invalidate_caches()
        return file

    def install(
        self, name: str, source: str | None = None, *, version: str = "0.1", **entry_points: str
    ) -> None:
        """A distribution whose entry points are given, by default one: its module of its name."""
        module = name.replace("-", "_")
        if source is not None:
            self.module(f"{module}.py", source)
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        lines = [f"{key} = {value}" for key, value in (entry_points or {name: module}).items()]
        (info / "entry_points.txt").write_text("\n".join(["[alharness]", *lines]))

    def record(self, name: str, files: list[str]) -> None:
        """What an installer writes down that it installed."""
        info = self.folder / f"{name.replace('-', '_')}-0.1.dist-info"
        (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))

    def samplers(self, name: str, *names: str, **options: str) -> None:
        """A distribution with samplers of these names."""
        self.install(name, sampler_source(*names), **options)


def sampler_source(*names: str) -> str:
    """A module that registers samplers."""
    specs = "\n".join(f"    yield alharness.SamplerSpec({name!r}, Sampler)" for name in names)
    return (
        "import alharness\n\n\nclass Sampler:\n    pass\n\n\n"
        f"@alharness.hookimpl\ndef alharness_samplers():\n{specs}\n"
    )


@pytest.fixture
def beside_core(tmp_path, monkeypatch):
    """Distributions beside those that are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield Distributions(folder)
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", tmp_path)  # some replace themselves
        if str(file).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def dists(beside_core, monkeypatch):
    """Distributions that are the only ones: the test knows every name there is."""
    real = importlib.metadata.distributions
    monkeypatch.setattr(
        "alharness.registry.discovery.distributions",
        lambda: real(path=[str(beside_core.folder)]),
    )
    return beside_core


@pytest.fixture
def write_samplers(tmp_path):
    """Writes a plugin file with samplers of these names."""

    def write(path: str, *names: str) -> Path:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sampler_source(*names))
        return file

    return write
