"""Keyed draws: every hyper-parameter of every trial has a random stream of its own."""

from __future__ import annotations

import math
from dataclasses import replace

from alharness.api.space import Choice, Distribution, LogUniform, Value
from alharness.protocol.seeds import SeedPath


def keyed_value(path: SeedPath, trial: int, name: str, distribution: Distribution) -> Value:
    """The value of a hyper-parameter in a trial of the tuning at ``path``.

    It follows from the tuning's path, the trial's number and the hyper-parameter's name and
    distribution: not from the order of the draws, what else is drawn, an interruption or the
    methods compared.
    """
    own = replace(path, purpose=f"{path.purpose}/{name}", number=trial)
    return _quantile(distribution, own.generator().random())


def _quantile(distribution: Distribution, probability: float) -> Value:
    """The value below which a share of ``probability``, in [0, 1), of the distribution lies.

    Of a range, to six significant digits: readable, and the same in every key though
    logarithms differ in the last bit between platforms.
    """
    if isinstance(distribution, Choice):
        return distribution.options[int(probability * len(distribution.options))]
    low, high = distribution.low, distribution.high
    if isinstance(distribution, LogUniform):
        value = math.exp(math.log(low) + probability * (math.log(high) - math.log(low)))
    else:
        value = low + probability * (high - low)
    rounded = float(f"{value:.6g}")
    return min(max(rounded, low), math.nextafter(high, low))
