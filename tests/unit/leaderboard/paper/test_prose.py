"""Prose of a paper: what it says, and that it says no number that is not in the document."""

import re
from pathlib import Path

import numpy as np
import pytest
from pylatexenc.latexwalker import LatexMacroNode, LatexWalker

from alharness.leaderboard.paper.prose import Section, counted, listed, to_latex, to_markdown
from alharness.leaderboard.tables.statistics_tables import verdicts
from alharness.results.reading import read_document
from alharness.results.setting import Querying

OLD = Path(__file__).parents[2] / "results" / "documents" / "digits-quick-0.1.json"
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[−-]\d+)?")
LEVELS = {"5", "95", "90", "80", "0"}
"""Of tests, intervals and power: what the statistics are, not what a document says."""
DECLARED = {"tuning": {"trials": 50}, "training": {"epochs": 150}}


def numerals_of(text):
    return set(NUMBER.findall(text))


def test_what_a_reader_has_to_know(told, changed):
    one = told(changed(methods=3, declaration=DECLARED))
    for said in (
        "The scenario scenario-00 of the suite made-up, version 1, was run with alharness 0.2.0.",
        "It has the model model, the data set dataset and the regularizer regularizer.",
        "There are 1000 training images and 200 test images of 10 classes.",
        "Each method has 8 runs: 4 initial sets × 2 seeds, the same for all methods.",
        "Models were trained with 100 (10%), 200 (20%), 300 (30%) and 400 (40%) labels",
        "100 labels beside these were spent on validation.",
        "tuned for each initial set on its own by random search, with 50 trials in each tuning "
        "over learning-rate (0.001 to 0.1, log-uniform) and optimizer (sgd or adam)",
        "each further seed trained once, with the hyper-parameters that were found.",
        "Each training took 150 epochs. Nothing was decided by test images.",
        "The endpoint of a run is the area under its accuracy–log(labels) curve from 200 to 400 "
        "labels, as a mean accuracy.",
        "differences to the reference random were averaged over seeds within each initial set, and "
        "their means tested against 0 by a two-sided paired t-test over initial sets at 5%",
        "The sample size n is the number of initial sets: 4.",
        "Holm's correction over the 3 budgets of the method.",
        "its family: every method recorded for this protocol, 2 in all (margin and coreset).",
        "lies within ±1.00 percentage points, the margin of the suite.",
        "The suite has one architecture: what is said here holds for it alone.",
    ):
        assert said in one.text
    verdict = one.found.methods["margin"].verdict
    effect = 100 * verdict.minimum_detectable_effect
    assert f"finds with 80% power, in percentage points, is {effect:.2f} for margin" in one.text
    difference, (low, high) = 100 * verdict.difference, verdict.interval
    said = f"Better than random: margin ({difference:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}], p"
    assert said in one.text
    assert "conditional" not in one.text
    assert "looks" not in one.text


def test_warm_starts_and_what_later_cycles_had_instead(told, changed):
    declaration = {
        "tuning": {"trials": 50, "later": {"learning-rate": {"log": [1e-6, 1e-3]}}},
        "training": {"epochs": 150, "later": {"epochs": 20}},
    }
    text = told(changed(declaration=declaration, warm_start=True)).text
    for said in (
        "and optimizer (sgd or adam), in later cycles learning-rate = 1e-06 to 0.001, log-uniform",
        "Each training took 150 epochs in cycle 0 and 20 epochs in later cycles. In cycle 0 models "
        "were trained from random initializations; in later cycles each training went on from the "
        "weights that its run had chosen in the cycle before.",
    ):
        assert said in text
    assert "random initializations" not in told(changed(declaration=DECLARED)).text


def test_the_precision_where_it_is_not_the_usual_one(told, changed):
    lowered = {"tuning": {"trials": 50}, "training": {"epochs": 150, "precision": "bfloat16"}}
    said = "Passes of training and validation were computed in bfloat16 under autocast; test images"
    assert said in told(changed(declaration=lowered)).text
    assert "bfloat16" not in told(changed(declaration=DECLARED)).text


def test_no_number_that_is_not_in_the_document(told, changed):
    one = told(changed(methods=6, declaration=DECLARED))
    scenario, table = one.entry.scenario, verdicts(one.found)
    counts = {4, 2, 8, 1000, 200, 10, 100, 50, 150, 1, 3, 5, *scenario.labels}
    shares = {"10", "20", "30", "40", "0.001", "0.1"}
    known = LEVELS | {str(n) for n in counts} | shares
    known |= numerals_of(" ".join(text for row in table.texts() for text in row)) | {"1.00"}
    names = [scenario.scenario, *(method.method for method in scenario.methods)]
    text = re.sub("|".join(map(re.escape, [*names, "alharness 0.2.0"])), "", one.text)
    assert numerals_of(text) - known == set()
    assert numerals_of("0.123 of 7 methods") - known == {"0.123", "7"}


@pytest.mark.parametrize(
    ("tuning", "said"),
    [
        ("first-initial-set", "These verdicts are conditional on one tuning."),
        ("first-initial-set", "its luck is not averaged out by more initial sets."),
        ("fixed", "These verdicts are at fixed hyper-parameters."),
        ("fixed", "Nothing was tuned (learning-rate = 0.001 to 0.1, log-uniform, optimizer"),
        (None, "How hyper-parameters were tuned is not recorded; where all initial sets shared"),
    ],
)
def test_what_verdicts_are_conditional_on(told, changed, tuning, said):
    assert said in told(changed(tuning=tuning)).text


