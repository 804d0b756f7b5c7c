"""Whatever a plugin does while it is loaded: one line names it, the others work, nothing moves."""

import gc
import importlib.metadata
import locale
import os
import signal
import subprocess
import sys
import threading
import warnings
import zipfile
from pathlib import Path

import pytest

from alharness.registry import discover, surroundings

SOUND = """
import alharness

class Sound(alharness.ScoreSampler):
    def scores(self, pool):
        return pool.probabilities().max(dim=1).values

@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("{name}", {factory}, summary={summary}{more})
"""


def sound(name="bad", factory="Sound", summary="'x'", more=""):
    return SOUND.format(name=name, factory=factory, summary=summary, more=more)


def hook(body, name="alharness_samplers"):
    return f"import alharness\n@alharness.hookimpl\ndef {name}():\n    {body}\n"


HOSTILE = {
    # at import
    "own-base-exception": "class Stop(BaseException): pass\nraise Stop('no native library')",
    "cancelled": "import asyncio\nraise asyncio.CancelledError",
    "keyboard-interrupt": "raise KeyboardInterrupt",
    "generator-exit": "raise GeneratorExit",
    "system-exit-text": "import sys\nsys.exit('bye')",
    "os-exit": "import os\nos._exit(0)",
    "recursion": "def f(): f()\nf()",
    "memory": "raise MemoryError",
    "mute-exception": "class E(Exception):\n    def __str__(self): raise E\nraise E",
    "huge-message": "raise ValueError('x' * 50_000_000)",
    "control-characters": "raise ValueError('\\x1b[2J\\x00\\u202e')",
    "exception-group": "raise BaseExceptionGroup('several', [KeyboardInterrupt(), ValueError()])",
    "null-bytes": "x = '\0'",
    "not-utf-8": None,
    "replaces-itself": "import sys\nsys.modules[__name__] = 5",
    "evil-attributes": "def __getattr__(name): raise BaseException(name)",
    "hangs": "while True: pass",
    "sleeps": "import time\ntime.sleep(1000)",
    "waits": "import threading\nthreading.Event().wait()",
    # hooks
    "hook-base-exception": hook("raise BaseException('x')"),
    "hook-interrupts": hook("raise KeyboardInterrupt"),
    "hook-never-ends": hook("while True: yield alharness.SamplerSpec('x', object)"),
    "hook-hangs": hook("while True: pass"),
    "hook-endless-iterator": hook("import itertools; return itertools.repeat(1)"),
    "hook-of-texts": hook("return 'abc'"),
    "hook-evil-repr": hook("return [type('E', (), {'__repr__': lambda self: 1 / 0})()]"),
    "hook-huge-repr": hook("return ['x' * 50_000_000]"),
    "suites-endless": hook(
        "import pathlib\n    while True: yield pathlib.Path()", "alharness_suites"
    ),
    "suite-null-path": hook("import pathlib; yield pathlib.Path('a\\0b')", "alharness_suites"),
    # specs
    "summary-none": sound(summary="None"),
    "summary-list": sound(summary="['a']"),
    "summary-huge": sound(summary="'x' * 10**8"),
    "summary-escapes": sound(summary="'\\x1b[31m'"),
    "cost-number": sound(more=", cost=5"),
    "requires-bytes": sound(more=", requires=b'x'"),
    "citation-surrogate": sound(more=", citation='\\udcff'"),
    "step-version-number": sound(more=", step_version=1"),
    "name-huge": sound(name="x" * 10_000),
    "factory-number": sound(factory="5"),
    "factory-module": sound(factory="alharness"),
    "parameters-no-class": sound(more=", parameters=5"),
    "parameters-evil-class": "class M(type):\n    def __subclasscheck__(c, o): 1 / 0\n"
    "    def __getattr__(c, n): 1 / 0\nclass P(metaclass=M): pass\n" + sound(more=", parameters=P"),
    "parameters-evil-default": "import alharness, pydantic\nclass P(alharness.Parameters):\n"
    "    a: int = pydantic.Field(default_factory=lambda: 1 / 0)\n" + sound(more=", parameters=P"),
    "parameters-evil-validator": "import alharness, pydantic\nclass P(alharness.Parameters):\n"
    "    a: int = 1\n    @pydantic.field_validator('a')\n    def f(cls, v): raise SystemExit\n"
    + sound(more=", parameters=P"),
}


