"""What planning costs for a bench of 100 000 units, as a command and inside a busy bench."""

import json
import subprocess
import sys
import time

import pytest

from alharness.protocol.planning.survey import Planner
from alharness.store.ledger import StoreLedger

COMMAND = [sys.executable, "-m", "alharness.cli.main", "plan", "--json"]
SECONDS, GIBIBYTES = 10, 1

MEASURED = """
import resource, subprocess, sys, time
began = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
seconds = time.perf_counter() - began
memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(seconds, memory)
sys.stderr.write(done.stderr)
open("plan.json", "w").write(done.stdout)
sys.exit(done.returncode)
"""


def planned(large, folder):
    """Numbers of units, seconds and GiB of ``plan``."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *COMMAND, *large.arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seconds, kibibytes = map(float, done.stdout.split())
    units = json.loads((folder / "plan.json").read_text())["distinct_units"]
    return units, seconds, kibibytes / 2**20


def _resurvey(large):
    """The survey of what one finished unit changed, beside the survey of everything."""
    planner = Planner(large.bench, StoreLedger(large.workspace))
    began = time.perf_counter()
    state = planner.survey()
    whole = time.perf_counter() - began
    began = time.perf_counter()
    planner.resurvey({state.ready()[-1].key}, frozenset())
    changed = time.perf_counter() - began
    print(f"\nsurvey of all: {whole:.2f} s; after one unit: {1000 * changed:.1f} ms")
    assert changed < 0.05 * whole


def _needs_quiet(benchmark):
    if benchmark.disabled:
        pytest.skip("minutes of a quiet machine: run with --benchmark-enable")


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_plan_of_100_000_units(large_bench, tmp_path, benchmark):
    """With nothing, half and everything recorded: seconds and memory of the command.

    ``pytest -n 0 tests/performance/test_planning.py -m slow --benchmark-enable -s``
    """
    _needs_quiet(benchmark)
    large = large_bench
    units, seconds, gibibytes = planned(large, tmp_path)
    total = units["total"]
    assert total >= 100_000
    figures = [("nothing", 0, seconds, gibibytes)]
    began = time.perf_counter()
    large.fill(total // 2)
    large.keep_index()
    half, seconds, gibibytes = planned(large, tmp_path)
    figures.append(("half", half["done"], seconds, gibibytes))
    _resurvey(large)
    large.fill()
    large.keep_index()
    print(f"\nrecords written, half planned in {time.perf_counter() - began:.0f} s")
    everything, seconds, gibibytes = planned(large, tmp_path)
    figures.append(("everything", everything["done"], seconds, gibibytes))
    for recorded, done, seconds, gibibytes in figures:
        print(f"{total} units, {recorded} recorded ({done}): {seconds:.1f} s, {gibibytes:.2f} GiB")
    assert 0.4 * total < half["done"] < 0.6 * total
    assert everything["done"] == total
    for _, _, seconds, gibibytes in figures:
        assert seconds < SECONDS
        assert gibibytes < GIBIBYTES
