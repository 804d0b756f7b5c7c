"""``skactiveml:NAME``: any query strategy of scikit-activeml on the task model's features."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

import alharness


class StrategyParameters(alharness.Parameters):
    """Parameters of ``skactiveml:``."""

    arguments: dict[str, bool | int | float | str] = Field(
        default_factory=dict,
        description='of the strategy\'s constructor, such as { method = "entropy" }',
    )


@alharness.hookimpl
def alharness_samplers() -> Iterator[alharness.SamplerSpec]:
    yield alharness.SamplerSpec(
        "skactiveml:",
        "alharness_plugins.samplers.skactiveml.strategy:Strategy",
        summary="A query strategy of scikit-activeml by its name, e.g. skactiveml:Falcun",
        citation="Kottke et al. (2021), scikit-activeml: A Library and Toolbox for Active Learning "
        "Algorithms; and that of the strategy",
        requires="`pip install 'alharness[skactiveml]'`; where a classifier is asked for, a model "
        "whose last layer makes its logits.",
        cost="That of the strategy. Many form the matrix of all pairs, quadratic in the pool.",
        parameters=StrategyParameters,
    )
