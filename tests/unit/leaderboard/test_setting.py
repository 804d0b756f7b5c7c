"""What is trained on, how samplers are asked and what is not applicable: said everywhere."""

import csv
import io
import re

import pytest

from alharness.cli.tables import print_document
from alharness.leaderboard.paper.kit import paper_kit
from alharness.leaderboard.report import report_markdown
from alharness.leaderboard.site.build import site
from alharness.leaderboard.tables.csv import csv_text
from alharness.leaderboard.tables.latex import latex
from alharness.leaderboard.tables.statistics_tables import all_verdicts, verdicts
from alharness.results.analysis import analyse
from alharness.results.samples import samples_of
from alharness.results.setting import NotApplicable, Querying, Representation

REASON = "no dropout: linear has none"
LACKING = (NotApplicable(method="bald", reason=REASON),)
ON = "on lite (1280 features, float16)"
SHOWN = Representation(
    label="lite",
    distribution="alharness",
    version="0.2.0",
    source="0" * 32,
    precision="float16",
    width=1280,
    digest="a" * 32,
    order="computed",
)
ASKED = Querying(pool_subset=500, model="the cycle's own model")


@pytest.fixture(scope="module")
def made(made_up):
    """``made(…)``: a document of two scenarios; what the first is like is said."""

    def make(**changes):
        first, second = made_up.document(3, 2).scenarios
        return made_up.of([first.model_copy(update=changes), second])

    return make


@pytest.fixture(scope="module")
def document(made):
    return made(representation=SHOWN, querying=ASKED, not_applicable=LACKING)


@pytest.fixture(scope="module")
def unverified(made):
    return made(representation=SHOWN.model_copy(update={"order": "not verifiable"}))


def cells_of(text, method):
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {method} ")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_report(document):
    text = report_markdown(document)
    assert f"\n## scenario-00, {ON}\n" in text
    assert "\n## scenario-01\n" in text
    assert (
        "Trained on lite (1280 features, float16).  \n"
        "Samplers see 500 unlabeled images, drawn at random, or all where there are fewer, and ask "
        "the cycle's own model.  \n"
    ) in text
    assert f"Not applicable, and so not run: bald ({REASON})." in text
    assert "not verifiable" not in text
    lacking = cells_of(text, "bald")
    (header,) = {line for line in text.splitlines() if line.startswith("| method | 100 (10%)")}
    assert lacking == ["bald", *["–"] * 4, "not applicable", "", "", ""]
    assert header.count("|") - 1 == len(lacking)


def test_a_warm_start(made):
    warm, cold = made(warm_start=True), made()
    said = (
        "after cycle 0 a training goes on from the weights that its run chose in the cycle before"
    )
    assert f"Warm start: {said}.  \n" in report_markdown(warm)
    assert "Warm start" not in report_markdown(cold)
    pages = [data for path, data in site([warm]).items() if path.startswith("scenarios/scenario")]
    assert [f"warm start {said}" in text_of(page) for page in pages] == [True, False]


def test_where_runs_stop_at_an_accuracy_cells_stand_in_their_columns(made):
    text = report_markdown(made(not_applicable=LACKING, stop_at_accuracy=0.9))
    titles = next(line for line in text.splitlines() if line.startswith("| method"))
    columns = [cell.strip() for cell in titles.strip("|").split("|")]
    cells = dict(zip(columns, cells_of(text, "bald"), strict=True))
    assert cells["verdict against random"] == "not applicable"
    assert cells["labels to 90%"] == "–"


def test_the_order_that_nobody_can_verify(unverified):
    text = report_markdown(unverified)
    assert "## scenario-00, on lite (1280 features, float16; order not verifiable)" in text
    assert (
        "Order not verifiable: nothing tells that the features of lite are in the order of the "
        "images. Every row rests on it."
    ) in text


def test_the_terminal(document, capsys):
    print_document(document)
    text = " ".join(capsys.readouterr().out.split())
    assert f"scenario-00, {ON}" in text
    assert f"bald ({REASON})" in text
    assert "not applicable" in text


