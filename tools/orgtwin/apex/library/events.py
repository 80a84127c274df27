"""EventBus. Source: "EventBus Namespace" (Apex Reference Guide)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from orgtwin.apex import context
from orgtwin.apex.database import DatabaseError, DmlResult, records_of, row_to_port
from orgtwin.apex.event_queue import Delivery
from orgtwin.apex.faults import throw
from orgtwin.apex.library.crypto import random_uuid
from orgtwin.apex.library.jobs import call_method
from orgtwin.apex.library.properties import Properties, settable_class
from orgtwin.apex.library.signatures import declare, system_class, system_interface, type_of
from orgtwin.apex.library.tests import AFTER_DELIVERY, deliver_events
from orgtwin.apex.records import FIELD_CLASSES
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Instance, Value
from orgtwin.errors import SaveError

_RESULTS = "List<Database.SaveResult>"


def _publish(operand: Value, *options: Value) -> Value:
    engine = context.engine()
    records = records_of(operand)
    at_once = bool(records) and engine.port.publishes_at_once(records[0].type.name)
    engine.transaction.usage.charge("PublishImmediateDML" if at_once else "DMLStatements")
    results: list[DmlResult] = []
    uuids: list[Value] = []
    kind = records[0].type.name if records else ""
    engine.note("EVENT_SERVICE_PUB_BEGIN", kind)
    for record in records:
        row = row_to_port(record)
        uuid = row.setdefault("EventUuid", random_uuid())
        (found,) = engine.port.publish(record.type.name, [row])
        errors = found.errors or (SaveError("OPERATION_ENQUEUED", str(uuid)),)
        results.append(DmlResult("SaveResult", found, [DatabaseError(e) for e in errors]))
        uuids += [uuid] if found.success else []
    engine.note("EVENT_SERVICE_PUB_END", kind)
    for callback in options:
        if callback is not None and uuids:
            engine.events.tell(str(uuids[0]), partial(_call_back, callback, uuids), at_once=at_once)
    if isinstance(operand, ApexList):
        return ApexList(type_of(_RESULTS), list(results))
    return results[0]


def _operation_id(result: DmlResult) -> Value:
    """The UUID of the event. Source: "getOperationId(result)" (EventBus Class)."""
    return result.errors[0].error.message if result.result.success else None


system_interface("EventPublishSuccessCallback", "void onSuccess(EventBus.SuccessResult)", namespace="EventBus")
system_interface("EventPublishFailureCallback", "void onFailure(EventBus.FailureResult)", namespace="EventBus")
system_class(
    "EventBus",
    {
        "static Database.SaveResult publish(SObject)": _publish,
        "static Database.SaveResult publish(SObject,Object)": _publish,
        "static List<Database.SaveResult> publish(List<SObject>)": _publish,
        "static List<Database.SaveResult> publish(List<SObject>,Object)": _publish,
        "static String getOperationId(Object)": _operation_id,
    },
)


class PublishResult:
    """SuccessResult and FailureResult of a publish callback."""

    def __init__(self, kind: str, ids: list[Value]) -> None:
        self.kind = kind
        self.ids = ids

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace="EventBus").type


for _kind in ("SuccessResult", "FailureResult"):
    system_class(
        _kind,
        {"List<String> getEventUuids()": lambda this: ApexList(type_of("List<String>"), list(this.ids))},
        namespace="EventBus",
    )


class TestBroker:
    """Test.getEventBus()."""

    @property
    def apex_type(self) -> Value:
        return BROKER.type


def _deliver(_this: TestBroker, *_: Value) -> None:
    deliver_events()


def _fail(_this: TestBroker) -> None:
    events = context.engine().events
    told = events.take_told(is_test=True)
    events.drop()
    for tell in told:
        tell("Failure")


def _call_back(callback: Instance, uuids: list[Value], outcome: str = "Success") -> None:
    """onSuccess or onFailure of a publisher, if it has that one."""
    if callback.cls.find_methods(f"on{outcome.lower()}"):
        call_method(callback, f"on{outcome}", PublishResult(f"{outcome}Result", uuids))


def _tell_publishers() -> None:
    for tell in context.engine().events.take_told(is_test=True):
        tell()


AFTER_DELIVERY.append(_tell_publishers)
BROKER = system_class(
    "TestBroker",
    {"void deliver()": _deliver, "void fail()": _fail},
    namespace="EventBus",
)
system_class("Test", {"static EventBus.TestBroker getEventBus()": TestBroker})


class TriggerContext:
    """EventBus.TriggerContext.currentContext()."""

    @property
    def apex_type(self) -> Type:
        return declare("TriggerContext", namespace="EventBus").type


def _delivery() -> Delivery:
    return context.engine().events.current or Delivery()


def _set_checkpoint(_this: TriggerContext, replay_id: str | None) -> None:
    if replay_id not in _delivery().replay_ids:
        raise throw("EventBus.InvalidReplayIdException", f"Invalid replay ID: {replay_id}")  # ASSUMED: the text
    _delivery().checkpoint = replay_id


system_class(
    "TriggerContext",
    {
        "static EventBus.TriggerContext currentContext()": TriggerContext,
        "Integer retries": lambda this: _delivery().retries,
        "String lastError": lambda this: _delivery().last_error,
        "String getResumeCheckpoint()": lambda this: _delivery().checkpoint,
        "void setResumeCheckpoint(String)": _set_checkpoint,
    },
    namespace="EventBus",
)
_HEADER = settable_class(
    "ChangeEventHeader",
    {
        "changedFields": "List<String>",
        "changeOrigin": "String",
        "changeType": "String",
        "commitNumber": "Long",
        "commitTimestamp": "Long",
        "commitUser": "String",
        "diffFields": "List<String>",
        "entityName": "String",
        "nulledFields": "List<String>",
        "recordIds": "List<String>",
        "sequenceNumber": "Integer",
        "transactionKey": "String",
    },
    namespace="EventBus",
    getters=True,
)
FIELD_CLASSES["ChangeEventHeader"] = _HEADER.type


def new_change_event_header(values: Mapping[str, Value]) -> Properties:
    """The header of a change event from its values by lower-case name; a Python list stands for a list of texts."""
    made = Properties(_HEADER.type)
    for name, value in values.items():
        is_list = isinstance(value, list)
        made.values[name] = ApexList(type_of("List<String>"), value) if is_list else value
    return made
