"""Checks the types of a formula tree and turns it into closures, in one walk."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from orgtwin.errors import Unsupported
from orgtwin.formula import operators
from orgtwin.formula.code import Code, Compiling, FormulaKind, Function, Run, Special
from orgtwin.formula.context import Context, FieldPath, GlobalPath
from orgtwin.formula.errors import FormulaError, illegal_argument, wrong_count, wrong_type
from orgtwin.formula.library import FUNCTIONS, NOT_EMULATED
from orgtwin.formula.library.logic import all_of, any_of
from orgtwin.formula.references import Resolved, resolve
from orgtwin.formula.tree import Call, Chain, Literal, Node, Reference, Step, Unary
from orgtwin.formula.types import FormulaType as T
from orgtwin.records.model import Value
from orgtwin.schema.model import FieldType, Schema, SObjectType

PERCENT_DIGITS = 2  # a percent field holds 25 where a formula reads and answers 0.25

_LITERALS: dict[type, T] = {str: T.TEXT, Decimal: T.NUMBER, bool: T.BOOLEAN, type(None): T.NULL}


class Compiler(Compiling):
    """Compiles the formulas of one object; collects what they read in `fields` and `global_paths`, first use first."""

    def __init__(self, schema: Schema, sobject_type: SObjectType, kind: FormulaKind, *, blank_as_zero: bool) -> None:
        self.kind = kind
        self.fields: dict[FieldPath, None] = {}
        self.global_paths: dict[GlobalPath, None] = {}
        self._schema = schema
        self._sobject_type = sobject_type
        self._blank_as_zero = blank_as_zero

    def compile(self, node: Node) -> Code:
        match node:
            case Literal(value=value):
                return Code(_LITERALS[type(value)], lambda _context: value, node)
            case Reference():
                return self._reference(node)
            case Unary():
                return self._unary(node)
            case Chain():
                return self._chain(node)
            case Call():
                return self._call(node)

    def argument(self, call: Call, index: int, *accepted: T) -> Code:
        code = self.compile(call.arguments[index])
        if code.type not in accepted:
            self.refuse_bare_picklist(code)
            expected = ", ".join(dict.fromkeys(kind.label for kind in accepted if kind is not T.NULL))
            raise wrong_type(f"function '{call.name}()'", expected, code.type.label, code.node.position)
        return code

    def count(self, call: Call, least: int, most: int | None) -> None:
        given = len(call.arguments)
        if given < least:
            raise wrong_count(f"function '{call.name}()'", least, given, call.position)
        if most is not None and given > most:
            raise wrong_count(f"function '{call.name}()'", most, given, call.position)

    def own_field(self, call: Call) -> tuple[Code, Run]:
        node = call.arguments[0]
        if not isinstance(node, Reference):
            raise FormulaError(
                f"Incorrect parameter for function '{call.name}()'. Expected field reference.", node.position
            )
        resolved = resolve(self._schema, self._sobject_type, node)
        path = resolved.path
        if not isinstance(path, FieldPath) or path.lookups:
            raise FormulaError(f"The {call.name} function cannot reference the {node.name} field.", node.position)
        prior = self._normalized(resolved, lambda context: context.prior(path))
        return self._reference(node), prior

    def _reference(self, node: Reference) -> Code:
        resolved = resolve(self._schema, self._sobject_type, node)
        path = resolved.path
        if isinstance(path, FieldPath):
            if self.kind is FormulaKind.DEFAULT_VALUE:
                raise FormulaError(f"Field {node.name} may not be used in this type of formula", node.position)
            self.fields[path] = None
        else:
            self.global_paths[path] = None
        return Code(resolved.type, self._normalized(resolved, _reader(resolved)), node)

    def _normalized(self, resolved: Resolved, read: Run) -> Run:
        """Stored values as the formula sees them: numbers are Decimals, 25 % is 0.25, ids have 15 characters, a checkbox is
        never null."""
        kind, field = resolved.type, resolved.field
        if kind is T.NUMBER:
            digits = PERCENT_DIGITS if field is not None and field.type is FieldType.PERCENT else 0
            return _as_number(read, Decimal(0) if self._blank_as_zero else None, digits)
        if kind is T.ID:
            return lambda context: None if (value := read(context)) is None else str(value)[:15]
        if kind is T.BOOLEAN:
            return lambda context: read(context) is True
        return read

    def refuse_bare_picklist(self, code: Code) -> None:
        """A picklist where no picklist may stand has its own message."""
        if code.type.is_picklist and isinstance(code.node, Reference):
            what = "picklist" if code.type is T.PICKLIST else "multi-select picklist"
            raise FormulaError(
                f"Field {code.node.name} is a {what} field. {what.capitalize()} fields are only supported "
                "in certain functions.",
                code.node.position,
            )

    def _unary(self, node: Unary) -> Code:
        operand = self.compile(node.operand)
        expected = T.BOOLEAN if node.operator == "NOT" else T.NUMBER
        if operand.type is not expected:
            self.refuse_bare_picklist(operand)
            subject = "function 'NOT()'" if node.operator == "NOT" else f"operator '{node.operator}'"
            raise wrong_type(subject, expected.label, operand.type.label, operand.node.position)
        run = operand.run
        if node.operator == "NOT":
            return Code(T.BOOLEAN, lambda context: None if (value := run(context)) is None else not value, node)
        if node.operator == "-":
            return Code(T.NUMBER, lambda context: operators.minus(Decimal(0), run(context)), node)
        return Code(T.NUMBER, run, node)

    def _chain(self, node: Chain) -> Code:
        first = self._operand(node.first)
        if node.steps[0].operator in ("&&", "||"):
            return self._logical(node, first)
        kind, steps = first.type, []
        left = first
        for step in node.steps:
            right = self._operand(step.operand)
            kind, apply = self._binary(step, Code(kind, left.run, left.node), right)
            steps.append((apply, right.run))
            left = Code(kind, right.run, right.node)
        return Code(kind, _fold(first.run, tuple(steps)), node)

    def _operand(self, node: Node) -> Code:
        code = self.compile(node)
        self.refuse_bare_picklist(code)
        return code

    def _logical(self, node: Chain, first: Code) -> Code:
        codes = [first, *(self._operand(step.operand) for step in node.steps)]
        operator = node.steps[0].operator
        for code in codes:
            if code.type is not T.BOOLEAN:
                raise wrong_type(f"operator '{operator}'", T.BOOLEAN.label, code.type.label, code.node.position)
        runs = tuple(code.run for code in codes)
        return Code(T.BOOLEAN, all_of(runs) if operator == "&&" else any_of(runs), node)

    def _binary(self, step: Step, left: Code, right: Code) -> tuple[T, operators.Binary]:
        operator = step.operator
        if operator in operators.NUMERIC:
            for side in (left, right):
                if side.type not in (T.NUMBER, T.NULL):
                    raise wrong_type(f"operator '{operator}'", "Number", side.type.label, side.node.position)
            return T.NUMBER, operators.NUMERIC[operator]
        if operator == "&":
            for side in (left, right):
                if not side.type.is_text and side.type is not T.NULL:
                    raise wrong_type("operator '&'", "Text", side.type.label, side.node.position)
            return T.TEXT, operators.concatenate
        if operator in "+-":
            return _sum(operator, left, right)
        if operator in operators.ORDERINGS:
            return T.BOOLEAN, _ordering(operator, left, right)
        return T.BOOLEAN, _equality(operator, left, right)

    def _call(self, call: Call) -> Code:
        if call.name in NOT_EMULATED:
            raise Unsupported("formula.functions", f"the formula function {call.name}")
        row = FUNCTIONS.get(call.name)
        if row is None:
            raise FormulaError(f"Unknown function {call.name}. Check spelling.", call.position)
        if isinstance(row, Special):
            if self.kind not in row.kinds:
                raise FormulaError(f"Function {call.name} may not be used in this type of formula", call.position)
            return row.compile(self, call)
        return self._plain_call(row, call)

    def _plain_call(self, row: Function, call: Call) -> Code:
        self.count(call, row.least, None if row.variadic else len(row.parameters))
        codes = [
            self.argument(call, index, *row.parameters[min(index, len(row.parameters) - 1)])
            for index in range(len(call.arguments))
        ]
        arguments = tuple((code.run, code.type.is_text) for code in codes)
        return Code(row.result, _invocation(row, arguments), call)


def _reader(resolved: Resolved) -> Run:
    path = resolved.path
    if isinstance(path, GlobalPath):
        return lambda context: context.global_value(path)
    return lambda context: context.value(path)


def _as_number(read: Run, blank: Decimal | None, digits: int) -> Run:
    """Moves the point `digits` places to the left."""

    def run(context: Context) -> Value:
        value = read(context)
        if isinstance(value, Decimal):
            return value.scaleb(-digits, operators.EXACT) if digits else value
        return Decimal(value) if isinstance(value, int) else blank

    return run


def _fold(first: Run, steps: tuple[tuple[operators.Binary, Run], ...]) -> Run:
    if len(steps) == 1:
        apply_one, right = steps[0]
        return lambda context: apply_one(first(context), right(context))

    def run(context: Context) -> Value:
        value = first(context)
        for apply, operand in steps:
            value = apply(value, operand(context))
        return value

    return run


def _invocation(row: Function, arguments: tuple[tuple[Run, bool], ...]) -> Run:
    call: Callable[..., Value] = row.call

    def run(context: Context) -> Value:
        values: list[Value] = []
        for read, is_text in arguments:
            value = read(context)
            if value is None:
                if not is_text:
                    return None
                value = ""
            values.append(value)
        return call(context, *values) if row.takes_context else call(*values)

    return run


def _sum(operator: str, left: Code, right: Code) -> tuple[T, operators.Binary]:
    if left.type is T.NULL or right.type is T.NULL:
        return T.NULL, operators.nothing
    if operator == "+" and left.type.is_text:
        if right.type.is_text:
            return T.TEXT, operators.concatenate
        raise wrong_type("operator '+'", "Text", right.type.label, right.node.position)
    result = operators.SUMS.get((operator, left.type, right.type))
    if result is None:
        side = right if left.type in (T.NUMBER, T.DATE, T.DATETIME, T.TIME) else left
        expected = ", ".join(kind.label for kind in (T.NUMBER, T.DATE, T.DATETIME) if kind is not side.type)
        if left.type is right.type or (left.type is T.NUMBER and right.type in (T.DATE, T.DATETIME)):
            expected = T.NUMBER.label
        raise wrong_type(f"operator '{operator}'", expected, side.type.label, side.node.position)
    return result, operators.plus if operator == "+" else operators.minus


def _ordering(operator: str, left: Code, right: Code) -> operators.Binary:
    _require_same(operator, left, right)
    for side in (left, right):
        if side.type not in operators.ORDERED:
            raise wrong_type(f"operator '{operator}'", "Number, Date, DateTime", side.type.label, side.node.position)
    return operators.ORDERINGS[operator]


def _equality(operator: str, left: Code, right: Code) -> operators.Binary:
    _require_same(operator, left, right)
    if T.LOCATION in (left.type, right.type):
        raise illegal_argument(f"operator '{operator}'", left.node.position)
    negated = operator == "<>"
    if T.NULL in (left.type, right.type):
        return operators.is_not_null if negated else operators.is_null
    if T.ID in (left.type, right.type):
        return operators.id_not_equal if negated else operators.id_equal
    if left.type.is_text:
        return operators.text_not_equal if negated else operators.text_equal
    return operators.not_equal if negated else operators.equal


def _require_same(operator: str, left: Code, right: Code) -> None:
    types = (left.type, right.type)
    if T.NULL in types or left.type is right.type or (left.type.is_text and right.type.is_text):
        return
    raise wrong_type(f"operator '{operator}'", left.type.label, right.type.label, right.node.position)
