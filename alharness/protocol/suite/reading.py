"""Reading suites from TOML, and their digests."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alharness.api.errors import UsageError
from alharness.protocol.keys import digest
from alharness.protocol.suite.errors import usage_error
from alharness.protocol.suite.tables import SCHEMA, Scenario, Suite


def load_suite(path: str | Path) -> Suite:
    """Read a suite from a TOML file.

    Raises UsageError for a file that cannot be read, and as ``parse_suite`` does.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="Give the path of a suite"
        ) from None
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text", where=str(path), remedy="Save it as UTF-8") from None
    return parse_suite(text, str(path))


def parse_suite(text: str, where: str) -> Suite:
    """Read a suite from TOML; ``where`` names the source in errors.

    Raises UsageError that says what is wrong, the source with the dotted key, and
    what to write instead; of several errors the first, and how many more.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"is not TOML: {error}", where=where, remedy="Mend that line") from None
    schema = table.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise UsageError(
            f"{schema} is newer than this alharness knows ({SCHEMA})",
            where=f"{where}, schema",
            remedy="Upgrade alharness",
        )
    try:
        return Suite.model_validate(table)
    except ValidationError as error:
        raise usage_error(Suite, error, where) from None


def suite_digest(suite: Suite) -> str:
    """Digest of everything that a suite says; defaults count as if written."""
    return digest(suite_json(suite))


def protocol_digest(suite: Suite, scenario: Scenario) -> str:
    """Digest of what makes results of one scenario comparable.

    Covers schema, suite seed, protocol, tuning, training and the scenario; neither
    methods, title, nor the suite's name and version. Results whose protocol digests
    differ are never ranked together.
    """
    parts = suite_json(suite)
    kept = {name: parts[name] for name in ("schema", "seed", "protocol", "tuning", "training")}
    return digest({**kept, "scenario": scenario.model_dump(mode="json")})


def suite_json(suite: Suite) -> dict[str, Any]:
    """Everything that a suite says, as JSON; what ``suite_digest`` is the digest of."""
    return suite.model_dump(mode="json", by_alias=True)
