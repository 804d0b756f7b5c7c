"""Migrations: documents of older schemas, as they would be written now.

Each takes the JSON of one schema to that of the next; what the older one did not say is None.
Raises KeyError, TypeError or ValueError where the JSON is not of the schema that it names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from alharness.protocol.written_reference import name_in
from alharness.results.findings import sentence
from alharness.statistics import Verdict

Json = dict[str, Any]


def _from_1(report: Json) -> Json:
    """The ``reports/SUITE.json`` of alharness 0.1."""
    return {
        "schema": 2,
        "alharness": report["alharness"],
        "suite": {
            "name": report["suite"],
            "version": report["suite_version"],
            "title": None,
            "digest": report["suite_digest"],
            "declaration": None,
        },
        "scenarios": [_scenario_from_1(one) for one in report["scenarios"]],
        "findings": {one["scenario"]: _findings_from_1(one) for one in report["scenarios"]},
        "failures": report["failures"],
    }


def _scenario_from_1(scenario: Json) -> Json:
    kept = ("scenario", "protocol_digest", "labels", "stop_at_accuracy", "reference")
    unknown = ("components", "train_digest", "test_digest", "n_train", "n_classes", "space")
    return {
        **{name: scenario[name] for name in kept},
        **dict.fromkeys((*unknown, "shared_trainings")),
        "n_validation": scenario["labels_with_validation"][0] - scenario["labels"][0],
        "methods": [_method_from_1(one) for one in scenario["methods"]],
    }


def _method_from_1(method: Json) -> Json:
    kept = ("method", "accuracy", "labels_spent", "annotation_cost", "trainings")
    unknown = ("balanced_accuracy", "nll", "brier", "calibration_error", "auroc", "class_accuracy")
    return {
        **{name: method[name] for name in kept},
        **dict.fromkeys(unknown),
        "sampler": {
            "kind": "sampler",
            "label": method["method"],
            "name": name_in(method["method"]),
            "parameters": None,
            "distribution": method["distribution"],
            "version": method["version"],
            "source": method["source"],
            "fingerprint": None,
        },
        # There were no samplers that see labels.
        "sees_labels": False,
        "runs": [_run_from_1(name, state) for name, state in method["runs"].items()],
    }


def _run_from_1(name: str, state: str) -> Json:
    _, initial_set, seed = name.rsplit("/", 2)
    return {
        "name": name,
        "initial_set": int(initial_set),
        "seed": int(seed),
        "state": state,
        "cycles": None,
    }


def _findings_from_1(scenario: Json) -> Json:
    return {
        "methods": {one["method"]: _method_findings_from_1(one) for one in scenario["methods"]},
        "paper_chain": scenario["paper_chain"],
    }


def _method_findings_from_1(method: Json) -> Json:
    verdict = dict(method["verdict"] or {})
    sentence = verdict.pop("sentence", None)
    return {
        "curve": method["curve"],
        "verdict": verdict or None,
        "sentence": sentence,
        "marks": method["marks"],
    }


def _from_2(document: Json) -> Json:
    """Before documents told of tuning, family, repeated images and what is outdated."""
    tunings = {one["scenario"]: _tuning_of_2(document, one) for one in document["scenarios"]}
    references = {one["scenario"]: one["reference"] for one in document["scenarios"]}
    return {
        **document,
        "schema": 3,
        "scenarios": [
            {
                **one,
                "methods": [{**method, "outdated": None} for method in one["methods"]],
                "repeated_images": None,
                "tuning": tunings[one["scenario"]],
                "family": None,
            }
            for one in document["scenarios"]
        ],
        "findings": {
            name: _findings_from_2(found, references[name], tunings[name])
            for name, found in document["findings"].items()
        },
    }


def _tuning_of_2(document: Json, scenario: Json) -> str | None:
    if document["suite"]["declaration"] is None:
        return None
    ways = scenario["space"].values()
    if all(isinstance(way, list) and len(way) == 1 for way in ways):
        return "fixed"
    return str(document["suite"]["declaration"]["tuning"]["scope"])


def _findings_from_2(found: Json, reference: str, tuning: str | None) -> Json:
    return {
        **found,
        "family": None,
        "methods": {
            label: {
                **one,
                "familywise": None,
                "sentence": _sentence_from_2(one["verdict"], reference, tuning),
            }
            for label, one in found["methods"].items()
        },
    }


def _sentence_from_2(verdict: Json | None, reference: str, tuning: str | None) -> str | None:
    return None if verdict is None else sentence(Verdict(verdict["verdict"]), reference, tuning)


MIGRATIONS: Mapping[int, Callable[[Json], Json]] = {1: _from_1, 2: _from_2}
"""By the schema that they migrate from."""


def migrated(data: Json, newest: int) -> Json:
    """JSON of a document of any known schema, as JSON of the newest."""
    while data["schema"] < newest:
        data = MIGRATIONS[data["schema"]](data)
    return data
