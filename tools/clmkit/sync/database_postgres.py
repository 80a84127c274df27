"""State in PostgreSQL, through psycopg 3. Several workers share it: who works on what is in the tables (`workers`).

The address is a libpq connection string; everything that libpq understands may stand in it, such as `?options=-csearch_path=sync`.
A worker is known by a lock of its session, so a pooler between them has to leave each worker its own session.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import conninfo, sql

from clmkit.sync.database import Parameter, SqlRow, StateError

_SCHEMA_LOCK = "clmkit schema"
_BY_INDEX = "SET enable_seqscan = off"
"""Every place of the state is found by an index. A planner that has no statistics yet, as in a first load, would read whole tables
instead, and longer with each batch (PostgreSQL Documentation, "Planner Method Configuration").
"""
_WORKERS = 0x636C6D
"""The first key of the locks that say which workers live; the second is the worker's name, hashed."""


class Postgres:
    is_shared = True

    def __init__(self, address: str, schema: str) -> None:
        self._shown = _shown(address)
        try:
            self.connection = psycopg.connect(address, autocommit=True, cursor_factory=psycopg.RawCursor)
            self.connection.execute(_BY_INDEX)
            with self.transaction():
                self.queue_for(_SCHEMA_LOCK)
                self.connection.execute(_translated_schema(schema))
        except psycopg.Error as error:
            raise StateError(_explain(self._shown, error)) from error

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        try:
            with self.connection.transaction():
                yield
        except psycopg.Error as error:
            raise StateError(_explain(self._shown, error)) from error

    def queue_for(self, name: str) -> None:
        """PostgreSQL Documentation, "Advisory Locks": held until the transaction ends."""
        self.connection.execute("SELECT pg_advisory_xact_lock($1)", (zlib.crc32(name.encode()),))

    def sign_on(self, worker: str) -> None:
        """PostgreSQL Documentation, "Advisory Locks": held until the session ends, and the server ends it with its connection."""
        self._run("SELECT pg_advisory_lock(?, hashtext(?))", (_WORKERS, worker))

    def find_gone(self, workers: Iterable[str]) -> set[str]:
        """PostgreSQL Documentation, "pg_locks": of a lock with two keys (objsubid 2) objid is the second, without its sign."""
        found = self._run(
            "SELECT name FROM unnest(?::text[]) AS name WHERE NOT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = ? AND objsubid = 2"
            " AND granted AND objid::bigint = (hashtext(name)::bigint & 4294967295))",
            (list(workers), _WORKERS),
        )
        return {str(name) for (name,) in found.fetchall()}

    def execute(self, sql: str, parameters: Sequence[Parameter] = ()) -> list[SqlRow]:
        cursor = self._run(sql, parameters)
        return cursor.fetchall() if cursor.description is not None else []

    def columns(self, table: str) -> set[str]:
        sql = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped"
        return {str(name) for (name,) in self._run(sql, (table,)).fetchall()}

    def change(self, sql: str, parameters: Sequence[Parameter] = ()) -> int:
        return self._run(sql, parameters).rowcount

    def change_all(self, sql: str, rows: Iterable[Sequence[Parameter]]) -> None:
        with self.connection.cursor() as cursor:
            cursor.executemany(_translated(sql), rows)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Parameter]]) -> None:
        names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _run(self, sql: str, parameters: Sequence[Parameter | list[str]]) -> psycopg.Cursor[SqlRow]:
        try:
            return self.connection.execute(_translated(sql), parameters)
        except psycopg.OperationalError as error:
            raise StateError(_explain(self._shown, error)) from error


def _translated(statement: str) -> bytes:
    """PostgreSQL's own numbered parameters: psycopg takes long to find its own among a thousand."""
    first, *rest = statement.split("?")
    return "".join([first, *(f"${number}{part}" for number, part in enumerate(rest, 1))]).encode()


def _translated_schema(schema: str) -> bytes:
    """SQLite's INTEGER has eight bytes; STRICT is what PostgreSQL always is."""
    return (
        re.sub(r"\) STRICT;", ");", re.sub(r"\bINTEGER\b", "BIGINT", schema))
        .replace(" REAL", " DOUBLE PRECISION")
        .encode()
    )


def _shown(address: str) -> str:
    """The address without what is secret in it."""
    try:
        known = conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        return "the state's PostgreSQL address"
    return f"PostgreSQL {known.get('dbname', '')} at {known.get('host', 'this machine')}"


def _explain(shown: str, error: psycopg.Error) -> str:
    words = " ".join(str(error).split())
    if error.sqlstate == "53100":
        return f"{shown}: the disk is full. Nothing was lost; make room and run again."
    return f"{shown}: cannot be used as the sync's state: {words}"
