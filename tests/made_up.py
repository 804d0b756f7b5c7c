"""Documents of benches that never were: any number of methods, scenarios and runs."""

from __future__ import annotations

from datetime import date

import numpy as np

from alharness.protocol.keys import digest
from alharness.results.companions import (
    Importance,
    Machine,
    Overlap,
    QueryTimes,
    Times,
    TrainedOn,
)
from alharness.results.document import (
    Component,
    Cycle,
    Document,
    Endpoint,
    Family,
    Method,
    MethodFindings,
    RepeatedImages,
    Run,
    Scenario,
    ScenarioFindings,
    Suite,
    members,
    numbers,
)
from alharness.results.findings import findings, sentence, untested, with_family
from alharness.results.published import Published, PublishedMethod
from alharness.statistics import compare, curve, endpoint, marks

LABELS, N_TRAIN = (100, 200, 300, 400), 1000
MACHINE = Machine(processor="a processor", instructions="AVX2", device="cpu")
NAMES = (
    "random", "margin", "coreset", "least-confidence", "entropy", "dbal", "bald", "vaal", "qbc",
)  # fmt: skip


def names(n):
    """So many labels of methods, the reference first."""
    return [*NAMES, *(f"method-{k:03d}" for k in range(len(NAMES), n))][:n]


def document(
    methods=4,
    scenarios=1,
    *,
    initial_sets=4,
    seeds=2,
    suite="made-up",
    day=date(2026, 11, 30),
    chain=False,
    labels=None,
):
    """A document: methods differ from the reference by up to two points, the first is best.

    methods: how many, or their labels. chain: with the paper's chain, which takes long.
    """
    called = names(methods) if isinstance(methods, int) else list(methods)
    made = [
        scenario(called, number, initial_sets, seeds, day, labels or LABELS)
        for number in range(scenarios)
    ]
    return of(made, suite, chain=chain)


def of(scenarios, suite="made-up", *, chain=False):
    """The document of scenarios, with the findings that follow."""
    declaration = {"name": suite, "scenarios": [{"name": one.scenario} for one in scenarios]}
    return Document(
        schema=3,
        alharness="0.2.0",
        suite=Suite(
            name=suite, version=1, title=None, digest=digest(declaration), declaration=declaration
        ),
        scenarios=tuple(scenarios),
        findings={
            one.scenario: findings(one) if chain else without_chain(one) for one in scenarios
        },
        failures=(),
    )


def without_chain(one):
    """The findings of a scenario, without the paper's chain of tests."""
    (reference,) = (row for row in one.methods if row.method == one.reference)
    theirs = numbers(reference.accuracy)[:, :, 1:]
    alone = {row.method: _found(row, theirs, one) for row in one.methods}
    return with_family(one, ScenarioFindings(methods=alone, family=None, paper_chain={}))


def _found(row, theirs, one):
    if row.method == one.reference or row.sees_labels or row.outdated:
        return untested(row, one)
    ours = numbers(row.accuracy)[:, :, 1:]
    verdict = compare(endpoint(ours, one.labels[1:]), endpoint(theirs, one.labels[1:]))
    return MethodFindings(
        curve=curve(numbers(row.accuracy)),
        verdict=verdict,
        sentence=sentence(verdict.verdict, one.reference, one.tuning),
        familywise=None,
        marks=marks(ours, theirs),
    )


