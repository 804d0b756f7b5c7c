"""What is wrong with a suite, in one line: the key, what it holds, what to write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.wording import did_you_mean, spell, spell_key, spell_kind

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_MISFIT = "misfit"
_LONGEST = 60


def misfit(what: str, remedy: str, *, key: str = "") -> PydanticCustomError:
    """For validators to raise: ``key`` is below the value validated, or dotted from the top."""
    return PydanticCustomError(_MISFIT, "{what}", {"what": what, "remedy": remedy, "key": key})


def misfit_from(error: UsageError) -> PydanticCustomError:
    """For validators to raise instead of a UsageError whose ``where`` is dotted from the top."""
    return misfit(error.what, error.remedy, key=error.where)


def usage_error(model: type[BaseModel], error: ValidationError, where: str) -> UsageError:
    """The first of a model's errors, and how many more there are.

    Unknown keys come first: a misspelt key is also a missing one.
    """
    details = error.errors(include_url=False)
    first = min(details, key=lambda detail: detail["type"] != "extra_forbidden")
    key, what, remedy = _explain(model, first)
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return UsageError(what + more, where=f"{where}, {key}" if key else where, remedy=remedy)


def _explain(model: type[BaseModel], detail: ErrorDetails) -> tuple[str, str, str]:
    """Dotted key, what is wrong, remedy."""
    path, given = detail["loc"], detail["input"]
    if detail["type"] == _MISFIT:
        context = detail["ctx"]
        return _below(_dotted(path), context["key"]), context["what"], context["remedy"]
    table, description = _table_and_description(model, path)
    if detail["type"] == "extra_forbidden":
        known = [field.alias or name for name, field in table.model_fields.items()]
        return _dotted(path), "unknown key", did_you_mean(str(path[-1]), known)
    if detail["type"] == "missing":
        return _dotted(path), "is missing", f"Write {description}"
    shown = one_line(spell(given), _LONGEST)
    return _dotted(path), f"{shown} ({spell_kind(given)}) does not fit", f"Write {description}"


def _below(path: str, key: str) -> str:
    if not key or not path or key.startswith(f"{path}."):
        return key or path
    return path if key == path else f"{path}.{key}"


def _dotted(path: Sequence[int | str]) -> str:
    """``("scenarios", 0, "name")`` as ``scenarios[0].name``; odd keys in quotes, as in TOML."""
    return "".join(map(_step, path)).removeprefix(".")


def _step(part: int | str) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{spell_key(part)}"


def _table_and_description(
    model: type[BaseModel], path: Sequence[int | str]
) -> tuple[type[BaseModel], str]:
    """The model of the innermost table on the path, and what the last known key may hold."""
    table, description = model, ""
    for part in path:
        fields = {field.alias or name: field for name, field in table.model_fields.items()}
        if part not in fields:
            continue
        description = fields[str(part)].description or ""
        annotation = fields[str(part)].annotation
        for inner in (annotation, *get_args(annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                table = inner
    return table, description
