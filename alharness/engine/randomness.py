"""The one place where global random generators are touched."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def controlled(seed: int, threads: int = 1) -> Iterator[None]:
    """Seeded global generators, deterministic algorithms and ``threads`` CPU threads inside.

    Inside, the default dtype is float32 and gradients are on, whatever they were.
    Everything is as it was afterwards, whatever the code inside did to it:
    torch's generators (CPU and GPU), Python's and NumPy's global ones, default
    dtype, gradient mode, thread count. ``seed`` is in [0, 2**63).
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("TORCHINDUCTOR_DETERMINISTIC", "1")
    # A compiler's own processes would outlive the unit, and take cores that others compute on.
    os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
    memory: Any = torch.utils.deterministic
    devices = list(range(torch.cuda.device_count()))
    before = (random.getstate(), np.random.get_state())  # noqa: NPY002
    settings = (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.get_deterministic_debug_mode(),
        torch.is_grad_enabled(),
        torch.backends.cudnn.benchmark,
        memory.fill_uninitialized_memory,
    )
    with torch.random.fork_rng(devices=devices):
        try:
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            torch.manual_seed(seed)
            torch.set_num_threads(threads)
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
            # Not use_deterministic_algorithms, which imports the whole compiler (3 s in every
            # process) only to set what the variable above sets when a model imports it.
            torch.set_deterministic_debug_mode("error")
            torch.backends.cudnn.benchmark = False
            # Filling memory that nobody reads costs about 5 % of a small trial.
            memory.fill_uninitialized_memory = False
            yield
        finally:
            random.setstate(before[0])
            np.random.set_state(before[1])  # noqa: NPY002
            torch.set_num_threads(settings[0])
            torch.set_default_dtype(settings[1])
            torch.set_deterministic_debug_mode(settings[2])
            torch.set_grad_enabled(settings[3])
            torch.backends.cudnn.benchmark = settings[4]
            memory.fill_uninitialized_memory = settings[5]
