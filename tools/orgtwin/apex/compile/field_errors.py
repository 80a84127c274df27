"""`record.Field.addError(...)`: the error belongs to the field of the record.

Source: "SObject Class" (Apex Reference Guide), "Triggers: Trigger Exceptions" (Apex Developer Guide); which types have the method,
and what it must stand behind, as Salesforce's own compiler has it.
"""

from __future__ import annotations

from orgtwin.apex.classes import Method
from orgtwin.apex.compile import messages
from orgtwin.apex.compile.expressions import expression
from orgtwin.apex.compile.overloads import choose
from orgtwin.apex.compile.scope import Code, CompileProblem, Scope
from orgtwin.apex.faults import EXCEPTION, null_pointer
from orgtwin.apex.syntax import tree
from orgtwin.apex.text import to_text
from orgtwin.apex.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DECIMAL,
    DOUBLE,
    ID,
    INTEGER,
    LONG,
    NULL,
    STRING,
    TIME,
    VOID,
    Type,
)
from orgtwin.apex.values import Frame

ADD_ERROR = "adderror"
_HAVE_IT = frozenset((BOOLEAN, DATE, DATETIME, DECIMAL, DOUBLE, ID, INTEGER, LONG, STRING, TIME))
_METHODS = [
    Method(None, "addError", parameters, VOID, lambda *_: None)
    for text in (STRING, EXCEPTION.type)
    for parameters in ((text,), (text, BOOLEAN))
]


def field_error(scope: Scope, call: tree.Call, target: Code, args: list[Code], missing: CompileProblem) -> Code | None:
    """The code of addError on a value that may be a field, or None where it is another type's. `missing`: no such method."""
    if target.type not in _HAVE_IT:
        return None
    if choose(_METHODS, [a.type for a in args]) is None:
        raise missing
    if args[0].type is NULL:
        shown = ", ".join(a.type.name for a in args)
        raise CompileProblem(messages.AMBIGUOUS.format(call.name, shown), call.pos)
    node = call.target
    record = expression(scope, node.target) if isinstance(node, tree.FieldAccess) else None
    name = _field_name(record.type, node.name) if record is not None and isinstance(node, tree.FieldAccess) else None
    if record is None or name is None:
        of_query = record is not None and record.is_query
        raise CompileProblem(messages.ADD_ERROR_SCALAR if of_query else messages.ADD_ERROR_FIELD, call.pos)
    if call.safe:
        raise CompileProblem(messages.ADD_ERROR_SAFE, call.pos)
    safe = isinstance(node, tree.FieldAccess) and node.safe
    return _added(record, name, args[0], safe)


def _field_name(type_: Type, name: str) -> str | None:
    """The field of that name; a record of any object has an Id."""
    if type_.sobject is None:
        return "Id" if type_.is_sobject and name.lower() == "id" else None
    field = type_.sobject.find_field(name)
    return field.api_name if field is not None else None


def _added(record: Code, name: str, message: Code, safe: bool) -> Code:
    run_record, run_message = record.run, message.run

    def run(frame: Frame) -> None:
        found = run_record(frame)
        if found is None:
            if safe:
                return
            raise null_pointer()
        found.errors.append((name, to_text(run_message(frame))))

    return Code(run, VOID)
