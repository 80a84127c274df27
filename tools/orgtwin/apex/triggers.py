"""Triggers: declared, compiled, fired for one chunk of rows.

Source: "Triggers", "Trigger Context Variables" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.bodies import make_call, report
from orgtwin.apex.compile.body_variables import share_variables
from orgtwin.apex.compile.classes import Declarations, compile_class, declare_class
from orgtwin.apex.compile.identifiers import check_type_name
from orgtwin.apex.compile.scope import CompileProblem, Scope
from orgtwin.apex.compile.statements import sequence
from orgtwin.apex.compile.tracing import told_body
from orgtwin.apex.database import to_port
from orgtwin.apex.faults import ApexThrow, TooDeep, Uncatchable, stack_trace
from orgtwin.apex.limits import MAX_TRIGGER_DEPTH, TOO_MANY_TRIGGERS
from orgtwin.apex.org_port import TriggerFailed, TriggerRow
from orgtwin.apex.records import SObject, id_fields
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.problems import LineTable
from orgtwin.apex.types import ID, Type, list_of, map_of
from orgtwin.apex.values import READ_ONLY, ApexList, ApexMap, Id, Value

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


@dataclass(slots=True)
class TriggerContext:
    """What Trigger.new and its siblings show."""

    moment: str
    event: str
    type: Type
    new: ApexList | None
    old: ApexList | None
    new_map: ApexMap | None
    old_map: ApexMap | None
    size: int
    running: str = ""
    """The name of the trigger."""


class Trigger:
    """One trigger. An inactive one is compiled and never fires. Source: "ApexTrigger" (Metadata API Developer Guide), status."""

    def __init__(
        self,
        engine: Engine,
        cls: ApexClass,
        node: tree.TriggerDeclaration,
        statements: list[tree.Statement],
        *,
        active: bool,
    ) -> None:
        self.engine = engine
        self.active = active
        self.cls = cls
        self.name = node.name
        self.events = frozenset(node.events)
        self._node = node
        self._statements = statements
        self._call: Value = None

    def compile(self) -> None:
        """Compile the body, once."""
        if self._call is not None:
            return
        scope = Scope(self.engine, self.cls, True, name=self.name, body_of="trigger")
        step = sequence(scope, self._statements)
        report(self.engine, scope)
        problems = list(scope.problems)
        if problems:
            message = problems[0].message

            def fail() -> None:
                raise TriggerFailed("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{self.name}: {message}")

            self._call = fail
            return
        call = make_call(self.engine, step.run, 0, scope.slots, f"Trigger.{self.name}", static=True)
        self._call = told_body(scope, self._node.pos, call)

    def exchange(self, compiled: Any = None) -> Any:
        """As Method.exchange."""
        present, self._call = self._call, compiled
        return present

    def judge(self) -> None:
        """Compile the body and the members."""
        self.compile()
        compile_class(self.cls)

    def run(self) -> None:
        self.compile()
        self.cls.get_statics()
        self._call()


def declare_trigger(
    engine: Engine, node: tree.TriggerDeclaration, lines: LineTable, version: float, *, active: bool
) -> None:
    """Add a trigger to the engine; one of the same name is replaced."""
    statements, members = share_variables(node.statements, node.members)
    holder = tree.ClassDeclaration(node.pos, tree.Modifiers(node.pos, [], []), node.name, None, [], members)
    declarations: Declarations = []
    cls = declare_class(holder, None, lines, declarations)
    cls.is_trigger = True
    for declared, _ in declarations:
        declared.virtual = True
    cls.api_version = version
    cls.trigger_type = engine.find_sobject_type(node.object_name)
    engine.link(declarations)
    for problem in _problems(cls, node):
        engine.add_problem(cls, problem)
    if cls.trigger_type is None:
        engine.add_problem(cls, CompileProblem(messages.INVALID_TYPE.format(f"Schema.{node.object_name}"), node.pos))
        return
    for triggers in engine.triggers.values():
        triggers[:] = [t for t in triggers if t.name.lower() != node.name.lower()]
    engine.triggers.setdefault(cls.trigger_type.key, []).append(Trigger(engine, cls, node, statements, active=active))


def _problems(cls: ApexClass, node: tree.TriggerDeclaration) -> Iterator[CompileProblem]:
    """Source: "Trigger Syntax" (Apex Developer Guide), "Subscribe to Platform Event Notifications with Apex Triggers"."""
    try:
        check_type_name(node.name, node.pos)
    except CompileProblem as problem:
        yield problem
    for moment, event in dict.fromkeys(node.events):
        if node.events.count((moment, event)) > 1:
            yield CompileProblem(messages.TRIGGER_EVENT_TWICE.format(f"{moment} {event}".upper()), node.pos)
        if (moment, event) == ("before", "undelete"):
            yield CompileProblem(messages.TRIGGER_UNDELETE, node.pos)
    name = cls.trigger_type.name if cls.trigger_type is not None else ""
    if name.endswith(("__e", "ChangeEvent")) and set(node.events) != {("after", "insert")}:
        yield CompileProblem(messages.TRIGGER_PLATFORM_EVENT.format(name), node.pos)


def fire(engine: Engine, sobject_type: str, moment: str, event: str, rows: list[TriggerRow]) -> None:
    """Run the triggers of one chunk. Raises TriggerFailed when one throws."""
    wanted = [t for t in engine.find_triggers(sobject_type) if (moment, event) in t.events]
    if wanted:
        _fire(engine, wanted, sobject_type, moment, event, rows)


def fire_one(trigger: Trigger, sobject_type: str, rows: list[TriggerRow]) -> None:
    """Run one trigger for a batch of events. Raises TriggerFailed when it throws."""
    _fire(trigger.engine, [trigger], sobject_type, "after", "insert", rows)


def _fire(
    engine: Engine, wanted: list[Trigger], sobject_type: str, moment: str, event: str, rows: list[TriggerRow]
) -> None:
    transaction = engine.transaction
    if transaction.trigger_depth >= MAX_TRIGGER_DEPTH:
        raise TooDeep(f"{wanted[0].name}: {TOO_MANY_TRIGGERS}{_circle(engine)}")
    type_ = engine.get_sobject_type(sobject_type)
    new = [_record(type_, row.new) for row in rows]
    old = [_record(type_, row.old, locked=True) for row in rows]
    has_new, has_old = event != "delete", event in ("update", "delete")
    for record in new:
        if record is not None:
            record.locked = moment == "after"
    current = TriggerContext(
        moment,
        event,
        type_,
        _in_order(type_, new) if has_new else None,
        _in_order(type_, old) if has_old else None,
        _by_id(type_, new) if has_new and (moment, event) != ("before", "insert") else None,
        _by_id(type_, old) if has_old else None,
        len(rows),
    )
    transaction.trigger_depth += 1
    engine.trigger_context.append(current)
    try:
        for trigger in wanted:
            current.running = trigger.name
            _run(trigger, moment, event)
    finally:
        engine.trigger_context.pop()
        transaction.trigger_depth -= 1
    for row, new_record, old_record in zip(rows, new, old, strict=True):
        _give_back(row, new_record, old_record, changes=moment == "before" and has_new)


def _run(trigger: Trigger, moment: str, event: str) -> None:
    engine = trigger.engine
    unit = f"{trigger.name} on {_shown_type(trigger)} trigger event {moment.capitalize()}{event.capitalize()}"
    with engine.unit(engine.source_id(trigger.cls), unit, f"__sfdc_trigger/{trigger.name}"):
        _run_unit(trigger, moment, event)


def _run_unit(trigger: Trigger, moment: str, event: str) -> None:
    try:
        with nullcontext() if trigger.engine.stack else trigger.engine.told_fatal():  # Apex around it may catch
            trigger.run()
    except Uncatchable as error:
        error.trigger = trigger.name
        raise
    except ApexThrow as error:
        phase = f"{moment.capitalize()}{event.capitalize()}"
        trace = _trace_within(trigger, stack_trace(error.value))
        raise TriggerFailed(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            f"{trigger.name}: execution of {phase}\n\ncaused by: {error}\n\n{trace}",
        ) from error


def _circle(engine: Engine) -> str:
    """The triggers that called each other, innermost first."""
    lines = ""
    for one in reversed(engine.trigger_context):
        ids = [] if one.new is None else [str(record.fields.get("Id") or "new") for record in one.new.items]
        phase = f"{one.moment.capitalize()}{one.event.capitalize()}"
        lines += f"\n{one.type.name} trigger event {phase} for [{', '.join(ids)}]"
    return lines


def _trace_within(trigger: Trigger, trace: str) -> str:
    """What called the trigger is no part of the trace that its rows are refused with."""
    inner, found, _ = trace.partition(f"Trigger.{trigger.name}: ")
    return trace if not found else inner + trace[len(inner) :].partition("\n")[0]


def _shown_type(trigger: Trigger) -> str:
    return trigger.cls.trigger_type.name if trigger.cls.trigger_type is not None else ""


def _record(type_: Type, row: dict[str, Value] | None, *, locked: bool = False) -> SObject | None:
    """A row of the org as a record; names are canonical already."""
    if row is None:
        return None
    ids = id_fields(type_)
    record = SObject(type_, {name: Id(v) if name in ids and isinstance(v, str) else v for name, v in row.items()})
    record.locked = locked
    return record


def _in_order(type_: Type, records: list[SObject | None]) -> ApexList:
    """As users of orgs tell, nobody changes this list or the map of the same records: "Collection is read-only"."""
    found = ApexList(list_of(type_), records)
    found.locks = READ_ONLY
    return found


def _by_id(type_: Type, records: list[SObject | None]) -> ApexMap:
    items = {r.fields.get("Id"): r for r in records if r is not None}
    found = ApexMap(map_of(ID, type_), items)
    found.locks = READ_ONLY
    return found


def _give_back(row: TriggerRow, new: SObject | None, old: SObject | None, *, changes: bool) -> None:
    if changes and new is not None and row.new is not None:
        before = row.new
        for name, value in new.fields.items():
            if name not in before or before[name] is not value:
                before[name] = to_port(value)
    for record in (new, old):
        if record is not None:
            row.errors.extend(record.errors)
