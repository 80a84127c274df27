"""The layout of the state: its number stands in the state, so that an older one is lifted and one that cannot be used is refused.

A new table needs no step: it is made when the state is opened. A step is a list of statements that SQLite and PostgreSQL both
speak; it runs once, in the transaction that sets the number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from functools import cache

from clmkit.sync.database import Database, StateError

LAYOUT = 2
STEPS: Mapping[int, tuple[str, ...]] = {2: ()}
"""What lifts a state to each layout from the one before. 1: as in release 0.1; 2: the tables of the schedule."""
CURSOR = "layout"
_START_ANEW = (
    "Keep it for its audit chain and name another state in the configuration: the first run then finds every record again by its"
    " external ID and takes both systems as they are."
)


def require_layout(database: Database, schema: str) -> None:
    """Lift a state to LAYOUT. Raises StateError when this clmkit cannot use it; then nothing was changed."""
    found = _number(database)
    if found > LAYOUT:
        words = f"it has layout {found}, this clmkit knows layouts up to {LAYOUT}."
        raise StateError(f"The state was written by a newer clmkit: {words} Run that one again, or restore a copy.")
    for table, wanted in _columns_of(schema).items():
        missing = wanted - database.columns(table)
        if missing:
            words = f"table {table} has no {', '.join(sorted(missing))}."
            raise StateError(
                f"The state was written by an older clmkit that this one cannot lift: {words} {_START_ANEW}"
            )
    if found < LAYOUT:
        _lift(database, found)


def _number(database: Database) -> int:
    """1 for a state from before there were numbers, and for a new one, whose tables are of today."""
    rows = database.execute("SELECT position FROM cursor WHERE source = ?", (CURSOR,))
    return int(rows[0][0] or 0) if rows else 1


def _lift(database: Database, found: int) -> None:
    with database.transaction():
        database.queue_for(CURSOR)
        if _number(database) != found:
            return
        for number in range(found + 1, LAYOUT + 1):
            for statement in STEPS[number]:
                database.change(statement)
        sql = "INSERT INTO cursor VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET position = excluded.position"
        database.change(sql, (CURSOR, str(LAYOUT)))


@cache
def _columns_of(schema: str) -> Mapping[str, frozenset[str]]:
    """The columns of every table of a schema, as SQLite understands it."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema)
        tables = [str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: frozenset(str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})"))
            for table in tables
        }
    finally:
        connection.close()