def scenario(called, number, initial_sets, seeds, day, labels=LABELS):
    """A scenario of methods with these labels; all of its numbers follow from its number."""
    rng = np.random.default_rng(number)
    shape = (initial_sets, seeds, len(labels))
    level = 0.6 + 0.08 * np.arange(len(labels)) + rng.normal(0, 0.01, (initial_sets, 1, 1))
    first = rng.normal(0, 0.004, shape[:2])
    gains = [0.0, *np.linspace(0.02, -0.01, max(len(called) - 1, 1))]
    rows = []
    for label, gain in zip(called, gains, strict=False):
        accuracy = level + rng.normal(0, 0.004, shape) + gain * (np.arange(len(labels)) > 0)
        accuracy[:, :, 0] = level[:, :, 0] + first
        rows.append(method(label, accuracy, day))
    return Scenario(
        scenario=f"scenario-{number:02d}",
        protocol_digest=digest(number),
        components=tuple(component(kind, kind) for kind in ("dataset", "model", "regularizer")),
        train_digest=digest("train"),
        test_digest=digest("test"),
        repeated_images=RepeatedImages(n=0, n_test=200, examples=()),
        n_train=N_TRAIN,
        n_classes=10,
        n_validation=100,
        labels=tuple(labels),
        tuning="per-initial-set",
        space={"learning-rate": {"log": [0.001, 0.1]}, "optimizer": ["sgd", "adam"]},
        stop_at_accuracy=None,
        reference=called[0],
        methods=tuple(rows),
        family=Family(others=(), narrowed_to=None),
        shared_trainings=10,
        machines=(TrainedOn(machine=MACHINE, trainings=100),),
        overlap=_overlap(len(called), rng),
        times=tuple(_times(label, len(labels) - 1) for label in called),
        importance=tuple(
            Importance(settings=20, shares={"learning-rate": 0.75, "optimizer": 0.25})
            for _ in labels
        ),
        published=(_published(called[:2]),),
        endpoint=Endpoint(metric="accuracy", margin=0.01),
    )


def method(label, accuracy, day=date(2026, 11, 30), **changes):
    """A row with an accuracy for each run and cycle, all of them done."""
    n_sets, n_seeds, n_cycles = accuracy.shape
    nothing = members(np.full((n_sets, n_seeds), np.nan))
    cycles = tuple(
        Cycle(trial=digest(n), hyperparameters={"learning-rate": 0.01, "optimizer": "sgd"},
              query=digest(n) if n < n_cycles - 1 else None)
        for n in range(n_cycles)
    )  # fmt: skip
    made = Method(
        method=label,
        sampler=component("sampler", label),
        sees_labels=False,
        runs=tuple(
            Run(name=f"{label}/{i}/{j}", initial_set=i, seed=j, state="done", cycles=cycles)
            for i in range(n_sets)
            for j in range(n_seeds)
        ),
        accuracy=members(accuracy),
        balanced_accuracy=None,
        nll=None,
        brier=None,
        calibration_error=None,
        auroc=None,
        class_accuracy=None,
        labels_spent=nothing,
        annotation_cost=nothing,
        trainings=80,
        outdated=None,
        citation=f"Somebody: {label}. A journal, 2026",
        summary=f"What {label} does",
        recorded=(day, day),
        machines=(TrainedOn(machine=MACHINE, trainings=80),),
    )
    return made.model_copy(update=changes)


def component(kind, name):
    """A plugin of the harness's own distribution."""
    return Component(
        kind=kind,
        label=name,
        name=name,
        parameters={"width": 16},
        distribution="alharness",
        version="0.2.0",
        source=digest(name),
        fingerprint="",
    )


def _overlap(n, rng):
    shares = np.round(rng.random((n, n)), 4)
    np.fill_diagonal(shares, 1.0)
    return Overlap(first=members(shares), all=members(shares))


def _times(label, queries):
    one = QueryTimes(n=10, median=0.5, total=5.0)
    return Times(
        method=label,
        machine=MACHINE,
        queries=(one,) * queries,
        trainings=80,
        training_seconds=900.0,
    )


def _published(called):
    return Published(
        name="somebody-table-1",
        source="Table 1",
        caption="What somebody found",
        dataset="dataset",
        model="model",
        strong_regularization=False,
        initial_set=None,
        runs=5,
        initial_fraction=0.1,
        initial_accuracy=60.0,
        fractions=(0.2, 0.3),
        notes=(),
        citation="Somebody (2022)",
        url="https://example.org/paper",
        unit="%",
        methods=tuple(
            PublishedMethod(
                method=label, row=label.upper(), mean=(70.0, 75.0), deviation=(1.0, 0.5)
            )
            for label in called
        ),
    )
