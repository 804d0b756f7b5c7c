"""The pictures of the pages, SVG. Text stays text, and nothing in them hangs on the day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from simulation import example, shares
from simulation.benches import DESIGNS

BLUE, RED, GREY = "#0072b2", "#d55e00", "#555555"
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "alharness",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def nested_runs(path: Path) -> None:
    """The worked example: its 25 differences by initial set, and the two intervals."""
    d = example.differences()
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.2, 3.4), layout="constrained")
        axes = figure.subplots()
        axes.axhline(0, color=GREY, linewidth=1)
        for i, of in enumerate(d):
            spread = i + np.linspace(-0.2, 0.2, len(of))
            axes.plot(spread, of, "o", color="white", markeredgecolor=GREY, markersize=5)
            axes.plot([i - 0.3, i + 0.3], [of.mean()] * 2, color=BLUE, linewidth=2)
        for x, analysis, color in ((5.5, example.as_5(), BLUE), (6.8, example.as_25(), RED)):
            axes.plot([x, x], analysis.interval, color=color, linewidth=2)
            axes.plot(x, analysis.mean, "s", color=color, markersize=6)
        names = [f"set {i}" for i in range(len(d))]
        axes.set_xticks([*range(len(d)), 5.5, 6.8], [*names, "5 initial\nsets", "25 “samples”"])
        axes.set_ylabel("method − reference, seed deviations")
        _save(figure, path)


def power(path: Path) -> None:
    """Power against the true difference, as the noncentral t distribution has it."""
    effects = np.linspace(shares.EFFECTS[0], shares.EFFECTS[-1], 81)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.2, 3.4), layout="constrained")
        axes = figure.subplots()
        for design, color, line in zip(DESIGNS, (BLUE, RED, GREY), ("-", "--", "-."), strict=True):
            deviation = shares.true_deviation(design, shares.INTERACTION_OF_POWER)
            found = [100 * shares.expected_power(design, deviation, one) for one in effects]
            axes.plot(effects, found, line, color=color, label=f"{design} runs", linewidth=2)
        axes.axhline(80, color="#bbbbbb", linewidth=1)
        axes.set_xlabel("true difference, seed deviations")
        axes.set_ylabel("found, %")
        axes.set_ylim(0, 100)
        axes.legend(frameon=False, loc="lower right")
        _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
