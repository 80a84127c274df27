"""Tasks and e-mail alerts of workflow rules.

Source: WorkflowTask, WorkflowAlert (Metadata API Developer Guide); "Triggers and Order of Execution" (Apex Developer Guide): e-mail
goes out after the commit. An alert tells its template, and does not fill it in. ASSUMED: a due date counts from the day of the
save where no field is named; nobody is told of a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta

from orgtwin.errors import Unsupported
from orgtwin.metadata.component import Component
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.metadata.xml import Node
from orgtwin.org import Org
from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable

KEY = "workflow.actions"
Wire = dict[str, object]
Mail = dict[str, object]
_OF_RECORD = {"owner": "OwnerId", "creator": "CreatedById"}
_PEOPLE = frozenset(("Contact", "Lead"))


def compile_task(org: Org, table: RecordTable, component: Component) -> Callable[[Row], Wire]:
    """From a record to the task that is made for it. Raises Unsupported for an assignee that the twin does not find."""
    body = component.body
    kind, name = body.value("assignedToType") or "", body.value("assignedTo") or ""
    assignee = _person(org, table, kind, name)
    field = (body.value("offsetFromField") or "").rpartition(".")[2]
    start = table.reader(field) if field else lambda _row: org.now.date()
    offset = timedelta(days=body.number("dueDateOffset") or 0)
    lookup = "WhoId" if table.type.api_name in _PEOPLE else "WhatId"
    told = {"Subject": "subject", "Status": "status", "Priority": "priority", "Description": "description"}
    fixed = {task_field: body.value(element) for task_field, element in told.items()}

    def make(row: Row) -> Wire:
        due = _day(start(row))
        day = None if due is None else (due + offset).isoformat()
        return {**fixed, "ActivityDate": day, "OwnerId": assignee(row), lookup: row[0]}

    return make


def _day(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def _person(org: Org, table: RecordTable, kind: str, name: str) -> Callable[[Row], Value]:
    if kind in _OF_RECORD:
        return table.reader(_OF_RECORD[kind])
    found = find_row(org, "User", Username=name) if kind == "user" else None
    if found is None:
        raise Unsupported(KEY, f"the {kind or 'assignee'} {name} of a workflow action")
    return lambda _row: found


def compile_alert(org: Org, table: RecordTable, component: Component) -> Callable[[Row], Mail]:
    """From a record to what the outbox keeps of the mail. Raises Unsupported for recipients that the twin does not find."""
    body = component.body
    finders = [_address(org, table, node) for node in body.all("recipients")]
    copies = body.values("ccEmails")
    fixed: Mail = {"emailAlert": component.full_name, "template": body.value("template")}

    def make(row: Row) -> Mail:
        addresses = (*(find(row) for find in finders), *copies)
        return {**fixed, "emailAddresses": ",".join(_distinct(addresses)), "recordId": row[0]}

    return make


def _distinct(addresses: tuple[Value, ...]) -> Iterator[str]:
    return (str(one) for one in dict.fromkeys(addresses) if one)


def _address(org: Org, table: RecordTable, node: Node) -> Callable[[Row], Value]:
    kind, field = node.value("type") or "", node.value("field") or ""
    if kind == "email" and table.type.find_field(field) is not None:
        return table.reader(field)
    object_name = _LOOKED_UP.get(kind, "User")
    read = table.reader(field) if kind in _LOOKED_UP else _person(org, table, kind, node.value("recipient") or "")
    people = org.table(object_name)
    email = people.reader("Email")

    def find(row: Row) -> Value:
        person = people.get(str(read(row)))
        return None if person is None else email(person)

    return find


_LOOKED_UP: Mapping[str, str] = {"userLookup": "User", "contactLookup": "Contact"}
