"""Invocable methods as flows call them: one call for the interviews of a whole batch, one element of its list for each.

Source: "InvocableMethod Annotation", "InvocableVariable Annotation" (Apex Developer Guide). A method that takes a class is given
an object of it, its variables set by the names of the inputs; any other takes the only input. What comes back is the variables of
the object by name, or the value itself under the name `output`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from decimal import Decimal
from typing import TYPE_CHECKING

from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.database import from_port, to_port, to_record
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.library.objects import new_instance
from orgtwin.apex.library.tokens import TypeToken
from orgtwin.apex.org_port import QueryRow
from orgtwin.apex.records import SObject
from orgtwin.apex.types import INTEGER, LONG, OBJECT, Kind, Type
from orgtwin.apex.values import ApexList, Instance, Long, Value
from orgtwin.flows.conditions import FlowRecord, Item
from orgtwin.flows.interview import Fault
from orgtwin.records.model import Caller

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine


def call_invocable(
    engine: Engine, caller: Caller, name: str, inputs: Sequence[Mapping[str, Item]]
) -> list[Mapping[str, Item]]:
    """Call the invocable method of a class for a user; the outputs for each of the inputs. Raises Fault."""
    method = find_invocable(engine, name)
    with nullcontext() if engine.is_running else _transaction(engine, caller):
        try:
            arguments = [_argument(engine, method, inputs)] if method.parameters else []
            found = method.call(*arguments)
        except ApexThrow as error:
            raise Fault(f"An Apex error occurred: {error}") from error
    given = found.items if isinstance(found, ApexList) else []
    return [_outputs(given[place]) if place < len(given) else {} for place in range(len(inputs))]


def call_with_values(engine: Engine, name: str, inputs: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    """The same from Apex, with its own values on both sides. Raises Fault, ApexThrow."""
    method = find_invocable(engine, name)
    arguments: list[Value] = []
    if method.parameters:
        whole = method.parameters[0]
        arguments = [ApexList(whole, [_given(whole.args[0], one) for one in inputs])]
    found = method.call(*arguments)
    given = found.items if isinstance(found, ApexList) else []
    return [_values(given[place]) if place < len(given) else {} for place in range(len(inputs))]


def _given(type_: Type, inputs: Mapping[str, Value]) -> Value:
    return _filled(type_, inputs) if _is_own_class(type_) else next(iter(inputs.values()), None)


def _values(given: Value) -> dict[str, Value]:
    if isinstance(given, Instance) and given.cls.namespace == "":
        return dict(_variables(given.cls, given))
    return {} if given is None else {"output": given}


@contextmanager
def _transaction(engine: Engine, caller: Caller) -> Iterator[None]:
    before = engine.port.run_as(caller.user_id)
    try:
        with engine.new_transaction():
            yield
    finally:
        engine.port.run_as(before.user_id)


def find_invocable(engine: Engine, name: str) -> Method:
    """The method that is annotated @InvocableMethod. Raises Fault."""
    cls = engine.find_class(name)
    for overloads in cls.methods.values() if cls is not None else ():
        for method in overloads:
            if method.modifiers is not None and method.modifiers.find_annotation("invocablemethod") is not None:
                return method
    raise Fault(f"the Apex class {name} has no invocable method")


def _argument(engine: Engine, method: Method, inputs: Sequence[Mapping[str, Item]]) -> ApexList:
    whole = method.parameters[0]
    return ApexList(whole, [_request(engine, whole.args[0], given) for given in inputs])


def _request(engine: Engine, type_: Type, given: Mapping[str, Item]) -> Value:
    if not _is_own_class(type_):
        return to_apex(engine, next(iter(given.values()), None), type_)
    return _filled(type_, given, lambda value, wanted: to_apex(engine, value, wanted))


def _filled(
    type_: Type, given: Mapping[str, Value], converted: Callable[[Value, Type], Value] = lambda value, _type: value
) -> Instance:
    """An object of a class, its variables set by the names of the inputs."""
    made: Instance = new_instance(TypeToken(type_))
    for name, value in given.items():
        variable = made.cls.find_field(name)
        if variable is None:
            continue
        if variable.setter is not None:
            variable.setter.call(made, converted(value, variable.type))
        else:
            made.fields[variable.slot] = converted(value, variable.type)
    return made


def _is_own_class(type_: Type) -> bool:
    return type_.kind is Kind.CLASS and type_.cls is not None and not type_.cls.is_enum


def to_apex(engine: Engine, value: Item, type_: Type) -> Value:
    """A flow's value as Apex of that type has it."""
    if isinstance(value, FlowRecord):
        row = QueryRow(value.sobject_type, dict(value.values))
        return to_record(engine, row) if value.sobject_type else value.values
    if isinstance(value, list):
        item = type_.args[0] if type_.args else OBJECT
        return ApexList(type_, [to_apex(engine, one, item) for one in value])
    if isinstance(value, Decimal) and type_ in (INTEGER, LONG):
        return int(value) if type_ is INTEGER else Long(value)
    return from_port(value, type_)


def _outputs(given: Value) -> dict[str, Item]:
    if isinstance(given, Instance) and given.cls.namespace == "":
        return {name: from_apex(value) for name, value in _variables(given.cls, given)}
    return {} if given is None else {"output": from_apex(given)}


def _variables(cls: ApexClass, given: Instance) -> list[tuple[str, Value]]:
    own = [v for one in cls.chain() for v in one.variables.values()]
    return [(v.name, v.getter.call(given) if v.getter is not None else given.fields[v.slot]) for v in own]


def from_apex(value: Value) -> Item:
    """An Apex value as a flow keeps it."""
    if isinstance(value, SObject):
        return FlowRecord(value.type.name, {name: to_port(one) for name, one in value.fields.items()})
    if isinstance(value, ApexList):
        return [from_apex(one) for one in value.items]  # type: ignore[misc]
    plain: Item = to_port(value)
    return Decimal(plain) if isinstance(plain, int) and not isinstance(plain, bool) else plain
