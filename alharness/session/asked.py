"""What a session is asked for: which bench, and where and how its units are executed.

The defaults here are those of the command line and of ``alharness.bench``: there are no others.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alharness.api.errors import UsageError
from alharness.api.executor import SILENCE
from alharness.protocol.suite.declaration import Suite


@dataclass(frozen=True)
class Opening:
    """What says which bench: suite, scenarios, methods, plugins, workspace, data.

    suite: a suite, its name, or the path of a TOML file (text that ends in ``.toml``, or a Path).
    scenarios: those of the suite that are benched, by name; none given, all.
    plugins: samplers to compare with the suite's reference, instead of the suite's methods.
    add: samplers to compare beside these.
    looks: whether further seeds of a method are run only while its looks do not stop it.
    """

    suite: str | Path | Suite
    plugins: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    plugin_files: tuple[Path, ...] = ()
    workspace_dir: Path = Path("alharness-workspace")
    data_dir: Path = Path("data")
    download: bool = False
    looks: bool = False
    scenarios: tuple[str, ...] = ()

    @property
    def suite_label(self) -> str:
        """The suite as errors name it."""
        return self.suite.name if isinstance(self.suite, Suite) else str(self.suite)


@dataclass(frozen=True)
class Computing:
    """What says where and how units are executed.

    executor: ``NAME`` or ``NAME:parameter=value``. ``jobs`` and ``jobs_per_gpu`` are
        parameters of the executor, None where they were not given.
    silence: seconds, 0 for no limit. trial_timeout, query_timeout: seconds, above 0.
    trial_memory, query_memory: MiB, 1 or more. None: no limit; of query_memory, half of the
        machine's.
    """

    executor: str = "local"
    device: str = "auto"
    jobs: int | None = None
    jobs_per_gpu: int | None = None
    silence: float = SILENCE
    trial_timeout: float | None = None
    trial_memory: int | None = None
    query_timeout: float = 3600.0
    query_memory: int | None = None

    def __post_init__(self) -> None:
        """Raises UsageError for a limit that nothing could keep."""
        if not self.silence >= 0:
            raise UsageError(f"silence is {self.silence}, expected seconds, 0 for no limit")
        for name in ("trial_timeout", "query_timeout"):
            seconds = getattr(self, name)
            if seconds is not None and not seconds > 0:
                raise UsageError(f"{name} is {seconds}, expected seconds above 0")
        for name in ("trial_memory", "query_memory"):
            memory = getattr(self, name)
            if memory is not None and memory < 1:
                raise UsageError(f"{name} is {memory}, expected 1 MiB or more")
