"""A bench again from a document and the records that it names, without plugins and data.

What of a plugin enters keys, its identity, is in the inputs of the records; initial and validation
sets are index sets; everything else follows from the suite. From there planning goes as it does in
a bench: the units that a document rests on are those that it walks through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from alharness.api.errors import HarnessError, MismatchError
from alharness.bundles.held import Held
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.protocol.condition import Condition, DatasetFacts, Start, recipe_of
from alharness.protocol.partition.sizes import labeled_sizes
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import protocol_digest, suite_of
from alharness.protocol.suite.tables import Scenario as Table
from alharness.protocol.tuning.declared_space import read_space
from alharness.protocol.units import (
    AnnotationInputs,
    Identity,
    QueryInputs,
    TrialInputs,
)
from alharness.protocol.written_reference import parse_reference
from alharness.results import document as documents
from alharness.results.document import Document, Method, Scenario
from alharness.store.records import Record

MOST_IMAGES = 50_000_000
"""Training images of a dataset, at most."""


def mismatch(what: str, where: str) -> MismatchError:
    """A document that does not follow from the records."""
    return MismatchError(what, where=where)


def rebuilt_suite(document: Document) -> Suite:
    """The suite that a document declares. Raises MismatchError."""
    try:
        return suite_of(document.suite.declaration, "document, suite")
    except HarnessError as error:
        raise mismatch(error.what, error.where) from None


def rebuilt(document: Document, suite: Suite, scenario: Scenario, held: Held) -> Bench:
    """The bench of one scenario of a document: its rows are the methods.

    Raises MismatchError when a record that it names is not there, or is of something else.
    """
    where = f"document, {scenario.scenario}"
    table = next((one for one in suite.scenarios if one.name == scenario.scenario), None)
    if table is None or protocol_digest(suite, table) != scenario.protocol_digest:
        raise mismatch("is not declared so by its suite", where)
    methods = tuple(_method(method, held) for method in scenario.methods)
    condition = _condition(suite, table, scenario, held, where)
    looked_at = frozenset(one.method for one in scenario.methods if one.looked_at)
    return Bench(suite, methods, (condition,), looked_at)


def _condition(suite: Suite, table: Table, scenario: Scenario, held: Held, where: str) -> Condition:
    trials = list(_first_trials(suite, scenario, held, where))
    network, first = trials[0].network, trials[0]
    described, regularizers = _described(suite, table, scenario, where)
    if len(regularizers) != len(network.regularizers):
        raise mismatch("names other regularizers than its records", where)
    if scenario.n_train is None or scenario.n_classes is None or scenario.space is None:
        raise mismatch("does not say of which data it is, or what was tuned", where)
    if scenario.n_train > MOST_IMAGES:
        raise mismatch(f"{scenario.n_train} training images; {MOST_IMAGES} are the most", where)
    facts = DatasetFacts(
        train_digest=network.data,
        test_digest=str(scenario.test_digest),
        train_labels=np.zeros(scenario.n_train, dtype=np.int64),
        n_classes=network.n_classes,
        in_channels=network.in_channels,
        image_size=network.image_size,
    )
    try:
        space = read_space(scenario.space)
        sizes = labeled_sizes(suite.protocol, scenario.n_train)
    except HarnessError as error:
        raise mismatch(error.what, f"{where}, {error.where}") from None
    return Condition(
        scenario=table,
        prepared=facts,
        dataset=_alone(described["dataset"]),
        model=_component(described["model"], network.model),
        regularizers=tuple(map(_component, regularizers, network.regularizers)),
        loss=_component(described["loss"], first.loss),
        schedule=_component(described["schedule"], first.recipe.schedule),
        oracle=_oracle(described["oracle"], scenario, held),
        space=space,
        cycles=len(suite.protocol.cumulative_fractions),
        sizes=sizes,
        starts=tuple(_start(suite, one, held) for one in trials),
    )


def _described(
    suite: Suite, table: Table, scenario: Scenario, where: str
) -> tuple[dict[str, documents.Component], list[documents.Component]]:
    """The plugins of a scenario by kind, and its regularizers, as the suite declares them."""
    found = {one.kind: one for one in scenario.components or ()}
    regularizers = [one for one in scenario.components or () if one.kind == "regularizer"]
    declared = {
        "dataset": table.dataset,
        "model": table.model,
        "loss": table.loss,
        "schedule": suite.training.schedule,
        "oracle": table.oracle,
    }
    if declared.keys() - found.keys() or len(regularizers) != len(table.regularizers):
        raise mismatch("does not name all its plugins, or names others", where)
    pairs = [(found[kind], reference) for kind, reference in declared.items()]
    for component, reference in [*pairs, *zip(regularizers, table.regularizers, strict=True)]:
        _require_declared(component, reference, where)
    return found, regularizers


def _require_declared(component: documents.Component, reference: Reference, where: str) -> None:
    parameters = component.parameters or {}
    same = component.name == reference.name and all(
        name in parameters and parameters[name] == value
        for name, value in reference.parameters.items()
    )
    if not same:
        raise mismatch(f"its {component.kind} '{component.name}' is not {reference.label}", where)


def _first_trials(
    suite: Suite, scenario: Scenario, held: Held, where: str
) -> Iterator[TrialInputs]:
    """A trial of cycle 0 from each initial set."""
    (reference,) = (one for one in scenario.methods if one.method == scenario.reference)
    firsts = {run.initial_set: run for run in reversed(reference.runs)}
    for number in range(suite.protocol.n_initial_sets):
        cycles = firsts[number].cycles if number in firsts else None
        if not cycles:
            raise mismatch(f"has no run from initial set {number}", where)
        yield _trial(cycles[0].trial, held)


def _trial(key: str, held: Held) -> TrialInputs:
    record = held.record("trial", key)
    if record is None:
        raise mismatch("its record is not there", f"trial {key}")
    assert isinstance(record.unit.inputs, TrialInputs)
    return record.unit.inputs


def _start(suite: Suite, first: TrialInputs, held: Held) -> Start:
    labeled = held.index_set(first.labeled[0])
    validation = held.index_set(first.validation)
    return Start(labeled, validation, recipe_of(suite, first.recipe.schedule, labeled))


def _method(method: Method, held: Held) -> Component:
    """The sampler of a row, with what it needs as its records show it."""
    try:
        label = parse_reference(method.method)
    except HarnessError as error:
        raise mismatch(error.what, f"document, method '{method.method}'") from None
    _require_declared(method.sampler, label, "document")
    queries = list(_queries(method, held))
    extension = _extension(method, held)
    if not queries:
        alone = _alone(method.sampler) if extension is None else extension
        return replace(alone, label=method.method)
    query = queries[0]
    needs = MethodNeeds(
        committee=len(query.committee),
        extension=extension is not None,
        sees_labels=query.sees_labels,
    )
    return replace(_component(method.sampler, query.sampler), label=method.method, needs=needs)


def _queries(method: Method, held: Held) -> Iterator[QueryInputs]:
    for run in method.runs:
        for cycle in run.cycles or ():
            if cycle.query is not None:
                record = held.record("query", cycle.query)
                if record is None:
                    raise mismatch("its record is not there", f"query {cycle.query}")
                assert isinstance(record.unit.inputs, QueryInputs)
                yield record.unit.inputs


def _extension(method: Method, held: Held) -> Component | None:
    """The sampler of a row whose training extension its trials trained along."""
    for run in method.runs:
        for cycle in run.cycles or ():
            identity = _trial(cycle.trial, held).extension
            if identity is None:
                return None
            needs = MethodNeeds(extension=True)
            return replace(_component(method.sampler, identity), needs=needs)
    return None


def _oracle(described: documents.Component, scenario: Scenario, held: Held) -> Component:
    """The oracle, as an annotation of a row names it."""
    for record in _annotations(scenario.methods, held):
        assert isinstance(record.unit.inputs, AnnotationInputs)
        identity = record.unit.inputs.oracle
        if (identity.name, identity.source) == (described.name, described.source):
            stay = "corrected" not in record.result
            return replace(_component(described, identity), labels_stay=stay)
    return _alone(described)


def _annotations(methods: Sequence[Method], held: Held) -> Iterator[Record]:
    for method in methods:
        for run in method.runs:
            for cycle in run.cycles or ():
                if cycle.query is not None:
                    yield from held.annotations(cycle.query)


def _component(described: documents.Component, identity: Identity) -> Component:
    """A plugin as records identify it, and as the document describes it.

    Raises MismatchError when these are not one.
    """
    said = (described.name, described.source, described.fingerprint or "")
    if said != (identity.name, identity.source, identity.fingerprint):
        raise mismatch(
            f"its {described.kind} '{described.name}' is not that of its records", "document"
        )
    parameters = described.parameters or {}
    for name, value in identity.parameters.items():
        if name not in parameters or parameters[name] != value:
            raise mismatch(
                f"parameter '{name}' of its {described.kind} '{described.name}' is not that of "
                "its records",
                "document",
            )
    return replace(
        _alone(described), parameters=dict(identity.parameters), files=dict(identity.files)
    )


def _alone(described: documents.Component) -> Component:
    """A plugin as the document describes it; records do not name it."""
    return Component(
        kind=described.kind,
        name=described.name,
        parameters=dict(described.parameters or {}),
        source=described.source,
        plugin="",
        distribution=described.distribution,
        version=described.version,
        label=described.label,
        fingerprint=described.fingerprint or "",
    )
