"""What a session is asked for: which bench, and where and how its units are executed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Opening:
    """What says which bench: suite, methods, plugins, workspace, data."""

    suite_name: str
    plugins: tuple[str, ...]
    plugin_files: tuple[Path, ...]
    workspace_dir: Path
    data_dir: Path
    download: bool


@dataclass(frozen=True)
class Computing:
    """What says where and how units are executed.

    executor: ``NAME`` or ``NAME:parameter=value``. ``jobs`` and ``jobs_per_gpu`` are
        parameters of the executor, None where they were not given.
    """

    executor: str
    device: str
    jobs: int | None
    jobs_per_gpu: int | None
    query_timeout: float
    query_memory: int | None
