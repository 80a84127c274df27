"""The flows of one org inside its saves, and what their scheduled paths wait for.

Source: "Triggers and Order of Execution" (Apex Developer Guide), steps 3 and 14; "Schedule a Path" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time
from functools import cached_property, partial
from weakref import WeakValueDictionary

from orgtwin.errors import Unsupported
from orgtwin.flows.conditions import FlowRecord, Item
from orgtwin.flows.definition import Flow, Path, find_flow, find_heard, find_launched
from orgtwin.flows.interview import Fault, Interview, Refused, Started
from orgtwin.flows.telling import FlowTeller, started, together, unit
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.data_tables import register_data_tables
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import Node
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.saving import Moment, Operation, Pending, Save
from orgtwin.records.table import RecordTable
from orgtwin.soql.catalog import VirtualTables

CallApex = Callable[[Caller, str, Sequence[Mapping[str, Item]]], list[Mapping[str, Item]]]
"""Calls the invocable method of a class for a caller, once for several interviews: their inputs, their outputs. Raises Fault."""
_MOST_SUBFLOWS = 50
_Going = tuple[Interview, Pending | None, str | None]
"""An interview, the record it is for, unless that is an event, and the element it goes on with."""
_EVENTS = {Operation.INSERT: "insert", Operation.UPDATE: "update", Operation.DELETE: "delete"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scheduled path of one record."""

    due: datetime
    flow: Flow
    path: Path
    caller: Caller
    record_id: str


_SERVICES: WeakValueDictionary[int, FlowService] = WeakValueDictionary()


def flows_of(org: Org) -> FlowService:
    """The flows of an org; one that was made without runs those that were deployed to it from now on."""
    found = _SERVICES.get(id(org))
    return found or FlowService(org, MetadataService(org).state.components)


def _refuse_apex(_caller: Caller, name: str, _inputs: Sequence[Mapping[str, Item]]) -> list[Mapping[str, Item]]:
    raise Unsupported("flow.action", f"the flow action apex {name}: this org runs no Apex")