def test_images_in_no_set_no_validation_and_a_part_of_the_pool(told, changed):
    querying = Querying(pool_subset=250, model="task model")
    one = told(changed(n_left_out=200, n_validation=0, querying=querying)).text
    for said in (
        "Models were trained with 100 (12%), 200 (25%), 300 (38%) and 400 (50%) labels",
        "none were spent on validation, and the weights of a training's last epoch count.",
        "Of the training images 200 were in no set, and no share counts these.",
        "a sampler was shown at most 250 unlabeled images, drawn at random, and asked",
    ):
        assert said in one
    usual = told(changed()).text
    for word in ("in no set", "last epoch", "at most"):
        assert word not in usual


def test_where_little_is_told(told, changed):
    one = told(changed(components=None, n_train=None, repeated_images=None, family=None)).text
    assert "Which model, data and oracle it is made of is not recorded." in one
    assert "Models were trained with 100, 200, 300 and 400 labels; 100 labels" in one
    assert "training images" not in one.partition("Models were")[0]
    assert "so no family is counted" in one
    assert "trials" not in one
    assert "epochs" not in one
    declared = {"tuning": {"trials": "many"}, "training": [3]}
    assert "trial of" in told(changed(declaration=declared)).text
    old = told(read_document(OLD)).text
    assert "Which model, data and oracle it is made of is not recorded." in old


def test_too_few_initial_sets_and_runs_that_stop(told, changed):
    few = told(changed(initial_sets=2)).text
    assert "Not testable against random: margin (" in few
    assert "80% power" not in few
    stopped = told(changed(stop_at_accuracy=0.9)).text
    assert "A run ended when it reached 90% validation accuracy." in stopped
    assert "Nothing was tested: runs that reach the accuracy end" in stopped
    assert "t-test" not in stopped
    alone = told(changed(methods=1)).text
    assert "Nothing was compared with random." in alone


def test_one_seed_has_no_means_over_seeds(told, changed):
    text = told(changed(seeds=1)).text
    assert "4 initial sets × 1 seed," in text
    assert "the reference random were tested against 0 by" in text
    assert "further seed" not in text


def test_rows_that_are_not_as_the_others(told, made_up):
    (scenario,) = made_up.document(4).scenarios
    random, seeing, old, running = scenario.methods
    runs = (running.runs[0].model_copy(update={"state": "failed"}), *running.runs[1:])
    methods = (
        random,
        seeing.model_copy(update={"sees_labels": True}),
        old.model_copy(update={"outdated": "its plugin changed"}),
        running.model_copy(update={"runs": runs}),
    )
    text = told(made_up.of([scenario.model_copy(update={"methods": methods})])).text
    assert "an upper bound that is neither tested nor ranked: margin." in text
    assert "Left out, because its records are outdated: coreset." in text
    assert "Not all runs of least-confidence (7 of 8) are complete." in text


def test_what_trains_the_task_model_along_is_named(told, made_up):
    (scenario,) = made_up.document(3).scenarios
    random, along, other = scenario.methods
    methods = (random, along.model_copy(update={"co_trained": True}), other)
    text = told(made_up.of([scenario.model_copy(update={"methods": methods})])).text
    assert f"otherwise than the other methods' models: {along.method}." in text
    assert "training extension" not in told(made_up.document(3)).text


def test_looks_are_said(told, made_up):
    rng = np.random.default_rng(0)
    base = 0.6 + rng.normal(0, 0.01, (6, 5, 3))
    better = base + np.array([0, 0.1, 0.1]) + rng.normal(0, 0.001, base.shape)
    better[:, 2:] = np.nan
    looked = made_up.method("margin", better)
    runs = tuple(run for run in looked.runs if run.seed < 2)
    (scenario,) = made_up.document(2, labels=(100, 200, 300)).scenarios
    methods = (
        made_up.method("random", base),
        looked.model_copy(update={"looked_at": True, "runs": runs}),
    )
    document = made_up.of([scenario.model_copy(update={"methods": methods, "overlap": None})])
    text = told(document).text
    for said in (
        "Seeds of margin were run one look after another, and only while the comparison with "
        "random left it open.",
        "Nothing was decided by test images but, under looks declared beforehand, whether further",
        "Those of margin have the level of the last look.",
        "; after 2 seeds)",
        "The difference of margin is biased away from 0",
        "Under looks, margin has no marks, no rank and no decision in the family.",
    ):
        assert said in text


def test_lists_and_counts():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed([str(n) for n in range(200)]).endswith("19 and 180 more")
    assert [counted(n, "class", "classes") for n in (1, 2)] == ["1 class", "2 classes"]


def test_a_strangers_words_are_words(nasty):
    long = " ".join(f"{nasty} {n}" for n in range(60))
    section = Section(nasty, (long,))
    text = to_latex([section])
    assert text.isascii()
    nodes = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()[0]
    macros = {node.macroname for node in nodes if isinstance(node, LatexMacroNode)}
    assert "script" not in macros
    assert "input" not in macros
    assert " 59" in text
    page = to_markdown("Methods", [section])
    assert "<script>" not in page
    assert page.count("\n") == 5
    assert "&lt;script&gt;" in page
