"""The real command line in processes of its own, and a suite of seconds."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

PLUGIN_FILES = Path(__file__).parent / "plugin_files"
DISTURBANCE = PLUGIN_FILES / "disturbance.py"

COMMAND = [sys.executable, "-m", "alharness.cli.main"]

TINY = """
schema = 1
name = "tiny"
version = 1
title = "Tiny"

[protocol]
initial_sets = {initial_sets}
seeds = {seeds}
initial_fraction = {initial_fraction}
query_fraction = {query_fraction}
final_fraction = {final_fraction}
validation_fraction = 0.10
warm_start = {warm_start}

[tuning]
trials = {trials}
scope = "per-initial-set"

[tuning.space]
learning-rate = {{ log = [1e-3, 1e-2] }}
batch-size    = [32, 64]
optimizer     = ["sgd", "adam"]

[training]
epochs = {epochs}

[methods]
compared = {compared}
reference = "{reference}"

[[scenarios]]
name = "digits-mlp"
dataset = {dataset}
model = {model}
regularizers = {regularizers}
oracle = "perfect"
"""

DEFAULTS = {
    "initial_sets": 3,
    "seeds": 2,
    "initial_fraction": 0.10,
    "query_fraction": 0.10,
    "final_fraction": 0.20,
    "trials": 2,
    "warm_start": "false",
    "epochs": 1,
    "compared": '["random", "margin"]',
    "reference": "random",
    "dataset": '"digits"',
    "model": '"mlp"',
    "regularizers": '["weight-decay", "watched"]',
}

N_TRAIN = 1437


@dataclass(frozen=True)
class Numbers:
    """How many units a tiny suite has, by the protocol's rules (DESIGN.md, section 5)."""

    initial_sets: int = DEFAULTS["initial_sets"]
    seeds: int = DEFAULTS["seeds"]
    trials: int = DEFAULTS["trials"]
    cycles: int = 2

    @property
    def runs(self):
        return self.initial_sets * self.seeds

    @property
    def trained(self):
        """Trials of one cycle of one method: a tuning, and one for each further seed."""
        return self.initial_sets * (self.trials + self.seeds - 1)

    @property
    def shared(self):
        """Units that serve every method: cycle 0's trials and evaluations."""
        return self.trained + self.runs

    @property
    def own(self):
        """Units of one method alone: later cycles, and the queries and annotations of each."""
        return (self.cycles - 1) * (self.trained + 3 * self.runs)

    def distinct(self, methods):
        return self.shared + methods * self.own


class Workspace:
    """What a bench left on the disk, read without the harness."""

    def __init__(self, root):
        self.root = root

    def record_files(self):
        """The bytes of every record, times included, by kind and key."""
        return {
            (path.parent.parent.name, path.stem): path.read_bytes()
            for path in self.root.glob("records/*/*/*.json")
        }

    def results(self):
        """What was computed, by kind and key."""
        return {
            place: (json.loads(data)["result"], json.loads(data)["digest"])
            for place, data in self.record_files().items()
        }

    def require_started_where_parents_ended(self):
        """Each trial after cycle 0 read the weights that its parent's record names; how many."""
        trials = {
            key: json.loads(data)
            for (kind, key), data in self.record_files().items()
            if kind == "trial"
        }
        later = [one for one in trials.values() if one["inputs"]["seed"]["cycle"]]
        for one in later:
            parent = trials[one["inputs"]["recipe"]["start"]]
            assert one["result"]["start"] == parent["result"]["checkpoint"]
            assert parent["inputs"]["seed"]["cycle"] == one["inputs"]["seed"]["cycle"] - 1
        return len(later)

    def curves(self):
        """What each trial measured after each epoch."""
        found = []
        for path in self.root.glob("records/trial/*/*.curves.npz"):
            with np.load(path, allow_pickle=False) as arrays:
                found.append(dict(arrays))
        return found

    def everything(self):
        """Every file with its bytes, but the notebook of what was read."""
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file() and path != self.root / "data" / "seen.json"
        }

    def report(self):
        return json.loads((self.root / "reports" / "tiny.json").read_text())

    def found(self):
        """The report, but for facts: when and how long units were computed."""
        return without_facts(self.report())


