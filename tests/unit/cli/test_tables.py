"""What commands print stands as it is."""

from alharness.cli import tables
from alharness.cli.plugins import printing


def test_names_of_emoji_are_text(capsys):
    """``loss.py:100:`` is a place, and ``:fire:`` may be a part of a message."""
    line = "loss.py:100: :fire:"
    for console in (tables.output(), printing.console()):
        console.print(line, markup=False, highlight=False)
    assert capsys.readouterr().out.splitlines() == [line, line]
