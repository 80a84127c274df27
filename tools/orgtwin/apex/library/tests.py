"""Test, and what only tests may do. Source: "Test Class" (Apex Reference Guide)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from orgtwin.apex import context
from orgtwin.apex.database import READ_ONLY
from orgtwin.apex.faults import throw
from orgtwin.apex.library.jobs import run_jobs
from orgtwin.apex.library.signatures import system_class, system_interface
from orgtwin.apex.library.stubs import create_stub
from orgtwin.apex.library.test_data import load_data
from orgtwin.apex.limits import LIMITS, Usage
from orgtwin.apex.records import to_id
from orgtwin.apex.values import ApexList, Value


def _require_test() -> None:
    if not context.engine().is_testing:
        raise throw("TypeException", "Test methods must have the isTest annotation")


def _start() -> None:
    """Fresh limits until stopTest."""
    engine = context.engine()
    _require_test()
    if engine.test_state.get("started"):
        raise throw("FinalException", "Testing already started")
    engine.test_state["started"] = True
    engine.test_state["outer_usage"] = engine.transaction.usage
    engine.test_state["outer_ticks"] = engine.reset_ticks()
    engine.transaction.usage = Usage()


def _stop() -> None:
    """Run what was queued since startTest; then the first limits count on."""
    engine = context.engine()
    if not engine.test_state.get("started") or engine.test_state.get("stopped"):
        raise throw(
            "FinalException",
            "Testing already stopped" if engine.test_state.get("stopped") else "Testing has not started",
        )
    engine.test_state["stopped"] = True
    engine.test_state["used"] = {name: engine.used(name) for name in LIMITS}
    try:
        deliver_events()
        run_jobs(engine)
        deliver_events()
    finally:
        engine.transaction.usage = engine.test_state["outer_usage"]
        engine.set_ticks(engine.test_state["outer_ticks"])


AFTER_DELIVERY: list[Callable[[], None]] = []
"""What follows each delivery of events in a test."""


def deliver_events() -> None:
    """Hand published platform events to their triggers, and tell their publishers."""
    engine = context.engine()
    engine.events.deliver(engine, is_test=True)
    for tell in AFTER_DELIVERY:
        tell()


def _capture_changes() -> None:
    """From now on every change of the test makes a change event, whatever objects the org selects."""
    _require_test()
    context.engine().test_state["captures changes"] = True


def _set_mock(interface: Value, mock: Value) -> None:
    _require_test()
    context.engine().test_state["mock:" + str(interface).lower()] = mock


def _set_created_date(record_id: str, moment: datetime) -> None:
    engine = context.engine()
    setter = getattr(engine.port, "set_created_date", None)
    if setter is None:
        engine.refuse("apex.Test.setCreatedDate", "Test.setCreatedDate")
    elif to_id(record_id) is not None:
        setter(str(record_id), moment)


def _set_fixed_search(ids: ApexList) -> None:
    context.engine().test_state["search"] = list(ids.items)


def _calculate(_group_ids: Value) -> None:
    """Permission set groups count at once here, whether they were calculated or not."""
    _require_test()


def _set_read_only(value: bool) -> None:
    _require_test()
    context.engine().test_state[READ_ONLY] = value


system_class(
    "Test",
    {
        "static void startTest()": _start,
        "static void stopTest()": _stop,
        "static Boolean isRunningTest()": lambda: context.engine().is_testing,
        "static void setMock(Type,Object)": _set_mock,
        "static Id getStandardPricebookId()": lambda: to_id(context.engine().port.standard_price_book),
        "static void setCreatedDate(Id,Datetime)": _set_created_date,
        "static void setFixedSearchResults(List<Id>)": _set_fixed_search,
        "static Object createStub(Type,System.StubProvider)": create_stub,
        "static List<SObject> loadData(Schema.SObjectType,String)": load_data,
        "static void enableChangeDataCapture()": _capture_changes,
        "static void calculatePermissionSetGroup(String)": _calculate,
        "static void calculatePermissionSetGroup(List<String>)": _calculate,
        "static void setReadOnlyApplicationMode(Boolean)": _set_read_only,
    },
)
system_interface("StubProvider", "Object handleMethodCall(Object,String,Type,List<Type>,List<String>,List<Object>)")
