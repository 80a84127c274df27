"""EventBus. Source: "EventBus Namespace" (Apex Reference Guide)."""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.database import DatabaseError, DmlResult, records_of, row_to_port
from orgtwin.apex.library.signatures import system_class, type_of
from orgtwin.apex.library.tests import deliver_events
from orgtwin.apex.values import ApexList, Value


def _publish(operand: Value, *_: Value) -> Value:
    engine = context.engine()
    records = records_of(operand)
    engine.transaction.usage.charge("DmlStatements")
    results: list[DmlResult] = []
    for record in records:
        found = engine.port.publish(record.type.name, [row_to_port(record)])
        results += [DmlResult("SaveResult", r, [DatabaseError(e) for e in r.errors]) for r in found]
    if isinstance(operand, ApexList):
        return ApexList(type_of("List<Database.SaveResult>"), list(results))
    return results[0]


system_class(
    "EventBus",
    {
        "static Database.SaveResult publish(SObject)": _publish,
        "static List<Database.SaveResult> publish(List<SObject>)": _publish,
    },
)


class TestBroker:
    """Test.getEventBus()."""

    @property
    def apex_type(self) -> Value:
        return BROKER.type


BROKER = system_class("TestBroker", {"void deliver()": lambda this: deliver_events()}, namespace="EventBus")
system_class("Test", {"static EventBus.TestBroker getEventBus()": TestBroker})
