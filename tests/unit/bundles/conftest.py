"""A bench whose units nobody computed, recorded and packed; and bundles tampered with.

The records are what an engine would leave, but for the numbers in them, which follow from keys.
"""

import getpass
import json
import os
import platform
import shutil
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner

from alharness.bundles.manifest import sha256
from alharness.bundles.packing import pack
from alharness.bundles.strict_json import written
from alharness.protocol.keys import digest, digest_bytes
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.documents import Documents
from alharness.store.curves import CURVES, write_curves
from alharness.store.ledger import StoreLedger
from alharness.store.records import OUTPUTS, Record
from alharness.store.workspace import Workspace

CURVE = write_curves({"training_loss": [1.0, 0.5], "validation_accuracy": [0.5, 0.75]})
OUTPUT = write_curves({"log_probabilities": [-0.5, -1.0]})


def weights_of(key):
    """A safetensors file without torch: two numbers that follow from a trial's key."""
    from safetensors.numpy import save

    return save({"w": np.frombuffer(bytes.fromhex(key[:16]), dtype=np.float32)})


def features_of(unit):
    """Features that follow from a unit's key: of 60 training or 20 test images, 4 wide."""
    rng = np.random.default_rng(int(unit.key[:16], 16))
    return rng.normal(size=(60 if unit.inputs.part == "train" else 20, 4)).astype(np.float32)


class Scribe:
    """Writes the records of units as an engine would, with a world's answers."""

    def __init__(self, world, workspace, facts):
        self.world, self.workspace, self.facts = world, workspace, facts

    def carry_out(self, bench):
        compute, self.world.compute = self.world.compute, self._compute
        self._answered = compute
        self.world.finish(bench)
        ledger = StoreLedger(self.workspace)
        document = collect(bench, survey(bench, ledger), ledger, [])
        Documents(self.workspace.reports).write(document)
        return document

    def _compute(self, unit):
        self.workspace.keep_sets(unit)
        self._answered(unit)
        result, beside = self._result(unit, dict(self.world.records[unit.key]))
        facts = {**self.facts, "seconds": 1.5}
        digests = {name: digest_bytes(data) for name, data in beside.items()}
        self.workspace.records.write(Record(unit, result, facts, digests), beside)

    def _result(self, unit, answer):
        match unit.kind:
            case "representation":
                features = features_of(unit)
                digest = self.workspace.features.write(
                    unit.key, len(features), unit.inputs.precision, [features]
                )
                n, width = features.shape
                return {**answer, "features": digest, "n": n, "width": width}, {}
            case "trial":
                weights = weights_of(unit.key)
                path = self.workspace.root / "checkpoints" / f"{unit.key}.safetensors"
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(weights)
                more = {"best_epoch": 1, "replaced_by": None, "parameters": 2}
                for parent in unit.inputs.reads().weights:
                    more["start"] = digest_bytes(weights_of(parent))
                return {**answer, **more, "checkpoint": digest_bytes(weights)}, {CURVES: CURVE}
            case "evaluation":
                accuracy = answer["test_accuracy"]
                metrics = {"accuracy": accuracy, "nll": 1.0, "class_accuracy": [accuracy] * 3}
                more = {"test_loss": 1.0, "metrics": metrics}
                return {**answer, **more, **self._read(unit)}, {OUTPUTS: OUTPUT}
            case "query":
                read = {key: digest_bytes(weights_of(key)) for key in unit.inputs.reads().weights}
                return {**answer, "share_of_ties": 0.0, "checkpoints": read}, {}
            case _:
                indices = np.asarray(self.world.records[unit.inputs.query]["indices"])
                self.workspace.sets.put(IndexSet(indices, np.asarray(answer["labels"])))
                if "corrected" in answer:
                    self.workspace.sets.put(IndexSet(indices, self.world.labels[indices]))
                return answer, {}

    def _read(self, unit):
        return {"checkpoint": digest_bytes(weights_of(unit.inputs.trial))}


