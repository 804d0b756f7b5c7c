"""What timm knows of a pretrained model, and where its weights are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import alharness

if TYPE_CHECKING:
    import torch

FILES = ("model.safetensors", "pytorch_model.bin")
"""Weights in a repository of the hub, the preferred first."""

_WIDTH = 200
"""A message shows no more of what a library says."""


@dataclass(frozen=True)
class Pretrained:
    """A model of timm by its name, with or without a tag.

    ``weights`` is the file of its weights; None for timm's own, which are in the hub's cache.
    """

    name: str
    weights: Path | None

    @cached_property
    def about(self) -> Any:
        """timm's pretrained configuration. Raises UsageError where there is none."""
        import timm

        if not timm.is_model(self.name):
            near = get_close_matches(self.name, timm.list_models(), 3)
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise self.wrong(
                f"timm has no model '{self.name}'{hint}", "timm.list_pretrained() lists all"
            )
        name = self.name.partition(".")[0]
        try:
            about = timm.get_pretrained_cfg(self.name)
        except RuntimeError as error:
            tags = [one.partition(".")[2] for one in timm.list_pretrained(f"{name}.*")][:5]
            raise self.wrong(said(error), f"Tags of {name} are {', '.join(tags)}") from error
        if about is None:
            raise self.wrong("timm has no pretrained configuration of it", "Name another model")
        return about

    @property
    def repository(self) -> tuple[str, str | None]:
        """Repository and revision on the hub; the first is empty where there is none."""
        repository, _, revision = (self.about.hf_hub_id or "").partition("@")
        return repository, revision or None

    @property
    def may_be_fetched(self) -> bool:
        """Whether its weights are timm's own and on the hub."""
        return self.weights is None and bool(self.repository[0])

    def file(self) -> Path | None:
        """The file of weights, if it is here. Opens no connection."""
        from huggingface_hub import try_to_load_from_cache

        if self.weights is not None:
            return self.weights if self.weights.is_file() else None
        repository, revision = self.repository
        for name in FILES if repository else ():
            path = try_to_load_from_cache(repository, name, revision=revision)
            if isinstance(path, str):
                return Path(path)
        return None

    def absent(self) -> alharness.UsageError:
        """The error to raise where ``file`` finds none."""
        if self.weights is not None:
            return self.wrong(f"there is no file '{self.weights}'", "Give a file that is there")
        if not self.may_be_fetched:
            return self.wrong("timm has no weights of it on the hub", 'Give weights = "FILE"')
        return self.wrong(
            "its weights are not in the hub's cache",
            'Allow bench to --download, or give weights = "FILE"',
        )

    def fetch(self) -> None:
        """Fetch timm's weights into the hub's cache. Raises UsageError when they cannot be had."""
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import RemoteEntryNotFoundError

        repository, revision = self.repository
        reason: Exception | None = None
        for name in FILES:
            try:
                hf_hub_download(repository, name, revision=revision)
            except RemoteEntryNotFoundError as error:
                reason = error
            except Exception as error:  # of the network's many
                reason = error
                break
            else:
                return
        raise self.wrong(
            f"its weights cannot be fetched from {repository} ({said(reason)})",
            'Run the same command where there is a network, or give weights = "FILE"',
        ) from reason

    def tensors(self, path: Path) -> dict[str, torch.Tensor]:
        """The tensors of a file by name. Nothing in it is executed.

        Raises UsageError when it cannot be read.
        """
        import safetensors.torch
        import torch

        try:
            if self.weights is None and path.name == FILES[1]:
                return dict(torch.load(path, map_location="cpu", weights_only=True))
            return safetensors.torch.load_file(path)
        except Exception as error:
            raise self.wrong(
                f"'{path}' holds no weights that can be read ({said(error)})",
                "Give a file that safetensors.torch.save_file wrote",
            ) from error

    def classes(self, tensors: Mapping[str, torch.Tensor]) -> int:
        """How many classes the weights are for; 0 where they have no classifier."""
        if self.weights is None:
            return int(self.about.num_classes)
        names = self.about.classifier or ()
        first = names if isinstance(names, str) else next(iter(names), "")
        weight = tensors.get(f"{first}.weight")
        return 0 if weight is None else len(weight)

    def wrong(self, what: str, remedy: str) -> alharness.UsageError:
        """An error that names the model."""
        where = f"representation 'timm:{self.name}'"
        return alharness.UsageError(what, where=where, remedy=remedy)


def said(error: Exception | None) -> str:
    """What an exception says, on one line."""
    told = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return told if len(told) <= _WIDTH else f"{told[:_WIDTH]}…"
