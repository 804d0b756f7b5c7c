"""``timm:NAME``: any image model of the timm library, untrained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

import alharness

if TYPE_CHECKING:
    from torch import nn


class TimmParameters(alharness.Parameters):
    """Parameters of ``timm:``."""

    dropout: float = Field(
        0.0, ge=0, lt=1, description="probability of dropping a penultimate feature (drop_rate)"
    )


class TimmModel(alharness.Model):
    """Builds the timm architecture ``architecture`` with random weights."""

    def __init__(self, architecture: str, dropout: float) -> None:
        self.architecture = architecture
        self.dropout = dropout

    def has_dropout(self) -> bool | None:
        """Not with a rate of 0; with another, whether the architecture uses it nobody knows."""
        return None if self.dropout else False

    def made_for(self) -> int | None:
        """The side that timm names as the architecture's own."""
        import timm

        about = timm.get_pretrained_cfg(self.architecture)
        return None if about is None else int(about.input_size[-1])

    def build(self, n_classes: int, in_channels: int, image_size: int) -> nn.Module:
        import timm

        if not timm.is_model(self.architecture):
            near = timm.list_models(f"*{self.architecture[:6]}*")[:3]
            hint = f"; did you mean {', '.join(near)}?" if near else ""
            raise alharness.UsageError(
                f"timm has no model '{self.architecture}'{hint}",
                where="model 'timm:'",
                remedy="timm.list_models() lists all",
            )
        return timm.create_model(
            self.architecture,
            pretrained=False,
            num_classes=n_classes,
            in_chans=in_channels,
            drop_rate=self.dropout,
        )


@alharness.hookimpl
def alharness_models() -> Iterator[alharness.ModelSpec]:
    yield alharness.ModelSpec(
        "timm:",
        TimmModel,
        summary="Any model of the timm library by its name, e.g. timm:resnet18",
        citation="Wightman (2019), PyTorch Image Models",
        requires="An architecture that takes images of the dataset's size. Monte-Carlo methods: "
        "`dropout` above 0, and an architecture that uses it.",
        cost="That of the architecture.",
        parameters=TimmParameters,
    )
