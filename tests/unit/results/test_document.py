"""Documents are written, read back, refused and migrated."""

import copy
import json
from dataclasses import MISSING, fields
from itertools import product

import numpy as np
import pytest
from pydantic import ValidationError

from alharness import ExitCode, HarnessError, UsageError
from alharness.api.errors import MismatchError
from alharness.results.document import DEFAULT_ENDPOINT, SCHEMA, members, numbers
from alharness.results.documents import Documents
from alharness.results.migrations import MIGRATIONS, migrated
from alharness.results.reading import from_json, read_document
from alharness.statistics import Comparison


def strict(document):
    return json.loads(json.dumps(document.to_json(), allow_nan=False))


@pytest.mark.parametrize("which", ["empty", "finished", "clear"])
def test_what_is_written_is_read_back(request, which):
    document = request.getfixturevalue(which)
    assert from_json(strict(document)) == document


def test_some_missing(clear, changed):
    accuracy = np.random.default_rng(0).random((4, 2, 3))
    accuracy[1, 0, 1:] = np.nan
    document = changed(clear, random={"accuracy": accuracy})
    data = strict(document)
    assert data["scenarios"][0]["methods"][0]["accuracy"][1][0][1:] == [None, None]
    assert from_json(data) == document
    np.testing.assert_array_equal(numbers(document.scenarios[0].methods[0].accuracy), accuracy)
    assert members(accuracy) == document.scenarios[0].methods[0].accuracy


def test_nothing_in_it_changes(finished):
    with pytest.raises(ValidationError, match="frozen"):
        finished.failures = ()
    with pytest.raises(ValidationError, match="frozen"):
        finished.scenarios[0].methods[0].trainings = 0


