"""Compiled pieces: a type and a closure, and the functions of the language as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from orgtwin.formula.context import Context
from orgtwin.formula.tree import Call, Node
from orgtwin.formula.types import FormulaType
from orgtwin.records.model import Value

Run = Callable[[Context], Value]


class FormulaKind(Enum):
    """Where the formula stands; some functions and references are refused in some places."""

    FIELD = "formula field"
    VALIDATION_RULE = "validation rule"
    DEFAULT_VALUE = "default value"


@dataclass(frozen=True, slots=True)
class Code:
    """One compiled node."""

    type: FormulaType
    run: Run
    node: Node


class Compiling(Protocol):
    """What a function with its own compile step may ask of the compiler."""

    kind: FormulaKind

    def compile(self, node: Node) -> Code: ...

    def argument(self, call: Call, index: int, *accepted: FormulaType) -> Code:
        """One argument, its type checked."""

    def count(self, call: Call, least: int, most: int | None) -> None:
        """Refuse too few or too many arguments."""

    def own_field(self, call: Call) -> tuple[Code, Run]:
        """The first argument, which must be a field of the record itself: its value now and before the save."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that evaluates all its arguments.

    A blank text argument arrives as ''; any other blank argument makes the result null without a call. `parameters` holds
    the accepted types in order; the last one repeats when `variadic`. `least` arguments must be given.
    """

    name: str
    parameters: tuple[tuple[FormulaType, ...], ...]
    result: FormulaType
    call: Callable[..., Value]
    least: int
    variadic: bool = False
    takes_context: bool = False


@dataclass(frozen=True, slots=True)
class Special:
    """A function that compiles itself: it is lazy, looks at fields rather than values, or takes its type from its arguments."""

    name: str
    compile: Callable[[Compiling, Call], Code]
    kinds: frozenset[FormulaKind] = frozenset(FormulaKind)


def function(
    name: str,
    parameters: tuple[tuple[FormulaType, ...], ...],
    result: FormulaType,
    call: Callable[..., Value],
    *,
    optional: int = 0,
    variadic: bool = False,
    takes_context: bool = False,
) -> Function:
    """A row of a function table."""
    return Function(name, parameters, result, call, len(parameters) - optional, variadic, takes_context)