def without_facts(document):
    """A document without what differs between two workspaces that computed the same."""
    scenarios = [
        {
            **scenario,
            "times": None,
            "methods": [{**method, "recorded": None} for method in scenario["methods"]],
        }
        for scenario in document["scenarios"]
    ]
    return {**document, "scenarios": scenarios}


class Alharness:
    """Runs ``alharness`` in a folder; new workspaces get a copy of the empty database."""

    def __init__(self, folder, empty_database=None):
        self.folder = folder
        self.empty_database = empty_database
        self.disturbance = DISTURBANCE
        self.timeout = 120

    def suite(self, name="tiny.toml", **changes):
        """Write the tiny suite with other settings; its path."""
        path = self.folder / name
        path.write_text(TINY.format(**(DEFAULTS | changes)))
        return path

    def workspace(self, name="workspace"):
        return Workspace(self.folder / name)

    def environment(self, **more):
        return {**os.environ, "NO_COLOR": "1", **{k: str(v) for k, v in more.items()}}

    def command(self, *arguments):
        return [*COMMAND, *map(str, arguments)]

    def run(self, *arguments, path=None, **environment):
        """Run a command to its end; ``path`` goes before PYTHONPATH."""
        if path is not None:
            parts = [str(path), os.environ.get("PYTHONPATH")]
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, parts))
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(**environment),
            capture_output=True,
            text=True,
            timeout=self.timeout,
        )

    def run_for(self, seconds, *arguments, **environment):
        """Run a command that may take so long."""
        self.timeout = seconds
        return self.run(*arguments, **environment)

    def bench(self, *arguments, workspace="workspace", suite="tiny.toml", **environment):
        """Run ``bench`` with the tiny suite."""
        command = self.bench_arguments(*arguments, workspace=workspace, suite=suite)
        return self.run(*command, **environment)

    def bench_arguments(self, *arguments, workspace="workspace", suite="tiny.toml"):
        self.new_workspace(workspace)
        places = self.places(workspace, suite)
        # In one process: it starts sooner, and disturbances hit the command itself.
        return ["bench", *places, "--device", "cpu", "--executor", "inline", *arguments]

    def new_workspace(self, name):
        root = self.folder / name
        if self.empty_database is not None and not root.exists():
            root.mkdir()
            shutil.copy(self.empty_database, root / "mlflow.db")

    def places(self, workspace="workspace", suite="tiny.toml"):
        """The options that ``bench`` and ``plan`` have in common."""
        return ["--suite", suite, "--workspace", workspace, "--plugin-file", self.disturbance]

    def plan(self, *arguments, workspace="workspace", suite="tiny.toml", **environment):
        """What ``plan --json`` says."""
        places = self.places(workspace, suite)
        finished = self.run("plan", "--json", *places, *arguments, **environment)
        assert finished.returncode == 0, finished.stderr
        return json.loads(finished.stdout)


@pytest.fixture(scope="session", name="without_facts")
def without_facts_fixture():
    return without_facts


@pytest.fixture(scope="session")
def numbers():
    """How many units the tiny suite has; ``numbers(seeds=1)`` for a changed one."""
    return Numbers


@pytest.fixture(scope="session")
def new_alharness(empty_database):
    """The command line in another folder: ``new_alharness(folder)``."""
    return partial(Alharness, empty_database=empty_database)


@pytest.fixture
def alharness(tmp_path, new_alharness):
    """The command line in an empty folder, with the tiny suite in it."""
    command = new_alharness(tmp_path)
    command.suite()
    return command


@pytest.fixture(scope="session")
def finished_bench(made_once, new_alharness):
    """A folder where the tiny suite was carried out undisturbed. Only to be read."""

    def make(folder):
        command = new_alharness(folder)
        command.suite()
        outcome = command.bench("--json")
        assert outcome.returncode == 0, outcome.stderr
        for stream in ("stdout", "stderr"):
            (folder / stream).write_text(getattr(outcome, stream))

    command = new_alharness(made_once("finished", make))
    command.stdout, command.stderr = (
        (command.folder / stream).read_text() for stream in ("stdout", "stderr")
    )
    return command
