"""Checkpoints: the weights of trials, as safetensors, kept only while they are needed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from alharness.api.errors import HarnessError
from alharness.protocol.keys import digest_bytes
from alharness.store.files import read, set_aside, write_over

if TYPE_CHECKING:
    import torch


class CheckpointMissing(HarnessError):
    """What a recorded unit left is not there, or damaged: the unit has to run again.

    The weights of a trial, or the features of a representation.
    """


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a checkpoint's file, on the CPU."""
    from safetensors.torch import load_file

    return load_file(path)


class Checkpoints:
    """The files below ``root/checkpoints``, one per trial's key."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "checkpoints"
        self._damaged = root / "damaged"

    def write(self, key: str, weights: Mapping[str, torch.Tensor]) -> str:
        """Keep weights; returns the digest of their file."""
        from safetensors.torch import save

        data = save({name: tensor.contiguous() for name, tensor in weights.items()})
        self.put(key, data)
        return digest_bytes(data)

    def put(self, key: str, data: bytes) -> None:
        """Keep the file of a trial's weights."""
        write_over(self._path(key), data)

    def checked(self, key: str, expected: str) -> Path:
        """The file of a trial's weights, when it has the digest that the trial's record names.

        Raises CheckpointMissing when it is absent or damaged (then it is set aside).
        """
        path = self._path(key)
        try:
            if digest_bytes(read(path)) == expected:
                return path
        except FileNotFoundError as error:
            raise CheckpointMissing("no weights", where=str(path)) from error
        except OSError:
            pass
        set_aside(path, self._damaged)
        raise CheckpointMissing("damaged weights, set aside", where=str(path))

    def keys(self) -> set[str]:
        """The trials whose weights are there."""
        return {path.stem for path in self._folder.glob("*.safetensors") if path.is_file()}

    def has(self, key: str) -> bool:
        """Whether the weights of a trial are there."""
        return self._path(key).is_file()

    def drop(self, key: str) -> None:
        """Remove the weights of a trial."""
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError:  # a folder in its place, or not ours to remove
            set_aside(self._path(key), self._damaged)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.safetensors"
