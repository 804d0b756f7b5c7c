"""The paper's Table 1 from its Tables 7-16, by our chain of tests.

    python benchmarks/paper_table_1.py                 # prints docs/explanation/paper-table-1.md
    python benchmarks/paper_table_1.py --csv FOLDER    # writes the samples, a file for each dataset

The samples have exactly the published means and deviations: for each initial set five runs at
standardised normal quantiles. Nothing is drawn.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from alharness.results.publication import Chain, read_publication
from alharness.results.published import Published
from alharness.statistics import PaperChain, paper_chain

FILE = Path(__file__).parent / "alharness_suites" / "published" / "munjal2022.toml"
WIDTH = 100
METHODS = ("coreset", "dbal", "bald", "vaal", "qbc", "least-confidence")
ALPHA = 0.05
HALF_A_DIGIT = 0.005
"""Tables 7-16 are rounded to 0.01 percentage points."""

Samples: TypeAlias = dict[str, NDArray[np.float64]]
"""For each method its runs, (initial sets, seeds), in percent."""


class Rounding(NamedTuple):
    """What rounding may have hidden, in percentage points: added to the published numbers."""

    methods: float = 0.0
    reference: float = 0.0
    deviations: float = 0.0


def standardised(n: int, ddof: int) -> NDArray[np.float64]:
    """``n`` normal quantiles of mean 0 and standard deviation 1, sum of squares over n - ddof."""
    from scipy import stats

    quantiles = stats.norm.ppf((np.arange(n) + 0.5) / n)
    centred = quantiles - quantiles.mean()
    return np.asarray(centred / centred.std(ddof=ddof))


def samples(
    chain: Chain,
    tables: Mapping[str, Published],
    ddof: int = 1,
    rounding: Rounding = Rounding(),  # noqa: B008  (a tuple: nobody can change it)
) -> Samples:
    """Runs with the published mean and deviation of each method in each initial set."""
    found: dict[str, list[NDArray[np.float64]]] = {}
    for table in (tables[name] for name in chain.of):
        column = table.fractions.index(chain.fraction)
        assert table.runs is not None  # as Tables 7 to 16 tell it
        shape = standardised(table.runs, ddof)
        for row in table.methods:
            assert row.deviation is not None
            moved = rounding.reference if row.method == chain.reference else rounding.methods
            deviation = max(row.deviation[column] + rounding.deviations, 0.0)
            found.setdefault(row.method, []).append(row.mean[column] + moved + deviation * shape)
    return {method: np.array(runs) for method, runs in found.items()}


def column_in(chain: PaperChain | Chain, method: str) -> str:
    """The column of Table 1 that a method is in; one that is in none is not determined."""
    if method in chain.better:
        return "▲"
    return "▼" if method in chain.worse else "–"


def range_of_p(chain: Chain, tables: Mapping[str, Published]) -> dict[str, tuple[float, float]]:
    """Of each method the least and the largest p that the published digits allow.

    Means move by half a digit towards and away from the reference, deviations up and down, and are
    over n - 1 or over n. Games-Howell needs no more of runs than their means and deviations.
    """
    moves = (-HALF_A_DIGIT, HALF_A_DIGIT)
    seen = [
        games_howell(
            samples(chain, tables, ddof, Rounding(mean, -mean, deviation)), chain.reference
        )
        for ddof, mean, deviation in itertools.product((0, 1), moves, moves)
    ]
    return {
        method: (min(one[method] for one in seen), max(one[method] for one in seen))
        for method in METHODS
    }


def games_howell(runs: Samples, reference: str) -> dict[str, float]:
    """The p of each method against the reference alone, as ``paper_chain`` has it, but faster."""
    from scipy import stats

    p_values = {}
    for method in METHODS:
        welch = stats.ttest_ind(runs[method].ravel(), runs[reference].ravel(), equal_var=False)
        distance = np.sqrt(2) * abs(welch.statistic)
        p_values[method] = float(stats.studentized_range.sf(distance, len(runs), welch.df))
    return p_values


class Row(NamedTuple):
    """A row of Table 1: as published, and as our chain finds it."""

    published: Chain
    found: PaperChain
    runs: Samples
    possible: Mapping[str, tuple[float, float]]

    @property
    def unsure(self) -> tuple[str, ...]:
        """Methods whose column depends on digits that were rounded away."""
        return tuple(method for method, (low, high) in self.possible.items() if low < ALPHA <= high)

    @property
    def disagreeing(self) -> tuple[str, ...]:
        """Methods that we find in another column than the paper."""
        return tuple(
            method
            for method in METHODS
            if column_in(self.found, method) != column_in(self.published, method)
        )


def table_1() -> tuple[Row, ...]:
    """Every row of the paper's Table 1 and what our chain makes of Tables 7-16."""
    publication = read_publication(FILE)
    tables = {table.name: table for table in publication.published()}
    rows = []
    for chain in publication.chains:
        runs = samples(chain, tables)
        found = paper_chain(runs, chain.reference)
        rows.append(Row(chain, found, runs, range_of_p(chain, tables)))
    return tuple(rows)


