"""Variables of a trigger or of anonymous Apex that its own methods and classes name: static fields of the body's class.

Sources: "Anonymous Blocks" (Apex Developer Guide), whose method adds to a variable of the block; Salesforce's own compiler, which
takes every variable of the outermost block so. Only those that are named need to be fields here; the others stay local.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orgtwin.apex.syntax import tree


def share_variables(
    statements: Sequence[tree.Statement], members: Sequence[tree.Member]
) -> tuple[list[tree.Statement], list[tree.Member]]:
    """The statements with assignments where shared variables were declared, and the members with their fields."""
    named = {name.lower() for member in members for name in _names(member)}
    body: list[tree.Statement] = []
    shared: list[tree.Member] = []
    for statement in statements:
        if isinstance(statement, tree.LocalVariables) and any(v[0].lower() in named for v in statement.variables):
            shared.append(_field(statement))
            body.extend(_assignments(statement))
        else:
            body.append(statement)
    return body, [*shared, *members]


def _field(declared: tree.LocalVariables) -> tree.Fields:
    variables: list[tuple[str, int, tree.Expression | None]] = [
        (name, pos, None) for name, pos, _ in declared.variables
    ]
    return tree.Fields(declared.pos, tree.Modifiers(declared.pos, ["static"], []), declared.type, variables)


def _assignments(declared: tree.LocalVariables) -> Iterator[tree.Statement]:
    for name, pos, value in declared.variables:
        given = value if value is not None else tree.Literal(pos, "null", None)
        yield tree.ExpressionStatement(declared.pos, tree.Assign(pos, "=", tree.Name(pos, name), given))


def _names(node: object) -> Iterator[str]:
    """All names that stand for a variable, at any depth."""
    if isinstance(node, tree.Name):
        yield node.name
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _names(item)
    elif isinstance(node, tree.Node):
        for part in node.__struct_fields__:
            yield from _names(getattr(node, part))
