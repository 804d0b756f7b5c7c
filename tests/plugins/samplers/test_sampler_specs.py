"""What the sampler plugins register, and that listing them stays light."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

import alharness

NAMES = [
    *("random", "least-confidence", "margin", "entropy"),
    *("dbal", "bald", "coreset", "coreset-mip", "vaal"),
    *("learning-loss", "uncertain-gcn", "core-gcn", "tod", "ta-vaal", "sraal"),
    *("badge", "power-bald", "batch-bald", "random-stratified", "uncertainty-herding", "cdal"),
    *("alfa-mix", "bait", "cluster-margin", "refine"),
    *("kmeans", "typiclust", "probcover", "max-herding", "tcm", "dropquery", "dcom"),
    "active-ft",
    "oracle-best-of",
]


def module_of(name: str) -> str:
    return f"alharness_plugins.samplers.{name.replace('-', '_')}"


@pytest.mark.parametrize("name", NAMES)
def test_spec(create, name: str) -> None:
    (spec,) = import_module(module_of(name)).alharness_samplers()
    assert isinstance(spec, alharness.SamplerSpec)
    assert spec.name == name
    assert spec.summary
    assert spec.citation
    assert isinstance(create("sampler", name), alharness.Sampler)


def test_listing_imports_no_torch() -> None:
    modules = ", ".join(map(module_of, NAMES))
    program = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