def telling_facts(folder):
    """Facts that tell more of a machine than anybody needs to know."""
    host, user = platform.node(), getpass.getuser()
    return {
        "host": host,
        "device": "cpu",
        "processor": {"name": "a processor", "instructions": "AVX2"},
        "versions": {"alharness": "0.2.0", "torch": "2.15.0"},
        "plugins": [{"kind": "model", "name": "mlp", "parameters": {"path": f"{folder}/a.pt"}}],
        "notes": {"solver": f"ran on {host} for {user}, log in {folder}/log.txt", "gap": 0.5},
        "isolation": {"seconds": 0.5, "landlock": 4, "refused": None, "open": [str(folder)]},
        "secret": "what nobody knows of",
    }


@pytest.fixture(scope="session")
def scribe():
    """``scribe(world(bench), workspace)``: writes the records of a bench."""

    def make(world, workspace, facts=None):
        return Scribe(world, workspace, telling_facts(workspace.root) if facts is None else facts)

    return make


@pytest.fixture(scope="session")
def tiny(make_bench):
    """The bench: three initial sets, two methods, tunings of two trials, three cycles."""
    return make_bench(initial_sets=3, seeds=1)


@pytest.fixture(scope="session")
def record_bench(scribe, world):
    """``record_bench(bench, folder)``: a workspace in which it is done."""

    def record(bench, folder, facts=None):
        workspace = Workspace(folder)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(os, "fsync", lambda descriptor: None)  # half of the time otherwise
            scribe(world(bench), workspace, facts).carry_out(bench)
        return workspace

    return record


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder whose path names the user and the host."""
    name = f"{getpass.getuser()} at {platform.node()}"
    return tmp_path_factory.mktemp("home") / name


@pytest.fixture(scope="session")
def finished(tiny, record_bench, folder):
    """A workspace in which the bench is done: only to be read."""
    return record_bench(tiny, folder)


@pytest.fixture(scope="session")
def packed(finished, tmp_path_factory):
    """Its bundle with weights, a zip file: only to be read."""
    path = tmp_path_factory.mktemp("bundle") / "tiny.zip"
    pack(finished, None, path, weights=True)
    return path


def _what(name):
    return "features" if name.startswith("features/") else "record"


class Tampered:
    """The files of a bundle, changed by a test, and written again as a folder or a zip file."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as bundle:
            self.files = {one.filename: bundle.read(one) for one in bundle.infolist()}

    def json(self, name):
        return json.loads(self.files[name])

    def put(self, name, value):
        self.files[name] = written(value)

    def names(self, start):
        return sorted(name for name in self.files if name.startswith(start))

    def record(self, kind, number=0):
        """The name of a record."""
        found = [name for name in self.names(f"records/{kind}/") if name.endswith(".json")]
        return found[number]

    def restate_record(self, name, record):
        """Put a record with the digest that belongs to it."""
        covered = ("kind", "step", "key", "inputs", "result", "beside")
        record["digest"] = digest({one: record[one] for one in covered if one in record})
        self.put(name, record)

    def restate(self):
        """Let the manifest say what there is, as a forger would."""
        manifest = self.json("bundle.json")
        others = {name: data for name, data in self.files.items() if name != "bundle.json"}
        listed = manifest["files"]
        manifest["files"] = {
            name: {
                "what": listed.get(name, {"what": _what(name)})["what"],
                "bytes": len(data),
                "sha256": sha256(data),
            }
            for name, data in others.items()
        }
        self.put("bundle.json", manifest)
        return self

    def folder(self, path):
        shutil.rmtree(path, ignore_errors=True)
        for name, data in self.files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path


@pytest.fixture
def command(tmp_path, monkeypatch):
    """``command(*words)``: what the command ends with, in an empty folder."""
    from alharness.cli.main import alharness

    def run(*words):
        return CliRunner().invoke(alharness, list(map(str, words)), prog_name="alharness")

    monkeypatch.chdir(tmp_path)
    return run


@pytest.fixture(scope="session")
def make_tampered():
    """``make_tampered(path)``: the files of a zip file, to be changed."""
    return Tampered


@pytest.fixture
def tampered(packed):
    return Tampered(packed)


@pytest.fixture(scope="session")
def tampered_from():
    """``tampered_from(path)``: the files of another bundle."""
    return Tampered
