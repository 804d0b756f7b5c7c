"""No block of code in the documentation is left out."""

import ast
from pathlib import Path

import pytest


def claimants(block, claims):
    return [
        test
        for test, claimed in claims.items()
        for page, start in claimed
        if block.page == page and block.text.startswith(start)
    ]


def test_every_block_is_executed_by_one_test(all_blocks, claims):
    claimed = {f"{one.place} ({one.language})": claimants(one, claims) for one in all_blocks}
    assert len(all_blocks) > 20
    assert {place: tests for place, tests in claimed.items() if len(tests) != 1} == {}


def test_no_claim_is_left_of_a_block_or_a_test_that_is_gone(all_blocks, claims):
    sources = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    functions = [
        node
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]
    asking = {one.name for one in functions if "blocks" in [arg.arg for arg in one.args.args]}
    assert asking == set(claims)
    for page, start in (one for claimed in claims.values() for one in claimed):
        texts = [one.text for one in all_blocks if one.page == page]
        assert len([text for text in texts if text.startswith(start)]) == 1, (page, start)


def test_blocks_are_found_wherever_they_stand(blocks_of):
    text = "a\n```sh\nls\n```\n1. b\n   ~~~\n   ```\n   ~~~\n````python title\n```\n````\n"
    found = [(one.place, one.language, one.text) for one in blocks_of(text, "page.md")]
    assert found == [
        ("page.md:2", "sh", "ls\n"),
        ("page.md:6", "", "   ```\n"),
        ("page.md:9", "python title", "```\n"),
    ]
    with pytest.raises(AssertionError, match=r"page\.md:2: the block never ends"):
        blocks_of("a\n```sh\n", "page.md")
