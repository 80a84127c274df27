"""The formula tree. Immutable; `position` is the offset of the first character in the source text and takes no part in equality."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, TRUE, FALSE or NULL."""

    value: str | Decimal | bool | None
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Reference:
    """A field or a merge variable as written: `Amount`, `Account.Name`, `$User.Id`."""

    name: str
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`+`, `-` or `NOT` (`!` reads as NOT)."""

    operator: str
    operand: Node
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    operator: str
    operand: Node
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """Operators of one rank, left to right: a flat list, so that a thousand additions are no thousand levels deep."""

    first: Node
    steps: tuple[Step, ...]
    position: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is upper case."""

    name: str
    arguments: tuple[Node, ...]
    position: int = field(default=0, compare=False)


Node = Literal | Reference | Unary | Chain | Call


def render(node: Node) -> str:
    """The formula text of a tree: `parse(render(tree)) == tree`."""
    match node:
        case Literal(value=None):
            return "NULL"
        case Literal(value=bool() as value):
            return "TRUE" if value else "FALSE"
        case Literal(value=Decimal() as value):
            return f"{value:f}"
        case Literal(value=value):
            return _render_text(str(value))
        case Reference(name=name):
            return name
        case Unary(operator=operator, operand=operand):
            return f"{operator}{'' if operator != 'NOT' else ' '}{_render_operand(operand)}"
        case Chain(first=first, steps=steps):
            tail = "".join(f" {step.operator} {_render_operand(step.operand)}" for step in steps)
            return _render_operand(first) + tail
        case Call(name=name, arguments=arguments):
            return f"{name}({', '.join(render(argument) for argument in arguments)})"


def _render_operand(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, Chain) else render(node)


def _render_text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'
