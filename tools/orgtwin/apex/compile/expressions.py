"""Expressions to closures. `expression` dispatches by node; one small function per node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.compile import messages, operators
from orgtwin.apex.compile.coverable import evaluated, marking
from orgtwin.apex.compile.members import read_member, read_static_member, read_variable
from orgtwin.apex.compile.names import (
    check_root,
    dotted_name,
    find_type,
    find_variable,
    get_type,
    is_variable,
    type_of_expression,
)
from orgtwin.apex.compile.operators import converted
from orgtwin.apex.compile.scope import Code, CompileProblem, Origin, Scope
from orgtwin.apex.compile.tracing import text_made
from orgtwin.apex.conversion import cast, first_row, is_instance
from orgtwin.apex.faults import null_pointer, throw
from orgtwin.apex.library.special import special_member
from orgtwin.apex.library.tokens import TypeToken, object_token_type, type_token_type
from orgtwin.apex.library.units import together
from orgtwin.apex.syntax import tree
from orgtwin.apex.syntax.expressions import start_of
from orgtwin.apex.types import (
    BOOLEAN,
    DECIMAL,
    DOUBLE,
    INTEGER,
    LONG,
    NULL,
    OBJECT,
    SOBJECT,
    STRING,
    Kind,
    Type,
    common_type,
    is_assignable,
    is_castable,
    is_instance_always,
    is_instance_never,
)
from orgtwin.apex.values import THIS, Frame, Long, Run, Value

_LITERAL_TYPES = {
    "Integer": INTEGER,
    "Long": LONG,
    "Double": DOUBLE,
    "Decimal": DECIMAL,
    "String": STRING,
    "Boolean": BOOLEAN,
    "null": NULL,
}


def expression(scope: Scope, node: tree.Expression) -> Code:
    """The code of an expression. Raises CompileProblem."""
    if scope.initialising is not None:
        check_root(scope, node)
    code = EXPRESSIONS[type(node)](scope, node)
    return _ending_chain(code) if isinstance(node, _LINKS) and _is_safe(node) else code


class _NothingThere(Exception):
    """The left side of `?.` is null: the rest of the chain is not evaluated."""


_LINKS = (tree.FieldAccess, tree.Call, tree.Index)


def _is_safe(node: tree.Expression | None) -> bool:
    """Is there a `?.` in the chain that ends here?"""
    while isinstance(node, _LINKS):
        if not isinstance(node, tree.Index) and node.safe:
            return True
        node = node.target
    return False


def _ending_chain(code: Code) -> Code:
    run = code.run

    def whole(frame: Frame) -> Value:
        try:
            return run(frame)
        except _NothingThere:
            return None

    return Code(whole, code.type)


def link(scope: Scope, node: tree.Expression) -> Code:
    """The target of a dot or an index: part of a longer chain."""
    return EXPRESSIONS[type(node)](scope, node)


def assigned(scope: Scope, node: tree.Expression, target: Type, pos: int | None = None) -> Run:
    """The closure of an expression as a value of the target type. Raises `Illegal assignment from X to Y`."""
    code = expression(scope, node)
    return _as_parent(code, target) or fitted(code, target, node.pos if pos is None else pos)


def _as_parent(code: Code, target: Type) -> Run | None:
    """A parent that may be of several objects in a variable of one of them, else None.

    Source: "Working with Polymorphic Relationships in SOQL Queries" (Apex Developer Guide): "assign the referenced sObject that the
    query returns to a variable of the appropriate type".
    """
    change = cast(code.type, target) if target.name in code.parents else None
    run = code.run
    return None if change is None else lambda frame: change(run(frame))


def fitted(code: Code, target: Type, pos: int, message: str = messages.ILLEGAL_ASSIGNMENT) -> Run:
    """The value in the target type; a query may stand for its only row. `message` takes both types."""
    if is_assignable(code.type, target):
        return converted(code, target)
    run = code.run
    if stands_for_row(code, target):
        return _first_or_null(code).run if code.origin is Origin.QUERY_OR_NULL else lambda frame: first_row(run(frame))
    shown = "Name" if code.parents else code.type.name
    raise CompileProblem(message.format(shown, target.name), pos)


def stands_for_row(code: Code, target: Type) -> bool:
    """May a query stand for a record of that type? A dynamic one for any. Source: "SOQL Queries That Return One Record"."""
    if not (code.is_query and target.is_sobject):
        return False
    row = code.type.args[0]
    return row is SOBJECT or is_assignable(row, target)


def condition(scope: Scope, node: tree.Expression) -> Run:
    """A Boolean; null is an error when it runs."""
    code = expression(scope, node)
    if code.type is not BOOLEAN and code.type.kind is not Kind.REFUSED:
        raise CompileProblem(messages.CONDITION.format(code.type.name), node.pos)
    return code.run


def _literal(scope: Scope, node: tree.Literal) -> Code:
    value: Value = node.value
    if node.kind == "Long":
        value = Long(value)
    if node.kind == "String":
        value = together(str(node.value))  # halves of a character, escaped one by one
        if scope.engine.tracing is not None:
            return Code(text_made(scope, lambda frame: value), STRING)
    return Code(lambda frame: value, _LITERAL_TYPES[node.kind])


def _name(scope: Scope, node: tree.Name) -> Code:
    local = scope.find_local(node.name)
    if local is not None:
        slot = local.slot
        return Code(lambda frame: frame[slot], local.type)
    variable = find_variable(scope, node.name)
    if variable is None or (scope.static and not variable.static):
        raise CompileProblem(messages.NO_VARIABLE.format(node.name), node.pos)
    if scope.chaining and not variable.static:
        raise CompileProblem(messages.CHAIN_SEES_FIELD.format(node.name), node.pos)
    return read_variable(scope, variable, node.pos)


def _field(scope: Scope, node: tree.FieldAccess) -> Code:
    special = _special(scope, node)
    if special is not None:
        return special
    owner = type_of_expression(scope, node.target)
    if owner is not None:
        return read_static_member(scope, owner, node.name, node.pos)
    root = dotted_name(node)
    token_of = None if root is None else _record_type_of_path(scope, root)
    if token_of is not None:
        return read_static_member(scope, token_of, node.name, node.pos)
    if root is not None and _is_unknown(scope, root):
        first, _, rest = root.partition(".")
        first = rest if first.lower() == "trigger" else first
        raise CompileProblem(messages.NO_VARIABLE.format(first), start_of(node))
    target = link(scope, node.target)
    if target.type.kind in (Kind.PRIMITIVE, Kind.COLLECTION) and target.origin is Origin.RECORD_FIELD:
        name = node.target.name if isinstance(node.target, tree.FieldAccess) else node.name
        raise CompileProblem(messages.NO_FOREIGN_KEY.format(name), node.target.pos)
    if node.safe:
        if target.is_query:
            target = _first_or_null(target)
        return _safe(target, lambda inner: read_member(scope, inner, node.name, node.pos))
    return read_member(scope, target, node.name, node.pos)


def _record_type_of_path(scope: Scope, dotted: str) -> Type | None:
    """The object whose token a longer path means: `Contact.Account.Name` is `Contact.Name` to Salesforce's compiler."""
    first, _, rest = dotted.partition(".")
    between, _, last = rest.partition(".")
    if not last or between.lower() in _OWN_CONSTANTS or is_variable(scope, first):
        return None
    found = find_type(scope, first)
    return found if found is not None and found.is_sobject else None


