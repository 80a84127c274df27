"""Fields that follow from a status or a date: of opportunities by their stage, of cases, tasks and entitlements.

Sources: "Case", "Entitlement", "Opportunity", "OpportunityStage", "Task", "TaskStatus" (Object Reference). The probabilities and
forecast categories of the standard stages are those of a new org; a request that names Probability keeps its own.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from orgtwin.records.law_context import LawContext
from orgtwin.records.model import Value
from orgtwin.records.saving import Save


class Stage(NamedTuple):
    probability: int
    forecast: str
    is_closed: bool = False
    is_won: bool = False


STAGES: dict[Value, Stage] = {
    "Prospecting": Stage(10, "Pipeline"),
    "Qualification": Stage(10, "Pipeline"),
    "Needs Analysis": Stage(20, "Pipeline"),
    "Value Proposition": Stage(50, "Pipeline"),
    "Id. Decision Makers": Stage(60, "Pipeline"),
    "Perception Analysis": Stage(70, "Pipeline"),
    "Proposal/Price Quote": Stage(75, "Pipeline"),
    "Negotiation/Review": Stage(90, "Pipeline"),
    "Closed Won": Stage(100, "Closed", is_closed=True, is_won=True),
    "Closed Lost": Stage(0, "Omitted", is_closed=True),
}
CLOSED_CASE_STATUSES = frozenset({"Closed"})
CLOSED_TASK_STATUSES = frozenset({"Completed"})


def follow_stage(_context: LawContext, save: Save) -> None:
    """A change of stage sets probability, forecast category, IsClosed and IsWon."""
    table = save.table
    stage_of, probability_of = table.reader("StageName"), table.reader("Probability")
    for row in save.rows:
        stage = STAGES.get(stage_of(row.content))
        if stage is None or (row.before is not None and stage_of(row.before) == stage_of(row.content)):
            continue
        before = None if row.before is None else probability_of(row.before)
        if probability_of(row.content) == before:
            table.write(row.content, "Probability", Decimal(stage.probability))
        table.write(row.content, "ForecastCategory", stage.forecast)
        table.write(row.content, "ForecastCategoryName", stage.forecast)
        table.write(row.content, "IsClosed", stage.is_closed)
        table.write(row.content, "IsWon", stage.is_won)


def follow_case_status(context: LawContext, save: Save) -> None:
    """A case is closed by its status; the moment is kept."""
    _close_by_status(context, save, CLOSED_CASE_STATUSES, "ClosedDate")


def follow_task_status(context: LawContext, save: Save) -> None:
    """A task is closed by its status; the moment is kept."""
    _close_by_status(context, save, CLOSED_TASK_STATUSES, "CompletedDateTime")


def follow_dates(context: LawContext, save: Save) -> None:
    """An entitlement is in effect from its first day to its last. ASSUMED: a day that is not told is no bound; it is told as of the
    last save.
    """
    table, today = save.table, context.now.date()
    start_of, end_of = table.reader("StartDate"), table.reader("EndDate")
    for row in save.rows:
        start, end = start_of(row.content), end_of(row.content)
        is_over = isinstance(end, date) and end < today
        is_ahead = isinstance(start, date) and start > today
        table.write(row.content, "Status", "Expired" if is_over else "Inactive" if is_ahead else "Active")


def _close_by_status(context: LawContext, save: Save, closing: frozenset[str], moment: str) -> None:
    table = save.table
    status_of, closed_at = table.reader("Status"), table.reader(moment)
    for row in save.rows:
        is_closed = status_of(row.content) in closing
        table.write(row.content, "IsClosed", is_closed)
        if is_closed and closed_at(row.content) is None:
            table.write(row.content, moment, context.now)
        elif not is_closed:
            table.write(row.content, moment, None)
