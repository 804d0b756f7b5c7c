"""How often our verdicts, marks, intervals and looks are right, on benches whose truth is known.

    python benchmarks/simulate_statistics.py           # prints docs/explanation/simulation.md
    python benchmarks/simulate_statistics.py --write   # writes it, the worked example, the pictures

The seed is fixed in ``simulation/benches.py``: equal code, equal page. Two to three minutes on one
core, and one gigabyte of memory.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from simulation import example
from simulation.demands import simulate
from simulation.page import page

REPETITIONS = 100_000
DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "explanation" / "simulation.md"
EXAMPLE = DOCS / "explanation" / "why-25-runs-are-not-25-samples.md"


def main() -> None:
    """Simulate all cells, then print or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name} and the pictures")
    write = parser.parse_args().write
    found = simulate(REPETITIONS)
    if not write:
        print(page(found), end="")
        return
    from simulation import pictures

    PAGE.write_text(page(found))
    EXAMPLE.write_text(example.MARKED.sub(example.tables(), EXAMPLE.read_text()))
    pictures.nested_runs(DOCS / "images" / "nested-runs.svg")
    pictures.power(DOCS / "images" / "power.svg")


if __name__ == "__main__":
    main()
