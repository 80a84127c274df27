"""What a formula names that stands in no schema: custom permissions and labels.

Source: "Use Global Variables in Formulas" (Salesforce Help). A formula that names one that is not there does not compile; the text
is that of a field which is not there.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.formula.parser import parse
from orgtwin.formula.tree import Call, Chain, Node, Reference, Unary
from orgtwin.metadata.workspace import Workspace

_TYPES = {"$permission": "CustomPermission", "$label": "CustomLabel"}


def find_missing_name(workspace: Workspace, formula: str) -> str | None:
    """Why a formula that compiles against the schema still does not compile; None when everything it names is there."""
    for name in _references(parse(formula)):
        root, _, rest = name.partition(".")
        type_name = _TYPES.get(root.lower())
        if type_name is not None and not names_one(workspace, type_name, rest):
            return f"Field {name} does not exist. Check spelling."
    return None


def names_one(workspace: Workspace, type_name: str, name: str) -> bool:
    """Whether there will be a component of that name, in any letters."""
    return any(component.full_name.lower() == name.lower() for component in workspace.of_type(type_name))


def uses_of(workspace: Workspace, root: str, name: str) -> list[str]:
    """The validation rules and formula fields that will name a variable, each as its type and name."""
    wanted = f"{root}.{name}".lower()
    found = []
    for type_name, element in (("ValidationRule", "errorConditionFormula"), ("CustomField", "formula")):
        for component in workspace.of_type(type_name):
            formula = component.body.value(element)
            if formula and wanted in formula.lower() and wanted in {one.lower() for one in _references(parse(formula))}:
                found.append(f"{type_name} - {component.full_name}")
    return found


def _references(node: Node) -> Iterator[str]:
    match node:
        case Reference(name=name):
            yield name
        case Unary(operand=operand):
            yield from _references(operand)
        case Chain(first=first, steps=steps):
            yield from _references(first)
            for step in steps:
                yield from _references(step.operand)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from _references(argument)
