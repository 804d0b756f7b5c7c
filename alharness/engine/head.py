"""A network's last layer: from penultimate features to logits."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn

from alharness.api.errors import HarnessError

TOLERANCE = 1e-4
"""How far the last layer's logits may be from the network's, relative to the largest one."""


def head_of(network: nn.Module, embeddings: torch.Tensor, logits: torch.Tensor) -> nn.Module:
    """A copy of the last layer, in evaluation mode, seen to make ``logits`` of ``embeddings``.

    ``network`` has timm's interface; ``embeddings``, (n, D), and ``logits``, (n, C), are its
    own for some images. Raises HarnessError when it has no layer that does this.
    """
    offered: Callable[[], object] = getattr(network, "get_classifier", lambda: None)
    layer = offered()
    if not isinstance(layer, nn.Module):
        raise _refused("offers no last layer")
    head = copy.deepcopy(layer).eval()
    with torch.no_grad():
        try:
            said = head(embeddings)
        except (RuntimeError, ValueError, TypeError) as error:
            raise _refused("has a last layer that takes no penultimate features") from error
    if said.shape != logits.shape:
        raise _refused(f"has a last layer that gives {tuple(said.shape[1:])} for an image")
    scale = max(1.0, float(logits.abs().max()))
    if not float((said - logits).abs().max()) <= TOLERANCE * scale:
        raise _refused("has a last layer whose logits are not the network's")
    return head


def _refused(why: str) -> HarnessError:
    return HarnessError(
        f"the task model {why}",
        where="pool.head()",
        remedy="Take a model whose get_classifier() makes logits of penultimate features, as all "
        "built-in networks and most of timm's have one",
    )
