"""What of a recipe the engine carries out."""

from __future__ import annotations

from alharness.api.errors import UsageError

PRECISIONS = ("float32", "bfloat16")
"""The precisions that a trial can be computed in."""

COMPILE_MODES = (None, "default", "reduce-overhead")
"""How its passes can be compiled: not, or by these modes of ``torch.compile``."""


def require_carried_out(precision: str, compile_mode: str | None) -> None:
    """Raises UsageError for a value of a recipe that no code would read."""
    if precision not in PRECISIONS:
        raise UsageError(
            f"precision '{precision}' is not carried out",
            where="recipe",
            remedy=f"Precisions are {', '.join(PRECISIONS)}",
        )
    if compile_mode not in COMPILE_MODES:
        raise UsageError(
            f"compile '{compile_mode}' is not carried out",
            where="recipe",
            remedy=f"Modes are {', '.join(filter(None, COMPILE_MODES))}",
        )