def page(rows: Sequence[Row]) -> str:
    """The page of the docs, in Markdown."""
    cells = len(rows) * len(METHODS)
    wrong = [(row, method) for row in rows for method in row.disagreeing]
    unnamed = sum(len(row.published.unnamed) for row in rows)
    agree = cells - len(wrong)
    text = [
        INTRODUCTION,
        f"**{agree} of {cells} cells agree.** ▲ better than random, ▼ worse, – undetermined, with "
        "the *p* of Games–Howell; bold where the paper has another column.",
        _table(rows),
        *(_disagreement(row, method) for row, method in wrong),
        textwrap.fill(UNNAMED.format(agree - unnamed, cells - unnamed), WIDTH),
        _rounding(rows),
        _shape(rows),
        END,
    ]
    return "\n\n".join(text)


INTRODUCTION = """\
# The paper's Table 1 from its Tables 7–16

Munjal et al. (2022) test the runs of their Tables 7 to 16 by a chain of four tests, and give the
outcome in their Table 1: six methods against random on two datasets at three budgets, 36 cells. The
runs themselves were not published, but their means and standard deviations were. Here are samples
that have exactly these: five runs for each initial set, at standardised normal quantiles, 25 in all
for each method and budget; and on them
[our version of the chain](../statistics.md#the-papers-chain).
Both are data, in `benchmarks/alharness_suites/published/munjal2022.toml`.
`python benchmarks/paper_table_1.py` prints this page; with `--csv FOLDER` it writes the samples.

A column is decided by Games–Howell, which needs no more of runs than their number, mean and
deviation. The cells are therefore what the paper's own tables imply, whatever the runs were."""

UNNAMED = """\
**VAAL on CIFAR-100 at 20 %** is named in no column of the paper's row, in the text that was
extracted from it. It is counted as undetermined, which is what we find: the row's column of worse
methods is empty, and section 6.2 does not list VAAL among the better ones. Without that cell
{} of {} agree."""

END = """\
The chain repeats the paper. It takes 25 runs for independent, which they are not: [what a verdict
means](../statistics.md).
"""


def _table(rows: Sequence[Row]) -> str:
    names = ("Coreset", "DBAL", "BALD", "VAAL", "QBC", "UC")
    head = ("", *names, "Kruskal–Wallis *p*", "in the paper")
    lines = [head, ("---",) * len(head)]
    for row in rows:
        cells = [_cell(row, method) for method in METHODS]
        ours, theirs = row.found.kruskal_wallis, row.published.kruskal_wallis
        lines.append((row.published.row, *cells, f"{ours:.2e}", f"{theirs:.2e}"))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(row: Row, method: str) -> str:
    cell = f"{column_in(row.found, method)} {_p(row.found.games_howell[method])}"
    if method in row.disagreeing:
        return f"**{cell}** (paper: {column_in(row.published, method)})"
    return cell


