"""Executors: who hands units to work sites, and what a work site is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alharness.api.errors import UsageError

SILENCE = 1800.0
"""Seconds without a sign of life that are allowed where nothing else is said."""


class Site(BaseModel):
    """What a work site is made from, wherever it is: JSON, so that any machine can be told.

    workspace: the folder of the store, as the machine that carries out units sees it.
    plugin_files: Python files to load as plugins, likewise.
    device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    silence: seconds without a sign of life after which what carries out a unit is ended: a batch
        of a training, time that a query's processes spend on the processor; None: never.
    trial_timeout: seconds after which a trial that is not done is ended; None: never.
    trial_memory: MiB above which what trains is ended; None: never.
    query_timeout: seconds after which a sampler that has not answered is ended; None: never.
    query_memory: MiB above which a sampler's process is ended; None: half of the
        memory of the machine that it runs on.
    decoders: threads that decode images at the site, where these are decoded when they are needed;
        None: one for each core that it may use. How many there are changes no result.
    hidden: files and folders with the data, as that machine sees them: samplers are denied
        them, as they are the workspace, where the kernel allows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    workspace: Path
    plugin_files: tuple[Path, ...] = ()
    device: str = "auto"
    silence: float | None = Field(default=SILENCE, gt=0)
    trial_timeout: float | None = Field(default=None, gt=0)
    trial_memory: int | None = Field(default=None, gt=0)
    query_timeout: float | None = Field(default=None, gt=0)
    query_memory: int | None = Field(default=None, gt=0)
    decoders: int | None = Field(default=None, gt=0)
    hidden: tuple[Path, ...] = ()

    def on(self, device: str) -> Site:
        """The same on another device."""
        return self.model_copy(update={"device": device})

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: object) -> Site:
        """The site that ``to_json`` described. Raises UsageError for what is none."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(["site", *map(str, first["loc"])])
            raise UsageError(
                first["msg"][:1].lower() + first["msg"][1:],
                where=place,
                remedy="Describe a site as alharness.Site.to_json does",
            ) from error


class Executor(ABC):
    """Hands units to work sites, in the manner of ``concurrent.futures``.

    It is built with its parameters, opened for one bench, and shut down once. How units
    are carried out is the work of ``alharness.work.WorkSite``, in this process or, by the
    command ``python -m alharness.work``, in any other that sees the store: an executor
    decides where and when.

    A unit is a JSON object with ``kind``, ``step``, ``key``, ``inputs`` and ``resources``:
    what it takes, ``cores`` and ``gpus`` (whole numbers) and ``memory`` (MiB, or None where that is
    unknown). Resources are advice: they are no part of its key.
    """

    slots: int = 1
    """How many submissions are carried out at a time, 1 or more; known once it is open.

    Those beyond wait.
    """

    @abstractmethod
    def open(self, site: Site) -> None:
        """Get ready for the units of a bench, carried out at work sites that ``site`` describes.

        Raises UsageError where that cannot be, before anything is computed.
        """

    @abstractmethod
    def submit(self, unit: Mapping[str, Any]) -> Future[None]:
        """Have a unit carried out.

        When the future is done, the unit's record is in the store, or the future raises
        what the unit raised: see ``alharness.work.Outcome``.
        """

    def submit_together(self, units: Sequence[Mapping[str, Any]]) -> list[Future[None]]:
        """Have units of one kind carried out, at one work site where that is of use.

        A future for each, in their order: every unit has its own record and its own
        failure. By default they are submitted one by one.
        """
        return [self.submit(unit) for unit in units]

    @abstractmethod
    def shutdown(self) -> None:
        """End what is in progress, whose futures fail, and every process that was started."""
