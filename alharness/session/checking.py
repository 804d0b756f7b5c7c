"""Whether a suite can be benched, as far as that can be told without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from alharness.api.dataset import DatasetShape
from alharness.protocol.condition import DatasetFacts
from alharness.protocol.suite.declaration import Suite
from alharness.registry.boundary import located
from alharness.session.applicability import not_applicable
from alharness.session.asked import Opening
from alharness.session.first_pass import require_networks
from alharness.session.opening import Planned, open_plan


@dataclass(frozen=True)
class CheckedSuite:
    """A suite that nothing is wrong with.

    untried: scenarios whose networks met no image, as their dataset does not declare how many
        classes and pixels there are.
    notes: what else is not as it may seem, a line each.
    """

    suite: Suite
    untried: tuple[str, ...]
    notes: tuple[str, ...]


def check_suite(suite: str, plugin_files: Sequence[Path] = ()) -> CheckedSuite:
    """Check the suite of this name, or in this TOML file, as ``plan`` does where nothing is.

    Its tables, its plugins with their parameters, its space, what it is held against, and whether
    its networks take images of the sizes that its datasets declare. Reads no data and no workspace,
    writes nothing.

    Raises UsageError, PluginError or ContractViolation for the first thing that is wrong.
    """
    with TemporaryDirectory() as empty:
        asked = Opening(
            suite,
            plugin_files=tuple(plugin_files),
            workspace_dir=Path(empty) / "workspace",
            data_dir=Path(empty) / "data",
        )
        planned = open_plan(asked)
        _require_buildable(planned, f"suite '{asked.suite_label}'")
        known = {name: found.known for name, found in planned.data.items()}
        require_networks(planned.bench, known, planned.workspace.records, asked.plugin_files)
    return CheckedSuite(
        planned.bench.suite,
        untried=tuple(name for name, one in known.items() if not _declares_images(one)),
        notes=(*map(str, not_applicable(planned.bench)), *planned.notes),
    )


def _declares_images(known: DatasetFacts | DatasetShape) -> bool:
    if isinstance(known, DatasetFacts):
        return True
    return None not in (known.n_classes, known.channels, known.image_size)


def _require_buildable(planned: Planned, origin: str) -> None:
    with located(origin):
        for component in planned.bench.components():
            planned.registry.create(component)