def test_early_documents_say_nothing_of_it(made):
    text = report_markdown(made())
    for said in ("Trained on", "Samplers see", "applicable"):
        assert said not in text


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def table_of(page):
    (table,) = re.findall(rb'<table id="results".*?</table>', page, re.DOTALL)
    return table


def test_the_page_of_the_scenario(document):
    files = site([document])
    pages = [data for path, data in files.items() if path.startswith("scenarios/scenario-00")]
    (page,) = pages
    text = text_of(page)
    (row,) = re.findall(rb'<tr class="lacking".*?</tr>', page, re.DOTALL)
    assert text_of(row).startswith(f"bald – not applicable {REASON} – ")
    assert b'data-verdict="not applicable"' in row
    assert b"<a " not in row
    (other,) = re.findall(rb'<tr class="reference".*?</tr>', table_of(page), re.DOTALL)
    assert row.count(b"<td ") == other.count(b"<td "), "a cell for each column"
    assert f"Methods in scenario-00, {ON}" in text
    for fact in (
        "trained on lite (1280 features, float16)",
        "order of the features computed",
        f"training features {'a' * 32}",
        "samplers see 500 unlabeled images",
        "samplers ask the cycle&#39;s own model",
    ):
        assert fact in text
    assert text.index("Trained on lite") < text.index("Learning curves")


def test_the_overview_and_the_pages_of_methods(made_up, document):
    first = document.scenarios[0]
    bald = made_up.document(["random", "bald"], 2).scenarios[1]
    both = made_up.of([first, bald])
    files = site([both])
    overview = text_of(files["index.html"])
    assert "dataset · lite (1280 features, float16) · model · regularizer" in overview
    assert "not applicable" in overview
    (random,) = [data for path, data in files.items() if path.startswith("methods/random")]
    assert f"scenario-00 {ON}" in text_of(random)


def test_what_a_stranger_writes_is_text(made):
    nasty = '<img src=x onerror="alert(1)">'
    lacking = (NotApplicable(method=nasty, reason=nasty),)
    document = made(
        representation=SHOWN.model_copy(update={"label": nasty, "order": nasty, "digest": nasty}),
        querying=Querying(pool_subset=None, model=nasty),
        not_applicable=lacking,
    )
    for path, data in site([document]).items():
        assert b"<img" not in data, path


@pytest.mark.parametrize("which", ["document", "unverified"])
def test_statistics(request, which):
    document = request.getfixturevalue(which)
    found = analyse(samples_of(document.scenarios[0], "made-up"))
    table = verdicts(found)
    order = "; order not verifiable" if which == "unverified" else ""
    on = f"on lite (1280 features, float16{order})"
    assert table.caption == f"made-up scenario-00, {on}: accuracy, verdicts against random"
    rows = {row[0]: row[1:] for row in table.rows}
    assert list(rows) == ["random", "margin", "coreset", *(["bald"] if not order else [])]
    if not order:
        assert rows["bald"] == (f"not applicable: {REASON}", *[None] * 9)
        assert f"not applicable: {REASON}" in latex(table)


def test_the_csv_of_all_verdicts(document):
    found = [analyse(samples_of(one, "made-up")) for one in document.scenarios]
    rows = list(csv.DictReader(io.StringIO(csv_text(all_verdicts(found)))))
    (bald,) = [row for row in rows if row["method"] == "bald"]
    assert (bald["scenario"], bald["verdict"]) == ("scenario-00", f"not applicable: {REASON}")
    assert {bald[name] for name in ("rank", "p", "difference", "familywise")} == {""}


def test_the_paper_s_prose(document, unverified):
    text, other = (
        " ".join(paper_kit([one])["paper/methods.md"].decode().split())
        for one in (document, unverified)
    )
    for said in (
        "in place of images the representation lite (1280 numbers of each image, kept in float16)",
        "At each query a sampler was shown at most 500 unlabeled images, drawn at random, and "
        "asked the cycle's own model.",
        f"Not applicable in this scenario, and so not run: bald ({REASON}).",
    ):
        assert said in text
    assert "could not be verified" not in text
    assert "in the order of the images could not be verified: all results rest on it." in other
