"""Verifying: units of a bundle are computed again here, and held against their records."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alharness.api.errors import HarnessError
from alharness.bundles.agreement import Compared, Outcome
from alharness.bundles.checking import Bundle
from alharness.bundles.here import Here
from alharness.bundles.recomputing import Recomputing, waves
from alharness.bundles.tolerances import TOLERANCES
from alharness.protocol.bench import Bench
from alharness.protocol.condition import Condition
from alharness.protocol.units import Unit
from alharness.registry import discover
from alharness.session.asked import Computing
from alharness.session.executors import open_executor
from alharness.session.opening import Opened
from alharness.store.workspace import Workspace


@dataclass(frozen=True)
class Means:
    """With what units are computed again; as ``alharness.bench`` takes them.

    prepared: the workspace whose prepared data is used, and that gets what was not prepared yet;
    None: data is prepared for this once.
    """

    plugin_files: tuple[Path, ...] = ()
    data_dir: Path = Path("data")
    download: bool = False
    computing: Computing = field(default_factory=Computing)
    prepared: Workspace | None = None


@dataclass(frozen=True)
class Verified:
    """What came of verifying: each unit that was to be computed, with those that it reads."""

    units: tuple[Compared, ...]

    def of(self, outcome: Outcome) -> list[Compared]:
        """Those that ended so."""
        return [one for one in self.units if one.outcome is outcome]

    @property
    def agreed(self) -> bool:
        """Whether there is something, and all of it was computed and agrees."""
        fine = (Outcome.IDENTICAL, Outcome.CLOSE)
        return bool(self.units) and all(one.outcome in fine for one in self.units)


def trainings(bundle: Bundle, keys: Iterable[str]) -> int:
    """How many trainings it takes to compute these units again."""
    planned = waves(bundle, keys)
    return sum(unit.kind == "trial" for wave in planned for unit in wave)


def verify(
    bundle: Bundle,
    keys: Sequence[str],
    means: Means,
    say: Callable[[str], None],
    told: Callable[[Compared], None] = lambda one: None,
) -> Verified:
    """Compute units again, each from its recorded inputs, and compare.

    Executes plugins that are installed here, and nothing of the bundle. A unit whose plugins or
    data are not here, or are others, is not computed, and it is said why. ``say`` gets messages,
    ``told`` each unit when it is done. Of the bundle's tolerances and ours the smaller counts.

    Raises UsageError or PluginError for an executor or a device that cannot be used.
    """
    planned = waves(bundle, keys)
    registry = discover(means.plugin_files)
    with tempfile.TemporaryDirectory(prefix="alharness-verify-") as scratch:
        workspace = _scratch(Path(scratch), means.prepared)
        prepared = _prepared(bundle, planned, Here(registry, bundle), workspace, means)
        refused = [
            Compared(unit.kind, unit.key, Outcome.NOT_COMPUTED, prepared.blocked[unit.key])
            for wave in planned
            for unit in wave
            if unit.key in prepared.blocked
        ]
        for one in refused:
            told(one)
        left = [[one for one in wave if one.key not in prepared.blocked] for wave in planned]
        if not any(left):
            return Verified(tuple(refused))
        opened = Opened(registry, workspace, prepared.bench, means.plugin_files, means.data_dir)
        computed = _computed(bundle, opened, means.computing, left, say, told)
        return Verified((*refused, *computed))


def _scratch(folder: Path, prepared: Workspace | None) -> Workspace:
    """A workspace for this once, with the data of another one."""
    if prepared is not None:
        data = prepared.root / "data"
        data.mkdir(parents=True, exist_ok=True)
        (folder / "data").symlink_to(data, target_is_directory=True)
    return Workspace(folder)


@dataclass(frozen=True)
class _Prepared:
    """Why units cannot be computed here, by key; and the scenarios of which some can."""

    blocked: Mapping[str, str]
    conditions: tuple[Condition, ...]
    of: Bench

    @property
    def bench(self) -> Bench:
        """The scenarios as one bench: an executor asks it where their data lies."""
        return replace(self.of, conditions=self.conditions)


def _prepared(
    bundle: Bundle,
    planned: Sequence[Sequence[Unit]],
    here: Here,
    workspace: Workspace,
    means: Means,
) -> _Prepared:
    wanted = {unit.key for wave in planned for unit in wave}
    blocked: dict[str, str] = {}
    conditions: list[Condition] = []
    for one in bundle.rests_on:
        units = {key: unit for key, unit in one.units().items() if key in wanted}
        missing = {key: "; ".join(here.missing(unit)) for key, unit in units.items()}
        blocked |= {key: why for key, why in missing.items() if why}
        if all(missing.values()):
            continue
        try:
            bench = here.bench(one, workspace, means.data_dir, means.download)
            conditions += bench.conditions
        except HarnessError as error:
            blocked |= dict.fromkeys(units, str(error))
    return _Prepared(blocked, tuple(conditions), bundle.rests_on[0].bench)


def _computed(
    bundle: Bundle,
    opened: Opened,
    computing: Computing,
    planned: Sequence[Sequence[Unit]],
    say: Callable[[str], None],
    told: Callable[[Compared], None],
) -> list[Compared]:
    # Imports torch: what is missing shows before that.
    from alharness.engine.device import is_gpu

    stated = bundle.manifest.tolerances.model_dump()
    tolerances = {kind: min(stated[kind], limit) for kind, limit in TOLERANCES.items()}
    executor = open_executor(opened, computing, say)
    try:
        on_gpu = is_gpu(computing.device)
        work = Recomputing(bundle, opened.workspace, executor, on_gpu, tolerances, told)
        return work.run(planned)
    finally:
        executor.shutdown()