@pytest.fixture(autouse=True)
def nothing_of_others_runs():
    """What hypothesis has called at each collection would be interrupted in a plugin's place."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_plugin_is_one_line_and_stops_no_other(dists, monkeypatch, case):
    monkeypatch.setattr(surroundings, "PATIENCE", 0)
    monkeypatch.setattr(surroundings, "TICK", 0.05)
    source = HOSTILE[case]
    dists.install("bad-plugin", source or "")
    if source is None:
        (dists.folder / "bad_plugin.py").write_bytes(b"x = '\xff'")
    dists.samplers("good-plugin", "good")
    registry = discover()
    assert [one.name for one in registry.registered] == ["good"]
    (broken,) = registry.broken
    assert broken.plugin == "bad-plugin"
    assert 10 < len(broken.reason) <= 1000
    assert broken.reason.isprintable()


def test_they_are_as_many_as_promised():
    assert len(HOSTILE) >= 41


def test_a_plugin_in_a_zip_is_refused(dists, monkeypatch):
    archive = dists.folder / "p.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped_plugin.py", sound())
        info = "zipped_plugin-1.0.dist-info"
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: zipped\nVersion: 1.0\n")
        file.writestr(f"{info}/entry_points.txt", "[alharness]\nzipped = zipped_plugin\n")
    monkeypatch.syspath_prepend(str(archive))
    found = list(importlib.metadata.distributions(path=[str(archive)]))
    monkeypatch.setattr("alharness.registry.discovery.distributions", lambda: found)
    (broken,) = discover().broken
    assert "not in a zip" in broken.reason


@pytest.mark.parametrize(
    ("entry_points", "metadata", "counted"),
    [
        (b"[console_scripts]\nb\xe9ta = x:y\n", b"Name: x\nVersion: 1\n", 0),
        (b"[console_scripts]\nno equals sign\n", b"Name: x\nVersion: 1\n", 0),
        (b"[alharness]\nb\xe9ta = x\n", b"Name: x\nVersion: 1\n", 1),
        (b"[alharness]\nx = 1 2 3\n", b"", 1),
        (b"[alharness]\nx = no.such.module\n", b"Name: \xe9\n", 1),
        (b"[alharness]\n", b"\x00\xff", 1),
    ],
)
def test_a_stranger_whose_metadata_is_broken(dists, entry_points, metadata, counted):
    info = dists.folder / "stranger-1.0.dist-info"
    info.mkdir()
    (info / "entry_points.txt").write_bytes(entry_points)
    (info / "METADATA").write_bytes(metadata)
    dists.samplers("good-plugin", "good")
    registry = discover()
    assert [one.name for one in registry.registered] == ["good"]
    assert len(registry.broken) == counted


MOVES = """
import locale, os, signal, sys, tempfile, warnings
os.chdir(tempfile.mkdtemp())
os.environ["HOME"] = "/nowhere"
os.environ["NEW_ONE"] = "stays"
sys.path[:] = sys.path[:1]
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
warnings.simplefilter("error")
locale.setlocale(locale.LC_ALL, "C")
os._exit = print
"""


def test_the_process_is_afterwards_as_it_was(dists, monkeypatch):
    def state():
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        return (
            (Path.cwd(), os.environ["HOME"], set(sys.path), handlers, os._exit),
            (list(warnings.filters), locale.setlocale(locale.LC_ALL)),
            signal.getitimer(signal.ITIMER_REAL)[1],
        )

    monkeypatch.setenv("NEW_ONE", "")
    monkeypatch.delenv("NEW_ONE")
    before = state()
    dists.install("moving-plugin", MOVES + sound("moves"))
    assert [one.name for one in discover().registered] == ["moves"]
    assert state() == before
    assert os.environ["NEW_ONE"] == "stays"


def test_a_plugin_is_loaded_in_any_thread(dists):
    dists.install("bad-plugin", "raise KeyboardInterrupt")
    dists.samplers("good-plugin", "good")
    found = []
    thread = threading.Thread(target=lambda: found.append(discover()))
    thread.start()
    thread.join()
    assert [one.name for one in found[0].registered] == ["good"]


def test_an_interrupt_that_a_plugin_raises_has_a_place(dists):
    dists.install("bad-plugin", "\nraise KeyboardInterrupt")
    (broken,) = discover().broken
    assert broken.reason == "cannot be loaded: it raises KeyboardInterrupt (bad_plugin.py, line 2)"


def test_time_in_which_something_is_imported_does_not_count(dists, monkeypatch):
    monkeypatch.setattr(surroundings, "PATIENCE", 3)
    monkeypatch.setattr(surroundings, "TICK", 0.05)
    for number in range(8):
        dists.module(f"slow_part_{number}.py", "import time; time.sleep(0.1)")
    parts = "\n".join(f"import slow_part_{number}" for number in range(8))
    dists.install("slow-plugin", f"{parts}\n{sound('slow')}")
    assert [one.name for one in discover().registered] == ["slow"]


PRINTS = """
import ctypes, os
print("printed")
os.write(1, b"written")
os.system("echo from a child process")
libc = ctypes.CDLL(None)
libc.printf(b"by C")
"""


def test_standard_output_is_for_data_alone(tmp_path):
    import json

    (tmp_path / "prints.py").write_text(PRINTS + sound("prints"))
    words = ["plugins", "show", "prints", "--json", "--plugin-file", "prints.py"]
    run = subprocess.run(
        [sys.executable, "-c", "from alharness.cli.main import main; main()", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(run.stdout)["plugin"]["name"] == "prints"
    for word in ("printed", "written", "child process", "by C"):
        assert word in run.stderr
