"""Trainings on features, many as one program: parameters stacked, a step for all of them at once.

A training's result does not depend on which others share its stack: not on how many there are, on
its place among them, or on what becomes of them. Stacking only makes trainings cheap, and no key
knows of it. This holds bit by bit, on the CPU with one thread, because of four rules:

1. Nothing is added up over trainings, and no value of one decides anything about another.
   ``stack_shape`` is what trainings must have in common, so that all take the same steps.
2. Matrix products are made one training at a time, by calls of the same shapes and strides on
   memory that begins at a multiple of 64 bytes. Seen: MKL's product of a 3 x 48 and a 48 x 5 matrix
   has other last bits where the result begins elsewhere, as matrices in a batch do.
3. Everything else works element by element on *slabs* (``slabs``): a training's numbers of one
   kind, contiguous, filled up to a multiple of what PyTorch's vectorized loops take at a time. Such
   a loop does the rest with other instructions, and ``exp`` or a fused multiply-add then has other
   last bits; a slab leaves no rest. ``log_softmax`` over classes works in columns of its own.
4. Sums over images are additions of columns in pairs (``slabs.sums``). Seen: PyTorch's sum over a
   dimension adds in another order when there are more sums to make.

With more threads PyTorch cuts loops where no slab ends, and on a GPU we have not seen what holds:
``can_be_stacked`` says no to both.
"""

from alharness.engine.stacked.fitting import can_be_stacked, fit_stacked
from alharness.engine.stacked.training import StackedTraining, StackShape, stack_shape

__all__ = ["StackShape", "StackedTraining", "can_be_stacked", "fit_stacked", "stack_shape"]
