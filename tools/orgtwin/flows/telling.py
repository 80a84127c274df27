"""What an interview tells who listens, the debug log of Apex: its elements, the values that they set, the rules that they try.

Source: "Debug Log Levels" (Apex Developer Guide); the fields of the lines are those of recorded logs. ASSUMED: the form of an
interview's id, which names flow and turn here; a Boolean is true or false, a record is shown by its type and id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgtwin.flows.conditions import FlowRecord, Item
from orgtwin.metadata.xml import Node
from orgtwin.records.telling import Listener

if TYPE_CHECKING:
    from orgtwin.flows.definition import Flow

ELEMENT_TYPES = {
    "assignments": "FlowAssignment",
    "decisions": "FlowDecision",
    "recordLookups": "FlowRecordLookup",
    "recordUpdates": "FlowRecordUpdate",
    "recordCreates": "FlowRecordCreate",
    "recordDeletes": "FlowRecordDelete",
    "loops": "FlowLoop",
    "customErrors": "FlowCustomError",
    "actionCalls": "FlowActionCall",
    "subflows": "FlowSubflow",
}
"""ASSUMED for those that no recorded log shows: loops, errors, actions, subflows."""


@dataclass(frozen=True, slots=True)
class Told:
    """One interview, as the log knows it."""

    listener: Listener
    interview_id: str

    @contextmanager
    def element(self, kind: str, node: Node) -> Iterator[None]:
        parts = (self.interview_id, ELEMENT_TYPES[kind], node.value("name") or "")
        self.listener.event("FLOW_ELEMENT_BEGIN", *parts)
        try:
            yield
        finally:
            self.listener.event("FLOW_ELEMENT_END", *parts)

    def value(self, name: str, value: Item) -> None:
        self.listener.event("FLOW_VALUE_ASSIGNMENT", self.interview_id, name, shown(value))

    def assignment(self, name: str, operator: str, value: Item) -> None:
        self.listener.event("FLOW_ASSIGNMENT_DETAIL", self.interview_id, name, operator.upper(), shown(value))

    def rule(self, name: str, is_met: bool) -> None:
        self.listener.event("FLOW_RULE_DETAIL", self.interview_id, name, shown(is_met))
        self.value(name, is_met)

    def fault(self, kind: str, node: Node, message: str, *, is_caught: bool) -> None:
        event = "FLOW_ELEMENT_FAULT" if is_caught else "FLOW_ELEMENT_ERROR"
        self.listener.event(event, message, ELEMENT_TYPES[kind], node.value("name") or "")


def shown(value: Item) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return f"BLOB({len(value)} bytes)"
    if isinstance(value, FlowRecord):
        return f"{value.sobject_type}:{value.get('Id')!s}"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return str(value)


class FlowTeller:
    """Of one org: gives its interviews their ids."""

    def __init__(self) -> None:
        self._count = 0

    def begin(self, listener: Listener | None, flow: Flow) -> Told | None:
        """Of an interview that is made."""
        if listener is None:
            return None
        self._count += 1
        told = Told(listener, f"{flow.name}-{self._count:x}")
        listener.event("FLOW_CREATE_INTERVIEW_END", told.interview_id, flow.label)
        return told


@contextmanager
def started(told: Told | None, flow: Flow) -> Iterator[None]:
    """From one stop of an interview to the next."""
    if told is None:
        yield
        return
    told.listener.event("FLOW_START_INTERVIEW_BEGIN", told.interview_id, flow.label)
    try:
        yield
    finally:
        told.listener.event("FLOW_START_INTERVIEW_END", told.interview_id, flow.label)


@contextmanager
def unit(listener: Listener | None, sobject_type: str) -> Iterator[None]:
    """The flows of a save at one of its steps."""
    shown_unit = (f"Flow:{sobject_type}",)
    with nullcontext() if listener is None else listener.unit(shown_unit, shown_unit):
        yield


@contextmanager
def together(listener: Listener | None, count: int) -> Iterator[None]:
    """The interviews of one flow for the records of a save."""
    if listener is not None:
        listener.event("FLOW_START_INTERVIEWS_BEGIN", count)
    try:
        yield
    finally:
        if listener is not None:
            listener.event("FLOW_START_INTERVIEWS_END", count)
