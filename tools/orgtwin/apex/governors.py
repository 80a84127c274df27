"""Every limit of Apex that the documentation lists, with what happens beyond it here: docs/reference/apex-limits.md.

A row without `told` is not enforced, and its note says why. What a transaction counts stands in limits.py; the other numbers
are those of the code that enforces them.

Source: "Execution Governors and Limits", "SOQL and SOSL Limits for Search Queries", "Apex Flex Queue" (Salesforce documentation).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orgtwin.apex.event_queue import MOST_EVENTS
from orgtwin.apex.library.cursors import MOST_ROWS_A_PAGE
from orgtwin.apex.library.jobs import MAX_BATCH_SIZE, MOST_HOLDING, MOST_QUEUEABLES, MOST_SCHEDULED
from orgtwin.apex.library.notifications import MOST_RECIPIENTS
from orgtwin.apex.limits import LIMITS, MAX_CALLOUT_MILLISECONDS, MAX_STACK_DEPTH, MAX_TRIGGER_DEPTH, TOO_DEEP, Limit
from orgtwin.apex.syntax.lexer import MAX_CHARACTERS
from orgtwin.java_regex.pattern import LONGEST_TEXT, SECONDS
from orgtwin.soql.columns import MAXIMUM_LEVELS
from orgtwin.soql.parser import MAXIMUM_LENGTH
from orgtwin.soql.planner import MAXIMUM_OFFSET
from orgtwin.sosl.statement import MOST_ROWS

PAGE = Path("docs/reference/apex-limits.md")
NO_CLOCK = "the CPU model ends it; a server also does when it has had the processor for twice its limit of CPU time"
NO_DAY = "the twin counts nothing of Apex over a day"
NO_SIDE_BY_SIDE = "the twin does one thing at a time; a server has at most three transactions under way, others wait"


@dataclass(frozen=True, slots=True)
class Governor:
    """One limit beside those that a transaction counts: `value` of the documentation, `told` and `note` as the module says."""

    what: str
    value: str
    told: str = ""
    note: str = ""
    is_assumed: bool = False


_LITERAL = "System.LimitException: "
STATIC: dict[str, Governor] = {
    "trigger depth": Governor(
        "Triggers that fire each other by insert, update or delete",
        f"{MAX_TRIGGER_DEPTH}",
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: maximum trigger depth exceeded",
    ),
    "stack depth": Governor("Calls inside each other", f"{MAX_STACK_DEPTH:,}", f"{_LITERAL}{TOO_DEEP}"),
    "SOSL rows": Governor(
        "Records of one SOSL query",
        f"{MOST_ROWS:,}",
        "System.SearchException: LIMIT must be at most 2000",
        is_assumed=True,
    ),
    "callout time": Governor(
        "Timeout of one callout, and of all of a transaction",
        f"{MAX_CALLOUT_MILLISECONDS // 1000} seconds",
        "System.CalloutException: Exceeded maximum time allotted for callout (120000 ms)",
        is_assumed=True,
    ),
    "default callout time": Governor(
        "Timeout of a callout that sets none", "10 seconds", "System.CalloutException: Read timed out"
    ),
    "callout size": Governor(
        "Request or response of a callout",
        "6 MB, 12 MB asynchronous",
        "System.CalloutException: Exceeded max size limit of 6000000",
    ),
    "push recipients": Governor(
        "Recipients of one push notification",
        f"{MOST_RECIPIENTS:,}",
        "System.InvalidParameterValueException: A push notification has at most 2000 recipients: 2001",
        is_assumed=True,
    ),
    "rows a page": Governor(
        "Rows of one page of a pagination cursor",
        f"{MOST_ROWS_A_PAGE:,}",
        "System.InvalidParameterValueException: A page has at most 2000 rows: 2001",
        is_assumed=True,
    ),
    "time": Governor("Execution time of a transaction", "10 minutes", note=NO_CLOCK),
    "query time": Governor("Time of a SOQL query", "120 seconds", note=NO_CLOCK),
    "regular expressions": Governor(
        "Steps of a match",
        f"not documented; here {SECONDS:g} s of processor time and texts of {LONGEST_TEXT:,} characters",
        f"{_LITERAL}Regex too complicated",
        is_assumed=True,
    ),
    "packages": Governor(
        "Limits of certified managed packages, and 11 times as much for all",
        "each package its own",
        note="the Apex of packages is not loaded",
    ),
    "jobs a day": Governor("Asynchronous executions a day", "250,000, or 200 a license", note=NO_DAY),
    "cursors a day": Governor(
        "Cursors; pagination cursors; rows of both a day", "10,000; 200,000; 100 million", note=NO_DAY
    ),
    "long transactions": Governor("Transactions longer than 5 seconds at once", "10 to 50", note=NO_SIDE_BY_SIDE),
    "scheduled": Governor(
        "Classes scheduled at once",
        f"{MOST_SCHEDULED}",
        "System.AsyncException: You have exceeded the maximum number (100) of Apex scheduled jobs.",
        "an org of the Developer Edition allows 5",
    ),
    "flex queue": Governor(
        "Batch jobs that wait",
        f"{MOST_HOLDING}",
        "System.AsyncException: You've exceeded the limit of 100 jobs in the flex queue for org ...",
        "counted are those of one transaction: the jobs of others have run when the next begins",
    ),
    "active batches": Governor("Batch jobs queued or active; start methods at once", "5; 1", note=NO_SIDE_BY_SIDE),
    "batches of a test": Governor("Batch jobs that a running test submits", "5", note="no source tells the exception"),
    "batch size": Governor(
        "Records of one execute method, of a query locator", f"{MAX_BATCH_SIZE:,}", "more come in further runs"
    ),
    "chain": Governor(
        "Queueable jobs in a chain, in an org of the Developer Edition",
        f"{MOST_QUEUEABLES}; 1 in a test",
        "System.AsyncException: Maximum stack depth has been reached.",
    ),
    "trigger rows": Governor("Records of one run of a trigger", "200", "more come in further runs"),
    "event rows": Governor("Events of one run of a trigger", f"{MOST_EVENTS:,}", "more come in further runs"),
    "loop rows": Governor("Records of a list in a SOQL for loop", "200", "more come in further turns"),
    "units of a deploy": Governor("Classes and triggers of one deploy", "7,500", note="not counted"),
    "source": Governor("Characters of a class or trigger", f"{MAX_CHARACTERS:,}", "a compile error", is_assumed=True),
    "all sources": Governor("All Apex of an org", "6 MB, 10 MB of a scratch org", note="no source tells the error"),
    "method": Governor("Bytecode of a method", "65,535 instructions", note="the twin compiles to no bytecode"),
    "query text": Governor(
        "Characters of a SOQL statement",
        f"{MAXIMUM_LENGTH:,}",
        "System.QueryException: SOQL statement is longer than 100,000 characters",
        is_assumed=True,
    ),
    "offset": Governor("OFFSET", f"{MAXIMUM_OFFSET:,}", "System.QueryException: Maximum SOQL offset allowed is 2000"),
    "levels": Governor(
        "Levels of a relationship path",
        f"{MAXIMUM_LEVELS}",
        "System.QueryException: A relationship path may have at most 5 levels",
        is_assumed=True,
    ),
    "test rows": Governor(
        "Records that one synchronous test run writes", "450,000", note="every method of a test has its 10,000"
    ),
    "recipients": Governor(
        "Addresses of an e-mail: To, CC, BCC",
        "100, 25, 25",
        "System.EmailException: ... LIMIT_EXCEEDED",
        is_assumed=True,
    ),
    "addresses a day": Governor("External addresses a day", "5,000, 50 of a Developer Edition", note=NO_DAY),
}

_HEAD = """\
# Limits of Apex in the twin

