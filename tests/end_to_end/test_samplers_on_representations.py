"""Samplers on representations, in scenarios on images and on features, drawn and chosen starts."""

import pytest

from alharness import ExitCode

NAMES = ["kmeans", "typiclust", "probcover", "max-herding", "tcm", "active-ft"]
EACH = [NAMES[0], *(pytest.param(name, marks=pytest.mark.slow) for name in NAMES[1:])]


def suite(alharness, on_features=False, cold=False):
    """The tiny suite; cold: its initial sets are chosen."""
    model = '"linear"\nrepresentation = "raw"' if on_features else '"mlp"'
    path = alharness.suite(
        initial_sets=2, seeds=1, trials=1, compared='["random"]', regularizers="[]", model=model
    )
    text = path.read_text()
    if cold:
        for line, more in (("validation_fraction = 0.10", 'initial_draw = "chosen"'),
                           ("epochs = 1", "normalize = false")):  # fmt: skip
            assert text.count(line) == 1
            text = text.replace(line, f"{line}\n{more}")
        path.write_text(text)


def first_queries(planned, method):
    """Who chooses what a method's runs start from: queries of its own, and those it shares."""
    return [
        (one["total"], one["shared"])
        for one in planned["units"]
        if (one["method"], one["kind"]) == (method, "first-query")
    ]


@pytest.mark.parametrize("name", EACH)
def test_on_images_one_has_to_be_named(alharness, name):
    suite(alharness)
    refused = alharness.run("plan", *alharness.places(), "--plugin", name)
    assert (refused.returncode, refused.stdout) == (ExitCode.USAGE, "")
    (line,) = refused.stderr.splitlines()
    assert f"the scenario trains on images: name one, {name}:representation=…" in line


@pytest.mark.parametrize("name", EACH)
def test_on_images_with_a_name_it_starts_cold(alharness, name):
    suite(alharness, cold=True)
    named, own = f"{name}:representation=raw", f"{name}:representation=task-model"
    planned = alharness.plan("--plugin", named, "--plugin", own)
    assert planned["not_applicable"] == []
    labels = {one["method"] for one in planned["units"]}
    (label,) = (one for one in labels if one.startswith(name) and "raw" in one)
    (of_model,) = (one for one in labels if one.startswith(name) and "task-model" in one)
    assert first_queries(planned, label) == [(2, 0)]
    # The model's own features are there only after training: the reference chooses.
    assert first_queries(planned, of_model) == first_queries(planned, "random") == [(2, 2)]


@pytest.mark.parametrize("name", EACH)
def test_on_features_it_needs_no_name(alharness, name):
    suite(alharness, on_features=True, cold=True)
    planned = alharness.plan("--plugin", name)
    assert planned["not_applicable"] == []
    assert first_queries(planned, name) == [(2, 0)]


@pytest.mark.slow
def test_benches_of_all_of_them_end(alharness):
    """On features, from initial sets of their own."""
    alharness.timeout = 280
    suite(alharness, on_features=True, cold=True)
    done = alharness.bench(*(part for name in NAMES for part in ("--plugin", name)))
    assert done.returncode == ExitCode.DONE, done.stderr
    (scenario,) = alharness.workspace().report()["scenarios"]
    chosen_by = {one["method"]: one["chosen_by"] for one in scenario["first_sets"]}
    assert {name: chosen_by[name] for name in NAMES} == {name: name for name in NAMES}
    for row in scenario["methods"]:
        assert [run["state"] for run in row["runs"]] == ["done"] * 2
