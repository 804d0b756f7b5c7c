"""What commands print stands as it is, whole, in the width that there is."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
from rich.console import Console

from alharness.cli import layout

HEADER = ("method", "144 (10%)", "verdict against random", "difference", "never")
ROWS = [
    ("random", "92.07 ± 1.72", "reference", "", "–"),
    ("margin", "92.07 ± 1.72 ▲", "better than random", "+1.01 [+0.31, +1.70]", ""),
    ("vaal:epochs=15,width=16", "1.00", "undetermined", "-12.50 [-20.00, +3.00]", ""),
]


def words(text):
    """What stands between white space, lines of boxes and the colours of a terminal left out."""
    return re.sub(r"\x1b\[[0-9;]*m|[┃│┏┓┗┛┡┩┳┻╇━─┌└┐┘┴]", " ", text).split()


def test_names_of_emoji_are_text(capsys):
    """``loss.py:100:`` is a place, and ``:fire:`` may be a part of a message."""
    line = "loss.py:100: :fire:"
    layout.output().print(line, markup=False, highlight=False)
    assert capsys.readouterr().out.splitlines() == [line]


@pytest.mark.parametrize(
    ("columns", "terminal", "width"),
    [("80", False, 80), ("80", True, 80), ("", False, 10_000), ("0", False, 10_000)],
)
def test_a_pipe_is_never_wrapped_unless_columns_says_how_wide_it_is(
    monkeypatch, columns, terminal, width
):
    monkeypatch.setenv("COLUMNS", columns)
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    assert layout.output().width == width


def drawn(table, width):
    console = Console(width=width)
    with console.capture() as capture:
        console.print(table)
    return capture.get().splitlines()


@pytest.mark.parametrize(("width", "parts"), [(47, 3), (57, 3), (58, 2), (82, 2), (83, 1)])
def test_a_table_on_its_side_has_everything_in_as_few_parts_as_fit(width, parts):
    tables = list(layout.turned(HEADER, ROWS, width))
    lines = [line for table in tables for line in drawn(table, width)]
    assert len(tables) == parts
    assert all(len(line) <= width for line in lines)
    assert not any("never" in line for line in lines)
    for name, *cells in list(zip(HEADER, *ROWS, strict=True))[:-1]:
        shown = [line.removeprefix(name) for line in lines if line.startswith(name)]
        assert " ".join(shown).split() == " ".join(cells).split()


@pytest.mark.parametrize("width", [1, 20, 46])
def test_what_fits_nowhere_is_wrapped_between_words(width):
    lines = [
        line for table in layout.turned(HEADER, ROWS[:2], width) for line in drawn(table, width)
    ]
    assert all(len(line) <= width for line in lines)
    if width > 40:
        assert {"92.07", "+1.01", "[+0.31,", "reference"} <= set(" ".join(lines).split())


def test_a_table_is_boxed_where_that_fits():
    table = layout.boxed("title", HEADER, ROWS)
    needed = len(next(line for line in drawn(table, 500) if line.startswith("┏")))
    assert layout.fits(table, Console(width=needed))
    assert not layout.fits(table, Console(width=needed - 1))


def readable(shown, planned):
    """No line is longer than 80 columns; methods, titles and numbers are whole."""
    assert max(map(len, shown.splitlines())) <= 80
    found, units = words(shown), planned["units"]
    assert {one["method"] for one in units} <= set(found)
    assert {"cycle", "labels", "trial", "evaluation", "query", "annotation"} <= set(found)
    numbers = {one[what] for one in units for what in ("cycle", "labels", "total", "shared")}
    assert {str(number) for number in numbers} <= set(found)


@pytest.mark.parametrize("suite", ["cifar", "digits-quick"])
def test_a_plan_in_a_pipe_of_80_columns(command, monkeypatch, suite):
    planned = command.json("plan", "--suite", suite)
    monkeypatch.setenv("COLUMNS", "80")
    shown = command("plan", "--suite", suite).stdout
    readable(shown, planned)


@pytest.mark.slow
def test_a_plan_in_a_terminal_of_80_columns(command):
    planned = command.json("plan", "--suite", command.suite())
    environment = {**os.environ, "TERM": "xterm-256color"}
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "alharness", "plan", "--suite", "small.toml"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=command.folder,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while chunk := read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(60) == 0
    readable(re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()), planned)


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
