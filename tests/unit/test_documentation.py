"""The documentation: its code is the tested code, its links lead somewhere, its commands exist."""

import ast
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
EXAMPLE = ROOT / "tests" / "end_to_end" / "my_new_sampler" / "my_new_sampler.py"


def without_prose(source):
    """A module's code without docstrings, comments and citation."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            del body[0]
        if isinstance(node, ast.Call):
            node.keywords = [one for one in node.keywords if one.arg not in ("summary", "citation")]
    return ast.dump(tree)


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "docs" / "tutorial.md"], ids=["readme", "tutorial"]
)
def test_the_first_sampler_is_the_one_that_is_installed_and_benched_in_a_test(page):
    (snippet,) = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
    assert without_prose(snippet) == without_prose(EXAMPLE.read_text())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md":
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        waiting += [(page.parent / link).resolve() for link in links]
    assert set(PAGES) <= reached


WRITTEN = runpy.run_path(str(ROOT / "docs" / "write_plugin_pages.py"))["pages"]()
FOLDER = ROOT / "docs" / "plugins"


@pytest.mark.parametrize("name", WRITTEN)
def test_plugin_pages_say_what_the_plugins_say(name):
    """If this fails: ``python docs/write_plugin_pages.py``."""
    assert (FOLDER / name).read_text() == WRITTEN[name]


def test_no_page_is_left_of_a_plugin_that_is_gone():
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.md")}
    assert there == set(WRITTEN)


@pytest.mark.parametrize("name", [name for name in WRITTEN if "/" in name])
def test_every_page_says_what_a_reader_asks(name):
    text = WRITTEN[name]
    for heading in ("## Parameters", "## Requires", "## Cost"):
        assert heading in text
    assert "Not stated." not in text
    assert "|  |" not in text, "a parameter has no description"
    own = {"models/mlp", "models/small-cnn", "oracles/perfect", "oracles/recorded"}
    own |= {"losses/cross-entropy", "schedules/constant"}
    own |= {"datasets/image-folder", "executors/inline", "executors/local"}
    if name.removesuffix(".md") not in own:
        assert "## Citation" in text


TRAPS = re.findall(
    r"^\| (\d+) \|.*`(tests/\S+)::(\S+)` \|$",
    (ROOT / "docs" / "traps.md").read_text(),
    flags=re.MULTILINE,
)


@pytest.mark.parametrize(("number", "file", "name"), TRAPS, ids=[trap[2] for trap in TRAPS])
def test_the_test_of_a_trap_is_there_and_says_which_it_is(number, file, name):
    source = (ROOT / file).read_text()
    (test,) = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef) and node.name == name
    ]
    said = re.findall(r"[Tt]raps? ([\d, and]+)", ast.get_docstring(test) or "")
    assert number in re.findall(r"\d+", " ".join(said)), "its docstring names the trap"
