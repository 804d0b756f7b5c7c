"""LaTeX is read by a real parser: environments are whole, and no text is a command."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import (
    LatexEnvironmentNode,
    LatexMacroNode,
    LatexWalker,
    LatexWalkerParseError,
)

from alharness.leaderboard.tables.latex import escaped, latex

KNOWN = {
    "toprule", "midrule", "bottomrule", "caption", "label", "centering", "par", "footnotesize",
    "\\", "&", "%", "$", "#", "_", "{", "}", "'", "`", '"', "^", "~", "=", ".",
    "u", "r", "H", "v", "c", "i", "j", "ss", "ae", "AE", "oe", "OE", "o", "O", "l", "L",
    "textbackslash", "textasciitilde", "textasciicircum", "textasciigrave", "texttt", "ldots",
    "textless", "textgreater", "textbar", "textendash", "textemdash", "blacktriangle",
    "blacktriangledown", "pm", "times", "geq", "leq",
}  # fmt: skip
"""Commands of LaTeX, booktabs and amssymb that may stand in a table."""


def parsed(text):
    """The nodes of a text; strict, so that what is not closed is an error."""
    return LatexWalker(text, tolerant_parsing=False).get_latex_nodes()[0]


def everything(nodes):
    for node in nodes or ():
        if node is None:
            continue
        yield node
        yield from everything(getattr(node, "nodelist", None))
        arguments = getattr(node, "nodeargd", None)
        yield from everything(arguments and arguments.argnlist)


def test_a_table_is_whole(table):
    text = latex(table)
    assert text.isascii()
    nodes = parsed(text)
    (outer,) = (node for node in nodes if isinstance(node, LatexEnvironmentNode))
    (inner,) = (node for node in outer.nodelist if isinstance(node, LatexEnvironmentNode))
    assert (outer.environmentname, inner.environmentname) == ("table", "tabular")
    macros = [one.macroname for one in everything(nodes) if isinstance(one, LatexMacroNode)]
    assert set(macros) <= KNOWN
    ends = [one for one in inner.nodelist if getattr(one, "macroname", "") == "\\"]
    assert len(ends) == 1 + len(table.rows)
    cells = [one for one in inner.nodelist if getattr(one, "specials_chars", "") == "&"]
    assert len(cells) == (1 + len(table.rows)) * (len(table.columns) - 1)
    assert "\\begin{tabular}{lrrrrrrr}\n\\toprule\nmethod & runs" in text
    assert text.startswith("% \\usepackage{booktabs,amssymb}\n\\begin{table}\n")
    assert "\\label{tab:tiny-blobs-verdicts}" in text


def test_numbers_and_marks_as_latex_has_them(table):
    (row,) = [line for line in latex(table).splitlines() if line.startswith("margin")]
    assert row == (
        r"margin & 25 & 50.00 & 0.0039 & 92.38 $\pm$ 1.76 $\blacktriangle$ & "
        r"$-$0.55 {[}$-$1.20, +0.10{]} & 0.35 {[}0.24, 0.67{]} & {[}$-$1.21, +0.11{]} \\"
    )


def test_what_is_not_escaped_is_seen():
    """The parser is one that fails: on a text as it is, or on one closed too early."""
    for text in ("\\caption{a}}", "\\begin{tabular}{l} a \\end{table}", "$x"):
        with pytest.raises(LatexWalkerParseError):
            parsed(text)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30))
def test_whatever_a_method_is_called_is_text(name):
    text = escaped(name)
    assert text.isascii()
    nodes = parsed(f"\\caption{{{text}}} {text} & 1")
    macros = {one.macroname for one in everything(nodes) if isinstance(one, LatexMacroNode)}
    assert macros <= KNOWN
    assert sum(getattr(one, "specials_chars", "") == "&" for one in nodes) == 1


@settings(max_examples=40, deadline=None)
@given(st.text(string.ascii_letters + string.digits + "#$%&_{}~^\\+-=:;,.!?()/*@", max_size=30))
def test_it_is_printed_as_it_was_written(name):
    printed = LatexNodes2Text(keep_braced_groups=False).latex_to_text(escaped(name))
    assert printed.replace("ˆ", "^").split() == name.split()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("é", r"\'{e}"),
        ("ï", r"\"{\i}"),
        ("Ş", r"\c{S}"),
        ("中", r"\texttt{U+4E2D}"),
        ("[x]", "{[}x{]}"),
        ("a_b", r"a\_b"),
        ("−1 ± 2", r"$-$1 $\pm$ 2"),
        ("two\nlines", "two lines"),
        ("a--b---c", "a-{}-b-{}-{}-c"),
    ],
)
def test_characters(text, expected):
    assert escaped(text) == expected