<!-- Generated by python -m orgtwin.reference; edit tools/orgtwin/apex/limits.py and governors.py instead. -->

Every limit of "Execution Governors and Limits" (Apex Developer Guide), with what happens here beyond it. A LimitException is caught
by no Apex: neither `catch` nor `finally` runs, and what the transaction wrote is taken back. "assumed" marks a text that no source
tells. Scheduled Apex and triggers of platform events have the synchronous limits, saves of Bulk API and Bulk API 2.0 the higher of
both. `Test.startTest` gives fresh ones.

## What a transaction counts

`Limits.getX()` and `Limits.getLimitX()` tell these by the name in the first column.
"""


def render_page() -> str:
    """The page in Markdown."""
    counted = _table(
        ("Limits", "What", "Synchronous", "Asynchronous", "Beyond"),
        (
            (f"`{name}`", row.what, f"{row.synchronous:,}", _asynchronous(name, row), _beyond(row))
            for name, row in LIMITS.items()
        ),
    )
    others = _table(
        ("What", "Value", "Beyond"), ((row.what, row.value, _told(row)) for row in STATIC.values() if row.told)
    )
    absent = _table(
        ("What", "Value", "Why"), ((row.what, row.value, row.note) for row in STATIC.values() if not row.told)
    )
    return "\n".join([_HEAD, *counted, "", "## Other limits", "", *others, "", "## Not enforced", "", *absent, ""])


def _asynchronous(name: str, row: Limit) -> str:
    return f"{row.asynchronous:,}" + ("; 0 in batch and future methods" if name == "FutureCalls" else "")


def _beyond(row: Limit) -> str:
    return f"`{_LITERAL}{row.text}`" + (" (assumed)" if row.is_assumed else "")


def _told(row: Governor) -> str:
    return f"`{row.told}`" + (" (assumed)" if row.is_assumed else "") + (f"; {row.note}" if row.note else "")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"
