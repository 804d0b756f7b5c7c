"""A plugin that logs every execution of a unit, slows trials down, and dies where it is told.

``WITNESS`` is the path of a log, one line for each event: ``start`` or ``end``, the
unit's kind and key, the process. The end is logged once the record is written.
``PAUSE``: seconds that a trial sleeps at each batch. ``DIE_ONCE``: a folder; the first
trial kills its process and leaves a file there; each query of ``mortal`` does, and leaves one where
it may write, and a note.
"""

import contextlib
import os
import signal
import tempfile
import time
from pathlib import Path

import alharness
from alharness.engine.engine import Engine

_execute = Engine.execute


def _log(event, unit):
    if "WITNESS" in os.environ:
        line = f"{event} {unit.kind} {unit.key} {os.getpid()}\n"
        descriptor = os.open(os.environ["WITNESS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, line.encode())
        os.close(descriptor)


def _witnessed(self, unit):
    _log("start", unit)
    _execute(self, unit)
    _log("end", unit)


Engine.execute = _witnessed


def _die_once(name):
    if "DIE_ONCE" in os.environ:
        with contextlib.suppress(FileExistsError):
            (Path(os.environ["DIE_ONCE"]) / name).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)


class Watched(alharness.Regularizer):
    """Leaves images as they are."""

    def augment(self, images, generator):
        _die_once("trial")
        time.sleep(float(os.environ.get("PAUSE", "0")))
        return images


class Mortal(alharness.Sampler):
    """Chooses at random."""

    def query(self, pool, budget, rng):
        if "DIE_ONCE" in os.environ:
            mark = Path(tempfile.gettempdir()) / "died"
            if not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            self.notes = {"died": True}
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_regularizers():
    yield alharness.RegularizerSpec("watched", Watched)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("mortal", Mortal)
