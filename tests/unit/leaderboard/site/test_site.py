"""The site of documents: what is on its pages, that it is safe, and that it is always the same."""

import re
import subprocess
import sys
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest

from alharness.leaderboard.site.build import SHARED, site

NASTY = '<img src=x onerror="alert(1)">\'"&{{7*7}}</script><!--'


class Page(HTMLParser):
    """What a page is made of: its tags with their attributes, and its text."""

    def __init__(self, data):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(data.decode())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def values(self, attribute):
        return [given[attribute] for _, given in self.tags if given.get(attribute) is not None]


def pages(files):
    return {path: Page(data) for path, data in files.items() if path.endswith(".html")}


@pytest.fixture(scope="session")
def document(made_up):
    return made_up.document(methods=4, scenarios=2, chain=True)


@pytest.fixture(scope="session")
def files(document):
    return site([document])


def only(files, folder, containing=""):
    (path,) = [one for one in files if one.startswith(f"{folder}/{containing}")]
    return files[path].decode()


def test_there_is_a_page_for_everything_and_links_lead_to_it(files):
    folders = [path.split("/")[0] for path in files if "/" in path]
    assert (folders.count("methods"), folders.count("scenarios")) == (4, 2)
    reached = set()
    for path, page in pages(files).items():
        for target in page.values("href") + page.values("src"):
            if target.startswith(("#", "data:", "https://example.org/")):
                continue
            parts = [*path.split("/")[:-1], *target.split("/")]
            while ".." in parts:
                at = parts.index("..")
                del parts[at - 1 : at + 1]
            reached.add("/".join(parts))
    assert reached == set(files)


def test_a_page_says_what_its_document_holds(files):
    text = only(files, "scenarios", "scenario-00")
    for heading in (
        "Learning curves", "Results", "Method by method", "Published, and here", "Times",
        "Chosen hyper-parameters", "The paper’s chain", "six recommendations", "Provenance",
    ):  # fmt: skip
        assert heading.replace("’", "'") in text.replace("&#39;", "'"), heading
    for value in ("better than random", "Somebody (2022)", "2026-11-30", "a processor (AVX2)"):
        assert value in text
    assert "A journal, 2026" in only(files, "methods", "margin")


def test_what_a_document_does_not_say_is_left_out(made_up):
    (scenario,) = made_up.document(methods=3).scenarios
    silent = dict.fromkeys(("overlap", "times", "importance", "published", "machines"))
    methods = tuple(
        one.model_copy(
            update=dict.fromkeys(("citation", "summary", "recorded", "machines"))
        )
        for one in scenario.methods
    )  # fmt: skip
    bare = scenario.model_copy(update={**silent, "methods": methods, "components": None})
    text = only(site([made_up.of([bare])]), "scenarios")
    for heading in ("Published, and here", "Times", "Importance", "Overlap"):
        assert heading not in text
    assert "Wins" in text


def test_every_point_of_a_chart_is_in_a_table_too(files):
    page = Page(only(files, "scenarios", "scenario-00").encode())
    said = [one["aria-label"] for tag, one in page.tags if one.get("class") == "point"]
    assert len(said) == 4 * 4 + 3 * 3
    for label in said:
        for number in re.findall(r"-?\d+\.\d\d", label):
            assert number in page.text


def test_the_best_ten_are_drawn_at_first_and_the_others_can_be(made_up):
    text = only(site([made_up.document(methods=14)]), "scenarios")
    page = Page(text.encode())
    boxes = [one for tag, one in page.tags if tag == "input" and one.get("type") == "checkbox"]
    assert (len(boxes), sum("checked" in one for one in boxes)) == (14, 10)
    drawn = [one["class"] for tag, one in page.tags if "data-series" in one and tag == "g"]
    assert sum("off" in one.split() for one in drawn) == 4 + 4
    looks = [tuple(one.split()[1:3]) for one in drawn[:14]]
    assert len(set(looks)) == 14


def test_rows_that_must_not_be_ranked_are_not(made_up):
    (scenario,) = made_up.document(methods=5).scenarios
    first, second, *others = scenario.methods[1:]
    marked = (
        scenario.methods[0],
        first.model_copy(update={"sees_labels": True}),
        second.model_copy(update={"outdated": "its plugin changed"}),
        *others,
    )
    text = only(site([made_up.of([scenario.model_copy(update={"methods": marked})])]), "scenarios")
    table = text[text.index('<table id="results"') :].partition("</table>")[0]
    rows = dict(re.findall(r'<tr class="(upper|outdated)"(.*?)</tr>', table, flags=re.DOTALL))
    assert "its plugin changed" in rows["outdated"]
    for row in rows.values():
        cells = re.findall(r"<td.*?<span>(.*?)</span>", row)
        assert cells[0] == "–", "it has a rank"
        assert not {"better than random", "worse than random", "undetermined"} & set(cells)