def _p(value: float | None) -> str:
    assert value is not None
    if value < 0.0001:
        return "<0.0001"
    return f"{value:.{4 if value < 0.01 else 3 if value < 0.1 else 2}f}"


def _disagreement(row: Row, method: str) -> str:
    """What the published means say of a cell, and what is known of it."""
    ours, theirs = row.runs[method].mean(axis=1), row.runs[row.published.reference].mean(axis=1)
    said = (
        f"**{_named(row, method)}**: {ours.mean():.2f} % by the tables, random "
        f"{theirs.mean():.2f} %; higher in {np.sum(ours > theirs)} of {len(ours)} initial sets, by "
        f"{min(ours - theirs):.2f} to {max(ours - theirs):.2f} points. "
        f"{' '.join(row.published.notes)}"
    )
    return textwrap.fill(said, WIDTH)


def _rounding(rows: Sequence[Row]) -> str:
    unsure = [
        f"{_named(row, method)} alone may go either way (*p* from {row.possible[method][0]:.4f} to "
        f"{row.possible[method][1]:.4f})"
        for row in rows
        for method in row.unsure
    ]
    said = (
        "**Rounding.** The tables have two decimals, and do not say whether deviations are over "
        "*n* or *n* less one. With all means moved by half a unit of their last digit, towards "
        "random's or away from it, all deviations by as much, and taken either way, "
        f"{'; '.join(unsure) or 'no cell changes'}."
    )
    return textwrap.fill(said, WIDTH)


def _shape(rows: Sequence[Row]) -> str:
    levene = sum(row.found.levene is not None and row.found.levene < ALPHA for row in rows)
    ratios = {
        row.published.row: (row.found.kruskal_wallis or 0.0) / row.published.kruskal_wallis
        for row in rows
    }
    least, most = min(ratios.values()), max(ratios, key=lambda name: ratios[name])
    rest = max(ratio for name, ratio in ratios.items() if name != most)
    said = (
        "**What depends on more than mean and deviation** the tables cannot give. Kruskal–Wallis' "
        f"*p* is {least:.2g} to {rest:.2g} times the paper's, and {ratios[most]:.2g} times in row "
        f"{most}. "
        f"Levene's test rejects equal variances in {levene} of {len(rows)} rows here, in 4 in the "
        "paper. It found normality in no row; our samples are made of normal quantiles, and so say "
        "nothing of that."
    )
    return textwrap.fill(said, WIDTH)


def _named(row: Row, method: str) -> str:
    dataset = "CIFAR-10" if row.published.row.startswith("C10 ") else "CIFAR-100"
    short = "UC" if method == "least-confidence" else method.upper()
    return f"{short} on {dataset} at {100 * row.published.fraction:.0f} %"


def write_csv(rows: Sequence[Row], folder: Path) -> None:
    """The samples, a file for each dataset, as ``alharness stats`` reads them: shares, not percent.

    Columns method, initial_set, seed, budget (percent of all training images), accuracy.
    """
    by_dataset: dict[str, list[Row]] = {}
    for row in rows:
        by_dataset.setdefault(row.published.row.split()[0].lower(), []).append(row)
    for dataset, own in by_dataset.items():
        path = folder / f"{dataset.replace('c', 'cifar')}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("method", "initial_set", "seed", "budget", "accuracy"))
            for row in own:
                budget = round(100 * row.published.fraction)
                for method, runs in row.runs.items():
                    for (initial_set, seed), accuracy in np.ndenumerate(runs):
                        share = repr(float(accuracy) / 100)
                        writer.writerow((method, initial_set, seed, budget, share))


def main() -> None:
    """Print the page, or write the samples."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--csv", type=Path, metavar="FOLDER", help="write the samples there")
    folder = parser.parse_args().csv
    if folder is None:
        print(page(table_1()), end="")
    else:
        write_csv(table_1(), folder)


if __name__ == "__main__":
    main()
