"""How long a site takes: 200 methods in 20 scenarios."""

import json
import subprocess
import sys
import time

import pytest

SECONDS = 30
CROWDED = 3


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_site_of_200_methods_in_20_scenarios(made_up, tmp_path, benchmark):
    """Reading, building and writing within 30 s; three times that beside other tests.

    ``pytest -n 0 -m slow tests/performance/test_site.py --benchmark-enable -s``
    """
    document = tmp_path / "many.json"
    document.write_text(json.dumps(made_up.document(methods=200, scenarios=20).to_json()))
    command = ["leaderboard", "build", str(document), "--out", str(tmp_path / "site")]
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "alharness.cli.main", *command], check=True, capture_output=True
    )
    took = time.perf_counter() - began
    files = list((tmp_path / "site").rglob("*.html"))
    size = sum(path.stat().st_size for path in files)
    print(f"\n{len(files)} pages, {size / 2**20:.0f} MiB, in {took:.1f} s")
    assert len(files) == 1 + 20 + 200
    assert took < SECONDS * (1 if benchmark.enabled else CROWDED)