class FlowService:
    """See the package. Who runs Apex in the org sets `call_apex`."""

    call_apex: CallApex

    def __init__(self, org: Org, components: Callable[[], ComponentStore], *, commits: bool = True) -> None:
        """`commits`: whether what follows a commit comes about; of tests nothing is committed."""
        self._org = org
        self._commits = commits
        self._components = components
        self._seen: ComponentStore | None = None
        self._flows: dict[str, list[Flow]] = {}
        self._heard: dict[str, list[Flow]] = {}
        self._active: set[tuple[str, object]] = set()
        self.waiting: list[Waiting] = []
        self.outbox: list[dict[str, object]] = []
        self._teller = FlowTeller()
        self._depth = 0  # of subflows
        self.call_apex = _refuse_apex
        _SERVICES[id(org)] = self
        org.hooks.join(Moment.BEFORE_FLOWS, partial(self._run, before_save=True), self._concerns)
        org.hooks.join(Moment.AFTER_FLOWS, partial(self._run, before_save=False), self._concerns)

    def flows(self, sobject_type: str) -> list[Flow]:
        """The active flows of an object that its saves start, in the order in which they run."""
        self._read()
        return self._flows.get(sobject_type, [])

    def event_flows(self, sobject_type: str) -> Sequence[Flow]:
        """The active flows that a platform event starts."""
        self._read()
        return self._heard.get(sobject_type, ())

    def _read(self) -> None:
        """The flows again, when the components are other ones."""
        components = self._components()
        if components is not self._seen:
            self._seen = components
            self._flows, self._heard = _by_object(components, find_flow), _by_object(components, find_heard)

    def _concerns(self, table: RecordTable) -> bool:
        return bool(self.flows(table.type.api_name))

    def _run(self, save: Save, *, before_save: bool) -> None:
        wanted = [
            flow
            for flow in self.flows(save.table.type.api_name)
            if flow.before_save is before_save and _EVENTS.get(save.operation) in flow.events
        ]
        with unit(self._org.hooks.listener if wanted else None, save.table.type.api_name):
            for flow in wanted:
                if self._commits or not flow.is_orchestration:  # which begins in the background, after the commit
                    self._run_flow(flow, save)

    def _run_flow(self, flow: Flow, save: Save) -> None:
        """One interview a record, all from one Apex action to the next together."""
        keys: set[tuple[str, object]] = set()
        going: list[_Going] = []
        for row in save.rows:
            key = (flow.name, row.content[0] or id(row))
            if row.errors or key in self._active:
                continue  # a flow that updates its own record does not start again for it
            keys.add(key)
            interview = self._interview(flow, save.caller, Started(save.table, row.content, row.before))
            with _refusing(flow, row):
                if self._lets_in(flow, row, interview):
                    interview.told = self._teller.begin(self._org.hooks.listener, flow)
                    going.append((interview, row, flow.target))
        self._active |= keys
        try:
            with together(self._org.hooks.listener if going else None, len(going)):
                while going:
                    going = self._advance(flow, save.caller, save, going)
        finally:
            self._active -= keys

    def _lets_in(self, flow: Flow, row: Pending, interview: Interview) -> bool:
        if not interview.meets_conditions():
            self._forget(flow, row)
            return False
        if not interview.is_wanted():
            return False
        if flow.unknown:
            raise Unsupported("flow.element", f"the flow element {flow.unknown[0]} ({flow.name})")
        return True

    def hear(self, caller: Caller, flow: Flow, events: Sequence[Mapping[str, Value]]) -> None:
        """Run a flow for platform events, all from one Apex action to the next together. Raises Fault, Refused."""
        if flow.unknown:
            raise Unsupported("flow.element", f"the flow element {flow.unknown[0]} ({flow.name})")
        records = [FlowRecord(flow.sobject_type, dict(event)) for event in events]
        interviews = [self._interview(flow, caller, None, {"$Record": record}) for record in records]
        going: list[_Going] = [(one, None, flow.target) for one in interviews if one.meets_conditions()]
        while going:
            going = self._advance(flow, caller, None, going)

    def _advance(self, flow: Flow, caller: Caller, save: Save | None, going: list[_Going]) -> list[_Going]:
        """Every interview up to its next Apex action; those that go on after it."""
        waiting: dict[str, list[tuple[Interview, Pending | None, Node]]] = {}
        for interview, row, target in going:
            with _refusing(flow, row):
                with started(interview.told, flow):
                    node = interview.run(target)
                if node is not None:
                    waiting.setdefault(node.value("name") or "", []).append((interview, row, node))
                    continue
                self.outbox += interview.sent
                if save is not None and row is not None:
                    self._schedule(flow, save, row)
        after: list[_Going] = []
        for group in waiting.values():
            outcome = self._call(caller, group[0][2], [interview for interview, _, _ in group])
            for place, (interview, row, node) in enumerate(group):
                with _refusing(flow, row):
                    after.append((interview, row, _take(interview, node, outcome, place)))
        return after

    def _call(self, caller: Caller, node: Node, interviews: list[Interview]) -> list[Mapping[str, Item]] | Fault:
        try:
            return self.call_apex(caller, node.value("actionName") or "", [one.inputs_of(node) for one in interviews])
        except Fault as fault:
            return fault

    def _interview(
        self, flow: Flow, caller: Caller, started: Started | None, inputs: Mapping[str, Item] | None = None
    ) -> Interview:
        return Interview(self._org, flow, caller, started, inputs, computed=self._computed, launch=self._launch_subflow)

    @cached_property
    def _computed(self) -> VirtualTables:
        tables = VirtualTables()
        register_data_tables(tables, lambda: MetadataService(self._org))
        return tables

    # ---- launched by name

    def find_launched(self, name: str) -> Flow | None:
        """The active flow of that name, in any case, that may be started so."""
        wanted = name.lower()
        found = (c for c in self._components().of_type("Flow") if c.full_name.lower() == wanted)
        return next((flow for c in found if (flow := find_launched(c)) is not None), None)

    def launch(self, caller: Caller, flow: Flow, inputs: Mapping[str, Item]) -> Interview:
        """Run a flow to its end with values for its variables. Raises Fault, Refused."""
        if flow.unknown:
            raise Unsupported("flow.element", f"the flow element {flow.unknown[0]} ({flow.name})")
        interview = self._interview(flow, caller, None, inputs)
        interview.told = self._teller.begin(self._org.hooks.listener, flow)
        with started(interview.told, flow):
            self._run_alone(caller, interview, flow.target)
        self.outbox += interview.sent
        return interview

    def _launch_subflow(self, caller: Caller, name: str, inputs: Mapping[str, Item]) -> Interview:
        """ASSUMED: its Apex actions are called for one interview at a time; the texts; how deep flows may call each other."""
        flow = self.find_launched(name)
        if flow is None:
            raise Fault(f"the flow {name} is not there, or not active")
        if self._depth == _MOST_SUBFLOWS:
            raise Fault(f"more than {_MOST_SUBFLOWS} subflows call each other")
        self._depth += 1
        try:
            return self.launch(caller, flow, inputs)
        finally:
            self._depth -= 1

    # ---- scheduled paths

    def _forget(self, flow: Flow, row: Pending) -> None:
        """A record that no longer meets the entry conditions takes its pending paths along.

        Source: an experiment published at Salesforce Stack Exchange, "Do scheduled paths get evaluated/canceled ...".
        """
        if flow.paths:
            record = (flow.name, str(row.content[0]))
            self.waiting = [w for w in self.waiting if (w.flow.name, w.record_id) != record]

    def _schedule(self, flow: Flow, save: Save, row: Pending) -> None:
        self._forget(flow, row)
        record_id = str(row.content[0])
        for path in flow.paths:
            start = self._org.now if path.field is None else _moment(save.table.reader(path.field)(row.content))
            if start is not None:
                self.waiting.append(Waiting(start + path.offset, flow, path, save.caller, record_id))

    def run_due(self, moment: datetime) -> int:
        """Run the scheduled paths that are due by `moment`, each once; how many there were. A faulty one harms no other."""
        due = sorted((w for w in self.waiting if w.due <= moment), key=lambda w: w.due)
        self.waiting = [w for w in self.waiting if w.due > moment]
        for one in due:
            described = self._org.schema.find_by_prefix(one.record_id[:3])
            table = self._org.table(described.api_name) if described is not None else None
            row = table.get(one.record_id) if table is not None else None
            if table is not None and row is not None:
                started = Started(table, Row(list(row)), None)
                self._run_path(one, self._interview(one.flow, one.caller, started))
        return len(due)

    def _run_alone(self, caller: Caller, interview: Interview, target: str | None) -> None:
        node = interview.run(target)
        while node is not None:
            node = interview.run(_take(interview, node, self._call(caller, node, [interview]), 0))

    def _run_path(self, one: Waiting, interview: Interview) -> None:
        key = (one.flow.name, one.record_id)
        self._active.add(key)
        try:
            with self._org.transaction():
                self._run_alone(one.caller, interview, one.path.target or None)
        except (Fault, Refused) as error:
            self.outbox.append({"subject": f"Error occurred during flow: {one.flow.label}", "emailBody": str(error)})
        else:
            self.outbox += interview.sent
        finally:
            self._active.discard(key)


