"""What stands left of an assignment: locate it once, then load and store."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from orgtwin.apex.classes import Variable
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.coverable import touching
from orgtwin.apex.compile.expressions import expression, note_index, require_index
from orgtwin.apex.compile.members import check_readable, check_visible, sees
from orgtwin.apex.compile.names import check_forward, find_variable, is_variable, type_of_expression
from orgtwin.apex.compile.record_fields import require_writeable
from orgtwin.apex.compile.scope import Code, CompileProblem, Local, Origin, Scope
from orgtwin.apex.compile.tracing import assigned_target
from orgtwin.apex.faults import FIXED, null_pointer, throw
from orgtwin.apex.library.refused import refusing
from orgtwin.apex.library.registry import class_of
from orgtwin.apex.records import field_type
from orgtwin.apex.syntax.tree import Expression, FieldAccess, Index, Name
from orgtwin.apex.types import ID, SOBJECT, Kind, Type
from orgtwin.apex.values import READ_ONLY, THIS, Frame, Run, Value


class Target(NamedTuple):
    """`locate` gives the place (frame, object, list and index), `load` and `store` use it.

    `again` gives the object that a compound assignment or step stores into, where that is looked up anew: Salesforce's compiler
    walks a path of variables twice. Not done for the variables behind a call, `f().a.b += 1`: only a getter would tell.
    """

    type: Type
    locate: Run
    load: Callable[[Value], Value]
    store: Callable[[Value, Value], None]
    local: int | None = None
    variable: Variable | None = None
    again: Run | None = None


def target(scope: Scope, node: Expression, *, reads: bool = False) -> Target:
    """The target an expression names. Raises CompileProblem when it cannot be assigned, or cannot be read where that is asked."""
    found = _target(scope, node)
    if reads and found.variable is not None:
        check_readable(scope, found.variable, node.pos)
    if scope.engine.tracing is None or not scope.engine.tracing.variables:
        return found
    return assigned_target(scope, node, found, _named_variable(scope, node))


def _named_variable(scope: Scope, node: Expression) -> Variable | None:
    """The variable of a class that a bare name or `Class.name` stands for."""
    if isinstance(node, Name):
        return None if scope.find_local(node.name) is not None else find_variable(scope, node.name)
    if not isinstance(node, FieldAccess):
        return None
    owner = type_of_expression(scope, node.target)
    return owner.cls.find_static(node.name) if owner is not None and owner.cls is not None else None


def _target(scope: Scope, node: Expression) -> Target:
    if isinstance(node, Name):
        return _name_target(scope, node)
    if isinstance(node, FieldAccess) and not node.safe:
        found = _field_target(scope, node)
        return found._replace(again=found.locate) if _is_path(node.target) else found
    if isinstance(node, Index):
        return _index_target(scope, node)
    raise CompileProblem(messages.NOT_ASSIGNABLE, node.pos)


def _is_path(node: Expression) -> bool:
    """Variables of variables, and nothing else."""
    while isinstance(node, FieldAccess) and not node.safe:
        node = node.target
    return isinstance(node, Name)


def _name_target(scope: Scope, node: Name) -> Target:
    check_forward(scope, node)
    local = scope.find_local(node.name)
    if local is not None:
        return _local_target(local)
    variable = find_variable(scope, node.name)
    if variable is None:
        raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
    if not variable.static and scope.static:
        raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
    check_visible(scope, variable, node.pos)
    return _variable_target(scope, variable, lambda frame: frame[THIS], node.pos)


def _local_target(local: Local) -> Target:
    slot = local.slot

    def store(frame: Frame, value: Value) -> None:
        frame[slot] = value

    return Target(local.type, lambda frame: frame, lambda frame: frame[slot], store, slot)


def _variable_target(scope: Scope, variable: Variable, this: Run, pos: int) -> Target:
    _check_writable(scope, variable, pos)
    if variable.setter is not None and scope.accessor is not variable:
        return _property_target(variable, this)
    if variable.static:
        return _static_target(scope, variable)
    slot = variable.slot

    def load(place: Value) -> Value:
        if place is None:
            raise null_pointer()
        return place.fields[slot]

    def store(place: Value, value: Value) -> None:
        if place is None:
            raise null_pointer()
        place.fields[slot] = value

    return Target(variable.type, this, load, touching(scope, variable, store), variable=variable)


def _check_writable(scope: Scope, variable: Variable, pos: int) -> None:
    may_set = scope.may_set_final
    if variable.static and scope.body_of == "constructor":
        may_set = False
    by_accessor = variable.is_property and scope.accessor is not None
    if variable.final and not (may_set or by_accessor):
        raise CompileProblem(messages.FINAL_ASSIGNED.format(variable.name), pos)
    shown = f"{variable.owner.name}.{variable.name}"
    if not variable.writable and scope.accessor is not variable:
        raise CompileProblem(messages.VARIABLE_HIDDEN.format(shown), pos)
    if not sees(scope, variable, variable.set_access):
        raise CompileProblem(messages.VARIABLE_HIDDEN.format(shown), pos)


def _static_target(scope: Scope, variable: Variable) -> Target:
    cls, slot = variable.owner, variable.slot

    def store(place: list[Value], value: Value) -> None:
        place[slot] = value

    return Target(
        variable.type,
        lambda frame: cls.get_statics(),
        lambda place: place[slot],
        touching(scope, variable, store),
        variable=variable,
    )


def _property_target(variable: Variable, this: Run) -> Target:
    getter, setter = variable.getter, variable.setter
    cls = variable.owner
    slot = variable.slot

    def load_static(place: Value) -> Value:
        return getter.call() if getter is not None else cls.get_statics()[slot]

    def store_static(place: Value, value: Value) -> None:
        if setter is not None:
            setter.call(value)

    def load(place: Value) -> Value:
        if place is None:
            raise null_pointer()
        return (
            getattr(place, "cls", cls).vtable.get(getter.signature, getter).call(place)
            if getter is not None
            else place.fields[slot]
        )

    def store(place: Value, value: Value) -> None:
        if place is None:
            raise null_pointer()
        if setter is not None:
            getattr(place, "cls", cls).vtable.get(setter.signature, setter).call(place, value)

    if variable.static:
        return Target(variable.type, lambda frame: cls.get_statics(), load_static, store_static, variable=variable)
    return Target(variable.type, this, load, store, variable=variable)


def _field_target(scope: Scope, node: FieldAccess) -> Target:
    owner = type_of_expression(scope, node.target)
    if owner is not None and owner.cls is not None:
        variable = owner.cls.find_static(node.name)
        if variable is None:
            raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
        check_visible(scope, variable, node.pos)
        return _variable_target(scope, variable, lambda frame: None, node.pos)
    if isinstance(node.target, Name) and node.target.name.lower() == "trigger" and not is_variable(scope, "trigger"):
        raise CompileProblem(messages.NOT_ASSIGNABLE, node.target.pos)
    holder = expression(scope, node.target)
    if (
        holder.type.kind is Kind.PRIMITIVE
        and isinstance(node.target, FieldAccess)
        and holder.origin is Origin.RECORD_FIELD
    ):
        raise CompileProblem(messages.NO_FOREIGN_KEY.format(node.target.name), node.target.pos)
    if holder.type.kind is Kind.REFUSED:
        refuse = refusing(holder.type, node.name)
        return Target(holder.type, holder.run, refuse, lambda place, value: refuse(value))
    if holder.type.is_sobject:
        return _record_target(scope, holder, node)
    cls = class_of(holder.type)
    variable = cls.find_variable(node.name) if cls is not None else None
    if variable is None:
        raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
    if variable.static:
        raise CompileProblem(messages.STATIC_FIELD_OF_OBJECT.format(node.name, variable.owner.name), node.pos)
    check_visible(scope, variable, node.pos)
    return _variable_target(scope, variable, holder.run, node.pos)


def _record_target(scope: Scope, holder: Code, node: FieldAccess) -> Target:
    schema = holder.type.sobject
    if schema is None and node.name.lower() == "id":
        return _record_field_target(holder.run, "Id", ID)
    field = schema.find_field(node.name) if schema is not None else None
    if schema is not None and field is not None:
        require_writeable(schema, field, node.pos)
        return _record_field_target(holder.run, field.api_name, field_type(field))
    reference = schema.find_relationship(node.name) if schema is not None else None
    if reference is None:
        raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
    relationship = reference.relationship_name or node.name
    names = reference.reference_to
    parent = scope.engine.get_sobject_type(names[0]) if len(names) == 1 else SOBJECT

    def load(place: Value) -> Value:
        if place is None:
            raise null_pointer()
        return place.find_parent(relationship)

    def store(place: Value, value: Value) -> None:
        if place is None:
            raise null_pointer()
        place.set_parent(relationship, value)

    return Target(parent, holder.run, load, store)


def _record_field_target(holder: Run, name: str, type_: Type) -> Target:
    def load(place: Value) -> Value:
        if place is None:
            raise null_pointer()
        return place.get(name)

    def store(place: Value, value: Value) -> None:
        if place is None:
            raise null_pointer()
        place.set(name, value)

    return Target(type_, holder, load, store)


def _index_target(scope: Scope, node: Index) -> Target:
    holder = expression(scope, node.target)
    index = expression(scope, node.index)
    if holder.type.key != "list":
        note_index(scope, index, node.pos)
        raise CompileProblem(messages.LIST_TYPE.format(holder.type.name), node.pos)
    require_index(index, node.pos)
    run_list, run_index = holder.run, index.run

    def load(place: tuple[list[Value], int]) -> Value:
        return place[0][place[1]]

    def store(place: tuple[list[Value], int], value: Value) -> None:
        place[0][place[1]] = value

    return Target(holder.type.args[0], lambda frame: locate_item(run_list(frame), run_index(frame)), load, store)


def locate_item(items: Value, index: int | None) -> tuple[list[Value], int]:
    """The list and a valid index. Raises the platform's exceptions for null and for what is out of bounds."""
    if items is None or index is None:
        raise null_pointer()
    if not 0 <= index < len(items.items):
        raise throw("ListException", f"List index out of bounds: {index}")
    if items.locks >= READ_ONLY:
        raise throw("FinalException", FIXED)
    return items.items, index
