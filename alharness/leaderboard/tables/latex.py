"""Tables in LaTeX: ``booktabs``, and ``amssymb`` for the marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from alharness.api.text import one_line
from alharness.leaderboard.tables.table import Column, Table

PACKAGES = ("booktabs", "amssymb")
"""What a document has to load."""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "`": r"\textasciigrave{}",
    # Behind the end of a line a bracket would be an argument.
    "[": "{[}",
    "]": "{]}",
    "▲": r"$\blacktriangle$",
    "▼": r"$\blacktriangledown$",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "…": r"\ldots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "\u00a0": "~",
}

_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


def latex(table: Table) -> str:
    """A ``table`` environment with caption, label, rows and notes; ASCII only."""
    alignment = "".join("l" if column.align == "left" else "r" for column in table.columns)
    rows = [
        _line([_cell(column, text) for column, text in zip(table.columns, texts, strict=True)])
        for texts in table.texts()
    ]
    lines = [
        f"% \\usepackage{{{','.join(PACKAGES)}}}",
        r"\begin{table}",
        r"\centering",
        f"\\caption{{{escaped(table.caption)}}}",
        f"\\label{{tab:{_label(f'{table.group} {table.name}')}}}",
        f"\\begin{{tabular}}{{{alignment}}}",
        r"\toprule",
        _line([escaped(title) for title in table.header]),
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        *(f"\\par\\footnotesize {escaped(note)}" for note in table.notes),
        r"\end{table}",
    ]
    return "\n".join([*lines, ""])


def escaped(text: str) -> str:
    """Text as LaTeX prints it: nothing in it is a command.

    A letter that LaTeX can put together from a base and an accent is; another character beyond
    ASCII is named by its number. Hyphens stay hyphens.
    """
    return re.sub("-(?=-)", "-{}", "".join(map(_character, one_line(text))))


def _character(one: str) -> str:
    if one in _SPECIAL:
        return _SPECIAL[one]
    if one.isascii():
        return one
    base, *accents = list(unicodedata.normalize("NFD", one))
    if len(accents) == 1 and base.isascii() and base.isalpha() and accents[0] in _ACCENTS:
        dotless = {"i": r"\i", "j": r"\j"}.get(base, base)
        return f"\\{_ACCENTS[accents[0]]}{{{dotless}}}"
    return f"\\texttt{{U+{ord(one):04X}}}"


def _cell(column: Column, text: str) -> str:
    """A cell; numbers have a minus sign, not a hyphen."""
    return escaped(text if column.align == "left" else text.replace("-", "−"))


def _label(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def _line(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\"
