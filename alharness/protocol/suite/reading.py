"""Reading suites from TOML, and their digests."""

from __future__ import annotations

import errno
import stat
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alharness.api.errors import UsageError
from alharness.api.text import one_line
from alharness.protocol.index_sets.file import read_given
from alharness.protocol.keys import digest
from alharness.protocol.partition.given import DeclaredSplits
from alharness.protocol.suite.bounds import DEEPEST, LARGEST_FILE, MOST_SETS, depth_exceeds
from alharness.protocol.suite.declaration import SCHEMA, Suite
from alharness.protocol.suite.errors import usage_error
from alharness.protocol.suite.tables import Scenario
from alharness.protocol.wording import spell

_KINDS = ("dataset", "model", "representation", "oracle", "loss")
"""The plugins that a scenario names one of."""


def load_suite(path: str | Path) -> Suite:
    """Read a suite from a TOML file.

    Raises UsageError for a file that cannot be read, and as ``parse_suite`` does.
    """
    where = one_line(str(path), 200)
    try:
        content = _bytes(Path(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot be read: {reason}", where=where, remedy="Give the path of a suite"
        ) from None
    if len(content) > LARGEST_FILE:
        raise UsageError(
            f"is larger than {LARGEST_FILE >> 20} MiB", where=where, remedy="Give a suite's path"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("is not UTF-8 text", where=where, remedy="Save it as UTF-8") from None
    return parse_suite(text.replace("\r\n", "\n"), where, Path(path).parent)


def _bytes(path: Path) -> bytes:
    """What a regular file holds, of a large one its beginning. Raises OSError."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def parse_suite(text: str, where: str, folder: Path = Path()) -> Suite:
    """Read a suite from TOML; ``where`` names the source in errors.

    ``folder``: where a file of given splits is looked for, when its path is relative.

    Raises UsageError that says what is wrong, the source with the dotted key, and
    what to write instead; of several errors the first, and how many more.
    """
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError as error:  # of a number with thousands of digits, too
        reason = one_line(str(error), 200)
        raise UsageError(f"is not TOML: {reason}", where=where, remedy="Mend that line") from None
    if depth_exceeds(table):
        raise _too_deep(where)
    schema = table.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise UsageError(
            f"{one_line(spell(schema), 60)} is newer than this alharness knows ({SCHEMA})",
            where=f"{where}, schema",
            remedy="Upgrade alharness",
        )
    try:
        return Suite.model_validate(_with_given_splits(table, folder))
    except ValidationError as error:
        raise usage_error(Suite, error, where) from None


def _with_given_splits(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The table with given splits in place of the path of their file. Raises UsageError."""
    protocol = table.get("protocol")
    sets = protocol.get("initial_sets") if isinstance(protocol, dict) else None
    if not isinstance(sets, str) or not sets.endswith((".json", ".npz")):
        return table
    given = read_given(folder / sets)
    return {**table, "protocol": {**table["protocol"], "initial_sets": given}}


def _too_deep(where: str) -> UsageError:
    return UsageError(
        f"tables and lists lie more than {DEEPEST} deep within each other",
        where=where,
        remedy="Write it flatter",
    )


def suite_of(declaration: Any, where: str) -> Suite:
    """The suite that ``suite_json`` wrote; ``where`` names the source in errors.

    Splits that were given are only declared: there is their digest, and not they. Raises
    UsageError for what it never writes.
    """
    try:
        suite = Suite.model_validate(_as_in_toml(declaration))
    except ValidationError as error:
        raise usage_error(Suite, error, where) from None
    except (TypeError, KeyError, AttributeError, RecursionError):
        raise UsageError("is no declaration of a suite", where=where) from None
    if suite_json(suite) != declaration:
        raise UsageError("is not written as a suite's declaration is", where=where)
    return suite


def _as_in_toml(declaration: Any) -> dict[str, Any]:
    """A declaration with its references as TOML has them."""
    methods, training = declaration["methods"], dict(declaration["training"])
    protocol = dict(declaration["protocol"])
    match protocol["initial_sets"]:
        case {"given": str(splits), "initial_sets": int(number)} if 0 < number <= MOST_SETS:
            protocol["initial_sets"] = DeclaredSplits(splits, number)
    training |= {one: _training(training[one]) for one in ("first", "later") if one in training}
    return {
        **declaration,
        "protocol": protocol,
        "training": _training(training),
        "methods": {
            **methods,
            "compared": [_reference("sampler", one) for one in methods["compared"]],
            "reference": _reference("sampler", methods["reference"]),
        },
        "scenarios": [_scenario(one) for one in declaration["scenarios"]],
    }


def _training(table: Any) -> dict[str, Any]:
    if "schedule" not in table:
        return dict(table)
    return {**table, "schedule": _reference("schedule", table["schedule"])}


def _scenario(table: Any) -> dict[str, Any]:
    kinds = [kind for kind in _KINDS if kind in table]
    regularizers = [_reference("regularizer", one) for one in table["regularizers"]]
    return {
        **table,
        **{kind: _reference(kind, table[kind]) for kind in kinds},
        "regularizers": regularizers,
    }


def _reference(kind: str, written: Any) -> Any:
    if isinstance(written, str):
        return written
    return {**written["parameters"], kind: written["name"]}


def suite_digest(suite: Suite) -> str:
    """Digest of everything that a suite says; defaults count as if written."""
    return digest(suite_json(suite))


def protocol_digest(suite: Suite, scenario: Scenario) -> str:
    """Digest of what makes results of one scenario comparable.

    Covers schema, suite seed, protocol, tuning, training, queries and the scenario, and where
    samplers choose the initial sets the reference, which chooses for others; neither
    other methods, title, the suite's name and version, nor what it is held against and who ran it.
    A scenario's own budgets count as the protocol's. Of one that replays another, that one, too.
    Results whose protocol digests differ are never ranked together.
    """
    parts = suite_json(suite.of(scenario))
    common = ("schema", "seed", "protocol", "tuning", "training", "queries")
    kept = {name: parts[name] for name in common if name in parts}
    if suite.protocol.chooses_first_sets:
        kept["reference"] = parts["methods"]["reference"]
    words = ("published", "not_run")
    (own,) = parts["scenarios"]
    source = suite.source(scenario)
    if source is not None:
        kept["replayed"] = protocol_digest(suite, source)
    return digest({**kept, "scenario": {name: own[name] for name in own if name not in words}})


def suite_json(suite: Suite) -> dict[str, Any]:
    """Everything that a suite says, as JSON; what ``suite_digest`` is the digest of."""
    return suite.model_dump(mode="json", by_alias=True)
