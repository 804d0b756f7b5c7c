"""A bench again from a document and the records that it names, without plugins and data.

What of a plugin enters keys, its identity, is in the inputs of the records; initial and validation
sets are index sets; everything else follows from the suite. From there planning goes as it does in
a bench: the units that a document rests on are those that it walks through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alharness.api.errors import HarnessError
from alharness.bundles.described import alone, component_of, mismatch
from alharness.bundles.held import Held
from alharness.bundles.replayed import asking_rows, replayed, with_splits_of
from alharness.bundles.represented import own_representations, representation_of
from alharness.protocol.bench import Bench
from alharness.protocol.components import Component, MethodNeeds, Reference
from alharness.protocol.condition import Condition, DatasetFacts, Start, recipes_of
from alharness.protocol.partition.left_out import held_back, with_spared
from alharness.protocol.partition.sets import IndexSet
from alharness.protocol.partition.sizes import labeled_sizes
from alharness.protocol.suite.declaration import Suite
from alharness.protocol.suite.reading import protocol_digest, suite_of
from alharness.protocol.suite.tables import Scenario as Table
from alharness.protocol.tuning.declared_space import read_space
from alharness.protocol.units import (
    AnnotationInputs,
    QueryInputs,
    TrialInputs,
)
from alharness.protocol.written_reference import parse_reference
from alharness.results import document as documents
from alharness.results.document import Document, Method, Scenario
from alharness.store.records import Record

MOST_IMAGES = 50_000_000
"""Training images of a dataset, at most."""


def rebuilt_suite(document: Document) -> Suite:
    """The suite that a document declares. Raises MismatchError."""
    try:
        return suite_of(document.suite.declaration, "document, suite")
    except HarnessError as error:
        raise mismatch(error.what, error.where) from None


def rebuilt(document: Document, suite: Suite, scenario: Scenario, held: Held) -> Bench:
    """The bench of one scenario of a document: its rows are the methods.

    Behind it stands the scenario that it replays, if any: there its methods were asked.

    Raises MismatchError when a record that it names is not there, or is of something else.
    """
    where = f"document, {scenario.scenario}"
    table = next((one for one in suite.scenarios if one.name == scenario.scenario), None)
    if table is None or protocol_digest(suite, table) != scenario.protocol_digest:
        raise mismatch("is not declared so by its suite", where)
    choosers = {one.method: one.chosen_by for one in scenario.first_sets or ()}
    source = suite.source(table)
    asked = scenario if source is None else replayed(document, scenario, source.name)
    rows = asking_rows(scenario, asked)
    methods = tuple(
        _choosing(_method(method, held), choosers.get(method.method)) for method in rows
    )
    conditions = [_condition(suite, table, scenario, held, where)]
    if source is not None:
        beside = _condition(suite, source, asked, held, f"document, {asked.scenario}")
        conditions = [with_splits_of(conditions[0], beside), beside]
    looked_at = frozenset(one.method for one in scenario.methods if one.looked_at)
    queries = (query for method in rows for query in _queries(method, held))
    own = dict(own_representations(queries, held))
    return Bench(suite, methods, tuple(conditions), looked_at, representations=own)


def _condition(suite: Suite, table: Table, scenario: Scenario, held: Held, where: str) -> Condition:
    suite = suite.of(table)
    trials = list(_first_trials(suite, scenario, held, where))
    network, first = trials[0].network, trials[0]
    described, regularizers = _described(suite, table, scenario, where)
    schedule = component_of(described["schedule"], first.recipe.schedule)
    later = _later_schedule(suite, scenario, held, where)
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
        sizes = labeled_sizes(suite.protocol, scenario.n_train - scenario.n_left_out)
        held_back_images = held_back(suite.protocol, scenario.n_train, suite.seed)
    except HarnessError as error:
        raise mismatch(error.what, f"{where}, {error.where}") from None
    return Condition(
        scenario=table,
        prepared=facts,
        dataset=alone(described["dataset"]),
        model=component_of(described["model"], network.model),
        regularizers=tuple(map(component_of, regularizers, network.regularizers)),
        loss=component_of(described["loss"], first.loss),
        schedule=schedule,
        oracle=_oracle(described["oracle"], scenario, held),
        space=space,
        cycles=suite.protocol.n_cycles,
        sizes=sizes,
        starts=tuple(_starts(suite, scenario, trials, later, held_back_images, held)),
        representation=representation_of(described, network, where),
        later_schedule=later,
        held_out=suite.protocol.held_out,
    )


def _described(
    suite: Suite, table: Table, scenario: Scenario, where: str
) -> tuple[dict[str, documents.Component], list[documents.Component]]:
    """The plugins of a scenario by kind, and its regularizers, as the suite declares them."""
    found = {one.kind: one for one in reversed(scenario.components or ())}
    regularizers = [one for one in scenario.components or () if one.kind == "regularizer"]
    declared = {
        "dataset": table.dataset,
        "model": table.model,
        "loss": table.loss,
        "schedule": suite.training.of_cycle(0).schedule,
        "oracle": table.oracle,
    }
    if table.representation is not None:
        declared["representation"] = table.representation
    if declared.keys() - found.keys() or len(regularizers) != len(table.regularizers):
        raise mismatch("does not name all its plugins, or names others", where)
    pairs = [(found[kind], reference) for kind, reference in declared.items()]
    for component, reference in [*pairs, *zip(regularizers, table.regularizers, strict=True)]:
        _require_declared(component, reference, where)
    return found, regularizers


def _later_schedule(suite: Suite, scenario: Scenario, held: Held, where: str) -> Component | None:
    """The schedule of cycles after cycle 0, where the suite declares another one for them."""
    first, later = (suite.training.of_cycle(cycle).schedule for cycle in (0, 1))
    if later == first:
        return None
    schedules = scenario.plugins("schedule")
    if len(schedules) != 2:
        raise mismatch("does not name all its plugins, or names others", where)
    _require_declared(schedules[1], later, where)
    cycles = (run.cycles for one in scenario.methods for run in one.runs if run.cycles)
    trials = (_trial(one[1].trial, held) for one in cycles if len(one) > 1)
    trained = next(trials, None)
    if trained is None:  # all runs were over in cycle 0
        return alone(schedules[1])
    return component_of(schedules[1], trained.recipe.schedule)


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


def _starts(
    suite: Suite,
    scenario: Scenario,
    trials: Sequence[TrialInputs],
    later_schedule: Component | None,
    held_back_images: NDArray[np.int64],
    held: Held,
) -> Iterator[Start]:
    """What each initial set's runs began with, by its first trial and by its queries.

    Where there is no query, what is left out can be no more than what the suite draws.
    """
    queries = (query for method in scenario.methods for query in _queries(method, held))
    asked = {query.seed.initial_set: query for query in queries}
    for number, first in enumerate(trials):
        chosen = suite.protocol.chooses_first_sets
        labeled = None if chosen else held.index_set(first.labeled[0])
        validation = held.index_set(first.validation)
        schedule = first.recipe.schedule
        schedules = (schedule, later_schedule.identity if later_schedule else schedule)
        recipe, later = recipes_of(suite, schedules, labeled, first.recipe.stacked)
        held_out = None
        if number not in asked:
            drawn = with_spared(
                suite.protocol, held_back_images, int(scenario.n_train or 0), number, suite.seed
            )
            rest = IndexSet(drawn) if len(drawn) else None
        else:
            rest, held_out = (
                None if name is None else held.index_set(name)
                for name in (asked[number].left_out, asked[number].held_out)
            )
        yield Start(labeled, validation, recipe, rest, later, held_out)


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
        found = alone(method.sampler) if extension is None else extension
        return replace(found, label=method.method)
    query = queries[0]
    needs = MethodNeeds(
        committee=len(query.committee),
        extension=extension is not None,
        sees_labels=query.sees_labels,
        representation=query.own_features,
    )
    return replace(component_of(method.sampler, query.sampler), label=method.method, needs=needs)


def _choosing(method: Component, chooser: str | None) -> Component:
    """The sampler, which needs no model where it chose its own initial sets."""
    needs = replace(method.needs, model=chooser != method.label)
    return replace(method, needs=needs)


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
            return replace(component_of(method.sampler, identity), needs=needs)
    return None


def _oracle(described: documents.Component, scenario: Scenario, held: Held) -> Component:
    """The oracle, as an annotation of a row names it."""
    for record in _annotations(scenario.methods, held):
        assert isinstance(record.unit.inputs, AnnotationInputs)
        identity = record.unit.inputs.oracle
        if (identity.name, identity.source) == (described.name, described.source):
            stay = "corrected" not in record.result
            return replace(component_of(described, identity), labels_stay=stay)
    return alone(described)


def _annotations(methods: Sequence[Method], held: Held) -> Iterator[Record]:
    for method in methods:
        for run in method.runs:
            for cycle in run.cycles or ():
                if cycle.query is not None:
                    yield from held.annotations(cycle.query)
