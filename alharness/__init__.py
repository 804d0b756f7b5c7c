"""alharness: deep active learning under equal conditions.

Everything a plugin author needs is here; ``alharness.selection`` has the
algorithms that samplers share, ``alharness.work`` the work sites that executors hand units to.
``bench``, ``plan`` and ``results`` do what the commands do; ``load_results`` gives a pandas frame.
"""

import importlib
from typing import TYPE_CHECKING, Any

import alharness.api.strangers  # noqa: F401 - before pydantic

# isort: split
from pluggy import HookimplMarker

from alharness.api.dataset import Dataset, DatasetShape, ImageFiles, LabeledImages
from alharness.api.decoding import UndecodableImage, decoded
from alharness.api.errors import (
    ContractViolation,
    ExitCode,
    HarnessError,
    PluginError,
    UsageError,
)
from alharness.api.executor import Executor, Site
from alharness.api.extension import ExtensionBatch, LevelsExtension, TrainingExtension
from alharness.api.fetching import OfficialFiles
from alharness.api.framing import Framing, RandomView
from alharness.api.loss import Loss
from alharness.api.model import Model
from alharness.api.needs import Needs
from alharness.api.oracle import Oracle
from alharness.api.pool import GradientFactors, Pool, Subset
from alharness.api.regularizer import Continuation, Regularizer
from alharness.api.representation import GivenFeatures, Part, Representation, image_digest
from alharness.api.sampler import STORED_BYTES, Sampler, ScoreSampler
from alharness.api.schedule import Schedule
from alharness.api.space import Choice, Distribution, LogUniform, Space, Uniform, Value
from alharness.api.specs import (
    API_VERSION,
    DatasetSpec,
    ExecutorSpec,
    LossSpec,
    ModelSpec,
    OracleSpec,
    Parameters,
    RegularizerSpec,
    RepresentationSpec,
    SamplerSpec,
    ScheduleSpec,
    Spec,
)

if TYPE_CHECKING:
    from alharness.results.documents import results
    from alharness.results.frame import load_results
    from alharness.session.commands import bench, plan

hookimpl = HookimplMarker("alharness")
"""Marks a function of a plugin module as the implementation of the hook it is named after."""

__version__ = "0.2.0"

__all__ = [
    "API_VERSION",
    "STORED_BYTES",
    "Choice",
    "Continuation",
    "ContractViolation",
    "Dataset",
    "DatasetShape",
    "DatasetSpec",
    "Distribution",
    "Executor",
    "ExecutorSpec",
    "ExitCode",
    "ExtensionBatch",
    "Framing",
    "GivenFeatures",
    "GradientFactors",
    "HarnessError",
    "ImageFiles",
    "LabeledImages",
    "LevelsExtension",
    "LogUniform",
    "Loss",
    "LossSpec",
    "Model",
    "ModelSpec",
    "Needs",
    "OfficialFiles",
    "Oracle",
    "OracleSpec",
    "Parameters",
    "Part",
    "PluginError",
    "Pool",
    "RandomView",
    "Regularizer",
    "RegularizerSpec",
    "Representation",
    "RepresentationSpec",
    "Sampler",
    "SamplerSpec",
    "Schedule",
    "ScheduleSpec",
    "ScoreSampler",
    "Site",
    "Space",
    "Spec",
    "Subset",
    "TrainingExtension",
    "UndecodableImage",
    "Uniform",
    "UsageError",
    "Value",
    "bench",
    "decoded",
    "hookimpl",
    "image_digest",
    "load_results",
    "plan",
    "results",
]


def __getattr__(name: str) -> Any:
    """What lies in layers that import this module, hence only once it is asked for."""
    if name in ("bench", "plan"):
        return getattr(importlib.import_module("alharness.session.commands"), name)
    if name == "load_results":
        return importlib.import_module("alharness.results.frame").load_results
    if name == "results":
        return importlib.import_module("alharness.results")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
