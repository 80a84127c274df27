"""Change events as their triggers see them: AccountChangeEvent with its header, X__ChangeEvent.

Sources: "Change Event Triggers", "Test Change Event Triggers" (Change Data Capture Developer Guide), "ChangeEventHeader Class"
(Apex Reference Guide).
ASSUMED: compound fields appear by their parts only; in a test each DML statement is a commit, and changeOrigin is blank.
"""

from __future__ import annotations

from collections.abc import Iterable

from orgtwin.apex.engine import Engine
from orgtwin.apex.library.events import new_change_event_header
from orgtwin.apex.org_port import Scalar
from orgtwin.events.capture import capture
from orgtwin.events.model import Change, Transaction
from orgtwin.records.transactions import Entry
from orgtwin.schema.change_events import change_event_name, object_of_change_event


def queue_change(engine: Engine, change: Change) -> None:
    """A change event on its way to the triggers that subscribe to it."""
    name = change_event_name(change.entity)
    if engine.find_triggers(name):
        engine.events.add(engine, name, _event(change))


def queue_changes_of_test(engine: Engine, entries: Iterable[Entry]) -> None:
    """The change events of a commit in a test that has called Test.enableChangeDataCapture, whatever the org selects."""
    if not engine.test_state.get("captures changes"):
        return
    number = engine.test_state["commits"] = engine.test_state.get("commits", 0) + 1
    key = f"00000000-0000-4000-8000-{number:012x}"
    transaction = Transaction(key, engine.now(), number, engine.user().user_id, "")
    subscribed = frozenset(
        found.api_name
        for name in engine.triggers
        if (found := engine.port.schema.find_type(object_of_change_event(_canonical(engine, name))))
    )
    for change in capture(entries, subscribed, transaction):
        queue_change(engine, change)


def _canonical(engine: Engine, name: str) -> str:
    found = engine.find_sobject_type(name)
    return name if found is None else found.name


def _event(change: Change) -> dict[str, Scalar]:
    """The fields of an update are those that got a value; those that lost theirs are named in nulledFields."""
    transaction = change.transaction
    header = new_change_event_header(
        {
            "entityname": change.entity,
            "recordids": list(change.record_ids),
            "changetype": str(change.change_type),
            "changeorigin": transaction.origin,
            "transactionkey": transaction.key,
            "sequencenumber": change.sequence,
            "committimestamp": int(transaction.committed_at.timestamp() * 1000),
            "commitnumber": transaction.commit_number,
            "commituser": transaction.user_id,
            "changedfields": list(change.changed),
            "nulledfields": [name for name in change.changed if change.values.get(name) is None],
            "difffields": [],
        }
    )
    return {
        "ChangeEventHeader": header,
        **{name: value for name, value in change.values.items() if value is not None},
    }
