"""The flows of one org inside its saves, and what their scheduled paths wait for.

Source: "Triggers and Order of Execution" (Apex Developer Guide), steps 3 and 14; "Schedule a Path" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time

from orgtwin.errors import Unsupported
from orgtwin.flows.definition import Flow, Path, find_flow
from orgtwin.flows.interview import Fault, Interview, Refused
from orgtwin.metadata.component import ComponentStore
from orgtwin.org import Org
from orgtwin.records.model import Caller, Row
from orgtwin.records.saving import Operation, Pending, Save

_EVENTS = {Operation.INSERT: "insert", Operation.UPDATE: "update", Operation.DELETE: "delete"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A scheduled path of one record."""

    due: datetime
    flow: Flow
    path: Path
    caller: Caller
    record_id: str


class FlowService:
    """See the package."""

    def __init__(self, org: Org, components: Callable[[], ComponentStore]) -> None:
        self._org = org
        self._components = components
        self._seen: ComponentStore | None = None
        self._flows: dict[str, list[Flow]] = {}
        self._active: set[tuple[str, object]] = set()
        self.waiting: list[Waiting] = []
        self.outbox: list[dict[str, object]] = []
        org.hooks.before_flows.append(lambda save: self._run(save, before_save=True))
        org.hooks.after_flows.append(lambda save: self._run(save, before_save=False))

    def flows(self, sobject_type: str) -> list[Flow]:
        """The active flows of an object in the order in which they run."""
        components = self._components()
        if components is not self._seen:
            self._seen, self._flows = components, {}
            found = [flow for c in components.of_type("Flow") if (flow := find_flow(c)) is not None]
            for flow in sorted(found, key=lambda f: (f.order, f.name)):
                self._flows.setdefault(flow.sobject_type, []).append(flow)
        return self._flows.get(sobject_type, [])

    def _run(self, save: Save, *, before_save: bool) -> None:
        for flow in self.flows(save.table.type.api_name):
            if flow.before_save is before_save and _EVENTS.get(save.operation) in flow.events:
                for row in save.rows:
                    if not row.errors:
                        self._run_row(flow, save, row)

    def _run_row(self, flow: Flow, save: Save, row: Pending) -> None:
        key = (flow.name, row.content[0] or id(row))
        if key in self._active:
            return  # a flow that updates its own record does not start again for it
        interview = Interview(self._org, flow, save.caller, save.table, row.content, row.before)
        self._active.add(key)
        try:
            if not interview.meets_conditions():
                self._forget(flow, row)
            elif interview.is_wanted():
                if flow.unknown:
                    raise Unsupported("flow.element", f"the flow element {flow.unknown[0]} ({flow.name})")
                interview.run(flow.target)
                self.outbox += interview.sent
                self._schedule(flow, save, row)
        except Refused as refused:
            row.refuse("CANNOT_EXECUTE_FLOW_TRIGGER", refused.message, *([refused.name] if refused.name else []))
        except Fault as fault:
            message = (
                f"We can't save this record because the “{flow.label}” process failed. Give your Salesforce admin these"
                f" details. {fault}"
            )
            row.refuse("CANNOT_EXECUTE_FLOW_TRIGGER", message)
        finally:
            self._active.discard(key)

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
                self._run_path(one, Interview(self._org, one.flow, one.caller, table, Row(list(row)), None))
        return len(due)

    def _run_path(self, one: Waiting, interview: Interview) -> None:
        key = (one.flow.name, one.record_id)
        self._active.add(key)
        try:
            with self._org.transaction():
                interview.run(one.path.target or None)
        except (Fault, Refused) as error:
            self.outbox.append({"subject": f"Error occurred during flow: {one.flow.label}", "emailBody": str(error)})
        else:
            self.outbox += interview.sent
        finally:
            self._active.discard(key)


def _moment(value: object) -> datetime | None:
    """ASSUMED: a date is midnight UTC of the day."""
    if isinstance(value, datetime):
        return value
    return None if value is None else datetime.combine(value, time(), UTC)  # type: ignore[arg-type]
