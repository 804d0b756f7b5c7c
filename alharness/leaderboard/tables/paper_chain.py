"""The paper's chain of tests as its Table 1 has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alharness.leaderboard.tables.numerals import NOTHING
from alharness.leaderboard.tables.table import Column, Kind, Table
from alharness.statistics import PaperChain

_NOTE = (
    "Kruskal–Wallis and Games–Howell on the pooled runs (Munjal et al. 2022, Table 1). "
    "Seeds are nested in initial sets, so pooled runs are not independent: the verdict above "
    "is the one to go by."
)


def paper_chain_table(
    chains: Mapping[int, PaperChain], reference: str, group: str = "", title: str = ""
) -> Table:
    """A row for each budget: which methods are better, worse and undetermined at 0.05.

    ``title``: of what the tests are on, for the caption.
    """
    return Table(
        name="paper-chain",
        group=group,
        caption=", ".join(filter(None, (title, "the paper's chain of tests"))),
        columns=(
            Column("labels", "labels", Kind.COUNT),
            Column("better", f"> {reference}"),
            Column("worse", f"< {reference}"),
            Column("undetermined", "undetermined"),
            Column("kruskal_wallis_p", "Kruskal–Wallis p", Kind.P_VALUE),
        ),
        rows=tuple(
            (
                labels,
                _names(chain.better),
                _names(chain.worse),
                _names(chain.undetermined),
                chain.kruskal_wallis,
            )
            for labels, chain in chains.items()
        ),
        notes=(_NOTE,),
    )


def _names(names: Iterable[str]) -> str:
    return ", ".join(names) or NOTHING
