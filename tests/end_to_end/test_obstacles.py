"""Things in the way: other things in files' places, what cannot be written, secrets."""

import os
import shutil
import subprocess

import pytest

from alharness import ExitCode

pytestmark = pytest.mark.slow


@pytest.fixture
def finished(alharness, finished_bench):
    """A copy of the finished bench."""
    shutil.copytree(finished_bench.workspace().root, alharness.workspace().root)
    alharness.expected = finished_bench.workspace().results()
    return alharness


def replace(path, make):
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    make(path)


def test_what_stands_in_the_place_of_files_blocks_nothing(finished):
    root = finished.workspace().root
    some = {kind: sorted(root.glob(f"records/{kind}/*/*.json")) for kind in ("trial", "query")}
    replace(some["trial"][0], os.mkfifo)
    replace(some["trial"][1], lambda path: path.mkdir())
    replace(some["query"][0], lambda path: path.symlink_to("nowhere"))
    replace(some["query"][1], lambda path: path.write_text("[" * 200_000))
    replace(root / "records" / "index.jsonl", lambda path: path.mkdir())
    replace(root / "data" / "seen.json", os.mkfifo)
    replace(root / "failures", os.mkfifo)
    replace(root / "mlflow.db", lambda path: path.write_bytes(b"garbage" * 1000))
    replace(root / "reports" / "tiny.md", lambda path: path.mkdir())
    planned = finished.plan()
    assert planned["distinct_units"]["ready"] > 0

    again = finished.bench()
    assert "Traceback" not in again.stderr
    assert again.returncode == ExitCode.UNITS_FAILED
    assert "verdict against random" in again.stdout
    (line,) = [line for line in again.stderr.splitlines() if line.startswith("Error: ")]
    assert "reports/tiny.md: cannot write" in line
    assert "mlflow.db could not be used (file is not a database): it was set aside" in again.stderr
    assert "logged" not in again.stderr
    assert finished.workspace().results() == finished.expected
    assert len(list((root / "damaged").iterdir())) == 7


READING = """
import os
from pathlib import Path

import alharness


class Reading(alharness.Sampler):
    def query(self, pool, budget, rng):
        started_with = Path("/proc/self/environ").read_text()
        secret = "s3" + "cret"
        raise RuntimeError(f"found {secret in str(os.environ)} {secret in started_with}")


@alharness.hookimpl
def alharness_samplers():
    yield alharness.SamplerSpec("reading", Reading)
"""


def test_a_query_process_is_given_no_credentials(alharness):
    (alharness.folder / "reading.py").write_text(READING)
    finished = alharness.bench(
        "--executor", "local", "--jobs", "1",
        "--plugin-file", "reading.py", "--plugin", "reading",
        MLFLOW_TRACKING_URI=f"sqlite:///{alharness.folder}/m.db?password=s3cret",
        MLFLOW_TRACKING_PASSWORD="s3cret", AWS_SECRET_ACCESS_KEY="s3cret", MY_TOKEN="s3cret",
    )  # fmt: skip
    assert finished.returncode == ExitCode.UNITS_FAILED, finished.stderr
    assert "found False False" in finished.stderr
    assert "s3cret" not in finished.stderr + finished.stdout
    for path in alharness.workspace().root.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".md"):
            assert "s3cret" not in path.read_text()


def test_plan_and_report_work_where_nothing_can_be_written(finished):
    root = finished.workspace().root
    readonly = f"mount --bind {root} {root} && mount -o remount,ro,bind {root}"
    command = ["unshare", "-m", "sh", "-c"]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    tried = subprocess.run([*command, readonly], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"nothing can be mounted here: {tried.stderr.strip()}")
    commands = [
        ["plan", *finished.places()],
        ["report", "--workspace", "workspace"],
        finished.bench_arguments(),
    ]
    codes = []
    for arguments in commands:
        words = " ".join(f"'{word}'" for word in finished.command(*arguments))
        done = subprocess.run(
            [*command, f"{readonly} && {words}"],
            cwd=finished.folder, env=finished.environment(),
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr
        codes.append(done.returncode)
    assert codes == [ExitCode.DONE, ExitCode.DONE, ExitCode.USAGE]
    assert "workspace is not writable (Read-only file system)" in done.stderr
