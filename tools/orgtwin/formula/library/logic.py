"""AND, OR, IF, CASE, ISBLANK and their kin: lazy, and null counts as false."""

from __future__ import annotations

from orgtwin.formula import operators
from orgtwin.formula.code import Code, Compiling, Run, Special
from orgtwin.formula.context import Context
from orgtwin.formula.errors import illegal_argument, wrong_count, wrong_type
from orgtwin.formula.tree import Call, Literal
from orgtwin.formula.types import FormulaType as T
from orgtwin.formula.types import common_type
from orgtwin.records.model import Value


def all_of(runs: tuple[Run, ...]) -> Run:
    """False at the first operand that is not true."""

    def run_all(context: Context) -> Value:
        for run in runs:  # noqa: SIM110  # `all` of a generator takes three times as long for two operands
            if run(context) is not True:
                return False
        return True

    return run_all


def any_of(runs: tuple[Run, ...]) -> Run:
    """True at the first operand that is."""

    def run_any(context: Context) -> Value:
        for run in runs:  # noqa: SIM110  # as above
            if run(context) is True:
                return True
        return False

    return run_any


def _and(compiler: Compiling, call: Call) -> Code:
    return Code(T.BOOLEAN, all_of(_conditions(compiler, call)), call)


def _or(compiler: Compiling, call: Call) -> Code:
    return Code(T.BOOLEAN, any_of(_conditions(compiler, call)), call)


def _conditions(compiler: Compiling, call: Call) -> tuple[Run, ...]:
    compiler.count(call, 1, None)
    return tuple(compiler.argument(call, index, T.BOOLEAN).run for index in range(len(call.arguments)))


def _if(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 3, 3)
    test = compiler.argument(call, 0, T.BOOLEAN).run
    then, otherwise = (_plain(compiler, call, index) for index in (1, 2))
    shared = common_type(then.type, otherwise.type)
    if shared is None:
        raise wrong_type("function 'IF()'", then.type.label, otherwise.type.label, otherwise.node.position)
    when_true, when_false = then.run, otherwise.run
    return Code(shared, lambda context: when_true(context) if test(context) is True else when_false(context), call)


def _plain(compiler: Compiling, call: Call, index: int) -> Code:
    """An argument of any type but a picklist, which only certain functions take."""
    plain = (kind for kind in T if not kind.is_picklist)
    return compiler.argument(call, index, *plain)


def _case(compiler: Compiling, call: Call) -> Code:
    """CASE(expression, value1, result1, ..., else); a picklist expression takes text literals as values."""
    given = len(call.arguments)
    if given % 2 or given < 4:
        raise wrong_count("function 'CASE()'", max(4, given // 2 * 2), given, call.position)
    subject = compiler.compile(call.arguments[0])
    if subject.type is T.BOOLEAN:
        raise illegal_argument("function 'CASE()'", call.position)
    arms: list[tuple[Run, Run]] = []
    shared: T = T.NULL
    values: T = subject.type
    for index in range(1, given - 1, 2):
        value = _case_value(compiler, call, index, subject, values)
        values = value.type if values is T.NULL else values
        result = _plain(compiler, call, index + 1)
        shared = _shared_result(shared, result)
        arms.append((value.run, result.run))
    otherwise = _plain(compiler, call, given - 1)
    shared = _shared_result(shared, otherwise)
    return Code(shared, _run_case(subject, tuple(arms), otherwise.run), call)


def _case_value(compiler: Compiling, call: Call, index: int, subject: Code, values: T) -> Code:
    node = call.arguments[index]
    value = compiler.compile(node)
    if subject.type.is_picklist:
        if not (isinstance(node, Literal) and isinstance(node.value, str)):
            raise wrong_type("function 'CASE()'", "Text Literal", value.type.label, node.position)
        return value
    if value.type is T.BOOLEAN:
        raise illegal_argument("function 'CASE()'", node.position)
    if common_type(values, value.type) is None:
        raise wrong_type("function 'CASE()'", values.label, value.type.label, node.position)
    return value


def _shared_result(shared: T, result: Code) -> T:
    if result.type is T.BOOLEAN:
        raise illegal_argument("function 'CASE()'", result.node.position)
    together = common_type(shared, result.type)
    if together is None:
        raise wrong_type("function 'CASE()'", shared.label, result.type.label, result.node.position)
    return together


def _run_case(subject: Code, arms: tuple[tuple[Run, Run], ...], otherwise: Run) -> Run:
    read = subject.run
    as_text = subject.type.is_text or subject.type.is_picklist
    same = operators.id_equal if subject.type is T.ID else operators.text_equal if as_text else operators.equal

    def run(context: Context) -> Value:
        value = read(context)
        for candidate, result in arms:
            if same(value, candidate(context)) is True:
                return result(context)
        return otherwise(context)

    return run


def _blank(compiler: Compiling, call: Call) -> Code:
    read = _blank_subject(compiler, call).run
    return Code(T.BOOLEAN, lambda context: read(context) in (None, ""), call)


def _null(compiler: Compiling, call: Call) -> Code:
    """Text is never null ("ISNULL" in Salesforce Help), so ISNULL of a text is false."""
    subject = _blank_subject(compiler, call)
    if subject.type.is_text:
        return Code(T.BOOLEAN, lambda _context: False, call)
    read = subject.run
    return Code(T.BOOLEAN, lambda context: read(context) is None, call)


def _blank_subject(compiler: Compiling, call: Call) -> Code:
    compiler.count(call, 1, 1)
    subject = compiler.compile(call.arguments[0])
    if subject.type is T.BOOLEAN:
        raise illegal_argument(f"function '{call.name}()'", call.position)
    return subject


def _blank_value(compiler: Compiling, call: Call) -> Code:
    read, substitute, shared = _value_or(compiler, call)

    def run(context: Context) -> Value:
        value = read(context)
        return substitute(context) if value is None or value == "" else value

    return Code(shared, run, call)


def _null_value(compiler: Compiling, call: Call) -> Code:
    read, substitute, shared = _value_or(compiler, call)
    if shared.is_text:
        return Code(shared, read, call)

    def run(context: Context) -> Value:
        value = read(context)
        return substitute(context) if value is None else value

    return Code(shared, run, call)


def _value_or(compiler: Compiling, call: Call) -> tuple[Run, Run, T]:
    compiler.count(call, 2, 2)
    subject, substitute = (_plain(compiler, call, index) for index in (0, 1))
    if subject.type is T.BOOLEAN:
        raise illegal_argument(f"function '{call.name}()'", call.position)
    shared = common_type(subject.type, substitute.type)
    if shared is None:
        raise wrong_type(
            f"function '{call.name}()'", subject.type.label, substitute.type.label, substitute.node.position
        )
    return subject.run, substitute.run, shared


FUNCTIONS = (
    Special("AND", _and),
    Special("OR", _or),
    Special("IF", _if),
    Special("CASE", _case),
    Special("ISBLANK", _blank),
    Special("ISNULL", _null),
    Special("BLANKVALUE", _blank_value),
    Special("NULLVALUE", _null_value),
)
