"""What of a record says who computed it and where: left out or replaced when it is packed.

No digest covers facts, so that they can be rewritten. What digests do cover (inputs, results, the
document) is packed as it is, or refused when it names a path of the machine.
"""

from __future__ import annotations

import getpass
import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from alharness.api.errors import UsageError
from alharness.bundles.strict_json import texts
from alharness.store.records import Record

FACTS = (
    "cores", "device", "isolation", "near_cut", "notes", "origins", "plugins", "processor",
    "seconds", "started", "versions",
)  # fmt: skip
"""The facts that are packed; the host's name is none of them."""

_ENDS = r"""\s"'`<>|*?,;()\[\]{}"""
_PATH = re.compile(
    rf"(?<![\w.:/\\-])(?:[A-Za-z]:(?=[\\/]))?[\\/]{{1,2}}[^{_ENDS}\\/]+"
    rf"(?:[\\/][^{_ENDS}\\/]*)+"
    rf"|(?<![\w/\\])~\w*[\\/][^{_ENDS}]+"
    r"|\bfile:/+[^\s]+"
)
"""An absolute path of two parts or more, or one below a home folder."""

_SHORTEST = 2
"""Names of users and hosts with fewer characters are not looked for in texts."""


def personal_names(root: Path) -> dict[str, str]:
    """Names of this user, host, home and workspace, with what stands for each; longest first."""
    found: dict[str, str] = {str(root): "<path>"}
    with suppress(Exception):  # a user without a name
        found[getpass.getuser()] = "<user>"
    with suppress(RuntimeError):
        found[str(Path.home())] = "<path>"
    host = platform.node()
    found |= {host: "<host>", host.partition(".")[0]: "<host>"}
    kept = {name: sign for name, sign in found.items() if len(name) >= _SHORTEST}
    return dict(sorted(kept.items(), key=lambda one: (-len(one[0]), one[0])))


def anonymous(record: Record, names: Mapping[str, str]) -> Record:
    """A record without host, user and paths in its facts; its digest stays."""
    kept = {name: record.facts[name] for name in FACTS if name in record.facts}
    facts = {name: _without(value, names) for name, value in kept.items()}
    return Record(record.unit, record.result, facts, record.beside)


def require_no_paths(value: Any, where: str) -> None:
    """Raises UsageError when a text in a JSON value is, or holds, an absolute path."""
    found = absolute_path(value)
    if found is not None:
        raise UsageError(
            f"names the path '{found}', which would be published: keys and digests cover it",
            where=where,
            remedy="Name it relative to --data-dir, or install what it names, and bench that",
        )


def absolute_path(value: Any) -> str | None:
    """The first absolute path in the texts of a JSON value, or None."""
    matches = filter(None, map(_PATH.search, texts(value)))
    return next((match.group() for match in matches), None)


def _without(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _cleaned(value, names)
    if isinstance(value, list):
        return [_without(one, names) for one in value]
    if isinstance(value, dict):
        return {_cleaned(name, names): _without(one, names) for name, one in value.items()}
    return value


def _cleaned(text: str, names: Mapping[str, str]) -> str:
    for name in names:
        if name.startswith(("/", "\\")) and name in text:
            text = re.sub(rf"{re.escape(name)}[^{_ENDS}]*", "<path>", text)
    text = _PATH.sub("<path>", text)
    for name, sign in names.items():
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", sign, text)
    return text
