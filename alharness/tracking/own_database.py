"""The workspace's own ``mlflow.db``: made in one step, and set aside when it is damaged.

MLflow creates a database in some fifty steps that are no transaction: two processes that do so
at once, or one that is killed meanwhile, leave what nothing can use. So it is made under another
name, and renamed when it is whole.
"""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from alharness.store.files import set_aside
from alharness.store.seen import look_at

_BESIDE = ("-journal", "-wal", "-shm")
_NEEDED = {"experiments", "runs", "tags", "params", "metrics", "latest_metrics"}
_HALF_MADE = "_alembic_tmp_"


class Replaced(Exception):
    """The database was removed, or another one put in its place, since it was opened."""


class OwnDatabase:
    """The database at ``folder/mlflow.db``. Every method is called with the workspace's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: int | None = None

    def make_whole(self) -> str | None:
        """Have a database there that MLflow can use; why the one that was there was set aside."""
        why = self._damage()
        if why is not None:
            self._set_aside()
        if not os.path.lexists(self._path):
            self._make()
        look = look_at(self._path)
        self._inode = None if look is None else look.inode
        return why

    def require_same(self) -> None:
        """Raises Replaced when the file is not the one that ``make_whole`` left."""
        look = look_at(self._path)
        if look is None or look.inode != self._inode:
            raise Replaced(f"{self._path} was removed or replaced")

    def _damage(self) -> str | None:
        """Why the file cannot be used; None for one that can, or is not there."""
        if not os.path.lexists(self._path):
            return None
        if not self._path.is_file():
            return "it is no file"
        try:
            with closing(sqlite3.connect(self._path)) as database:
                return _damage_in(database)
        except sqlite3.OperationalError:
            return None  # locked, or not ours to read: MLflow says it better
        except sqlite3.DatabaseError as error:
            return str(error)

    def _set_aside(self) -> None:
        damaged = self._path.parent / "damaged"
        for suffix in ("", *_BESIDE):
            set_aside(self._path.with_name(self._path.name + suffix), damaged)

    def _make(self) -> None:
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        for left in self._path.parent.glob(".making-mlflow-*"):
            left.unlink(missing_ok=True)
        making = self._path.with_name(f".making-mlflow-{uuid.uuid4().hex}.db")
        store = SqlAlchemyStore(f"sqlite:///{making.name}", "mlartifacts")  # type: ignore[no-untyped-call]
        store.engine.dispose()
        making.rename(self._path)


def _damage_in(database: sqlite3.Connection) -> str | None:
    (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        return str(found)
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if not tables >= _NEEDED or any(name.startswith(_HALF_MADE) for name in tables):
        return "MLflow was interrupted while it made it"
    return None
