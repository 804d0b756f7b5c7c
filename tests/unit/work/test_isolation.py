"""What a sampler gets hold of that looks for labels, and of what it takes them from files."""

import numpy as np
import pytest
from alharness_plugins.datasets.digits import Digits

from alharness.engine.questions import STORED, pool_order, pose
from alharness.protocol.units import Unit
from alharness.store.arrays import unpack
from alharness.work import WorkSite
from alharness.work.landlock import cannot_confine

SNOOPING = '''
import gc
import sys
from pathlib import Path

import numpy as np
import torch


class Snooping(alharness.Sampler):
    """Stores every row of whole numbers that any object holds, and notes every way to the store."""

    def query(self, pool, budget, rng):
        objects = [*gc.get_objects()]
        frame = sys._getframe()
        while frame is not None:
            objects.append(frame.f_locals)
            frame = frame.f_back
        seen, new = {}, objects
        while new:
            # What holds nothing but numbers and texts is tracked by no collector.
            seen.update((id(one), one) for one in new)
            met = {id(other): other for one in new for other in gc.get_referents(one)}
            new = [other for known, other in met.items() if known not in seen]
        rows = filter(None, map(self.row, seen.values()))
        long = {row for row in rows if pool.n_unlabeled <= len(row) <= 2000}
        self.stored = {f"row{n}": np.array(row) for n, row in enumerate(sorted(long))}
        secret = "-".join(["hunting", "ground"])  # not in the code
        texts = [text for text in seen.values() if type(text) is str and len(text) < 4096]
        texts += [str(path) for path in seen.values() if type(path) is type(Path())]
        texts += [f"{name}={value}" for name, value in os.environ.items()]
        for name in ("environ", "cmdline", "maps"):
            text = Path("/proc/self", name).read_text(errors="replace")
            texts += text.replace("\\0", "\\n").split()
        texts += Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\\0")
        for descriptor in Path("/proc/self/fd").iterdir():
            try:
                texts.append(os.readlink(descriptor))
            except OSError:
                pass
        ways = {text for text in texts if secret in text and text != secret}
        self.notes = {"ways": "; ".join(sorted(ways))}
        return rng.permutation(pool.n_unlabeled)[:budget]

    def row(self, thing):
        if type(thing) is torch.Tensor:
            thing = thing.detach().numpy()
        if type(thing) is np.ndarray and thing.ndim == 1 and thing.dtype.kind in "iu":
            return tuple(thing.tolist())
        if type(thing) in (list, tuple) and thing and all(type(one) is int for one in thing):
            return tuple(thing)


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", First)
    yield alharness.SamplerSpec("other", Snooping)
'''

CHEATING = '''
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
STORE = HERE / "store"


def read(pattern, root=STORE):
    """How many of the files that there are can be read."""
    readable = 0
    files = [file for file in sorted(root.glob(pattern)) if file.is_file()]
    for file in files:
        try:
            readable += len(file.read_bytes()) > 0
        except OSError:
            pass
    return f"{readable} of {len(files)}"


IMPORTED = read("data/labels/*")


def in_a_thread():
    found = []
    one = threading.Thread(target=lambda: found.append(read("data/labels/*")))
    one.start()
    one.join()
    return found[0]


def writable(folder):
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


class Cheating(alharness.Sampler):
    """Reads every file of the workspace that it can."""

    def query(self, pool, budget, rng):
        digits = Path(find_spec("sklearn").origin).parent / "datasets" / "data"
        names = " ".join(map(str, STORE.glob("data/labels/*")))
        self.notes = {
            "imported": IMPORTED,
            "labels": read("data/labels/*"),
            "images": read("data/images/*/*"),
            "records": read("records/*/*/*.json"),
            "sets": read("sets/*/*"),
            "features": read("features/*/*"),
            "weights": read("checkpoints/*"),
            "data": read("data/*", HERE),
            "copies": read("digits.csv.gz", digits),
            "in a thread": in_a_thread(),
            "in a process": subprocess.run(f"cat {names} > /dev/null", shell=True).returncode == 0,
            "module": read("module.py", HERE),
            "writes": ", ".join(str(one) for one in (STORE, HERE, Path.home(), "/var/tmp")
                                if writable(one)),
            "writes scratch": writable(None),
        }
        return rng.permutation(pool.n_unlabeled)[:budget]


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("watching", First)
    yield alharness.SamplerSpec("other", Cheating)
'''


def asked(desk, **site):
    """The record of a query of the sampler ``other``."""
    unit, _ = (one for one in desk.ready("query") if one["inputs"]["sampler"]["name"] == "other")
    with WorkSite(desk.site.model_copy(update=site)) as work:
        (outcome,) = work.carry_out([unit])
    outcome.result()
    return desk.record(unit)


@pytest.mark.slow
def test_no_label_is_in_reach_of_who_looks_for_it_and_no_way_to_one(new_desk, monkeypatch):
    monkeypatch.setenv("ALHARNESS_WORKSPACE", "hunting-ground")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://user:password@hunting-ground")
    desk = new_desk("hunting-ground", "other", SNOOPING)
    record = asked(desk)
    assert record.facts["notes"]["ways"] == ""
    inputs = Unit.from_json(record.unit.to_json()).inputs
    order = pool_order(pose(desk.workspace, inputs))
    truth = desk.workspace.datasets.labels(inputs.network.data)
    hidden = truth[order.unlabeled]
    rows = unpack(desk.workspace.records.beside(record, STORED), 1 << 26)
    assert rows, "it sees nothing at all, then this test shows nothing"
    for row in rows.values():
        for labels in (hidden, truth, np.sort(hidden)):
            n = min(len(row), len(labels))
            assert np.mean(row[:n] == labels[:n]) < 0.5


@pytest.mark.skipif(cannot_confine() is not None, reason=str(cannot_confine()))
def test_files_with_labels_are_denied_to_who_knows_where_they_are(new_desk, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labels.csv").write_text("0,1,2")
    (tmp_path / "module.py").write_text("# beside the plugin")
    desk = new_desk("store", "other", CHEATING)
    facts = asked(desk, hidden=(tmp_path / "data", *Digits().copies())).facts
    assert facts["notes"] == {
        "imported": "0 of 2",
        "labels": "0 of 2",
        "images": "1 of 2",
        "records": "0 of 2",
        "sets": "2 of 4",
        "features": "0 of 0",
        "weights": "1 of 2",
        "data": "0 of 1",
        "copies": "0 of 1",
        "in a thread": "0 of 2",
        "in a process": False,
        "module": "1 of 1",
        "writes": "",
        "writes scratch": True,
    }
    assert facts["isolation"]["landlock"] >= 1
    assert facts["isolation"]["refused"] == ""
    assert f"{tmp_path.resolve()}: names of the files in it" in facts["isolation"]["open"]


REPRESENTING = """

class Flat(alharness.Representation):
    def features(self, images):
        return images.flatten(1)


@alharness.hookimpl
def alharness_representations():
    yield alharness.RepresentationSpec("flat", Flat)
"""


@pytest.mark.skipif(cannot_confine() is not None, reason=str(cannot_confine()))
def test_of_features_only_those_of_training_images_are_in_reach(new_desk, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labels.csv").write_text("0,1,2")
    (tmp_path / "module.py").write_text("# beside the plugin")
    table = 'representation = "flat"\n'
    desk = new_desk("store", "other", CHEATING + REPRESENTING, scenario=table)
    notes = asked(desk, hidden=(tmp_path / "data",)).facts["notes"]
    # Two parts of two files each: those of the test images are not among what can be read.
    assert (notes["features"], notes["labels"]) == ("2 of 4", "0 of 2")
