"""alharness: deep active learning under equal conditions.

Everything a plugin author needs is here; ``alharness.selection`` has the
algorithms that samplers share.
"""

from pluggy import HookimplMarker

from alharness.api.dataset import Dataset, ImageFiles, LabeledImages
from alharness.api.errors import (
    ContractViolation,
    ExitCode,
    HarnessError,
    PluginError,
    UsageError,
)
from alharness.api.extension import ExtensionBatch, TrainingExtension
from alharness.api.framing import Framing, RandomView
from alharness.api.loss import Loss
from alharness.api.model import Model
from alharness.api.oracle import Oracle
from alharness.api.pool import Pool, Subset
from alharness.api.regularizer import Continuation, Regularizer
from alharness.api.sampler import Sampler, ScoreSampler
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
    SamplerSpec,
    ScheduleSpec,
    Spec,
)

hookimpl = HookimplMarker("alharness")
"""Marks a function of a plugin module as the implementation of the hook it is named after."""

__version__ = "0.1.0"

__all__ = [
    "API_VERSION",
    "Choice",
    "Continuation",
    "ContractViolation",
    "Dataset",
    "DatasetSpec",
    "Distribution",
    "ExecutorSpec",
    "ExitCode",
    "ExtensionBatch",
    "Framing",
    "HarnessError",
    "ImageFiles",
    "LabeledImages",
    "LogUniform",
    "Loss",
    "LossSpec",
    "Model",
    "ModelSpec",
    "Oracle",
    "OracleSpec",
    "Parameters",
    "PluginError",
    "Pool",
    "RandomView",
    "Regularizer",
    "RegularizerSpec",
    "Sampler",
    "SamplerSpec",
    "Schedule",
    "ScheduleSpec",
    "ScoreSampler",
    "Space",
    "Spec",
    "Subset",
    "TrainingExtension",
    "Uniform",
    "UsageError",
    "Value",
    "hookimpl",
]