_OWN_CONSTANTS = frozenset(("rowcause", "quickaction"))
"""What objects have besides tokens."""


def _is_unknown(scope: Scope, dotted: str) -> bool:
    first = dotted.split(".", 1)[0]
    if is_variable(scope, first):
        return False
    return (
        find_type(scope, first) is None
        and special_member(scope.engine, dotted) is None
        and first.lower() not in _SPACES
    )


_SPACES = frozenset(("system", "schema", "database", "label", "sobjecttype"))


def _special(scope: Scope, node: tree.FieldAccess) -> Code | None:
    """`Trigger.new`, `Label.x`, `Schema.SObjectType.Account` ...: names that no class declares."""
    dotted = dotted_name(node)
    if dotted is None:
        return None
    first = dotted.split(".", 1)[0]
    if is_variable(scope, first) or (first.lower() in _SPECIAL and _is_inner_type(scope.cls, first)):
        return None
    found = special_member(scope.engine, dotted, scope)
    return None if found is None else Code(*found)


_SPECIAL = frozenset(("label", "page", "sobjecttype", "trigger"))


def _is_inner_type(cls: ApexClass | None, name: str) -> bool:
    """Does the class, or one around it, declare a type of that name?"""
    while cls is not None:
        if cls.find_inner(name) is not None:
            return True
        cls = cls.outer
    return False


