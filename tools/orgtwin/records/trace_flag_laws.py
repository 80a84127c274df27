"""No two trace flags of one entity and type at a time, none longer than a day; one that says no time begins now and ends then.

Source: TraceFlag (Tooling API Developer Guide); the text and status of overlaps as recorded. ASSUMED: that flags of another LogType
do not count; of a flag that is too long, the words behind "24 hours", and that 24 hours to the second are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Row, Value
from orgtwin.records.saving import Operation, Pending, Save

_DAY = timedelta(hours=24)
_OVERLAPS = (
    "This entity is already being traced by a trace flag with a start and expiration date that overlap this trace flag's start and"
    " expiration date.: Traced Entity ID"
)
_TOO_LONG = "Set ExpirationDate to be less than 24 hours from StartDate."
_FIELDS = ("TracedEntityId", "LogType", "StartDate", "ExpirationDate")
_Read = Callable[[Row], Value]


def refuse_trace_flags(context: LawContext, save: Save) -> None:
    """Those that last too long or overlap another."""
    reads = [save.table.reader(name) for name in _FIELDS]
    for row in save.rows:
        if save.operation is Operation.INSERT:
            _fill(context, save, row)
        if _is_too_long(row.content, context.now, *reads[2:]):
            row.refuse("FIELD_INTEGRITY_EXCEPTION", _TOO_LONG, "ExpirationDate")
        others = (other for other in save.table.rows() if other[0] != row.content[0])
        if any(_overlaps(row.content, other, *reads) for other in others):
            row.refuse("FIELD_INTEGRITY_EXCEPTION", _OVERLAPS, "TracedEntityId")


def _fill(context: LawContext, save: Save, row: Pending) -> None:
    start, end = save.table.reader("StartDate"), save.table.reader("ExpirationDate")
    if end(row.content) is None:
        begins = start(row.content)
        save.table.write(
            row.content, "ExpirationDate", (begins if isinstance(begins, datetime) else context.now) + _DAY
        )


def _is_too_long(flag: Row, now: datetime, start: _Read, end: _Read) -> bool:
    begins, ends = start(flag), end(flag)
    return isinstance(ends, datetime) and ends - (begins if isinstance(begins, datetime) else now) > _DAY


def _overlaps(one: Row, other: Row, entity: _Read, log_type: _Read, start: _Read, end: _Read) -> bool:
    if entity(one) != entity(other) or log_type(one) != log_type(other):
        return False
    return all(_before(start(a), end(b)) for a, b in _pairs(one, other))


def _pairs(one: Row, other: Row) -> Iterator[tuple[Row, Row]]:
    yield one, other
    yield other, one


def _before(start: Value, end: Value) -> bool:
    """A flag without a start has begun, one without an end goes on."""
    return not isinstance(start, datetime) or not isinstance(end, datetime) or start < end
