"""State in one SQLite file. One sync works with it (`sole`); other commands come in between its transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from clmkit.sync.database import Parameter, SqlRow, StateError

WAIT_SECONDS = 10.0


class Sqlite:
    is_shared = False

    def __init__(self, path: Path | str, schema: str) -> None:
        self._path = path
        if isinstance(path, Path):
            path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.connection = sqlite3.connect(str(path), isolation_level=None, timeout=WAIT_SECONDS)
            self.connection.execute("PRAGMA journal_mode=WAL")
            self.connection.execute("PRAGMA synchronous=FULL")
            self.connection.executescript(schema)
        except sqlite3.Error as error:
            raise StateError(_explain(path, error)) from error

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
                raise StateError(_explain("the state file", error)) from error
            raise

    def queue_for(self, name: str) -> None:
        """There is nobody else."""

    def sign_on(self, worker: str) -> None:
        """There is nobody else."""

    def find_gone(self, workers: Iterable[str]) -> set[str]:
        """`sole_sync` lets one process in: another one's worker is gone."""
        return set(workers)

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[SqlRow]:
        return self.connection.execute(sql, parameters).fetchall()

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


def _explain(path: Path | str, error: sqlite3.Error) -> str:
    if "locked" in str(error):
        return f"{path}: another process has kept it locked for {WAIT_SECONDS:g} s; end that process, or try again."
    if "full" in str(error):
        return f"{path}: the disk is full. Nothing was lost; make room and run again."
    return f"{path}: cannot be used as the sync's state: {error}"
