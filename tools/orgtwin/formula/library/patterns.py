"""REGEX, with the regular expressions of Java."""

from __future__ import annotations

from orgtwin.formula.code import Code, Compiling
from orgtwin.formula.errors import FormulaError, FormulaEvaluationError
from orgtwin.formula.tree import Call, Literal
from orgtwin.formula.types import FormulaType as T
from orgtwin.java_regex import JavaPattern, PatternSyntaxError, RegexTooComplicated, compile_java

_TEXT = (T.TEXT, T.ID, T.NULL)


def _pattern(text: str, position: int) -> JavaPattern:
    try:
        return compile_java(text)
    except PatternSyntaxError as error:
        raise FormulaError(f"Invalid regular expression: {error}", position) from error


def _matches(pattern: JavaPattern, text: str) -> bool:
    try:
        return pattern.fullmatch(text) is not None
    except RegexTooComplicated as error:
        raise FormulaEvaluationError(f"Regular expression runtime exceeded for: {pattern.source}") from error


def compile_regex(compiler: Compiling, call: Call) -> Code:
    """REGEX(text, pattern): the whole text must match; a constant pattern is compiled once."""
    compiler.count(call, 2, 2)
    text = compiler.argument(call, 0, *_TEXT).run
    pattern = compiler.argument(call, 1, *_TEXT).run
    node = call.arguments[1]
    constant: JavaPattern | None = None
    if isinstance(node, Literal) and isinstance(node.value, str):
        constant = _pattern(node.value, node.position)
    return Code(
        T.BOOLEAN,
        lambda context: _matches(constant or _pattern(str(pattern(context) or ""), 0), str(text(context) or "")),
        call,
    )
