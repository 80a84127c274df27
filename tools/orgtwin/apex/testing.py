"""Runs @IsTest methods: set-up, isolation, results as data. Source: "Testing Apex" (Apex Developer Guide).

An error of the twin's own ends the one test that met it; the log has its traceback.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.compile.annotation_contracts import sees_all_data
from orgtwin.apex.compile.bodies import CompileFailed
from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow, stack_trace
from orgtwin.apex.library.jobs import run_jobs
from orgtwin.apex.values import whole_characters
from orgtwin.errors import SalesforceError

Stopwatch = Callable[[], float]
log = logging.getLogger(__name__)
_BUG = "Internal error of the org twin, not of this test: {}: {}. Please report it with the traceback from the log."


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """One method. `outcome` is Pass, Fail or CompileFail, as ApexTestResult has it.

    `used` is what was used of each limit between startTest and stopTest, None when the method has none.
    """

    class_name: str
    method_name: str
    outcome: str
    message: str = ""
    stack_trace: str = ""
    seconds: float = 0.0
    is_setup: bool = False
    used: Mapping[str, int] | None = None
    log: str = ""  # the debug log of one that failed, if logs are asked for

    __test__ = False


@dataclass(frozen=True, slots=True)
class TestRun:
    """A whole run; `setups` are its @TestSetup methods."""

    outcomes: tuple[TestOutcome, ...]
    seconds: float = 0.0
    setups: tuple[TestOutcome, ...] = ()

    __test__ = False

    @property
    def failures(self) -> list[TestOutcome]:
        return [o for o in self.outcomes if o.outcome != "Pass"]


@dataclass(slots=True)
class TestClass:
    """A class with test methods."""

    cls: ApexClass
    setups: list[Method] = field(default_factory=list)
    methods: list[Method] = field(default_factory=list)

    __test__ = False


def is_test_method(method: Method) -> bool:
    """@IsTest or the testMethod modifier."""
    modifiers = method.modifiers
    if modifiers is None or not method.static or method.parameters:
        return False
    return modifiers.has("testmethod") or modifiers.find_annotation("istest") is not None


def find_tests(engine: Engine, names: Iterable[str] | None = None) -> list[TestClass]:
    """The test classes by name; all of them when no names are given. A name may be `Class.method`."""
    wanted = {n.lower() for n in names} if names is not None else None
    found: list[TestClass] = []
    for cls in sorted(engine.classes.values(), key=lambda c: c.name.lower()):
        entry = TestClass(cls)
        for method in (m for overloads in cls.methods.values() for m in overloads):
            if method.modifiers is not None and method.modifiers.find_annotation("testsetup") is not None:
                entry.setups.append(method)
            elif is_test_method(method) and _is_wanted(cls, method, wanted):
                entry.methods.append(method)
        if entry.methods:
            found.append(entry)
    return found


def _is_wanted(cls: ApexClass, method: Method, wanted: set[str] | None) -> bool:
    return wanted is None or cls.name.lower() in wanted or f"{cls.name}.{method.name}".lower() in wanted


def run_tests(
    engine: Engine,
    names: Iterable[str] | None = None,
    *,
    stopwatch: Stopwatch = time.perf_counter,
    told: Callable[[TestOutcome], None] | None = None,
    most_failures: int = -1,
) -> TestRun:
    """Run test classes one after another. Whatever they write is rolled back.

    No method begins after more failures than `most_failures`, unless that is -1: maxFailedTests of the Tooling API.
    """
    start = stopwatch()
    outcomes: list[TestOutcome] = []
    setups: list[TestOutcome] = []
    failures = 0
    with closing(_outcomes(engine, find_tests(engine, names), stopwatch)) as made:
        for outcome in made:
            if outcome.is_setup:
                setups.append(outcome)
                continue
            outcomes.append(outcome)
            failures += outcome.outcome != "Pass"
            if told is not None:
                told(outcome)
            if 0 <= most_failures < failures:
                break
    return TestRun(tuple(outcomes), stopwatch() - start, tuple(setups))


def _outcomes(engine: Engine, entries: Iterable[TestClass], stopwatch: Stopwatch) -> Generator[TestOutcome]:
    try:
        for entry in entries:
            with engine.around_tests(entry.cls.name), closing(_run_class(engine, entry, stopwatch)) as outcomes:
                yield from outcomes
    finally:
        engine.port.show_data()


def _run_class(engine: Engine, entry: TestClass, stopwatch: Stopwatch) -> Generator[TestOutcome]:
    sees_all = sees_all_data(entry.cls.modifiers)
    _show(engine, sees_all)
    with _undone(engine):
        for setup in entry.setups:
            failure = replace(_run_method(engine, entry.cls, setup, stopwatch), is_setup=True)
            yield failure
            if failure.outcome != "Pass":
                for method in entry.methods:
                    yield TestOutcome(
                        entry.cls.name, method.name, failure.outcome, failure.message, failure.stack_trace
                    )
                return
        for method in entry.methods:
            if not entry.setups:  # which are there for tests that see no data of the org
                _show(engine, sees_all or sees_all_data(method.modifiers))
            with _undone(engine), engine.coverage.test(entry.cls.name, method.name):
                outcome = _run_method(engine, entry.cls, method, stopwatch)
            yield outcome


def _show(engine: Engine, sees_all: bool) -> None:
    """Source: "Isolation of Test Data from Organization Data in Unit Tests" (Apex Developer Guide)."""
    if sees_all:
        engine.port.show_data()
    else:
        engine.port.hide_data()


@contextmanager
def _undone(engine: Engine) -> Iterator[None]:
    mark = engine.port.savepoint()
    user = engine.port.user().user_id
    try:
        yield
    finally:
        engine.port.rollback(mark)
        engine.port.run_as(user)


def _run_method(engine: Engine, cls: ApexClass, method: Method, stopwatch: Stopwatch) -> TestOutcome:
    start = stopwatch()
    engine.is_testing = True
    engine.test_state = {"sees data": sees_all_data(cls.modifiers) or sees_all_data(method.modifiers)}
    engine.trigger_context.clear()
    engine.caches = {}
    engine.events.clear()
    outcome, message, trace = "Pass", "", ""
    if engine.test_levels is not None:
        engine.open_log(engine.test_levels)
        engine.start_log()
    try:
        unit = engine.unit(engine.source_id(cls), f"{cls.name}.{method.name}()")
        with engine.new_transaction(), unit, engine.told_fatal():
            cls.get_statics()
            method.call()
            if not engine.test_state.get("started"):
                run_jobs(engine)
    except ApexThrow as error:
        outcome, message, trace = "Fail", _shown(error), stack_trace(error.value)
    except CompileFailed as error:
        outcome, message = "CompileFail", str(error)
    except SalesforceError as error:
        outcome, message = "Fail", str(error)
    except Exception as error:
        log.exception("%s.%s met an error of the twin", cls.name, method.name)
        outcome, message = "Fail", _BUG.format(type(error).__name__, error)
    finally:
        engine.is_testing = False
    seconds, used = stopwatch() - start, engine.test_state.get("used")
    told = engine.close_log() if engine.test_levels is not None else ""
    told = "" if outcome == "Pass" else told
    return TestOutcome(cls.name, method.name, outcome, message, trace, seconds, used=used, log=told)


def _shown(error: ApexThrow) -> str:
    own = error.value.cls.vtable["getmessage()"]
    message = own.call(error.value)
    return whole_characters(f"{error.value.cls.full_name}: {'null' if message is None else message}")