def _by_object(components: ComponentStore, find: Callable[[Component], Flow | None]) -> dict[str, list[Flow]]:
    found = [flow for component in components.of_type("Flow") if (flow := find(component)) is not None]
    by_object: dict[str, list[Flow]] = {}
    for flow in sorted(found, key=lambda f: (f.order, f.name)):
        by_object.setdefault(flow.sobject_type, []).append(flow)
    return by_object


def _take(interview: Interview, node: Node, outcome: list[Mapping[str, Item]] | Fault, place: int) -> str | None:
    """Where an interview goes after an action. Raises the fault that no path takes."""
    if isinstance(outcome, Fault):
        return interview.fail(node, outcome)
    return interview.take_outputs(node, outcome[place])


@contextmanager
def _refusing(flow: Flow, row: Pending | None) -> Iterator[None]:
    """What ends an interview refuses its record; an event cannot be refused any more, so that it ends all that heard it."""
    try:
        yield
    except Refused as refused:
        if row is None:
            raise
        row.refuse("CANNOT_EXECUTE_FLOW_TRIGGER", refused.message, *([refused.name] if refused.name else []))
    except Fault as fault:
        if row is None:
            raise
        message = (
            f"We can't save this record because the “{flow.label}” process failed. Give your Salesforce admin these"
            f" details. {fault}"
        )
        row.refuse("CANNOT_EXECUTE_FLOW_TRIGGER", message)


def _moment(value: object) -> datetime | None:
    """ASSUMED: a date is midnight UTC of the day."""
    if isinstance(value, datetime):
        return value
    return None if value is None else datetime.combine(value, time(), UTC)  # type: ignore[arg-type]
