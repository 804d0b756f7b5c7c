"""The simulation as a page: ``docs/explanation/simulation.md``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alharness.statistics.looks import FUTILITY, LOOKS
from simulation import looks, shares
from simulation.benches import (
    BUDGETS,
    DESIGNS,
    INTERACTIONS,
    LAWS,
    ONE_SIDED,
    SEED,
)
from simulation.demands import Findings, demands

Table = str


def page(of: Findings) -> str:
    """The whole page, Markdown."""
    parts = [
        _opening(of.repetitions),
        _demands(of),
        _verdicts(of),
        _marks(of),
        _power(of),
        _detectable(of),
        _equivalence(of),
        _pooled(of),
        _looks(of),
        _courses(of),
    ]
    return "\n\n".join(parts) + "\n"


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Table:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _opening(repetitions: int) -> str:
    return f"""# Our statistics on benches whose truth is known

This page is written by `python benchmarks/simulate_statistics.py --write`, which simulates
{repetitions:,} benches a cell from seed {SEED}. Shares are in %, ± their Monte Carlo error. A test
holds the simulation's decisions against those of `alharness.statistics` on the same numbers.

**A simulated bench.** Seeds are nested in initial sets. The result of a run is what its method does
to its initial set, plus the run's own noise. The noise has deviation 1: the unit of all that
follows is the *seed deviation*, that of runs that differ in their seed alone. The *interaction*,
what a method does to an initial set, has a deviation of {_list(INTERACTIONS)}. What an initial set
does to all methods alike cancels out within a pair. Designs are initial sets × seeds:
{_list(DESIGNS)}.

**A false verdict** is *better* or *worse* where nothing differs. Fewer than 5 % of them is called
conservative: true differences are found less often than could be. More is called anticonservative:
the verdict promises what it does not keep."""


def _demands(of: Findings) -> str:
    rows = [(one.what, one.seen, "yes" if one.holds else "**no**") for one in demands(of)]
    return f"""## What must hold

{table(("demand", "smallest … largest cell, %", "holds"), rows)}

Where a bound is the very value that is right, three Monte Carlo errors beyond it are taken for
chance."""


def _verdicts(of: Findings) -> str:
    head = ["false verdicts", *INTERACTIONS, *(f"coverage, {one}" for one in INTERACTIONS)]

    def rows(design: object) -> Iterable[Sequence[object]]:
        for law in (*LAWS, *ONE_SIDED):
            cells = [of.verdicts[law, design, one] for one in INTERACTIONS]  # type: ignore[index]
            yield [law, *(one.false for one in cells), *(one.coverage for one in cells)]

    tables = "\n\n".join(f"{one} runs:\n\n{table(head, rows(one))}" for one in DESIGNS)
    return f"""## The verdict

How often it is false, and how often its interval holds a true difference of one deviation, by
interaction. Laws are those of the noise and of the interaction, in both methods alike; the last
{len(ONE_SIDED)} differ between method and reference.

{tables}

- Where both methods have the same law, differences are symmetric, whatever the law, and heavy tails
  make the test **conservative**: it is false in fewer than 5 % of benches.
- Initial sets that vary unevenly make it conservative, too, with five of them most.
- Where only the method is skewed, so are the differences, and Student's *t* is
  **anticonservative**. A mean over seeds and an interaction make it less; 25 initial sets are not
  enough to mend it.
- Runs that fail now and then, and only the method's, are the worst case: here one in fifty, by ten
  seed deviations. Many benches hold none or few, overrate the method, and vary little; no analysis
  of those benches could know. Look at the curves of single runs before trusting a mean."""


def _marks(of: Findings) -> str:
    head = ["law", "runs", *(f"correlation {one}" for one in shares.CORRELATIONS)]
    head += [f"one differs, {one}" for one in shares.CORRELATIONS]

    def rows() -> Iterable[Sequence[object]]:
        for law in shares.MARKED:
            for design in DESIGNS:
                cells = [of.marks[law, design, one] for one in shares.CORRELATIONS]
                none, one_differs = zip(*cells, strict=True)
                yield [law, design, *none, *one_differs]

    return f"""## Marks

Benches with at least one false mark among {BUDGETS} budgets, by the correlation of neighbouring
budgets in both noise and interaction (interaction {shares.INTERACTION_OF_POWER}). To the right the
methods differ by {shares.ONE_DIFFERS:g} deviations at the last budget; false is a mark at another.

{table(head, rows())}

Holm's procedure does not use that budgets are correlated: the more they are, the more conservative
it is. (A bench of `digits-quick`, nine initial sets, gave correlations from −0.6 to 0.3 for
neighbouring budgets of `margin` and `coreset`: poorly known, and nowhere near 0.9.)"""


def _power(of: Findings) -> str:
    def rows() -> Iterable[Sequence[object]]:
        for effect in shares.EFFECTS:
            cells = [of.power[design, effect] for design in DESIGNS]
            yield [f"{effect:g}", *(f"{one.found} ({100 * one.expected:.2f})" for one in cells)]

    return f"""## Power

How often a true difference, in seed deviations, gets a verdict (interaction
{shares.INTERACTION_OF_POWER}, normal law); in brackets what the noncentral *t* distribution
expects.

{table(("difference", *(f"{one} runs" for one in DESIGNS)), rows())}

![Power against the true difference, for the three designs](../images/power.svg)

