"""A bench of a second, finished and packed once; and bundles that somebody tampered with."""

import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from alharness.bundles.manifest import sha256
from alharness.bundles.packing import pack
from alharness.bundles.strict_json import written
from alharness.protocol.keys import digest
from alharness.protocol.planning.survey import survey
from alharness.results.collect import collect
from alharness.results.documents import Documents
from alharness.store.ledger import StoreLedger
from alharness.store.workspace import Workspace

METHODS = ("watching", "margin")


def carry_out(workbench, methods=METHODS, sets=2):
    """Carry out a bench and leave its document."""
    bench = workbench.bench(*methods, sets=sets)
    coordinator = workbench.coordinator(bench)
    coordinator.run()
    assert coordinator.failures == {}
    ledger = StoreLedger(workbench.workspace)
    document = collect(bench, survey(bench, ledger), ledger, [])
    Documents(workbench.workspace.reports).write(document)
    return bench


@pytest.fixture(scope="session")
def new_workbench(registry, watching):
    """Another workbench in a folder: ``new_workbench(folder)``."""
    made = sys.modules["tests.unit.conftest"] if "tests.unit.conftest" in sys.modules else None
    workbench = made.Workbench if made else _workbench_class()
    return lambda folder: workbench(folder, registry, (watching,))


def _workbench_class():
    return next(
        module.Workbench
        for name, module in sys.modules.items()
        if name.endswith("conftest") and hasattr(module, "Workbench")
    )


@pytest.fixture(scope="session")
def carried_out():
    """``carried_out(workbench, methods, sets)``: its bench is done, its document written."""
    return carry_out


@pytest.fixture(scope="session")
def finished(made_once, new_workbench):
    """The workspace of a finished bench: only to be read."""

    def make(folder):
        carry_out(new_workbench(folder / "workspace"))

    return Workspace(made_once("packed-bench", make) / "workspace")


@pytest.fixture(scope="session")
def packed(finished, tmp_path_factory):
    """Its bundle, a zip file: only to be read."""
    path = tmp_path_factory.mktemp("bundle") / "tiny.zip"
    pack(finished, None, path)
    return path


class Tampered:
    """The files of a bundle, changed by a test, and written again as a folder or a zip file."""

    def __init__(self, path: Path) -> None:
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
        for name in set(manifest["files"]) - set(others):
            del manifest["files"][name]
        for name, data in others.items():
            what = manifest["files"].get(name, {"what": "record"})["what"]
            manifest["files"][name] = {"what": what, "bytes": len(data), "sha256": sha256(data)}
        self.put("bundle.json", manifest)
        return self

    def folder(self, path):
        shutil.rmtree(path, ignore_errors=True)
        for name, data in self.files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path

    def zip(self, path, change=lambda entry: None):
        with zipfile.ZipFile(path, "w") as bundle:
            for name, data in self.files.items():
                entry = zipfile.ZipInfo(name)
                change(entry)
                bundle.writestr(entry, data)
        return path


@pytest.fixture
def tampered(packed):
    return Tampered(packed)
