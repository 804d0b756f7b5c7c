"""Foreign text: bounded, one line where that is wanted, nothing that a terminal obeys."""

import time

import pytest

from alharness.api.errors import HarnessError
from alharness.api.text import block, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two \n\n lines\tand  spaces\n", "two lines and  spaces"),
        ("\x1b[31mred\x1b[0m and \x1b[2Jcleared", "red and cleared"),
        ("\x1b]0;title\x07here", "here"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("bell\x07 back\x08 null\x00 over\rwritten", "bell back null over written"),
        ("turned \u202eround", "turned round"),
        ("half a \udcff character", "half a \ufffd character"),
        ("ünïcode 漢字 ▲", "ünïcode 漢字 ▲"),
        ("", ""),
    ],
)
def test_a_line_has_nothing_that_a_terminal_obeys(text, shown):
    assert one_line(text) == shown


def test_a_long_text_keeps_both_ends():
    short = one_line("begin " + "x" * 5000 + " end", 100)
    assert len(short) == 100
    assert short.startswith("begin xxx")
    assert short.endswith("xxx end")
    assert "[…]" in short


def test_fifty_megabytes_take_no_time():
    began = time.monotonic()
    assert len(one_line("\x1b[" * 25_000_000)) <= 1000
    assert len(block("\x1b]" * 25_000_000)) <= 20_000
    assert time.monotonic() - began < 2


def test_a_block_keeps_its_lines():
    assert block("a\n\tb\x1b[1m\r\nc\x00") == "a\n\tb\nc"
    long = block("first\n" + "x\n" * 50_000 + "last", 1000)
    assert len(long) == 1000
    assert long.startswith("first\n")
    assert long.endswith("\nlast")


def test_errors_are_made_of_lines():
    error = HarnessError("bad\n\x1b[31mthing" + "!" * 10_000, where="a\nb", remedy="do\x07 this")
    assert "\n" not in str(error)
    assert "\x1b" not in str(error)
    assert len(str(error)) < 3000
    assert error.where == "a b"
    assert error.remedy == "do this"
