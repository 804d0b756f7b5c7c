"""What a session is asked for: which bench, and where and how its units are executed.

The defaults here are those of the command line and of ``alharness.bench``: there are no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.protocol.suite.declaration import Suite


@dataclass(frozen=True)
class Opening:
    """What says which bench: suite, methods, plugins, workspace, data.

    suite: a suite, its name, or the path of a TOML file (text that ends in ``.toml``, or a Path).
    plugins: samplers to compare with the suite's reference, instead of the suite's methods.
    add: samplers to compare beside these.
    """

    suite: str | Path | Suite
    plugins: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    plugin_files: tuple[Path, ...] = ()
    workspace_dir: Path = Path("alharness-workspace")
    data_dir: Path = Path("data")
    download: bool = False

    @property
    def suite_label(self) -> str:
        """The suite as errors name it."""
        return self.suite.name if isinstance(self.suite, Suite) else str(self.suite)


@dataclass(frozen=True)
class Computing:
    """What says where and how units are executed.

    executor: ``NAME`` or ``NAME:parameter=value``. ``jobs`` and ``jobs_per_gpu`` are
        parameters of the executor, None where they were not given.
    query_timeout: seconds, above 0. query_memory: MiB, 1 or more; None: half of the machine's.
    """

    executor: str = "local"
    device: str = "auto"
    jobs: int | None = None
    jobs_per_gpu: int | None = None
    query_timeout: float = 3600.0
    query_memory: int | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a limit that nothing could keep."""
        if not self.query_timeout > 0:
            raise UsageError(f"query_timeout is {self.query_timeout}, expected seconds above 0")
        if self.query_memory is not None and self.query_memory < 1:
            raise UsageError(f"query_memory is {self.query_memory}, expected 1 MiB or more")
