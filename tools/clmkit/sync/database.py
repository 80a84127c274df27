"""The port to the database that holds the sync's state: SQL that SQLite and PostgreSQL both speak, `?` for a parameter.

    database = open_database(Path("build/sync.sqlite"))                  # one file, one process
    database = open_database("postgresql://sync@db.example.com/clmkit")  # several workers

SQLite is the default because it needs nothing. PostgreSQL is for a team that outgrows one machine (`workers`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias

Parameter: TypeAlias = str | int | float | None
SqlRow: TypeAlias = tuple[str | int | float | None, ...]
Target: TypeAlias = Path | str

POSTGRESQL = ("postgresql://", "postgres://")
ASKED_AT_ONCE = 500


class StateError(Exception):
    """The state cannot be used; the message says why and what to do."""


class Database(Protocol):
    is_shared: bool
    """Whether other processes work with it at the same time."""

    def close(self) -> None: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing. Raises StateError when the database cannot take it."""

    def queue_for(self, name: str) -> None:
        """Inside a transaction: whoever asks for the same name waits until this transaction ends."""

    def sign_on(self, worker: str) -> None:
        """Be known as this worker for as long as the connection lasts: `find_gone` does not name it meanwhile."""

    def find_gone(self, workers: Iterable[str]) -> set[str]:
        """Those of the workers whose connection has ended, however their process did."""

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[SqlRow]:
        """The rows of the answer; none for a statement without one."""

    def columns(self, table: str) -> set[str]:
        """The names of a table's columns."""

    def change(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        """The number of rows that the statement changed."""

    def change_all(self, sql: str, rows: Iterable[Sequence[Parameter]]) -> None:
        """The statement once for each row."""

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Parameter]]) -> None:
        """Many new rows, by the fastest way there is. Raises StateError when a key exists."""

    def rewrite(self, tables: Sequence[str]) -> None:
        """Leave nothing of what was deleted in the database's files. Call outside a transaction. Raises StateError."""


def places(values: Sequence[object]) -> str:
    """The right side of IN for so many parameters; no value is in an empty one."""
    return f"({', '.join('?' * len(values)) or 'NULL'})"


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Each value once, in parts small enough for one statement."""
    ordered = sorted(set(values))
    for start in range(0, len(ordered), ASKED_AT_ONCE):
        yield ordered[start : start + ASKED_AT_ONCE]


def open_database(target: Target, schema: str) -> Database:
    """The database at a path or an address, with these tables made if they are missing. Raises StateError."""
    if isinstance(target, str) and target.startswith(POSTGRESQL):
        from clmkit.sync.database_postgres import Postgres

        return Postgres(target, schema)
    from clmkit.sync.database_sqlite import Sqlite

    return Sqlite(target, schema)
