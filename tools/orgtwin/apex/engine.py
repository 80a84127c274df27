"""One org's Apex: its classes and triggers, compiled, and the transaction that runs.

    engine = Engine(port)
    problems = engine.load({"Foo": "public class Foo {...}"})
    engine.run_anonymous("System.debug(Foo.bar());")

Code is compiled when it is first called, or all of it by `check`. One engine runs one thing at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import partial
from zoneinfo import ZoneInfo

import orgtwin.apex.library.all  # noqa: F401  (fills the registry)
from orgtwin.apex import context
from orgtwin.apex.classes import OLDER_VERSION, ApexClass
from orgtwin.apex.compile import assignments, queries  # noqa: F401  (add their rows to the expressions)
from orgtwin.apex.compile.bodies import make_call, report
from orgtwin.apex.compile.body_variables import share_variables
from orgtwin.apex.compile.classes import (
    ANONYMOUS,
    Declarations,
    break_circles,
    compile_class,
    declare_class,
    link_members,
    resolve_header,
    tell_late,
)
from orgtwin.apex.compile.inheritance import bind_stand_ins, check_inheritance
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.service_types import check_service_types
from orgtwin.apex.compile.statements import sequence
from orgtwin.apex.compile.tracing import Tracing, hoist, told_body
from orgtwin.apex.coverage import Coverage
from orgtwin.apex.database import run_dml
from orgtwin.apex.debug_log import Clock, DebugLog, Traced
from orgtwin.apex.event_queue import EventQueue
from orgtwin.apex.faults import ApexThrow, message_of, out_of_limit, stack_trace, throw
from orgtwin.apex.garbage import no_collection
from orgtwin.apex.heap import COUNT, live_bytes, require_room
from orgtwin.apex.library.jobs import enqueue_future, run_jobs
from orgtwin.apex.limits import LIMITS, Usage
from orgtwin.apex.log_levels import DEFAULT, Levels
from orgtwin.apex.log_user import user_parts
from orgtwin.apex.org_port import OrgPort, UserView
from orgtwin.apex.records import SObject
from orgtwin.apex.recursion import deep_recursion
from orgtwin.apex.share import PAUSE_TICKS, Share, find_share
from orgtwin.apex.syntax import SyntaxProblem, parse, parse_anonymous, tree
from orgtwin.apex.syntax.problems import LineTable
from orgtwin.apex.trace_switch import TraceSwitch
from orgtwin.apex.transaction import TICKS_PER_MILLISECOND, Job, Transaction
from orgtwin.apex.triggers import Trigger, TriggerContext, declare_trigger
from orgtwin.apex.types import Kind, Type, list_of
from orgtwin.apex.values import LINE, PLACE, Frame, Value
from orgtwin.apex.verdicts import Verdicts, verdict_key, world_digest
from orgtwin.errors import Unsupported
from orgtwin.schema.model import ChildRelationship

THROW_TICKS = 40  # of an exception that is thrown and caught (ASSUMED)
HEAP_CHECK_TICKS = 250_000  # half a second of CPU by the model


@dataclass(frozen=True, slots=True)
class Problem:
    """A compile error as a deploy reports it."""

    name: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.name}:{self.line}:{self.column}: {self.message}"


class Engine:
    """See the module."""

    port: OrgPort
    is_testing: bool

    def __init__(self, port: OrgPort, *, coverage: bool = False) -> None:
        self.port = port
        self.classes: dict[str, ApexClass] = {}
        self.triggers: dict[str, list[Trigger]] = {}
        self.declared: dict[str, str] = {}
        """The name of the class or trigger in each file that was loaded."""
        self.stack: list[Frame] = []
        self.touched: list[ApexClass] = []
        self.problems: list[Problem] = []
        self._told: set[Problem] = set()
        self.coverage = Coverage(coverage)
        self.transaction = Transaction()
        self.events = EventQueue()
        self.trigger_context: list[TriggerContext] = []
        self.debug_log: list[str] = []
        self.log: DebugLog | None = None
        self.tracing: Tracing | None = None
        self._switch = TraceSwitch(self)
        self.test_levels: Levels | None = None  # of a log of each test method
        self.around_tests: Callable[[str], AbstractContextManager[object]] = (
            nullcontext  # around those of the class of that name: their log
        )
        self.source_ids: dict[
            str, str
        ] = {}  # of the rows of classes and triggers: 15 characters, by name in lower case
        self.bind_lookups: list[Callable[[str], Value]] = []
        self.is_testing = False
        self.is_running = False
        self.test_state: dict[str, Value] = {}
        self.caches: dict[tuple[str, str], dict[str, tuple[Value, datetime]]] = {}
        self.outbox: list[dict[str, object]] = []
        self.unsent: list[dict[str, object]] = []  # e-mails that go out with the commit
        self.queued_signatures: dict[str, str] = {}  # of queueable jobs that wait: signature to job id
        self.chained = 0  # the place in its chain of the job that runs
        self.pages_asked = 0  # by the checker: a verdict that rests on pages is not kept
        self._ticks = 0
        self._next_check = self._next_count = HEAP_CHECK_TICKS
        self._share: Share | None = None
        self._allocated = 0
        self._tick_limit = LIMITS["CpuTime"].synchronous * TICKS_PER_MILLISECOND
        self._sobject_types: dict[str, Type] = {}
        self._schema_version = -1
        self._zone: tuple[str, tzinfo] | None = None

    # Names

    def find_class(self, name: str) -> ApexClass | None:
        """A top-level class of the org."""
        return self.classes.get(name.lower())

    def find_sobject_type(self, name: str) -> Type | None:
        """An sObject type of the org's schema by API name."""
        schema = self.port.schema
        if schema.version != self._schema_version:
            self._sobject_types.clear()
            self._schema_version = schema.version
        key = name.lower()
        found = self._sobject_types.get(key)
        if found is None:
            described = schema.find_type(name) or self.port.find_virtual_type(name)
            if described is None:
                return None
            found = self._sobject_types[key] = Type(described.api_name, Kind.SOBJECT, sobject=described)
        return found

    def get_sobject_type(self, name: str) -> Type:
        """The same, for a name the schema itself gave."""
        found = self.find_sobject_type(name)
        if found is None:
            raise throw("SObjectException", f"sObject type '{name}' is not supported.")
        return found

    def find_child(self, parent: str, relationship: str) -> ChildRelationship | None:
        """The child relationship of that name."""
        wanted = relationship.lower()
        children = self.port.children_of(parent)
        return next((c for c in children if c.relationship_name and c.relationship_name.lower() == wanted), None)

    def child_list_type(self, parent: str, relationship: str) -> Type:
        child = self.find_child(parent, relationship)
        if child is None:
            raise throw("SObjectException", f"Invalid relationship {relationship} for {parent}")
        return list_of(self.get_sobject_type(child.child_type))

    # Sources

    def load(
        self,
        sources: Mapping[str, str],
        versions: Mapping[str, float] | None = None,
        *,
        read: Callable[[str], tree.Unit] = parse,
        idle: Collection[str] = (),
    ) -> list[Problem]:
        """Parse and link classes and triggers, by file name. Replaces what had the same name. Gives the problems found so far.

        `versions`: the API version of each, where it is known. `read`: a parser that may know the trees already. `idle`: the
        triggers that never fire.
        """
        self.problems = []
        self._told.clear()
        declarations: Declarations = []
        triggers: list[tuple[tree.TriggerDeclaration, LineTable, float, bool]] = []
        with no_collection():
            for name, source in sources.items():
                try:
                    unit = read(source)
                except SyntaxProblem as problem:
                    self._tell(Problem(name, problem.line, problem.column, problem.message))
                    continue
                lines = LineTable(source)
                self.declared[name] = unit.name
                if isinstance(unit, tree.TriggerDeclaration):
                    triggers.append((unit, lines, (versions or {}).get(name, OLDER_VERSION), name not in idle))
                else:
                    cls = declare_class(unit, None, lines, declarations)
                    cls.api_version = (versions or {}).get(name, cls.api_version)
                    self.classes[unit.name.lower()] = cls
            self.link(declarations)
            for declaration, lines, version, active in triggers:
                declare_trigger(self, declaration, lines, version, active=active)
        return self.problems

    @deep_recursion()
    def link(self, declarations: Declarations) -> None:
        """Resolve the headers and members of what was declared, and judge them."""
        for cls, node in declarations:
            resolve_header(self, cls, node)
        break_circles(self, declarations)
        linked: set[ApexClass] = set()
        nodes = dict(declarations)

        def link(cls: ApexClass) -> None:
            if cls in linked or cls not in nodes:
                return
            linked.add(cls)
            if cls.superclass is not None:
                link(cls.superclass)
            link_members(self, cls, nodes[cls])

        for cls, _ in declarations:
            link(cls)
        for cls, node in declarations:
            bind_stand_ins(cls)
            for problem in (*check_inheritance(cls, node), *check_service_types(cls)):
                self.add_problem(cls, problem)
                cls.flawed = True
        for cls, _ in declarations:
            tell_late(self, cls)

    def add_problem(self, cls: ApexClass, problem: CompileProblem) -> None:
        outermost = cls.outermost()
        lines = outermost.lines
        line, column = (lines.line(problem.pos), lines.column(problem.pos)) if lines is not None else (1, 1)
        self._tell(Problem(outermost.name, line, column, problem.message))

    def check_one(self, name: str) -> list[Problem]:
        """Compile one class or trigger, of which the others' verdicts do not depend; all problems so far."""
        with context.running(self), no_collection():
            cls = self.find_class(name)
            if cls is not None:
                compile_class(cls)
            for trigger in (t for of_type in self.triggers.values() for t in of_type if t.cls.name == name):
                trigger.judge()
        return self.problems

    def check(self, verdicts: Verdicts | None = None) -> list[Problem]:
        """Compile everything that is not compiled yet; all problems of the loaded sources.

        With verdicts, what was judged before in the same world is not compiled now, only when it runs.
        """
        triggers = [trigger for of_type in self.triggers.values() for trigger in of_type]
        units: list[tuple[ApexClass, Callable[[], None]]] = [
            *((cls, partial(compile_class, cls)) for cls in self.classes.values()),
            *((trigger.cls, trigger.judge) for trigger in triggers),
        ]
        scripts = (script.full_name for script in self.port.components("DataWeaveResource"))
        world = "" if verdicts is None else world_digest((cls for cls, _ in units), self.port.schema, scripts)
        with context.running(self), no_collection():
            for cls, compile_unit in units:
                if verdicts is None:
                    compile_unit()
                else:
                    self._judge(cls, compile_unit, verdicts, world)
        return sorted(self.problems, key=lambda p: (p.name.lower(), p.line, p.column))

    def _judge(self, cls: ApexClass, compile_unit: Callable[[], None], verdicts: Verdicts, world: str) -> None:
        """The problems of one unit, remembered or found now."""
        key = verdict_key(world, f"{cls.name}\0{cls.lines.source if cls.lines is not None else ''}", cls.api_version)
        known = verdicts.find(key)
        if known is None:
            before, pages = len(self.problems), self.pages_asked
            compile_unit()
            found = tuple((p.line, p.column, p.message) for p in self.problems[before:] if p.name == cls.name)
            if pages == self.pages_asked:
                verdicts.keep(key, found)
            return
        for line, column, message in known:
            self._tell(Problem(cls.name, line, column, message))

    def _tell(self, problem: Problem) -> None:
        """A problem, once."""
        if problem not in self._told:
            self._told.add(problem)
            self.problems.append(problem)

    # Running

    @contextmanager
    def new_transaction(
        self, *, asynchronous: bool = False, kind: str = "synchronous", shares_statics: bool = False
    ) -> Iterator[Transaction]:
        """Fresh limits and static fields; the previous transaction comes back afterwards."""
        outer, outer_ticks, outer_share = self.transaction, self._ticks, self._share
        self.transaction = Transaction(Usage(kind, asynchronous=asynchronous), asynchronous, kind)
        self.reset_ticks()
        depth, was_running = len(self.stack), self.is_running
        self.is_running = True
        try:
            with context.running(self), nullcontext() if shares_statics else self._fresh_statics():
                yield self.transaction
        except BaseException:
            for take_back in reversed(self.transaction.on_failure):
                take_back()
            raise
        finally:
            del self.stack[depth:]
            self.is_running = was_running
            self.transaction = outer
            self.set_ticks(outer_ticks)
            self._share = outer_share

    @contextmanager
    def _fresh_statics(self) -> Iterator[None]:
        """No class has its static fields yet; those of now come back afterwards."""
        outer_touched, self.touched = self.touched, []
        outer_statics = [(cls, cls.statics) for cls in outer_touched]
        for cls in outer_touched:
            cls.statics = None
        try:
            yield
        finally:
            for cls in self.touched:
                cls.statics = None
            for cls, statics in outer_statics:
                cls.statics = statics
            self.touched = outer_touched

    def reset_ticks(self) -> int:
        """Start the CPU clock again; gives what it showed."""
        before, self._ticks = self._ticks, 0
        self._next_check = self._next_count = HEAP_CHECK_TICKS
        self._allocated = 0
        limit = self.transaction.usage.limit("CpuTime")
        self._tick_limit = limit * TICKS_PER_MILLISECOND
        self._share = find_share(limit)
        if self._share is not None:
            self._next_check = PAUSE_TICKS
        return before

    def note_limits(self) -> Callable[[], None]:
        """Takes the limits of this transaction back to what is used now."""
        transaction, ticks = self.transaction, self._ticks
        used = dict(transaction.usage.used)

        def take_back() -> None:
            transaction.usage.used.update(used)
            self.set_ticks(ticks)

        return take_back

    def set_ticks(self, ticks: int) -> None:
        self._ticks = ticks
        self._next_check = self._next_count = ticks

    def spend(self, ticks: int) -> None:
        """Use CPU time."""
        self._ticks += ticks
        if self._ticks > self._next_check:
            self._check_limits()

    def _check_limits(self) -> None:
        if self._ticks > self._tick_limit:
            raise out_of_limit("Apex CPU time limit exceeded")
        if self._share is not None:
            self._share.let_others_in()
        if self._ticks > self._next_count:
            self._next_check = self._next_count = min(self._ticks + HEAP_CHECK_TICKS, self._tick_limit)
            self.check_heap()
        if self._share is not None:
            self._next_check = min(self._ticks + PAUSE_TICKS, self._next_count)

    def note_allocation(self, size: int) -> None:
        """So many bytes were made or are about to be. Raises the uncatchable LimitException when they are too many."""
        limit = self.transaction.usage.limit("HeapSize")
        if size > limit:
            raise out_of_limit(f"Apex heap size too large: {size}")
        self._allocated += size
        if self._allocated > limit:
            self.check_heap()

    def require_room(self, value: Value, depth: int) -> None:
        """Room for a value written out as text, `depth` levels deep."""
        require_room(self, value, depth)

    def check_heap(self) -> None:
        """Count what is held. Raises the uncatchable LimitException when it is too much."""
        limit = self.transaction.usage.limit("HeapSize")
        self._allocated, values = live_bytes(self, limit)
        self._ticks += values >> COUNT
        self.transaction.usage.used["HeapSize"] = self._allocated
        if self._allocated > limit:
            raise out_of_limit(f"Apex heap size too large: {self._allocated}")

    def used(self, name: str) -> int:
        """What the transaction has used of a limit."""
        return self.cpu_time() if name == "CpuTime" else self.transaction.usage.used[name]

    def cpu_time(self) -> int:
        """Milliseconds used, by the model of transaction.py."""
        return self._ticks // TICKS_PER_MILLISECOND

    def note_trace(self, error: ApexThrow) -> None:
        """Write down that an exception was thrown, once, and where, unless it knows where it was made."""
        if not error.value.thrown:
            error.value.thrown = True
            self._ticks += THROW_TICKS  # the next turn or call looks at the limit
            self.note("EXCEPTION_THROWN", f"[{self.line()}]", error)
            error.value.trace = error.value.trace or self.trace()

    def trace(self) -> list[tuple[str, int]]:
        """The places that are being run, innermost first."""
        return [(frame[PLACE], frame[LINE]) for frame in reversed(self.stack)]

    def run_anonymous(self, source: str, later: Callable[[list[Job]], None] | None = None) -> list[Problem]:
        """Compile and run anonymous Apex in its own transaction, then the jobs it queued, unless `later` takes them.

        Compile problems are returned, exceptions raised.
        """
        statements, members = share_variables(*parse_anonymous(source))
        lines = LineTable(source)
        holder = tree.ClassDeclaration(0, tree.Modifiers(0, [], []), ANONYMOUS, None, [], members)
        declarations: Declarations = []
        cls = declare_class(holder, None, lines, declarations)
        self.problems = []
        self._told.clear()
        self.link(declarations)
        with self.new_transaction():
            scope = Scope(self, cls, False, name="anonymous", body_of="anonymous")
            step = sequence(scope, statements)
            report(self, scope)
            compile_class(cls)
            if self.problems:
                return self.problems
            try:
                with self.told_fatal():
                    hoist(scope)
                    cls.get_statics()
                    call = make_call(self, step.run, 0, scope.slots, ANONYMOUS, static=False)
                    told_body(scope, 0, call)(cls.instantiate())
            finally:
                self.tell_limits()
            if later is None:
                run_jobs(self)
            else:
                later(list(self.transaction.jobs))
        return []

    @contextmanager
    def told_fatal(self) -> Iterator[None]:
        """The log says what ended the code inside."""
        try:
            yield
        except ApexThrow as error:
            if self.log is not None:
                self.log.status = message_of(error.value)
                self.log.event("FATAL_ERROR", f"{error}\n\n{stack_trace(error.value)}")
            raise

    @contextmanager
    def unit(self, source_id: str, name: str, *ref: str) -> Iterator[None]:
        """A code unit of the log, if one is kept, with the limits at its end; a trigger of a save stands in the unit TRIGGERS."""
        if self.log is None:
            yield
            return
        in_save = not self.log.units and any(one.startswith("__sfdc_trigger") for one in ref)
        started = (*([source_id] if source_id else []), name, *ref)
        with (
            self.log.unit(("TRIGGERS",), ("TRIGGERS",)) if in_save else nullcontext(),
            self.log.unit(started, (name, *ref)),
        ):
            try:
                yield
            finally:
                self.tell_limits()

    def tell_limits(self) -> None:
        """The block of limits of the log, if one is kept."""
        if self.log is None:
            return
        limit, in_test = self.transaction.usage.limit, self.test_state.get("used") if self.is_testing else None
        tested = None if in_test is None else (lambda name: (in_test[name], limit(name)))
        self.log.limits(lambda name: (self.used(name), limit(name)), tested)

    def enqueue_future(self, name: str, run: Callable[[], None]) -> None:
        """Queue a call of an @future method."""
        enqueue_future(self, name, run)

    def debug(self, text: str, level: str = "DEBUG") -> None:
        """System.debug."""
        if len(self.debug_log) < 10_000:
            self.debug_log.append(text)
        if self.log is not None:
            self.log.message(f"[{self.line()}]", level, text)

    def note(self, event: str, *parts: object) -> None:
        """An event of the debug log, if one is kept."""
        if self.log is not None:
            self.log.event(event, *parts)

    def line(self) -> int:
        """The line that runs now; 0 outside Apex."""
        return self.stack[-1][LINE] if self.stack else 0

    def shown_place(self) -> str:
        """Where the code runs that now runs, as the log's profile has it."""
        return f"{self.stack[-1][PLACE]}: line {self.line()}, column 1" if self.stack else "External entry point"

    def source_id(self, cls: ApexClass) -> str:
        """The id of the row of a class; "" of one that is in no org."""
        return self.source_ids.get(cls.source_key, "")

    def open_log(
        self, levels: Levels = DEFAULT, traced: Mapping[str, Traced] | None = None, version: str = "66.0"
    ) -> DebugLog:
        """Keep a debug log from now on, until `close_log`. `traced`: as DebugLog has it."""
        clock = Clock(
            lambda: self.now().astimezone(self.user_zone()), lambda: self._ticks * 1_000_000 // TICKS_PER_MILLISECOND
        )
        self.log = DebugLog(version, clock, levels, traced)
        self.port.listen(self.log)
        self._switch.turn(Tracing.asked_for((levels, *(one.levels for one in self.log.traced.values()))))
        return self.log

    def start_log(self) -> None:
        """The lines of the log before the first code unit."""
        self.note("USER_INFO", *user_parts(self.user(), self.user_zone(), self.now()))
        self.note("EXECUTION_STARTED")

    def close_log(self) -> str:
        """The text of the log that was kept; "" when none was."""
        log, self.log = self.log, None
        self.port.listen(None)
        self._switch.turn(None)
        return "" if log is None else log.finish()

    def refuse(self, key: str, what: str) -> None:
        """What the twin does not emulate, by its ledger key."""
        raise Unsupported(key, what)

    # The running user

    def user(self) -> UserView:
        return self.port.user()

    def user_zone(self) -> tzinfo:
        name = self.port.user().time_zone
        if self._zone is None or self._zone[0] != name:
            self._zone = (name, UTC if name in ("GMT", "UTC") else ZoneInfo(name))
        return self._zone[1]

    def now(self) -> datetime:
        return self.port.now()

    def start_of_day(self, day: date) -> datetime:
        """Midnight of a date in the user's zone, as UTC."""
        return datetime(day.year, day.month, day.day, tzinfo=self.user_zone()).astimezone(UTC)

    @contextmanager
    def running_as(self, user: SObject | None) -> Iterator[None]:
        """System.runAs, which counts as a DML statement. A user that is not saved yet is saved: "Using the runAs Method"."""
        self.transaction.usage.charge("DMLStatements")
        if user is None:
            raise throw("IllegalArgumentException", "User ID cannot be null")
        may_mix, self.transaction.may_mix = self.transaction.may_mix, True
        if user.fields.get("Id") is None:
            run_dml(self, "insert", user, user_mode=False)
        before = self.port.run_as(str(user.fields["Id"]))
        try:
            yield
        finally:
            self.transaction.may_mix = may_mix
            self.port.run_as(before.user_id)

    # Triggers, called by the org's save order

    def has_triggers(self, sobject_type: str) -> bool:
        return bool(self.find_triggers(sobject_type))

    def settle_mail(self, committed: bool) -> None:
        """The transaction is over: its e-mails go out, or nowhere."""
        if committed:
            self.outbox += self.unsent
        self.unsent.clear()

    def find_triggers(self, sobject_type: str) -> Sequence[Trigger]:
        """Those that fire."""
        return [trigger for trigger in self.triggers.get(sobject_type.lower(), ()) if trigger.active]
