"""Prose: sections of sentences, written out in Markdown and LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from alharness.api.text import one_line
from alharness.leaderboard.tables import latex, markdown

_LONGEST_NAME = 100
_MOST_LISTED = 20


@dataclass(frozen=True)
class Section:
    """A heading and paragraphs. Texts are plain, what a stranger wrote among them."""

    title: str
    paragraphs: tuple[str, ...]


def paragraph(*sentences: str | None) -> str:
    """Sentences one behind another, without those that there is nothing to say in."""
    return " ".join(filter(None, sentences))


def to_markdown(title: str, sections: Iterable[Section]) -> str:
    """A page."""
    lines = [f"# {_words(title, markdown.escaped)}"]
    for one in sections:
        lines += ["", f"## {_words(one.title, markdown.escaped)}"]
        for text in one.paragraphs:
            lines += ["", _words(text, markdown.escaped)]
    return "\n".join([*lines, ""])


def to_latex(sections: Iterable[Section]) -> str:
    r"""A part of a paper, for ``\input``; ASCII only."""
    lines = []
    for one in sections:
        lines += [f"\\subsection*{{{_words(one.title, latex.escaped)}}}", ""]
        for text in one.paragraphs:
            lines += [_words(text, latex.escaped), ""]
    return "\n".join(lines)


def _words(text: str, escaped: Callable[[str], str]) -> str:
    """Word by word: an escaped text has a bounded length, and a paragraph may be longer."""
    return " ".join(filter(None, map(escaped, text.split())))


def name(text: str) -> str:
    """A name within a sentence, bounded."""
    return one_line(text, _LONGEST_NAME)


def listed(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; of very many, the first ones and how many more."""
    if len(items) > _MOST_LISTED:
        more = f"{len(items) - _MOST_LISTED} more"
        items = [*items[:_MOST_LISTED], more]
    *others, last = items
    return f"{', '.join(others)} and {last}" if others else last


def counted(n: int, singular: str, plural: str = "") -> str:
    """``1 seed``, ``5 seeds``."""
    return f"{n} {singular if n == 1 else plural or f'{singular}s'}"
