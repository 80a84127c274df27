"""State in PostgreSQL, through psycopg 3. Several workers share it: who works on what is in the tables (`workers`).

The address is a libpq connection string; everything that libpq understands may stand in it, such as `?options=-csearch_path=sync`.
A worker is known by a lock of its session, so a pooler between them has to leave each worker its own session.

What a transaction says without needing an answer goes to the server with its next question, or with its end: an event that is
taken in alone costs three round trips instead of eight.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TypeAlias

import psycopg
from psycopg import conninfo, sql

from clmkit.sync.database import Parameter, SqlRow, StateError

_SCHEMA_LOCK = "clmkit schema"
_BY_INDEX = "SET enable_seqscan = off"
"""Every place of the state is found by an index. A planner that has no statistics yet, as in a first load, would read whole tables
instead, and longer with each batch (PostgreSQL Documentation, "Planner Method Configuration").
"""
_FEW = 20
"""Up to so many rows are cheaper as one statement among others than by COPY, which takes round trips of its own."""
_WORKERS = 0x636C6D
"""The first key of the locks that say which workers live; the second is the worker's name, hashed."""


class Postgres:
    is_shared = True

    def __init__(self, address: str, schema: str) -> None:
        self._shown = _shown(address)
        self._unsent: list[_Statement] = []
        """What goes before the next statement, in order; only inside a transaction."""
        self._is_within = False
        try:
            self.connection = psycopg.connect(address, autocommit=True, cursor_factory=psycopg.RawCursor)
            self.connection.execute(_BY_INDEX)
            with self.transaction():
                self.queue_for(_SCHEMA_LOCK)
                self._flush()
                self.connection.execute(_translated_schema(schema))
        except psycopg.Error as error:
            raise StateError(_explain(self._shown, error)) from error

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._unsent, self._is_within = [(b"BEGIN", ())], True
        try:
            yield
            self._ask(b"COMMIT")
        except psycopg.Error as error:
            raise StateError(_explain(self._shown, error)) from error
        finally:
            self._unsent, self._is_within = [], False
            if not self.connection.closed:
                self.connection.rollback()  # nothing after a COMMIT

    def queue_for(self, name: str) -> None:
        """PostgreSQL Documentation, "Advisory Locks": held until the transaction ends."""
        self._unsent.append((b"SELECT pg_advisory_xact_lock($1)", (zlib.crc32(name.encode()),)))

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
        self._flush()
        with self.connection.cursor() as cursor:
            cursor.executemany(_translated(sql), rows)

    def append(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Parameter]]) -> None:
        first = list(islice(rows := iter(rows), _FEW + 1))
        if 0 < len(first) <= _FEW:
            row = f"({', '.join('?' * len(columns))})"
            places = ", ".join([row] * len(first))
            statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {places}"  # noqa: S608 - names of this package
            self._unsent.append((_translated(statement), [*chain.from_iterable(first)]))
            if not self._is_within:
                self._flush()
        elif first:
            self._copy(table, columns, chain(first, rows))

    def rewrite(self, tables: Sequence[str]) -> None:
        """PostgreSQL Documentation, "VACUUM". The server's own log and its backups are its operator's."""
        self._run(f"VACUUM (FULL) {', '.join(tables)}", ())

    def _copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Parameter]]) -> None:
        self._flush()
        names = sql.SQL(", ").join(sql.Identifier(name) for name in columns)
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
        with self.connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)

    def _run(self, sql: str, parameters: Sequence[Parameter | list[str]]) -> psycopg.Cursor[SqlRow]:
        try:
            return self._ask(_translated(sql), parameters)
        except psycopg.OperationalError as error:
            raise StateError(_explain(self._shown, error)) from error

    def _flush(self) -> None:
        if self._unsent:
            self._ask(*self._unsent.pop())

    def _ask(self, statement: bytes, parameters: Sequence[Parameter | list[str]] = ()) -> psycopg.Cursor[SqlRow]:
        """The answer to the statement, sent with all that goes before it."""
        unsent, self._unsent = self._unsent, []
        if not unsent:
            return self.connection.execute(statement, parameters)
        with self.connection.pipeline():
            for earlier in unsent:
                self.connection.execute(*earlier)
            return self.connection.execute(statement, parameters)


_Statement: TypeAlias = tuple[bytes, Sequence[Parameter | list[str]]]


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
