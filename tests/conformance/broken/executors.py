"""Executors that each break one rule, which their name begins with; the rest tells how."""

import json
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor

from alharness_plugins.executors.inline import InlineExecutor
from alharness_plugins.executors.local import LocalExecutor

import alharness
from alharness.store.workspace import Workspace
from alharness.work import Outcome, spread
from alharness.work.asking import Asking

LEFT = []


class Sound(LocalExecutor):
    """One unit at a time."""

    def __init__(self):
        super().__init__(jobs=1)


def ended(error=None):
    future = Future()
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
    return future


class TwiceAsMany(LocalExecutor):
    def __init__(self):
        super().__init__(jobs=2)

    def open(self, site):
        super().open(site)
        self.slots = 1


class NoSlots(Sound):
    def open(self, site):
        super().open(site)
        self.slots = 0


class Hasty(Sound):
    """Says that a unit is done once it is handed over."""

    def submit(self, unit):
        super().submit(unit)
        return ended()


class Swallows(Sound):
    def submit(self, unit):
        super().submit(unit).exception()
        return ended()


class InOtherWords(Sound):
    def submit(self, unit):
        error = super().submit(unit).exception()
        return ended(error and RuntimeError(f"exit code 1: {error}"))


class AllOrNothing(Sound):
    def submit_together(self, units):
        errors = [future.exception() for future in super().submit_together(units)]
        return [ended(next(filter(None, errors), None)) for _ in errors]


class OneForAll(Sound):
    def submit_together(self, units):
        return super().submit_together(units)[:1]


class Rounds(Sound):
    """Keeps two digits of what a trial measured."""

    def open(self, site):
        super().open(site)
        self.records = Workspace(site.workspace).records

    def submit(self, unit):
        future = super().submit(unit)
        if unit["kind"] == "trial" and future.exception() is None:
            record = self.records.read(unit["kind"], unit["key"])
            record.result["validation_loss"] = round(record.result["validation_loss"], 2)
            self.records.path(unit["kind"], unit["key"]).unlink()
            self.records.write(record)
        return future


class InOneProcess(alharness.Executor):
    """A process for each unit, and none for its sampler."""

    PROGRAM = (
        "import json, sys, alharness; from alharness.work import InProcessSite\n"
        "request = json.load(sys.stdin)\n"
        "site = InProcessSite(alharness.Site.from_json(request['site']))\n"
        "print(json.dumps(site.carry_out([request['unit']])[0].to_json()))"
    )

    def open(self, site):
        self.site = site
        self.threads = ThreadPoolExecutor(1)

    def submit(self, unit):
        (future,) = spread(self.threads.submit(self.outcomes, unit), 1)
        return future

    def outcomes(self, unit):
        finished = subprocess.run(
            [sys.executable, "-c", self.PROGRAM],
            input=json.dumps({"site": self.site.to_json(), "unit": unit}),
            capture_output=True,
            text=True,
        )
        return [Outcome.from_json(json.loads(finished.stdout))]

    def shutdown(self):
        self.threads.shutdown(cancel_futures=True)


class Remembers(Sound):
    """Has every query answered by one process, as imported for the first."""

    def open(self, site):
        super().open(site)
        for one in self._sites:
            one._asking = OneAnswering(site)


class OneAnswering(Asking):
    def ask(self, question, who):
        answer = self._seat.ask({"question": question}, who, self._limits)
        return {**answer, "isolation": None}


class Leaves(Sound):
    """Starts a process that nobody ends (but itself, after a while)."""

    def open(self, site):
        super().open(site)
        LEFT.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]))


@alharness.hookimpl
def alharness_executors():
    for name, factory in {
        "slots": TwiceAsMany,
        "slots_none": NoSlots,
        "records": Hasty,
        "failures": Swallows,
        "failures_in-other-words": InOtherWords,
        "units-together": AllOrNothing,
        "units-together_one-future": OneForAll,
        "same-results": Rounds,
        "isolation": InlineExecutor,
        "isolation_from-the-store": InOneProcess,
        "fresh-plugins": Remembers,
        "shutdown": Leaves,
    }.items():
        yield alharness.ExecutorSpec(name, factory)
