"""State in one SQLite file. One sync works with it (`sole`); other commands come in between its transactions.

The file holds values: what both systems agreed on last of every mapped field, restricted ones among them, because that is what an
edit is told by. Only its owner may read it; whoever may read it may read those fields. Nothing that stays in the CLM is in it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clmkit.sync.database import Parameter, SqlRow, StateError

WAIT_SECONDS = 10.0
DURABILITY = "FULL"
"""What was committed outlives the power ("PRAGMA synchronous", SQLite)."""
LEAST_ROOM = 64 * 1024
"""Bytes: the index of the log alone takes half of it ("WAL-mode File Format", SQLite)."""


class Sqlite:
    is_shared = False

    def __init__(self, path: Path | str, schema: str) -> None:
        self._path = path
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            _make_private(path)
            self.connection = sqlite3.connect(str(path), isolation_level=None, timeout=WAIT_SECONDS)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute(f"PRAGMA synchronous={DURABILITY}")
            self.connection.executescript(schema)
        except sqlite3.Error as error:
            raise StateError(_explain(path, error)) from error
        except OSError as error:
            raise StateError(f"{path}: {error.strerror}") from error

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            yield
            self.connection.execute("COMMIT")
        except BaseException as error:
            if self.connection.in_transaction:  # SQLite has rolled back by itself when it could not write
                self.connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise StateError(_explain(self._path, error)) from error
            raise

    def queue_for(self, name: str) -> None:
        """There is nobody else."""

    def sign_on(self, worker: str) -> None:
        """There is nobody else."""

    def find_gone(self, workers: Iterable[str]) -> set[str]:
        """`sole_sync` lets one process in: another one's worker is gone."""
        return set(workers)

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[SqlRow]:
        try:
            return self.connection.execute(sql, parameters).fetchall()
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a bug, no trouble of the file
        except sqlite3.DatabaseError as error:
            raise StateError(_explain(self._path, error)) from error

    def columns(self, table: str) -> set[str]:
        return {str(row[1]) for row in self.connection.execute(f"PRAGMA table_info({table})")}

    def change(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        return self.connection.execute(sql, parameters).rowcount

    def change_all(self, sql: str, rows: Iterable[Sequence[Parameter]]) -> None:
        self.connection.executemany(sql, rows)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Parameter]]) -> None:
        places = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names of this package
        self.connection.executemany(sql, rows)

    def rewrite(self, tables: Sequence[str]) -> None:
        """SQLite Documentation, "VACUUM" and "Write-Ahead Logging": free pages, and then the log."""
        self.execute("VACUUM")
        ((is_busy, *_),) = self.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            words = "another process reads it, and what was taken out is still in the log beside it. Run this again."
            raise StateError(f"{self._path}: {words}")


_EXPLAINED = {
    "locked": f"another process has kept it locked for {WAIT_SECONDS:g} s; end that process, or try again.",
    "full": "the disk is full. Nothing was lost; make room and run again.",
    "readonly": "it cannot be written. Nothing was lost; give the sync's user the right to write the file and its folder.",
    "unable to open": "it cannot be opened. Is its folder there, and may the sync's user read and write it?",
    "not a database": "this is no SQLite file. Nothing was changed; name another state, or restore a copy of this one.",
    "malformed": "the file is damaged. Nothing more was written; restore a copy, then run `clmkit reconcile`.",
    "disk I/O": "the disk does not answer as it should. Nothing more was written; look at the disk and run again.",
}
"""What SQLite says -> what a person is told."""


def _make_private(path: Path | str) -> None:
    """A state file that is made now may be read by its owner alone; SQLite gives the files beside it the same rights."""
    if isinstance(path, Path) and not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _is_full(path: Path | str) -> bool:
    """SQLite calls it an I/O error when the files beside the state find no room."""
    try:
        return isinstance(path, Path) and shutil.disk_usage(path.parent).free < LEAST_ROOM
    except OSError:
        return False


def _explain(path: Path | str, error: sqlite3.Error) -> str:
    where = str(path) if isinstance(path, Path) else "the state file"
    said = "full" if _is_full(path) else str(error)
    words = next((words for part, words in _EXPLAINED.items() if part in said), "")
    return f"{where}: {words}" if words else f"{where}: cannot be used as the sync's state: {error}"
