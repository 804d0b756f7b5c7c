"""Tables in Markdown, as GitHub and most others read it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alharness.api.text import one_line
from alharness.leaderboard.tables.table import Table

_SPECIAL = re.compile(r"[\\`*\[\]|~]|(?<![^\W_])_|_(?![^\W_])")
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def markdown(table: Table) -> str:
    """The caption, the table and its notes; whatever text is in it stays text."""
    header = [escaped(title) for title in table.header]
    rule = ["---" if column.align == "left" else "---:" for column in table.columns]
    rows = [
        [
            escaped(text) if isinstance(cell, str) else text.replace("<", "&lt;")
            for text, cell in zip(texts, cells, strict=True)
        ]
        for texts, cells in zip(table.texts(), table.rows, strict=True)
    ]
    lines = [f"**{escaped(table.caption)}**", "", *map(_line, (header, rule, *rows))]
    for note in table.notes:
        lines += ["", escaped(note)]
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Text in which Markdown finds no markup, in one line."""
    plain = "".join(_MARKUP.get(one, one) for one in one_line(text))
    return _SPECIAL.sub(r"\\\g<0>", plain)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
