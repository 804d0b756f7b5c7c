"""What of a recipe the engine carries out."""

from __future__ import annotations

from alharness.api.errors import UsageError

PRECISIONS = ("float32",)
"""The precisions that a trial can be computed in."""


def require_carried_out(precision: str, start: str | None) -> None:
    """Raises UsageError for a value of a recipe that no code would read.

    ``start`` is the key of the trial whose weights training would start from.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            f"precision '{precision}' is not carried out",
            where="recipe",
            remedy=f"Precisions are {', '.join(PRECISIONS)}",
        )
    if start is not None:
        raise UsageError(
            f"start weights of trial {start} are not carried out",
            where="recipe",
            remedy="Every training starts from an initialization of its own",
        )