def test_what_trains_the_task_model_along_is_marked_and_compared(made_up):
    (scenario,) = made_up.document(methods=3).scenarios
    random, first, *others = scenario.methods
    marked = (random, first.model_copy(update={"co_trained": True}), *others)
    text = only(site([made_up.of([scenario.model_copy(update={"methods": marked})])]), "scenarios")
    table = text[text.index('<table id="results"') :].partition("</table>")[0]
    (row,) = re.findall(r'<tr class="co-trained"(.*?)</tr>', table, flags=re.DOTALL)
    assert f">{first.method}<" in row
    assert re.findall(r"<td.*?<span>(.*?)</span>", row)[0] != "–", "it has no rank"
    assert f"{first.method}: co-trained." in text


def test_what_looks_stopped_has_a_verdict_and_no_rank(made_up):
    (scenario,) = made_up.document(methods=3, initial_sets=5, seeds=5).scenarios
    first, best, second = scenario.methods
    scenario = scenario.model_copy(
        update={"methods": (first, best.model_copy(update={"looked_at": True}), second)}
    )
    made = site([made_up.of([scenario], chain=True)])
    text = only(made, "scenarios")
    table = text[text.index('<table id="results"') :].partition("</table>")[0]
    (row,) = re.findall(r'<tr class="looked"(.*?)</tr>', table, flags=re.DOTALL)
    cells = re.findall(r"<td.*?<span>(.*?)</span>", row)
    assert cells[:2] == ["–", "▲ better than random"]
    assert "none better than random" in made["index.html"].decode()


def nasty(made_up, text):
    """A document in which all that a stranger may write is this text."""
    (scenario,) = made_up.document(methods=["random", text]).scenarios
    dirty = {"label": text, "name": text, "distribution": text, "version": text, "source": text}

    def component(one):
        return one.model_copy(update={**dirty, "parameters": {text: text}, "fingerprint": text})

    methods = tuple(
        one.model_copy(
            update={
                "sampler": component(one.sampler),
                "citation": text,
                "summary": text,
                "runs": tuple(
                    run.model_copy(
                        update={
                            "cycles": tuple(
                                cycle.model_copy(update={"hyperparameters": {text: text}})
                                for cycle in run.cycles
                            )
                        }
                    )
                    for run in one.runs
                ),
            }
        )
        for one in scenario.methods
    )
    published = tuple(
        one.model_copy(
            update={
                "caption": text,
                "citation": text,
                "source": text,
                "notes": (text,),
                "url": text,
                "dataset": text,
                "model": text,
                "oracle": text,
                "strong_regularization": True,
                "strong_regularizers": (text,),
                "methods": tuple(
                    row.model_copy(update={"method": text, "row": text}) for row in one.methods
                ),
            }
        )
        for one in scenario.published
    )
    importance = tuple(
        one.model_copy(update={"shares": {text: 1.0}}) for one in scenario.importance
    )
    machine = scenario.machines[0].machine.model_copy(update={"processor": text})
    scenario = scenario.model_copy(
        update={
            "scenario": text,
            "protocol_digest": text,
            "components": tuple(map(component, scenario.components)),
            "methods": methods,
            "published": published,
            "importance": importance,
            "space": {text: [text]},
            "machines": tuple(
                one.model_copy(update={"machine": machine}) for one in scenario.machines
            ),
            "times": tuple(one.model_copy(update={"machine": machine}) for one in scenario.times),
        }
    )
    document = made_up.of([scenario])
    suite = document.suite.model_copy(update={"name": text, "title": text, "digest": text})
    return document.model_copy(update={"suite": suite, "alharness": text, "failures": (text, text)})


def test_markup_in_every_name_stays_text(made_up):
    made = site([nasty(made_up, NASTY)])
    clean = site([nasty(made_up, "plain")])
    assert len(made) == len(clean)
    for path, page in pages(made).items():
        assert re.fullmatch(r"(?:[a-z0-9-]+/)?[a-z0-9-]+\.html", path)
        assert {tag for tag, _ in page.tags} <= {
            tag for one in pages(clean).values() for tag, _ in one.tags
        }
        assert not [name for _, given in page.tags for name in given if name.startswith("on")]
        assert "49" not in re.findall(r"alert\(1\).{0,20}?(49)", page.text)
        assert not any(value.startswith("javascript:") for value in page.values("href"))
    (scenario,) = [page for path, page in pages(made).items() if path.startswith("scenarios")]
    assert NASTY in scenario.text


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://example.org", "//example.org", "x"])
def test_only_https_addresses_are_linked(made_up, url):
    (scenario,) = made_up.document(methods=2).scenarios
    (published,) = scenario.published
    odd = published.model_copy(update={"url": url})
    text = only(
        site([made_up.of([scenario.model_copy(update={"published": (odd,)})])]), "scenarios"
    )
    assert url not in Page(text.encode()).values("href")


