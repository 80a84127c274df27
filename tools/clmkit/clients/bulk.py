"""Bulk API 2.0 ingest: rows as one CSV upload, and one verdict per row from the result files.

Bulk API 2.0 and Bulk API Developer Guide: "Upload Job Data" (CSV, LF, at most 150 MB after base64: 100 MB of text), "Prepare CSV
Files" (an empty cell leaves the field alone, `#N/A` clears it), "Get Job Successful Record Results", "Get Job Failed Record
Results" (sf__Error is `CODE:message:fields --`). Four calls when nothing failed and no record id is needed; one more for the ids,
one for the failures, and one for each look at a job that is not done yet.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from clmkit.clients.errors import Refused, Unexpected
from clmkit.clients.transport import Reply

CLEAR = "#N/A"
LARGEST_UPLOAD = 100_000_000
ROWS_PER_PART = 100_000
"""Of a query's results."""
LAST_PART = "null"
"""The locator of a part that no other follows."""
FIRST_LOOK, LONGEST_WAIT, MOST_LOOKS = 0.05, 600.0, 150
FIRST_GUESS = 0.0001
"""Seconds a row, as long as no job has told."""
MARGIN = 1.5
"""A job is looked at after so many times as long as it should take: a look too early is a call more, one too late a moment."""
FORGETTING = 0.9
"""What is left of a slow job's weight after one that was fast."""
ERROR = re.compile(r"(?P<code>[A-Za-z0-9_]+):(?P<message>.*?)(?::(?P<fields>[^:]*) --)?$", re.DOTALL)


class Job(msgspec.Struct, frozen=True):
    id: str
    state: str
    numberRecordsFailed: int = 0  # noqa: N815 - Salesforce's spelling
    numberRecordsProcessed: int = 0  # noqa: N815 - Salesforce's spelling
    totalProcessingTime: int = 0  # noqa: N815 - Salesforce's spelling; milliseconds
    errorMessage: str = ""  # noqa: N815 - Salesforce's spelling

    @property
    def is_over(self) -> bool:
        return self.state in ("JobComplete", "Failed", "Aborted")


class Verdict(msgspec.Struct, frozen=True):
    """What the result files say of one row; `code` is empty on success."""

    record_id: str
    created: bool
    code: str = ""
    message: str = ""
    fields: tuple[str, ...] = ()


SAVED = Verdict("", created=False)
"""A row that is in no list of failures; its record id was not asked for."""


@dataclass(slots=True)
class Pace:
    """How long jobs take in this org, learnt from each: when the first look is worth its call."""

    per_row: float | None = None

    def waits(self, rows: int) -> Iterator[float]:
        """Seconds before each look: longer than the slowest of the last jobs took, the same again, then twice as long each time."""
        known = FIRST_GUESS if self.per_row is None else self.per_row
        wait = min(LONGEST_WAIT, max(FIRST_LOOK, MARGIN * known * rows))
        yield wait
        for _ in range(MOST_LOOKS - 1):
            yield wait
            wait = min(LONGEST_WAIT, wait * 2)

    def learn(self, rows: int, waited: float, looks: int, told: float) -> None:
        """`told` is Salesforce's own time for the rows, without the time that the job stood in the queue; 0 when it tells none.

        A job that was over at the first look took at most as long as was waited.
        """
        seen = (waited if looks > 1 else told or waited / MARGIN) / max(1, rows)
        self.per_row = seen if self.per_row is None else max(seen, self.per_row * FORGETTING)


def order(sobject: str, key_field: str) -> dict[str, str]:
    return {
        "object": sobject,
        "externalIdFieldName": key_field,
        "operation": "upsert",
        "contentType": "CSV",
        "lineEnding": "LF",
    }


def is_representable(record: Mapping[str, object]) -> bool:
    """Whether CSV can say it: a text that reads `#N/A` would clear its field."""
    return CLEAR not in record.values()


def to_csv(records: Sequence[Mapping[str, object]]) -> bytes:
    """The upload: every field that any row has is a column, rows without it leave the cell empty."""
    columns = list(dict.fromkeys(name for record in records for name in record))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(record, name) for name in columns] for record in records)
    return text.getvalue().encode()


def _cell(record: Mapping[str, object], name: str) -> str:
    return to_cell(record[name]) if name in record else ""


def to_cell(value: object) -> str:
    """A value as CSV says it. Raises TypeError."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        return CLEAR
    if isinstance(value, str | int | Decimal):
        return str(value)
    raise TypeError(f"{value!r} has no form in CSV")


def read_saved(reply: Reply, key_field: str) -> Iterator[tuple[str, Verdict]]:
    for row in _rows(reply, key_field, "sf__Id", "sf__Created"):
        yield row[key_field], Verdict(row["sf__Id"], row["sf__Created"] == "true")


def read_failed(reply: Reply, key_field: str) -> Iterator[tuple[str, Verdict]]:
    for row in _rows(reply, key_field, "sf__Id", "sf__Error"):
        match = ERROR.match(row["sf__Error"])
        if match is None:
            raise Unexpected(f"Salesforce says of a row of a bulk job: {row['sf__Error']!r}, which does not read")
        fields = tuple(name.strip() for name in (match["fields"] or "").split(",") if name.strip())
        yield (
            row[key_field],
            Verdict(row["sf__Id"], created=False, code=match["code"], message=match["message"], fields=fields),
        )


def read_records(reply: Reply) -> Iterator[dict[str, Any]]:
    """The rows of a query job; `Account.Name` stands in `Account`, which is left out when it is empty. Raises Unexpected."""
    try:
        rows = csv.reader(io.StringIO(reply.body.decode("utf-8"), newline=""))
        paths = [tuple(name.split(".", 1)) for name in next(rows, [])]
        for row in rows:
            yield _to_record(paths, row)
    except (ValueError, csv.Error) as error:
        raise Unexpected(f"The results of Salesforce's bulk query do not read: {error}") from error


def _to_record(paths: Sequence[tuple[str, ...]], row: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for path, cell in zip(paths, row, strict=True):
        if len(path) == 1:
            record[path[0]] = cell or None
        elif cell:
            record[path[0]] = {**(record.get(path[0]) or {}), path[1]: cell}
    return record


def _rows(reply: Reply, key_field: str, *told: str) -> Iterator[dict[str, str]]:
    """Raises Unexpected for a result file without these columns, or that ends in the middle of a row."""
    try:
        rows = csv.DictReader(io.StringIO(reply.body.decode("utf-8"), newline=""))
        if lacking := {key_field, *told} - set(rows.fieldnames or ()):
            raise Unexpected(f"The results of Salesforce's bulk job have no column {', '.join(sorted(lacking))}")
        for row in rows:
            if row[key_field] is None:
                raise Unexpected(f"The results of Salesforce's bulk job end in the middle of line {rows.line_num}")
            yield row
    except (UnicodeDecodeError, csv.Error) as error:
        raise Unexpected(f"The results of Salesforce's bulk job do not read: {error}") from error


def require_complete(job: Job, where: str) -> None:
    """Raises Refused for a job that Salesforce gave up: nobody knows how many of its rows were saved."""
    if job.state != "JobComplete":
        code, _, message = job.errorMessage.partition(" : ")
        raise Refused(where, 200, code.strip() or job.state, message or f"the job {job.id} ended as {job.state}")