def _safe(target: Code, read: Callable[[Code], Code]) -> Code:
    """`target?.member`."""
    held: list[Value] = []
    run_target = target.run

    def read_held(frame: Frame) -> Value:
        return held[-1]

    inner = read(Code(read_held, target.type, Origin.PARENT if target.origin is Origin.PARENT else Origin.ANYWHERE))
    run_inner = inner.run

    def run(frame: Frame) -> Value:
        value = run_target(frame)
        if value is None:
            raise _NothingThere
        held.append(value)
        try:
            return run_inner(frame)
        finally:
            held.pop()

    return Code(run, inner.type, inner.origin if inner.origin in (Origin.PARENT, Origin.HELD) else Origin.ANYWHERE)


def safe_access(target: Code, read: Callable[[Code], Code]) -> Code:
    """`target?.member` for calls too."""
    return _safe(target, read)


def require_index(index: Code, pos: int) -> None:
    """Raises CompileProblem when it is no Integer."""
    if index.type is not INTEGER:
        raise CompileProblem(messages.LIST_INDEX.format(index.type.name), pos)


def note_index(scope: Scope, index: Code, pos: int) -> None:
    """Told beside what is wrong with the list."""
    try:
        require_index(index, pos)
    except CompileProblem as problem:
        scope.problems.append(problem)


def _index(scope: Scope, node: tree.Index) -> Code:
    holder = link(scope, node.target)
    index = expression(scope, node.index)
    if holder.type.kind is Kind.REFUSED:
        return holder
    if holder.type.key != "list" or not holder.type.args:
        note_index(scope, index, node.pos)
        raise CompileProblem(messages.LIST_TYPE.format(holder.type.name), node.pos)
    require_index(index, node.pos)
    run_list, run_index = holder.run, index.run

    def run(frame: Frame) -> Value:
        holder_value = run_list(frame)
        at = run_index(frame)
        if holder_value is None or at is None:
            raise null_pointer()
        items = holder_value.items
        if not 0 <= at < len(items):
            raise throw("ListException", f"List index out of bounds: {at}")
        return items[at]

    return Code(run, holder.type.args[0])


def _binary(scope: Scope, node: tree.Binary) -> Code:
    if node.op in ("&&", "||"):
        return _logical(scope, node)
    if node.op == "??":
        return _coalesce(scope, node)
    left, right = expression(scope, node.left), expression(scope, node.right)
    if node.op in ("==", "!="):
        left, right = _beside(left, right), _beside(right, left)
    code = operators.binary(node.op, left, right, node.pos)
    return (
        Code(text_made(scope, code.run), STRING) if code.type is STRING and scope.engine.tracing is not None else code
    )


def _logical(scope: Scope, node: tree.Binary) -> Code:
    left, right = expression(scope, node.left), expression(scope, node.right)
    if NULL in (left.type, right.type):
        raise CompileProblem(messages.COMPARISON.format(left.type.name, right.type.name), node.pos)
    for side in (left, right):
        if side.type is not BOOLEAN and side.type.kind is not Kind.REFUSED:
            raise CompileProblem(messages.LOGICAL, node.pos)
    run_a, run_b = left.run, marking(scope, evaluated(node.right), right.run)

    def both(frame: Frame) -> Value:
        a = run_a(frame)
        if a is None:
            raise null_pointer()
        return run_b(frame) if a else False

    def either(frame: Frame) -> Value:
        a = run_a(frame)
        if a is None:
            raise null_pointer()
        return True if a else run_b(frame)

    return Code(both if node.op == "&&" else either, BOOLEAN)


def _coalesce(scope: Scope, node: tree.Binary) -> Code:
    left, right = expression(scope, node.left), expression(scope, node.right)
    if stands_for_row(left, right.type):
        left = _first_or_null(left)
    type_ = common_type(left.type, right.type)
    if type_ is None:
        raise CompileProblem(messages.COALESCE.format(left.type.name, right.type.name), node.pos)
    run_a, run_b = converted(left, type_), marking(scope, evaluated(node.right), converted(right, type_))

    def run(frame: Frame) -> Value:
        value = run_a(frame)
        return run_b(frame) if value is None else value

    rows = Origin.QUERY_OR_NULL if right.type is NULL else Origin.QUERY
    return Code(run, type_, rows if _stands_for_rows(left, right) else Origin.ANYWHERE)


def _first_or_null(code: Code) -> Code:
    run = code.run

    def first(frame: Frame) -> Value:
        rows = run(frame).items
        return rows[0] if rows else None

    return Code(first, code.type.args[0])


def _beside(code: Code, other: Code) -> Code:
    """A query beside a record stands for its only row."""
    run = code.run
    if not stands_for_row(code, other.type):
        return code
    return Code(lambda frame: first_row(run(frame)), code.type.args[0])


