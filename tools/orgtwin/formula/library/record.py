"""Functions of the record rather than of values: what changed, whether it is new, which picklist value it holds."""

from __future__ import annotations

from orgtwin.formula.code import Code, Compiling, FormulaKind, Run, Special
from orgtwin.formula.context import Context
from orgtwin.formula.errors import wrong_type
from orgtwin.formula.tree import Call, Literal
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value

_ON_SAVE = frozenset({FormulaKind.VALIDATION_RULE})


def _is_pick_value(compiler: Compiling, call: Call) -> Code:
    """The empty literal asks for no value. Source: "ISPICKVAL" (Salesforce Help)."""
    compiler.count(call, 2, 2)
    read, wanted = _picklist_and_literal(compiler, call, T.PICKLIST)
    return Code(T.BOOLEAN, lambda context: (read(context) or "") == wanted, call)


def _includes(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 2, 2)
    read, wanted = _picklist_and_literal(compiler, call, T.MULTIPICKLIST)
    return Code(T.BOOLEAN, lambda context: wanted in str(read(context) or "").split(";"), call)


def _picklist_and_literal(compiler: Compiling, call: Call, expected: T) -> tuple[Run, str]:
    subject = compiler.compile(call.arguments[0])
    if subject.type is not expected:
        raise wrong_type(f"function '{call.name}()'", expected.label, subject.type.label, subject.node.position)
    literal = call.arguments[1]
    if not (isinstance(literal, Literal) and isinstance(literal.value, str)):
        received = compiler.compile(literal).type.label
        raise wrong_type(f"function '{call.name}()'", "Text Literal", received, literal.position)
    return subject.run, literal.value


def _prior_value(compiler: Compiling, call: Call) -> Code:
    """On insert there is no earlier value: the current one. Source: "PRIORVALUE" (Salesforce Help)."""
    compiler.count(call, 1, 1)
    current, prior = compiler.own_field(call)
    present = current.run
    return Code(current.type, lambda context: present(context) if context.is_new else prior(context), call.arguments[0])


def _is_changed(compiler: Compiling, call: Call) -> Code:
    """On insert nothing has changed. Source: "ISCHANGED" (Salesforce Help)."""
    compiler.count(call, 1, 1)
    current, prior = compiler.own_field(call)
    present = current.run

    def run(context: Context) -> Value:
        return not context.is_new and (present(context) or None) != (prior(context) or None)

    return Code(T.BOOLEAN, run, call)


def _is_new(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 0, 0)
    return Code(T.BOOLEAN, lambda context: context.is_new, call)


def _is_clone(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 0, 0)
    return Code(T.BOOLEAN, lambda context: context.is_clone, call)


FUNCTIONS = (
    Special("ISPICKVAL", _is_pick_value),
    Special("INCLUDES", _includes),
    Special("PRIORVALUE", _prior_value, _ON_SAVE),
    Special("ISCHANGED", _is_changed, _ON_SAVE),
    Special("ISNEW", _is_new, _ON_SAVE),
    Special("ISCLONE", _is_clone, _ON_SAVE),
)
