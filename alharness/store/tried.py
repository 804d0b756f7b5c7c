"""Which methods were ever tried: a note for each, by the protocol digest of its scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from alharness.protocol.keys import digest
from alharness.store.files import write_once, write_over

SCHEMA = 1

UNREADABLE = "(a note that cannot be read)"


class Described(Protocol):
    """A sampler, as a component of a bench or of a document."""

    @property
    def label(self) -> str:
        """The suite's spelling."""

    @property
    def name(self) -> str:
        """The plugin's name."""

    @property
    def parameters(self) -> Mapping[str, Any] | None:
        """All of them."""

    @property
    def source(self) -> str:
        """Digest of the files behind it, or what stands for them."""

    @property
    def fingerprint(self) -> str | None:
        """Of what it reads besides."""


@dataclass(frozen=True)
class Tried:
    """A method that has results.

    method: its label. reference: the label of what it was compared with. p_value: that of its
    latest verdict, not adjusted; None where there was none yet, or none to make. metric: what
    that verdict is on.
    """

    method: str
    reference: str
    p_value: float | None
    metric: str = "accuracy"


class TriedMethods:
    """The notes below ``root/tried``: ``PROTOCOL/METHOD.json``. None is ever removed."""

    def __init__(self, root: Path) -> None:
        self._root = root / "tried"

    def note(self, protocol: str, sampler: Described, reference: str) -> None:
        """Note a method that has results now, unless it is noted. HarnessError: the disk refuses.

        ``protocol``: the digest of the protocol of its scenario.
        """
        tried = Tried(sampler.label, reference, None)
        write_once(self._path(protocol, sampler), _text(tried))

    def conclude(
        self,
        protocol: str,
        sampler: Described,
        reference: str,
        p_value: float | None,
        metric: str = "accuracy",
    ) -> None:
        """Note what came out for a method. Raises HarnessError when the disk refuses."""
        text = _text(Tried(sampler.label, reference, p_value, metric))
        path = self._path(protocol, sampler)
        if not path.is_file() or path.read_bytes() != text:
            write_over(path, text)

    def under(self, protocol: str) -> dict[str, Tried]:
        """Every method that was noted under a protocol digest, by ``method_id``, sorted.

        A note that cannot be read still counts: as a method of which nothing is known.
        """
        paths = sorted((self._root / protocol).glob("*.json"))
        return {path.stem: _read(path) for path in paths}

    def _path(self, protocol: str, sampler: Described) -> Path:
        return self._root / protocol / f"{method_id(sampler)}.json"


def method_id(sampler: Described) -> str:
    """What tells methods apart: a plugin with its parameters and its source.

    So another value of a parameter is another method, and so is a plugin that was edited.
    """
    parameters = None if sampler.parameters is None else dict(sampler.parameters)
    return digest([sampler.name, parameters, sampler.source, sampler.fingerprint or ""])


def _text(tried: Tried) -> bytes:
    return json.dumps({"schema": SCHEMA, **asdict(tried)}, indent=1, allow_nan=False).encode()


def _read(path: Path) -> Tried:
    try:
        fields = json.loads(path.read_bytes())
        p_value = fields["p_value"]
        known = isinstance(p_value, float | int) and 0 <= p_value <= 1
        return Tried(
            str(fields["method"]),
            str(fields["reference"]),
            float(p_value) if known else None,
            str(fields.get("metric", "accuracy")),  # early notes are on accuracy, and do not say so
        )
    except (OSError, ValueError, KeyError, TypeError):
        return Tried(UNREADABLE, "", None)
