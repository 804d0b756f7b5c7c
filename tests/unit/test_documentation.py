"""The documentation: its code is the tested code, its links lead somewhere, its commands exist."""

import ast
import re
import runpy
from dataclasses import fields
from pathlib import Path

import pytest

from alharness import Regularizer
from alharness.results.statistics_report import (
    BudgetSaving,
    MethodStatistics,
    Ranking,
    ScenarioStatistics,
    StatisticsReport,
)
from alharness.statistics import (
    Comparison,
    Equivalence,
    GapShare,
    PaperChain,
    Point,
    Rank,
    Saving,
    SavingInterval,
)

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
    own = {"models/linear", "models/mlp", "models/small-cnn", "oracles/perfect", "oracles/recorded"}
    own |= {"losses/cross-entropy", "schedules/constant"}
    own |= {"datasets/image-folder", "executors/inline", "executors/local"}
    own |= {"representations/raw", "representations/task-model", "representations/file"}
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


CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
WHERE = dict(re.findall(r"^\| ([^|`]+\?) \| (.+) \|$", CONTRIBUTING, flags=re.MULTILINE))


def named_places(question):
    return re.findall(r"`([^`]+\.py)::([\w.]+)`", WHERE[question])


def defined_names(path):
    """Functions and classes of a module, methods as ``Class.method``."""
    names = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            methods = (one for one in node.body if isinstance(one, ast.FunctionDef))
            names.update(f"{node.name}.{method.name}" for method in methods)
    return names


def called_methods(path):
    tree = ast.parse((ROOT / path).read_text())
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {function.attr for function in calls if isinstance(function, ast.Attribute)}


@pytest.mark.parametrize(
    "asked",
    [
        "test accuracy",
        "regularizer's hook",
        "tie broken",
        "MLflow run",
        "stale record",
    ],
)
def test_what_a_newcomer_asks_is_answered(asked):
    assert len([question for question in WHERE if asked in question]) == 1


@pytest.mark.parametrize("question", WHERE)
def test_an_answer_takes_at_most_three_files_and_names_what_is_there(question):
    places = named_places(question)
    assert 1 <= len({path for path, _ in places}) <= 3
    for path, name in places:
        assert name in defined_names(path), f"{path} defines no {name}"


def test_the_files_named_for_regularizers_call_every_hook_of_a_training():
    (question,) = (question for question in WHERE if "regularizer's hook" in question)
    hooks = {name for name, one in vars(Regularizer).items() if callable(one) and name[0] != "_"}
    called = set().union(*(called_methods(path) for path, _ in named_places(question)))
    # The search space is asked for when a suite is read, not in a training.
    assert hooks - {"search_space"} <= called
    assert hooks - {"search_space"} <= set(re.findall(r"`(\w+)`", WHERE[question]))


def test_the_map_has_every_folder_and_no_other():
    mapped = set(re.findall(r"^\| `([\w/.]+)` \|", CONTRIBUTING, flags=re.MULTILINE))
    folders = {
        path.parent.relative_to(ROOT).as_posix()
        for root in ("alharness", "plugins/alharness_plugins", "benchmarks")
        for path in (ROOT / root).rglob("*/__init__.py")
    }
    assert folders <= mapped
    assert all((ROOT / path).exists() for path in mapped)


def test_every_member_of_the_statistics_report_is_documented():
    page = (ROOT / "docs" / "statistics-schema.md").read_text()
    models = [StatisticsReport, ScenarioStatistics, MethodStatistics, Ranking, BudgetSaving]
    statistics = [Comparison, Equivalence, Saving, SavingInterval, GapShare, Rank, PaperChain]
    members = {field.alias or name for one in models for name, field in one.model_fields.items()}
    members |= {field.name for one in (*statistics, Point) for field in fields(one)}
    assert members <= set(re.findall(r"`(\w+)`", page))
