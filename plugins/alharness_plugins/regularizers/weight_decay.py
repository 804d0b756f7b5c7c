"""``weight-decay``: the parameter norm penalty, as the optimizers implement it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import alharness


class WeightDecay(alharness.Regularizer):
    """Tunes the optimizer's weight decay over the paper's range (supplement 1.3)."""

    def search_space(self) -> alharness.Space:
        return {"weight-decay": alharness.LogUniform(1e-8, 1e-3)}

    def optimizer_options(self, hyperparameters: Mapping[str, alharness.Value]) -> dict[str, Any]:
        return {"weight_decay": float(hyperparameters["weight-decay"])}


@alharness.hookimpl
def alharness_regularizers() -> Iterator[alharness.RegularizerSpec]:
    yield alharness.RegularizerSpec(
        "weight-decay",
        WeightDecay,
        summary="Parameter norm penalty, its coefficient tuned over [1e-8, 1e-3)",
        citation="Munjal et al. (2022), section 3 and supplement 1.3",
        requires="Nothing of the model.",
        cost="None: the optimizer does it.",
    )