The same 25 runs find far more as 25 × 1 than as 5 × 5, and nine runs as 9 × 1 find nearly what 25
find as 5 × 5: [why](why-25-runs-are-not-25-samples.md). Rows share their benches."""


def _detectable(of: Findings) -> str:
    head = (
        "runs",
        "interaction",
        "detectable effect",
        "found",
        "median reported / true",
        "coverage",
    )
    rows = [
        (design, interaction, f"{one.effect:.2f}", one.found, f"{one.median:.3f}", one.coverage)
        for (design, interaction), one in of.detectable.items()
    ]
    return f"""## The minimum detectable effect

A difference of that size is to be found in 80 % of benches. A bench reports it from its own
deviation: how far that is from the true one in the median, and how often the 95 % interval beside
it holds the true one.

{table(head, rows)}"""


def _equivalence(of: Findings) -> str:
    head = ["law", "runs"]
    head += [f"{what}, {one:g}" for one in shares.MARGINS for what in ("better", "worse", "equal")]

    def rows() -> Iterable[Sequence[object]]:
        for law in (*LAWS, *ONE_SIDED):
            for design in DESIGNS:
                cells = [of.equivalence[law, design, one] for one in shares.MARGINS]
                yield [law, design, *(one for cell in cells for one in cell)]

    return f"""## Equivalence

*No difference larger than the margin*: the 90 % interval lies within ± the margin, here
{_list(shares.MARGINS)} seed deviations. How often that is said of a method that is better or worse
by just the margin, which is false, and of one that is equal (interaction
{shares.INTERACTION_OF_POWER}).

{table(head, rows())}

- Where the interval is wide against the margin, equivalence is rarely found, and rarely false.
- Where only the method is skewed, or fails now and then, it is **anticonservative**, and more so
  than the verdict. In a verdict, one side errs in more and the other in less than 2.5 %, and they
  make up for one another. At a margin, one side decides alone."""


def _pooled(of: Findings) -> str:
    tests = list(next(iter(of.pooled.values())))
    rows = [(*map(str, cell), *found.values()) for cell, found in of.pooled.items()]
    return f"""## Tests that take 25 runs for 25 samples

False verdicts with {DESIGNS[0]} runs, normal law. *Initial sets* is how much they differ for both
methods alike. The paper's chain is Kruskal–Wallis, then Games–Howell, here of two methods.

{table(("initial sets", "interaction", *tests), rows)}

Pooled tests are anticonservative as soon as there is an interaction. Those that do not pair are, on
top of that, conservative where initial sets differ for all methods alike: the two errors may even
hide one another, and neither can be seen in the *p* that they print."""


def _looks(of: Findings) -> str:
    steps = ", ".join(f"*p* < {look.alpha} after {look.seeds}" for look in LOOKS)
    head = ["law", "interaction"]
    head += [f"{what}, {one} sets" for what in LOOK_ERRORS for one in looks.INITIAL_SETS]

    def rows() -> Iterable[Sequence[object]]:
        for law, interaction in dict.fromkeys((law, last) for law, _, last in of.under_looks):
            cells = [of.under_looks[law, one, interaction] for one in looks.INITIAL_SETS]
            yield [
                law,
                interaction,
                *(share for column in zip(*cells, strict=True) for share in column),
            ]

    return f"""## Looks

Benches of {looks.SEEDS} seeds that [stop when their verdict is certain](looks.md): {steps}
seeds, and futility at *p* > {FUTILITY}. False verdicts where futility is *heeded*, where it is
*unheeded* (the seeds are run all the same), and of the verdict *without looks*.

{table(head, rows())}

The levels are used up where there is no interaction and futility is unheeded. Else looks are
**conservative**: with an interaction they repeat one another."""


LOOK_ERRORS = ("heeded", "unheeded", "without looks")


def _courses(of: Findings) -> str:
    head = (
        "interaction",
        "initial sets",
        "difference",
        "found",
        "without looks",
        "runs saved",
        "certain early",
        "futile",
        "bias",
        "bias if certain",
        "coverage",
        "coverage if certain",
    )

    def rows() -> Iterable[Sequence[object]]:
        for (interaction, initial_sets, truth), one in of.courses.items():
            bias = "—" if one.bias_of_certain is None else _signed(one.bias_of_certain)
            yield [
                f"{interaction:g}",
                initial_sets,
                f"{truth:g}",
                one.found,
                one.unstopped,
                f"{100 * one.saved.value:.0f}",
                one.certain,
                one.futile,
                _signed(one.bias),
                bias,
                one.coverage,
                "—" if one.coverage_of_certain is None else one.coverage_of_certain,
            ]

    return f"""## What looks save, and what they cost

By the true difference; where that is 0, what is found is false. *Bias* is estimate − truth in seed
deviations: of all benches, and of those that stopped early because they were certain. *Coverage* is
that of the interval at the level of the look that stopped.

{table(head, rows())}

The interval holds the truth in at least 95 % of all benches. Among those that were certain early
alone it does not, where the difference is small against what the bench can see: they were certain
because they were lucky."""


def _signed(mean: looks.Mean) -> str:
    return f"{mean.value:+.3f} ± {mean.error:.3f}".replace("-0.000", "+0.000")


def _list(items: Iterable[object]) -> str:
    *first, last = map(str, items)
    return f"{', '.join(first)} or {last}"
