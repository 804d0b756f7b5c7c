"""The paper kit: its files, the same everywhere, and what nobody's name does to them."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pylatexenc.latexwalker import LatexWalker

from alharness.cli.main import alharness
from alharness.leaderboard.figures import images
from alharness.leaderboard.paper.figures import scenario_figures
from alharness.leaderboard.paper.kit import paper_kit
from alharness.results.documents import Documents

FIGURES = ("curves", "differences", "savings", "wins", "overlap-first", "overlap-all")
BESIDE = {"figures.md", "figures.tex"}
NOT_THE_SAME_EVERYWHERE = (".png", ".pdf")

IN_ANOTHER_FONT = """
import json, sys
from pathlib import Path
import matplotlib
import vl_convert
vl_convert.register_font_directory(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf"))
from alharness.leaderboard.figures import images
specifications = json.load(sys.stdin)
json.dump([images.svg(one) for one in specifications], sys.stdout)
"""


def figures_of(one):
    return {figure.name: figure for figure in scenario_figures(one.entry, one.found)}


def test_which_figures_there_are(told, changed, made_up):
    figures = figures_of(told(made_up.document(3)))
    assert tuple(figures) == FIGURES
    assert all(one.caption.startswith("made-up scenario-00. ") for one in figures.values())
    untested = figures_of(told(changed(stop_at_accuracy=0.9)))
    assert tuple(untested) == ("curves", "overlap-first", "overlap-all")
    assert tuple(figures_of(told(changed(methods=1, overlap=None)))) == ("curves",)


@pytest.mark.slow
def test_a_figure_shows_the_best_of_many_and_says_so(told, made_up):
    figures = figures_of(told(made_up.document(40)))
    said = "Shown are the reference and those of highest endpoint; {} are left out."
    assert said.format(30) in figures["curves"].caption
    assert said.format(10) in figures["wins"].caption


def test_numbers_that_cannot_be_drawn_are_not(told, made_up):
    (scenario,) = made_up.document(1).scenarios
    methods = (made_up.method("random", np.full((3, 1, 4), 1e9)),)
    document = made_up.of([scenario.model_copy(update={"methods": methods, "overlap": None})])
    assert figures_of(told(document)) == {}


@pytest.fixture(scope="module")
def documents(made_up):
    return [made_up.document(4, scenarios=2, chain=True), made_up.document(2, suite="other")]


@pytest.fixture(scope="module")
def kit(documents):
    return paper_kit(documents)


@pytest.mark.slow
def test_every_table_and_figure_in_every_format(kit):
    folders = {Path(path).parent.name for path in kit} - {"paper"}
    assert len(folders) == 3
    for folder in folders:
        names = {Path(path).name for path in kit if f"/{folder}/" in path}
        for name in FIGURES:
            assert {f"{name}.{kind}" for kind in ("svg", "png", "pdf", "vl.json")} <= names
        tables = {name.removesuffix(".csv") for name in names if name.endswith(".csv")}
        assert {"means", "verdicts", "savings", "wins", "overlap-first", "provenance"} <= tables
        for name in tables:
            assert {f"{name}.{kind}" for kind in ("md", "tex", "json")} <= names
        drawn = {f"{name}.{kind}" for name in FIGURES for kind in ("svg", "png", "pdf", "vl.json")}
        written = {f"{name}.{kind}" for name in tables for kind in ("md", "tex", "csv", "json")}
        assert names == drawn | written | BESIDE
    for path, data in kit.items():
        assert re.fullmatch(r"paper/(?:[a-z0-9-]+/)?[a-z0-9-]+(?:\.vl)?\.[a-z]+", path)
        start = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<svg"}.get(Path(path).suffix, b"")
        assert data.startswith(start)


@pytest.mark.slow
def test_the_same_bytes_in_whatever_order_and_process(kit, documents, tmp_path):
    """Of another process too, with other hashes, another locale and no home."""
    reports = Documents(tmp_path / "workspace" / "reports")
    for one in documents:
        reports.write(one)
    command = ["leaderboard", "build", "workspace", "--out", "site", "--paper"]
    variables = {
        "PATH": os.environ["PATH"],
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "TZ": "Asia/Tokyo",
    }
    subprocess.run(
        [sys.executable, "-m", "alharness", *command],
        cwd=tmp_path, env={**variables, "HOME": str(tmp_path)}, check=True, timeout=120,
    )  # fmt: skip
    for path, data in kit.items():
        if not path.endswith(NOT_THE_SAME_EVERYWHERE):
            assert (tmp_path / "site" / path).read_bytes() == data, path
    again = paper_kit(reversed(documents))
    assert all(
        again[path] == data
        for path, data in kit.items()
        if not path.endswith(NOT_THE_SAME_EVERYWHERE)
    )


@pytest.mark.slow
def test_a_drawing_hangs_on_no_font(told, made_up):
    """Drawn in letters of another width, all stands where it stood."""
    one = told(made_up.document(["random", "a method of a long name", "中文 ﷽ 👩‍👩‍👧", "iii"]))
    specifications = [figure.specification for figure in figures_of(one).values()]
    font, other = specifications[0]["config"]["font"], "DejaVu Sans Mono"
    control = {
        "data": {"values": [{"a": "a method of a long name"}]},
        "mark": "point",
        "encoding": {"y": {"field": "a", "type": "nominal"}},
        "config": {"font": font},
    }
    ours = [images.svg(one) for one in [*specifications, control]]
    asked = json.dumps([*specifications, control]).replace(font, other)
    done = subprocess.run(
        [sys.executable, "-c", IN_ANOTHER_FONT],
        input=asked, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    theirs = [drawing.replace(other, font) for drawing in json.loads(done.stdout)]
    assert theirs[:-1] == ours[:-1]
    assert theirs[-1] != ours[-1]  # Vega's own layout does


@pytest.mark.slow
def test_names_do_nothing(made_up, nasty):
    names = ["random", nasty, "\\input{/etc/passwd}", "{{'a'.b}}", "[datum.x](javascript:0)"]
    kit = paper_kit([made_up.document(names, suite="s")])
    for path, data in kit.items():
        if path.endswith(".tex"):
            text = data.decode("ascii")
            LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
            assert "\\input{/etc" not in text
        if path.endswith(".svg"):
            tags = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(data).iter()}
            assert tags <= {"svg", "rect", "g", "path", "line", "text"}
            assert b"href" not in data
        if path.endswith(".md"):
            assert "<script>" not in data.decode()


@pytest.mark.slow
def test_the_command_writes_a_kit_and_removes_one_that_is_not_asked_for(documents, tmp_path):
    source = tmp_path / "document.json"
    source.write_text(json.dumps([one.to_json() for one in documents[1:]]))
    site, paper = tmp_path / "site", tmp_path / "site" / "paper"
    build = ["leaderboard", "build", str(source), "--out", str(site)]
    result = CliRunner().invoke(alharness, [*build, "--paper"])
    assert (result.exit_code, result.stdout) == (0, f"{site}/index.html\n{paper}\n")
    assert {str(path.relative_to(site)) for path in paper.rglob("*") if path.is_file()} == {
        *paper_kit(documents[1:])
    }
    (paper / "mine.txt").write_text("mine")
    assert CliRunner().invoke(alharness, build).exit_code == 0
    assert [path.name for path in paper.rglob("*") if path.is_file()] == ["mine.txt"]
