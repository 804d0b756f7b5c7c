"""How much memory a piece of code holds at its peak: Python's and NumPy's, and torch's."""

from __future__ import annotations

import tracemalloc
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


@dataclass
class Peak:
    """Bytes; an upper bound, since the two parts may peak at different times."""

    bytes: int = 0


@contextmanager
def peak_memory() -> Iterator[Peak]:
    """What is allocated inside at its peak, beyond what was there before."""
    peak, tensors = Peak(), _Tensors()
    was_tracing = tracemalloc.is_tracing()
    if not was_tracing:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    try:
        with tensors:
            yield peak
        _, highest = tracemalloc.get_traced_memory()
        peak.bytes = highest - before + tensors.highest
    finally:
        if not was_tracing:
            tracemalloc.stop()


class _Tensors(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Bytes of the storages that operations have made and that still live."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._alive = weakref.WeakSet[Any]()
        self._live = 0
        self.highest = 0

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Called for each operation, after autograd's part of it."""
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._note(leaf.untyped_storage())
        return result

    def _note(self, storage: torch.UntypedStorage) -> None:
        if storage in self._alive:
            return
        self._alive.add(storage)
        size = storage.nbytes()
        self._live += size
        self.highest = max(self.highest, self._live)
        weakref.finalize(storage, self._forget, size)

    def _forget(self, size: int) -> None:
        self._live -= size
