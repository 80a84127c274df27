"""Which lines of a body count, and what marks them as run.

Every line that holds an expression counts, not only the first of its statement; so do the headers of methods, constructors and
properties. Comments, braces, bare types and `System.debug` do not. Source: "Testing and Code Coverage" (Apex Developer Guide) for
expressions and debug; Salesforce's own compiler, which tells the lines that it gives code to, for the rest.

An expression's lines are marked when its evaluation begins, those of an operand that may be skipped when that operand is reached.
ASSUMED where an exception ends an expression halfway: its later lines count as run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from orgtwin.apex.classes import Variable
from orgtwin.apex.syntax import tree
from orgtwin.apex.values import Frame, Run, Value

if TYPE_CHECKING:
    from orgtwin.apex.compile.scope import Scope


def marking(scope: Scope, places: Iterable[int], run: Run) -> Run:
    """The closure that marks the lines of these places, which count from now on, before it runs."""
    mark = marker(scope, places)
    if mark is None:
        return run

    def marked(frame: Frame) -> Any:
        mark()
        return run(frame)

    return marked


def marker(scope: Scope, places: Iterable[int]) -> Callable[[], None] | None:
    """What marks the lines of these places as run; None when nobody measures or there are none."""
    name, coverage = scope.cls.outermost().name, scope.engine.coverage
    hit = coverage.counter(name)
    if hit is None:
        return None
    count = hit
    lines = frozenset(scope.line(place) for place in places)
    coverage.note(name, lines)
    return (lambda: count(lines)) if lines else None


def touching(scope: Scope, variable: Variable, run: Callable[..., Any]) -> Callable[..., Any]:
    """What reads or writes a variable; of a property, whose accessor has no body here, that marks its line.

    ASSUMED of automatic accessors from what the compiler gives them code to, and that making an object marks none.
    """
    owner = variable.owner.outermost()
    hit = scope.engine.coverage.counter(owner.name) if variable.is_property and owner.lines is not None else None
    if hit is None or owner.lines is None or scope.accessor is variable:
        return run
    count, lines = hit, frozenset((owner.lines.line(variable.pos),))

    def marked(*args: Value) -> Any:
        count(lines)
        return run(*args)

    return marked


def evaluated(node: tree.Expression | None) -> Iterator[int]:
    """Where the parts stand that are evaluated whenever the expression is.

    ASSUMED that every cast but that to Object is code; the compiler leaves out all that change nothing.
    """
    todo = [node]
    while todo:
        part = todo.pop()
        if part is None:
            continue
        if not (isinstance(part, tree.Cast) and part.type.name.lower() == "object"):
            yield part.pos
        parts = _PARTS.get(type(part))
        if parts is not None:
            todo.extend(parts(part))


def begun(node: tree.Statement) -> Iterable[int]:
    """Where the parts stand that run whenever the statement does."""
    return _BEGUN[type(node)](node)


def is_debug(node: tree.Expression) -> bool:
    """`System.debug(...)`"""
    if not (isinstance(node, tree.Call) and node.name.lower() == "debug"):
        return False
    return isinstance(node.target, tree.Name) and node.target.name.lower() == "system"


def is_constant(node: tree.Expression) -> bool:
    """A text that the compiler keeps beside the code when it is the value of a static final String."""
    return isinstance(node, tree.Literal) and node.kind == "String"


def _binary(node: tree.Binary) -> Iterable[tree.Expression]:
    """The right operand of a logical operator is marked when it is reached; texts side by side are one, `== null` is one test."""
    if node.op in ("==", "!=") and isinstance(node.right, tree.Literal) and node.right.kind == "null":
        return (node.left,)
    if node.op in ("&&", "||", "??") or (node.op == "+" and is_constant(node.right) and _ends_in_text(node.left)):
        return (node.left,)
    return (node.left, node.right)


def _ends_in_text(node: tree.Expression) -> bool:
    if isinstance(node, tree.Binary) and node.op == "+":
        node = node.right
    return is_constant(node)


_PARTS: dict[type[tree.Expression], Callable[[Any], Iterable[tree.Expression | None]]] = {
    tree.FieldAccess: lambda node: (node.target,),
    tree.Call: lambda node: (node.target, *node.args),
    tree.Index: lambda node: (node.target, node.index),
    tree.Unary: lambda node: (node.operand,),
    tree.Postfix: lambda node: (node.operand,),
    tree.Cast: lambda node: (node.operand,),
    tree.InstanceOf: lambda node: (node.operand,),
    tree.Binary: _binary,
    tree.Assign: lambda node: (node.target, node.value),
    tree.Ternary: lambda node: (node.condition,),
    tree.NewObject: lambda node: node.args,
    tree.NewSObject: lambda node: [value for _, _, value in node.fields],
    tree.NewItems: lambda node: node.items,
    tree.NewPairs: lambda node: [side for pair in node.pairs for side in pair],
    tree.NewSized: lambda node: (node.size,),
    tree.Query: lambda node: node.binds,
    tree.Search: lambda node: node.binds,
}


def _declared(node: tree.LocalVariables) -> Iterator[int]:
    for _, pos, value in node.variables:
        yield pos
        yield from evaluated(value)


def _prepared(node: tree.For) -> Iterator[int]:
    """What runs before the first turn; a declaration is a statement of its own."""
    for start in node.init if isinstance(node.init, list) else ():
        yield from evaluated(start)
    yield from evaluated(node.condition)


def _saved(node: tree.Dml) -> Iterator[int]:
    yield node.pos
    yield from evaluated(node.operand)
    if node.verb == "merge":
        yield from evaluated(node.key)


_BEGUN: dict[type[tree.Statement], Callable[[Any], Iterable[int]]] = {
    tree.Block: lambda node: (),
    tree.LocalVariables: _declared,
    tree.ExpressionStatement: lambda node: () if is_debug(node.expression) else evaluated(node.expression),
    tree.If: lambda node: (node.pos, *evaluated(node.condition)),
    tree.While: lambda node: (node.pos, *evaluated(node.condition)),
    tree.DoWhile: lambda node: (),
    tree.For: _prepared,
    tree.ForEach: lambda node: (node.pos, node.name_pos, *evaluated(node.source)),
    tree.Return: lambda node: (node.pos, *evaluated(node.value)),
    tree.Throw: lambda node: (node.pos, *evaluated(node.value)),
    tree.Break: lambda node: (node.pos,),
    tree.Continue: lambda node: (node.pos,),
    tree.Try: lambda node: (node.pos,),
    tree.Dml: _saved,
    tree.RunAs: lambda node: [place for arg in node.args for place in evaluated(arg)],
    tree.Switch: lambda node: (node.pos, *evaluated(node.subject)),
}
