"""The hooks that a plugin may implement: its side of the conversation with the harness.

Mark each implementation with ``@alharness.hookimpl``; leave out arguments that
it does not need. Registration hooks are called once per discovery, in every
process that needs plugins; lifecycle hooks in the coordinator only. Whoever
implements a lifecycle hook observes: it is reported and dropped when it raises,
and what it is given is its own copy or read-only, so that it changes no result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pluggy import HookspecMarker

from alharness.api.specs import (
    DatasetSpec,
    ExecutorSpec,
    LossSpec,
    ModelSpec,
    OracleSpec,
    RegularizerSpec,
    RepresentationSpec,
    SamplerSpec,
    ScheduleSpec,
    Spec,
)

if TYPE_CHECKING:
    from alharness.protocol.bench import Bench
    from alharness.protocol.planning.survey import Survey

hookspec = HookspecMarker("alharness")

SPEC_HOOKS: Mapping[str, type[Spec]] = {
    "alharness_samplers": SamplerSpec,
    "alharness_models": ModelSpec,
    "alharness_regularizers": RegularizerSpec,
    "alharness_losses": LossSpec,
    "alharness_schedules": ScheduleSpec,
    "alharness_oracles": OracleSpec,
    "alharness_datasets": DatasetSpec,
    "alharness_representations": RepresentationSpec,
    "alharness_executors": ExecutorSpec,
}
"""Each hook that registers specs, and the type that it yields."""

KINDS: tuple[str, ...] = tuple(spec.kind for spec in SPEC_HOOKS.values())
"""What a plugin can register a spec of, in the order of listings."""

PLURALS: Mapping[str, str] = {
    spec.kind: hook.removeprefix("alharness_") for hook, spec in SPEC_HOOKS.items()
}
"""``losses`` of ``loss``: as hooks, folders and pages are named."""


@hookspec
def alharness_samplers() -> Iterable[SamplerSpec]:  # type: ignore[empty-body]
    """Yield a SamplerSpec for each sampler.

    Called once when plugins are discovered; implemented by a plugin that picks images.
    """


@hookspec
def alharness_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Yield a ModelSpec for each model.

    Called once when plugins are discovered; implemented by a plugin that builds task models.
    """


@hookspec
def alharness_regularizers() -> Iterable[RegularizerSpec]:  # type: ignore[empty-body]
    """Yield a RegularizerSpec for each regularizer.

    Called once when plugins are discovered; implemented by a plugin that acts on training.
    """


@hookspec
def alharness_losses() -> Iterable[LossSpec]:  # type: ignore[empty-body]
    """Yield a LossSpec for each loss.

    Called once when plugins are discovered; implemented by a plugin that says what a
    training minimizes.
    """


@hookspec
def alharness_schedules() -> Iterable[ScheduleSpec]:  # type: ignore[empty-body]
    """Yield a ScheduleSpec for each schedule.

    Called once when plugins are discovered; implemented by a plugin that moves the
    learning rate while a model trains.
    """


@hookspec
def alharness_oracles() -> Iterable[OracleSpec]:  # type: ignore[empty-body]
    """Yield an OracleSpec for each oracle.

    Called once when plugins are discovered; implemented by a plugin that labels images.
    """


@hookspec
def alharness_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Yield a DatasetSpec for each dataset.

    Called once when plugins are discovered; implemented by a plugin that loads images.
    """


@hookspec
def alharness_representations() -> Iterable[RepresentationSpec]:  # type: ignore[empty-body]
    """Yield a RepresentationSpec for each representation.

    Called once when plugins are discovered; implemented by a plugin that turns images into
    features.
    """


@hookspec
def alharness_executors() -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
    """Yield an ExecutorSpec for each executor.

    Called once when plugins are discovered; implemented by a plugin that executes units.
    """


@hookspec
def alharness_suites() -> Iterable[Path]:  # type: ignore[empty-body]
    """Yield the path of each suite's TOML file; ``name`` in the file is the suite's name.

    Called once when plugins are discovered; implemented by a plugin that ships suites.
    """


@hookspec
def alharness_published() -> Iterable[Path]:  # type: ignore[empty-body]
    """Yield the path of a TOML file for each publication whose results suites are held against.

    Called once when plugins are discovered; implemented by a plugin that ships published results.
    """


@hookspec
def alharness_bench_started(bench: Bench) -> None:
    """A bench is about to be carried out.

    Called in the coordinator, once, first of all; implemented by a plugin that
    observes (tracking, progress).

    bench: read-only ``alharness.protocol.bench.Bench``: the suite, its
        conditions, its methods, the places of its runs.
    """


@hookspec
def alharness_bench_surveyed(survey: Survey) -> None:
    """Where every run of the bench stands now.

    Called in the coordinator before anything is computed, each time it looks
    what comes next (a busy bench looks at most 1 % of its time, so not after
    each unit), and once more when nothing is left; implemented by a plugin that
    observes.

    survey: read-only ``alharness.protocol.planning.survey.Survey``. A run that
        did not change since the last survey is the same object again.
    """


@hookspec
def alharness_unit_finished(unit: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """A unit's record is in the store: just computed, not found there.

    Called in the coordinator, once per unit, in the order in which units
    finish; implemented by a plugin that observes (tracking, progress).

    unit: JSON object with ``kind``, ``key`` and ``inputs``.
    record: JSON object that the unit left in the store.
    """


@hookspec
def alharness_unit_failed(unit: Mapping[str, Any], message: str) -> None:
    """A unit failed and left no record.

    Called in the coordinator, once per failed attempt; implemented by a plugin
    that observes.

    unit: JSON object with ``kind``, ``key`` and ``inputs``.
    message: one line that says what went wrong.
    """


@hookspec
def alharness_bench_finished(summary: Mapping[str, Any]) -> None:
    """A bench is over, with or without failed units.

    Called in the coordinator, once, last of all; implemented by a plugin that
    observes.

    summary: the document of the bench, as JSON (``docs/results.md``).
    """
