"""The outbox: rows on their way to Salesforce at volume. Append-only, leased in ranges, so that a million rows cost what ten do.

load      one file of rows for one object, by name: how far it was read, whether it is whole
outbox    chunks of rows as CSV lines, numbered by row through the whole outbox
lease     a range of rows that one worker sends as one bulk job; the job's id is kept before anything is uploaded
shipped   a range of rows with the number of its refusals; never changed
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clmkit.clients.bulk import LARGEST_UPLOAD
from clmkit.sync.database import Database

SCHEMA = """
CREATE TABLE IF NOT EXISTS load (
  name TEXT PRIMARY KEY, object TEXT NOT NULL, header TEXT NOT NULL, rows INTEGER NOT NULL, whole INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
  load TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, lines TEXT NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY (load, first)) STRICT;
CREATE TABLE IF NOT EXISTS lease (
  load TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, job TEXT NOT NULL, worker TEXT NOT NULL, until REAL NOT NULL,
  PRIMARY KEY (load, first)) STRICT;
CREATE TABLE IF NOT EXISTS shipped (
  load TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, refused INTEGER NOT NULL, PRIMARY KEY (load, first)) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Load:
    """`rows` are in the outbox; `is_whole` when there are no more to come."""

    name: str
    object: str
    header: str
    rows: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """Rows first..last of a load; `job` is empty as long as no bulk job was made for them."""

    load: str
    first: int
    last: int
    job: str = ""

    @property
    def rows(self) -> int:
        return self.last - self.first + 1


class Outbox:
    """Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def find_load(self, name: str) -> Load | None:
        rows = self._db.execute("SELECT name, object, header, rows, whole FROM load WHERE name = ?", (name,))
        if not rows:
            return None
        own, sobject, header, count, whole = rows[0]
        return Load(str(own), str(sobject), str(header), int(count or 0), bool(whole))

    def put_load(self, load: Load) -> None:
        insert = "INSERT INTO load VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE"
        sql = f"{insert} SET rows = excluded.rows, whole = excluded.whole"
        self._db.change(sql, (load.name, load.object, load.header, load.rows, int(load.is_whole)))

    def append(self, load: Load, lines: str, count: int) -> Load:
        """More rows of a load; `lines` end with a newline. Returns the load as it is then."""
        longer = Load(load.name, load.object, load.header, load.rows + count, load.is_whole)
        columns = ("load", "first", "last", "lines", "bytes")
        self._db.append("outbox", columns, [(load.name, load.rows + 1, longer.rows, lines, len(lines.encode()))])
        self.put_load(longer)
        return longer

    def read_lines(self, lease: Lease) -> Iterator[str]:
        """The chunks of a lease, whose ends are ends of chunks."""
        sql = "SELECT lines, last FROM outbox WHERE load = ? AND first >= ? AND last <= ? ORDER BY first LIMIT 16"
        place = lease.first
        while rows := self._db.execute(sql, (lease.load, place, lease.last)):
            for lines, last in rows:
                place = int(last or 0) + 1
                yield str(lines)

    def lease(self, name: str, most: int, worker: str, until: float, now: float) -> Lease | None:
        """The next rows that nobody sends: those of a worker that is gone or whose time ran out, with its job, else new ones. None
        when there are none; a load that is still read gives full leases only.
        """
        self._db.queue_for("lease")
        self._end_leases_of_gone(name, worker)
        expired = self._db.execute(
            "SELECT first, last, job FROM lease WHERE load = ? AND until < ? ORDER BY first LIMIT 1",
            (name, now),
        )
        if expired:
            first, last, job = expired[0]
            taken = Lease(name, int(first or 0), int(last or 0), str(job))
            self._db.change(
                "UPDATE lease SET worker = ?, until = ? WHERE load = ? AND first = ?",
                (worker, until, name, taken.first),
            )
            return taken
        return self._lease_new(name, most, worker, until)

    def _end_leases_of_gone(self, name: str, worker: str) -> None:
        others = self._db.execute("SELECT DISTINCT worker FROM lease WHERE load = ? AND worker <> ?", (name, worker))
        for gone in self._db.find_gone(str(one) for (one,) in others) if others else ():
            self._db.change("UPDATE lease SET until = -1 WHERE load = ? AND worker = ?", (name, gone))

    def _lease_new(self, name: str, most: int, worker: str, until: float) -> Lease | None:
        place = max(self._last_of("lease", name), self._last_of("shipped", name))
        last = self._find_end(name, place, most)
        load = self.find_load(name)
        if last == place or load is None or (not load.is_whole and load.rows - place < most):
            return None
        taken = Lease(name, place + 1, last)
        self._db.change("INSERT INTO lease VALUES (?, ?, ?, '', ?, ?)", (name, taken.first, taken.last, worker, until))
        return taken

    def _find_end(self, name: str, place: int, most: int) -> int:
        """The last row of the next lease after a place: as many chunks as fit into one upload."""
        sql = "SELECT last, bytes FROM outbox WHERE load = ? AND first > ? AND last <= ? ORDER BY first"
        end, size = place, 0
        for last, more in self._db.execute(sql, (name, place, place + most)):
            size += int(more or 0)
            if size > LARGEST_UPLOAD and end > place:
                break
            end = int(last or 0)
        return end

    def note_job(self, lease: Lease, job: str) -> Lease:
        self._db.change("UPDATE lease SET job = ? WHERE load = ? AND first = ?", (job, lease.load, lease.first))
        return Lease(lease.load, lease.first, lease.last, job)

    def settle(self, lease: Lease, refused: int) -> None:
        """The rows of a lease are in Salesforce, but for those that it refused; a range is settled once."""
        gone = self._db.change("DELETE FROM lease WHERE load = ? AND first = ?", (lease.load, lease.first))
        if gone:
            self._db.append(
                "shipped", ("load", "first", "last", "refused"), [(lease.load, lease.first, lease.last, refused)]
            )
            self._db.change(
                "DELETE FROM outbox WHERE load = ? AND first BETWEEN ? AND ?", (lease.load, lease.first, lease.last)
            )

    def count(self, name: str) -> tuple[int, int]:
        """Rows that were shipped, refusals included, and refusals."""
        sql = "SELECT coalesce(sum(last - first + 1), 0), coalesce(sum(refused), 0) FROM shipped WHERE load = ?"
        shipped, refused = self._db.execute(sql, (name,))[0]
        return int(shipped or 0), int(refused or 0)

    def _last_of(self, table: str, name: str) -> int:
        sql = f"SELECT coalesce(max(last), 0) FROM {table} WHERE load = ?"  # noqa: S608 - one of two tables
        return int(self._db.execute(sql, (name,))[0][0] or 0)
