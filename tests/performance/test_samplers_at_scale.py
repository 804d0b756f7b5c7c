"""The command that measures all samplers, on a small pool: each asked is answered in its row."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "samplers_at_scale.py"
SMALL = ("--pool", "300", "--width", "8", "--labeled", "100", "--budget", "20")


def rows_of(*arguments):
    command = [sys.executable, str(SCRIPT), *arguments, *SMALL]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    header, _, *rows = done.stdout.splitlines()
    assert header == "| sampler | seconds | MiB |"
    return [row.strip("|").split("|") for row in rows]


def test_each_sampler_has_its_time_and_memory_or_a_reason():
    margin, vaal, tod = rows_of("margin", "vaal", "tod")
    for name, row in (("margin", margin), ("tod", tod)):
        assert row[0].strip() == f"`{name}`"
        assert re.fullmatch(r" \d+\.\d ", row[1])
        assert re.fullmatch(r" \d+ ", row[2])
    assert vaal[1].strip() == "needs images"


@pytest.mark.slow
def test_what_takes_too_long_is_ended():
    """Nothing is measured in no time: an alarm of one second rings before a hundred batches end."""
    ((_, said, _),) = rows_of("oracle-best-of", "--limit", "1")
    assert said.strip() == "more than 1"