def _ternary(scope: Scope, node: tree.Ternary) -> Code:
    test = condition(scope, node.condition)
    then, otherwise = expression(scope, node.then), expression(scope, node.otherwise)
    then, otherwise = _beside(then, otherwise), _beside(otherwise, then)
    type_ = common_type(then.type, otherwise.type)
    if type_ is None:
        raise CompileProblem(messages.TERNARY.format(otherwise.type.name, then.type.name), node.pos)
    run_a = marking(scope, evaluated(node.then), converted(then, type_))
    run_b = marking(scope, evaluated(node.otherwise), converted(otherwise, type_))

    def run(frame: Frame) -> Value:
        chosen = test(frame)
        if chosen is None:
            raise null_pointer()
        return run_a(frame) if chosen else run_b(frame)

    return Code(run, type_, Origin.QUERY if _stands_for_rows(then, otherwise) else Origin.ANYWHERE)


def _stands_for_rows(*sides: Code) -> bool:
    """Is what one of two sides gives a query, whichever it is, but for null?"""
    queries = [side.is_query for side in sides if side.type is not NULL]
    return bool(queries) and all(queries)


def unary(scope: Scope, node: tree.Unary) -> Code:
    operand = expression(scope, node.operand)
    if operand.type.kind is Kind.REFUSED:
        return operand
    if node.op == "-":
        return operators.negate(operand, node.pos)
    if node.op == "~":
        return operators.complement(operand, node.pos)
    if node.op == "+":
        return operand
    if operand.type is not BOOLEAN:
        raise CompileProblem(messages.NEGATION, node.pos)
    run = operand.run

    def inverted(frame: Frame) -> bool:
        value = run(frame)
        if value is None:
            raise null_pointer()
        return not value

    return Code(inverted, BOOLEAN)


def _cast(scope: Scope, node: tree.Cast) -> Code:
    target = get_type(scope, node.type, node.pos)
    operand = expression(scope, node.operand)
    run = operand.run
    if stands_for_row(operand, target):
        return Code(lambda frame: first_row(run(frame)), target)
    if not is_castable(operand.type, target):
        raise CompileProblem(messages.CAST.format(operand.type.name, target.name), node.pos)
    convert = cast(operand.type, target)
    if convert is None:
        return Code(run, target)
    change = convert
    return Code(lambda frame: change(run(frame)), target)


def _instance_of(scope: Scope, node: tree.InstanceOf) -> Code:
    target = get_type(scope, node.type, node.pos)
    operand = expression(scope, node.operand)
    if Kind.REFUSED not in (operand.type.kind, target.kind):
        if is_instance_never(operand.type, target):
            raise CompileProblem(messages.INSTANCEOF_FALSE.format(operand.type.name, target.name), node.pos)
        if is_instance_always(operand.type, target):
            raise CompileProblem(messages.INSTANCEOF_TRUE.format(operand.type.name, target.name), node.pos)
    run = operand.run
    return Code(lambda frame: is_instance(run(frame), target), BOOLEAN)


def _this(scope: Scope, node: tree.This) -> Code:
    if scope.static:
        raise CompileProblem(messages.STATIC_THIS, node.pos)
    if scope.chaining:
        raise CompileProblem(messages.CHAIN_SEES_FIELD.format("this"), node.pos)
    return Code(lambda frame: frame[THIS], scope.cls.type)


def _super(scope: Scope, node: tree.Super) -> Code:
    if scope.static:
        raise CompileProblem(messages.STATIC_SUPER, node.pos)
    return Code(lambda frame: frame[THIS], scope.cls.superclass.type if scope.cls.superclass is not None else OBJECT)


def _class_literal(scope: Scope, node: tree.ClassLiteral) -> Code:
    owner, _, last = node.type.name.rpartition(".")
    is_token = last.lower() == "sobjecttype" and scope.engine.find_sobject_type(owner) is not None
    token = TypeToken(object_token_type() if is_token else get_type(scope, node.type))
    return Code(lambda frame: token, type_token_type())


EXPRESSIONS: dict[type[tree.Expression], Callable[[Scope, Any], Code]] = {
    tree.Literal: _literal,
    tree.Name: _name,
    tree.FieldAccess: _field,
    tree.Index: _index,
    tree.Binary: _binary,
    tree.Ternary: _ternary,
    tree.Cast: _cast,
    tree.InstanceOf: _instance_of,
    tree.This: _this,
    tree.Super: _super,
    tree.ClassLiteral: _class_literal,
}
"""The other layers (assignments, calls, creation, queries) add their rows when they are imported."""

__all__ = ["EXPRESSIONS", "OBJECT", "assigned", "condition", "expression", "fitted", "safe_access"]
