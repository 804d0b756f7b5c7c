"""What a suite must be to be benched."""

from __future__ import annotations

from alharness.protocol.tuning.search_space import require_narrower, search_space
from alharness.session.published import find_published
from alharness.session.resolve import find_suite
from alharness.testing.rules import Rule
from alharness.testing.subject import Subject


def declaration(subject: Subject) -> None:
    """The file is a suite: every key is known, and its values fit together."""
    find_suite(subject.registry, subject.name)


def plugins(subject: Subject) -> None:
    """Every plugin that it names is there, can be built, and takes the parameters given."""
    suite, registry = find_suite(subject.registry, subject.name), subject.registry
    named = [("sampler", reference) for reference in suite.methods.compared]
    named += [("schedule", suite.training.of_cycle(cycle).schedule) for cycle in (0, 1)]
    for scenario in suite.scenarios:
        named += [("dataset", scenario.dataset), ("model", scenario.model)]
        named += [("loss", scenario.loss), ("oracle", scenario.oracle)]
        named += [("regularizer", reference) for reference in scenario.regularizers]
        if scenario.representation is not None:
            named.append(("representation", scenario.representation))
    for kind, reference in named:
        registry.create(registry.component(kind, reference))


def tuning_space(subject: Subject) -> None:
    """Every hyper-parameter of its space is the harness's, or one that a regularizer of each
    scenario owns, and no wider than there."""
    suite, registry = find_suite(subject.registry, subject.name), subject.registry
    for scenario in suite.scenarios:
        owned = {
            reference.label: registry.create(
                registry.component("regularizer", reference)
            ).search_space()
            for reference in scenario.regularizers
        }
        search_space(suite.tuning.space, owned, fixed=suite.tuning.scope == "fixed")
        require_narrower(suite.tuning.first, owned, "tuning.first")
        require_narrower(suite.tuning.later, owned, "tuning.later")


def published(subject: Subject) -> None:
    """Every published table that a scenario names is there, in a file that keeps to its format."""
    suite = find_suite(subject.registry, subject.name)
    find_published(subject.registry, suite, f"suite '{subject.name}'")


RULES = tuple(Rule(check) for check in (declaration, plugins, tuning_space, published))