def at(data, path):
    """The container and the last key of a dotted path."""
    *first, last = path.split(".")
    for key in first:
        data = data[int(key) if isinstance(data, list) else key]
    return data, int(last) if isinstance(data, list) else last


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("alharness", 3, "alharness: Input should be a valid string"),
        ("colour", "red", "colour: Extra inputs"),
        ("scenarios.0.methods.0.trainings", "24", "trainings: Input should be a valid integer"),
        ("scenarios.0.methods.0.colour", "red", "methods.0.colour: Extra inputs"),
        ("scenarios.0.methods.0.accuracy.0.0.0", "0.5", "accuracy.0.0.0: Input should be"),
        ("scenarios.0.methods.0.accuracy.0.0.0", float("nan"), "finite number"),
        ("scenarios.0.methods.0.accuracy.0.0", [0.5], "inhomogeneous"),
        ("scenarios.0.methods.0.accuracy", [[[0.5]]], "has another shape than accuracy"),
        ("scenarios.0.methods.0.nll", [[[0.5]]], "nll of 'random' has another shape"),
        ("scenarios.0.methods.0.class_accuracy", [[[[0.5]]]], "class_accuracy of 'random' has"),
        ("scenarios.0.methods.0.runs.0.state", "well", "state: Input should be 'done'"),
        ("scenarios.0.labels", [6, 12], "3), but 2 cycles"),
        ("scenarios.0.methods", [], "the reference is not among them"),
        ("scenarios.0.overlap.first", [[1.0]], "the overlap (first) is not of 2 methods"),
        ("scenarios.0.overlap.all", [], "the overlap (all) is not of 2 methods"),
        ("scenarios.0.overlap.all.0.1", 1.5, "overlap.all.0.1: Input should be less than"),
        ("scenarios.0.times.0.method", "nobody", "times of 'nobody' are not of a method"),
        ("scenarios.0.times.0.queries", [], "times of 'random' are not of a method"),
        ("scenarios.0.importance", [None], "the importance is not of 3 cycles"),
        ("scenarios.0.methods.0.recorded", ["2026-01-31", "a day"], "recorded.1: Input should"),
        ("scenarios.0.reference", "nobody", "the reference is not among them"),
        ("suite.declaration.seed", 1, "the suite's declaration has another digest"),
        ("findings.blobs.methods", {}, "the findings of 'blobs' are not of its methods"),
        ("findings", {}, "the findings are not those of the scenarios"),
        ("findings.blobs.methods.margin.curve", [], "curve or marks of 'margin'"),
        ("findings.blobs.methods.margin.marks", [], "curve or marks of 'margin'"),
        ("findings.blobs.methods.margin.verdict.colour", "red", "colour"),
        ("findings.blobs.methods.margin.verdict.verdict", "great", "Input should be 'better'"),
        ("findings.blobs.methods.margin.verdict.interval", [0], "interval"),
        ("findings.blobs.paper_chain.twelve", {}, "paper_chain.twelve"),
    ],
)
def test_what_is_not_what_it_claims_is_refused_in_one_line(clear, finished, path, value, said):
    data = strict(clear)
    data["scenarios"][0]["times"] = strict(finished)["scenarios"][0]["times"]
    container, key = at(data, path)
    container[key] = value
    with pytest.raises(MismatchError) as refused:
        from_json(data, "here.json")
    assert refused.value.exit_code is ExitCode.MISMATCH
    assert str(refused.value).startswith("here.json: is not the document that it claims to be (")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def members_of(value, path=()):
    """The paths of all members of JSON objects."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from members_of(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from members_of(value[0], (*path, 0))


FREE = {"declaration", "parameters", "space", "hyperparameters", "normality", "games_howell"}
"""Objects whose members a suite, a plugin or a method names."""
DEFAULTS = {field.name for field in fields(Comparison) if field.default is not MISSING}
LATER = {
    "machines", "published", "overlap", "times", "importance", "citation", "summary", "recorded",
    "endpoint", "looked_at", "looks",
    "origins", "representation", "querying", "not_applicable", "n_left_out", "first_sets",
    "warm_start",
    "replay", "co_trained", "n_held_out",
}  # fmt: skip
"""What early documents of this schema do not have."""


def test_no_member_may_be_missing(clear):
    """But those that a comparison has not where it could not be tested."""
    data = strict(clear)
    for *first, last in members_of(data):
        if FREE & set(first) or first[-1:] == ["paper_chain"] or last in DEFAULTS | LATER:
            continue
        damaged = copy.deepcopy(data)
        container = damaged
        for key in first:
            container = container[key]
        del container[last]
        with pytest.raises(HarnessError):
            from_json(damaged)


@pytest.mark.parametrize(
    "data", [None, 3, [], {}, {"schema": 2}, {"schema": True, "scenarios": []}, {"scenarios": []}]
)
def test_what_is_no_document_is_bad_usage(data):
    with pytest.raises(UsageError, match="is no document of a bench"):
        from_json(data)


def test_a_newer_schema_asks_for_a_newer_alharness(finished):
    newer = strict(finished) | {"schema": SCHEMA + 1}
    with pytest.raises(UsageError, match=r"schema 4 is newer .* \(3\)\. Upgrade alharness"):
        from_json(newer)


@pytest.mark.parametrize("schema", [0, -1])
def test_a_schema_that_never_was(finished, schema):
    with pytest.raises(MismatchError, match=f"there is no schema {schema}"):
        from_json(strict(finished) | {"schema": schema})


def test_every_older_schema_has_its_migration():
    assert set(MIGRATIONS) == set(range(1, SCHEMA))


def test_what_schema_2_did_not_say_is_none(finished):
    older = strict(finished) | {"schema": 2}
    for scenario in older["scenarios"]:
        del scenario["repeated_images"]
        for method in scenario["methods"]:
            del method["outdated"]
    migrated = from_json(older)
    assert migrated.schema_version == SCHEMA
    (scenario,) = migrated.scenarios
    assert scenario.repeated_images is None
    assert [method.outdated for method in scenario.methods] == [None, None]


def test_what_older_documents_do_not_tell_is_none(finished, of_0_1):
    early = strict(finished)
    of_scenario = {name for name in LATER if name in early["scenarios"][0]}
    of_method = {name for name in LATER if name in early["scenarios"][0]["methods"][0]}
    assert of_scenario | of_method | {"looks"} == LATER
    for found in early["findings"].values():
        for method in found["methods"].values():
            del method["looks"]
    for scenario in early["scenarios"]:
        for name in of_scenario:
            del scenario[name]
        for method, name in product(scenario["methods"], of_method):
            del method[name]
    given = {"endpoint", "n_left_out", "n_held_out", "warm_start"}
    for older in (early, copy.deepcopy(early) | {"schema": 2}, of_0_1):
        (scenario,) = from_json(older).scenarios
        assert {getattr(scenario, name) for name in of_scenario - given} == {None}
        assert scenario.n_left_out == scenario.n_held_out == 0
        assert not scenario.warm_start
        assert scenario.endpoint == DEFAULT_ENDPOINT
        for method in scenario.methods:
            assert {getattr(method, name) for name in of_method - {"looked_at"}} == {None}
            assert not method.looked_at


def test_what_0_1_wrote_is_migrated(of_0_1):
    before = copy.deepcopy(of_0_1)
    document = from_json(of_0_1)
    assert of_0_1 == before
    assert (document.schema_version, document.alharness) == (SCHEMA, "0.1.0")
    assert (document.suite.name, document.title, document.n_models) == (
        "digits-quick",
        "digits-quick",
        1,
    )
    (scenario,), (old,) = document.scenarios, of_0_1["scenarios"]
    assert (scenario.n_validation, scenario.labels) == (144, (144, 287, 431, 575))
    assert (scenario.n_train, scenario.components, scenario.shared_trainings) == (None, None, None)
    for method, row in zip(scenario.methods, old["methods"], strict=True):
        assert (method.method, method.trainings) == (row["method"], 64)
        assert numbers(method.accuracy).tolist() == row["accuracy"]
        assert (method.nll, method.class_accuracy) == (None, None)
        assert method.sampler.source == row["source"]
        assert method.sampler.name == row["method"]
        assert {run.name: run.state for run in method.runs} == row["runs"]
        assert [run.initial_set for run in method.runs] == list(range(9))
    margin = document.findings["digits-small-cnn"].methods["margin"]
    assert margin.sentence == "better than random"
    assert margin.verdict.difference == old["methods"][1]["verdict"]["difference"]
    assert from_json(strict(document)) == document


def test_what_0_1_wrote_of_a_method_with_parameters(of_0_1):
    of_0_1["scenarios"][0]["methods"][1]["method"] = "vaal:beta=0.5,epochs=15"
    document = from_json(of_0_1)
    assert document.scenarios[0].methods[1].sampler.name == "vaal"
    assert "vaal:beta=0.5,epochs=15" in document.findings["digits-small-cnn"].methods


def test_several_scenarios_of_0_1_say_nothing_of_their_models(of_0_1):
    second = copy.deepcopy(of_0_1["scenarios"][0])
    second["scenario"] = "digits-mlp"
    of_0_1["scenarios"].append(second)
    assert from_json(of_0_1).n_models is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda old: old.pop("alharness"),
        lambda old: old.update(scenarios=3),
        lambda old: old["scenarios"][0].pop("labels_with_validation"),
        lambda old: old["scenarios"][0].update(labels_with_validation=[]),
        lambda old: old["scenarios"][0]["methods"][0].update(runs=["digits/random/0/0"]),
        lambda old: old["scenarios"][0]["methods"][0].update(runs={"digits": "done"}),
        lambda old: old["scenarios"][0]["methods"][0].update(method=3),
        lambda old: old["scenarios"][0]["methods"][0].update(accuracy=[[["high"]]]),
        lambda old: old["scenarios"][0]["methods"][1].update(verdict=3),
    ],
)
def test_a_damaged_document_of_0_1_is_refused(of_0_1, damage):
    damage(of_0_1)
    with pytest.raises(MismatchError) as refused:
        from_json(of_0_1, "old.json")
    assert "\n" not in str(refused.value)


def test_a_document_of_today_is_migrated_to_itself(finished):
    data = strict(finished)
    assert migrated(data, SCHEMA) == data


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"[1]", b'"text"'])
def test_files_that_are_no_documents(tmp_path, text):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(UsageError, match=r"a\.json: is no document of a bench"):
        read_document(tmp_path / "a.json")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match=r"a\.json: cannot be read: No such file"):
        read_document(tmp_path / "a.json")


def test_a_folder_of_documents(tmp_path, finished, clear):
    documents = Documents(tmp_path / "reports")
    with pytest.raises(UsageError, match="there is no document of a bench"):
        documents.suites()
    documents.write(finished)
    documents.write(clear)
    other = finished.model_copy(
        update={"suite": finished.suite.model_copy(update={"name": "another"})}
    )
    documents.write(other)
    assert documents.suites() == ["another", "tiny"]
    assert documents.read("tiny") == clear
    assert documents.read("another") == other
    for absent in ("small", "../tiny", "tiny.json"):
        with pytest.raises(UsageError, match="Those there are: another, tiny"):
            documents.read(absent)
