"""Reading documents: schema checked, older ones migrated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alharness.api.errors import HarnessError, MismatchError, UsageError
from alharness.results.document import SCHEMA, Document
from alharness.results.migrations import MIGRATIONS, migrated
from alharness.store.files import read


def read_document(path: Path) -> Document:
    """The document in a file.

    Raises UsageError for a file that cannot be read, that holds no document or one of a newer
    schema; MismatchError for one that is not what its schema says.
    """
    return from_json(_json(path), str(path))


def read_documents(path: Path) -> list[Document]:
    """The documents in a file that holds one, or a list of them. Raises as ``read_document``."""
    data = _json(path)
    if not isinstance(data, list):
        return [from_json(data, str(path))]
    return [from_json(one, f"{path}[{number}]") for number, one in enumerate(data)]


def _json(path: Path) -> Any:
    try:
        return json.loads(read(path))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError):
        raise _no_document(str(path)) from None


def from_json(data: Any, where: str = "document") -> Document:
    """The document in a JSON value; ``where`` names its source in errors.

    Raises UsageError for what is no document, or one of a newer schema; MismatchError for one
    that is not what its schema says.
    """
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or "scenarios" not in data:
        raise _no_document(where)
    if schema > SCHEMA:
        raise UsageError(
            f"its schema {schema} is newer than this alharness knows ({SCHEMA})",
            where=where,
            remedy="Upgrade alharness",
        )
    if schema != SCHEMA and schema not in MIGRATIONS:
        raise _mismatch(f"there is no schema {schema}", where)
    try:
        newest = json.dumps(migrated(data, SCHEMA))
        return Document.model_validate_json(newest)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _mismatch(": ".join(filter(None, (place, first["msg"]))), where) from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise _mismatch(f"{type(error).__name__}: {error}", where) from None


def _no_document(where: str) -> HarnessError:
    return UsageError("is no document of a bench", where=where, remedy="Name another file")


def _mismatch(why: str, where: str) -> HarnessError:
    return MismatchError(
        f"is not the document that it claims to be ({why})",
        where=where,
        remedy="Write it again with 'alharness bench'",
    )
