"""Where a bench is tracked: the workspace's own database, or what the user names."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import urlsplit

from alharness.api.errors import UsageError
from alharness.tracking.credentials import shown

SERVERS = ("http", "https")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
REMEDY = "Write http://HOST:PORT of an MLflow server, or sqlite:////ABSOLUTE/PATH.db"

OWN = "mlflow.db"
"""The workspace's own database."""


@dataclass(frozen=True)
class TrackingStore:
    """Where runs are logged to.

    uri: as MLflow gets it, to be read in ``folder``; of the workspace's own database it names
        the file alone, so that no path has to be spelled as a URI.
    folder: the workspace, when this is its own database; None when the user named the store.
    name: for people, without credentials.
    """

    uri: str
    folder: Path | None
    name: str


def tracking_store(given: str | None, workspace: Path) -> TrackingStore:
    """What is given, or ``mlflow.db`` in the workspace.

    Raises UsageError for what MLflow could not use: a scheme that it does not
    know, a server without a name, a database without a path. Whether anything
    answers there is not asked.
    """
    if not given:
        folder = workspace.resolve()
        return TrackingStore(f"sqlite:///{OWN}", folder, str(folder / OWN))
    _require_usable(given)
    return TrackingStore(given, None, shown(given))


def is_database(uri: str) -> bool:
    """Whether this process writes into the database itself, without a server."""
    return _scheme(uri) in DATABASES


def _require_usable(given: str) -> None:
    if given == "databricks":
        return
    scheme = _scheme(given)
    if scheme in ("", "file"):
        raise _unusable(given, "MLflow no longer keeps runs in a folder")
    known = (*SERVERS, *DATABASES, "databricks")
    if scheme not in known and not entry_points(group="mlflow.tracking_store", name=scheme):
        raise _unusable(given, f"MLflow knows no '{scheme}'")
    _, _, rest = given.partition("://")
    if scheme == "sqlite" and (not rest.startswith("/") or len(rest) < 2):
        raise _unusable(given, "names no database file")
    if scheme in SERVERS:
        _require_server(given)


def _require_server(given: str) -> None:
    try:
        parts = urlsplit(given)
        _ = parts.port  # raises ValueError for a port that is no number
    except ValueError:  # its words may hold a piece of the password
        raise _unusable(given, "its server or port cannot be read") from None
    if not parts.hostname:
        raise _unusable(given, "names no server")


def _scheme(uri: str) -> str:
    """Without a database's driver, small; empty when there is none."""
    scheme, separator, _ = uri.partition(":")
    plain = scheme.partition("+")[0].lower()
    return plain if separator and plain.replace("-", "").replace(".", "").isalnum() else ""


def _unusable(uri: str, why: str) -> UsageError:
    return UsageError(f"cannot be tracked to: {why}", where=shown(uri), remedy=REMEDY)