def test_control_characters_go_and_long_names_are_cut(made_up):
    for data in site([nasty(made_up, "a\u202eb\x1b[31mc\x00d")]).values():
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", data.decode())
    (scenario,) = made_up.document(methods=2).scenarios
    long = scenario.model_copy(update={"scenario": "x" * 50_000})
    for path, data in site([made_up.of([long])]).items():
        assert "x" * 1001 not in data.decode()
        assert len(path) < 100


def test_nothing_is_asked_of_any_other_host(files):
    for path, page in pages(files).items():
        (policy,) = [one["content"] for tag, one in page.tags if "http-equiv" in one]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        for tag, given in page.tags:
            for name in ("src", "href", "action", "data", "poster", "srcset"):
                outside = "//" in given.get(name, "") and not given[name].startswith("data:")
                assert not outside or tag == "a", (path, tag)
            assert "style" not in given
            assert not (tag == "script" and "src" not in given)
    for name in SHARED:
        assert b"//" not in re.sub(rb"^\s*// .*$", b"", files[name], flags=re.MULTILINE)
        assert b"url(" not in files[name]
        assert b"@import" not in files[name]
        assert b"eval" not in files[name]


def test_the_order_in_which_documents_come_and_twins_change_nothing(made_up, document):
    other = made_up.document(methods=3, suite="another")
    assert site([document, other]) == site([other, document, document])


PROGRAM = """
import hashlib, runpy, sys
from alharness.leaderboard.site.build import site
document = runpy.run_path(sys.argv[1])["document"](methods=4, scenarios=2, chain=True)
for path, data in site([document]).items():
    print(path, hashlib.sha256(data).hexdigest())
"""


@pytest.mark.slow
def test_other_processes_give_the_same_bytes(files, request):
    made_up = str(request.config.rootpath / "tests" / "made_up.py")
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, made_up],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for seed, zone, locale in (("1", "UTC", "C"), ("2", "Asia/Tokyo", "C.UTF-8"))
    }
    assert len(told) == 1
    assert len(told.pop().splitlines()) == len(files)


def test_documents_of_one_protocol_are_not_merged_and_the_newest_comes_first(made_up):
    old = made_up.document(methods=2, day=date(2026, 1, 1))
    new = made_up.document(methods=3, day=date(2026, 2, 1))
    made = site([old, new])
    names = sorted(path for path in made if path.startswith("scenarios/"))
    assert len(names) == 2
    alone = [path for path in site([new]) if path.startswith("scenarios/")]
    assert set(alone) < set(names), "the newest has not the page that it has alone"
    assert ">coreset<" in made[alone[0]].decode()
    (other,) = set(names) - set(alone)
    for path in names:
        assert "not merged" in made[path].decode()
    index = made["index.html"].decode()
    assert index.index(alone[0]) < index.index(other)


@pytest.mark.parametrize(
    ("accuracy", "labels"),
    [
        (np.full((2, 1, 3), np.nan), (10, 20, 30)),
        (np.full((3, 2, 3), 0.5), (10, 20, 30)),
        (np.full((3, 1, 1), 0.5), (10,)),
        (np.full((3, 1, 3), 1e300) * [1, -1, 0], (10, 20, 30)),
    ],
    ids=["nothing", "no spread", "one cycle", "no accuracies"],
)
def test_odd_numbers_have_a_page(made_up, accuracy, labels):
    (scenario,) = made_up.document(methods=2, labels=(10, 20, 30)).scenarios
    rows = tuple(made_up.method(label, accuracy) for label in ("random", "margin"))
    odd = scenario.model_copy(
        update={"methods": rows, "labels": labels, "times": None, "importance": None}
    )
    try:
        document = made_up.of([odd])
    except ValueError:  # no findings are made of one cycle
        document = made_up.of([scenario])
        found = made_up.ScenarioFindings(
            methods={row.method: made_up.untested(row, odd) for row in rows},
            family=None,
            paper_chain={},
        )
        document = document.model_copy(
            update={"scenarios": (odd,), "findings": {odd.scenario: found}}
        )
    assert len(site([document])) == 5 + len(SHARED) - 1


def test_labels_that_no_curve_has_make_no_chart_but_a_page(made_up):
    document = made_up.document(methods=3)
    (scenario,) = document.scenarios
    odd = scenario.model_copy(update={"labels": (-5, 0, 0, 7)})
    text = only(site([document.model_copy(update={"scenarios": (odd,)})]), "scenarios")
    assert "Learning curves" in text
    assert "rank" not in re.findall(r"<th scope=.col.*?<span>(.*?)</span>", text)


def test_another_metric_is_shown_in_its_own_unit(made_up):
    (scenario,) = made_up.document(methods=3).scenarios
    nats = tuple(one.model_copy(update={"nll": one.accuracy}) for one in scenario.methods)
    loss = scenario.model_copy(
        update={
            "methods": nats,
            "endpoint": scenario.endpoint.model_copy(update={"metric": "nll"}),
        }
    )
    text = only(site([made_up.of([loss])]), "scenarios")
    assert "Negative log-likelihood, in nats" in text
    assert "Difference to random, in nats" in text
