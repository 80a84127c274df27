"""The SymbolTable of a class or trigger: what its text declares, where, and where it is used.

    symbol_table(text, record_id, is_known)    plain data in the shape of the Tooling API; None for a text that does not parse

Names are resolved by the text of this one class: locals, parameters, fields, own methods (by name and number of arguments), types,
and members of org classes through a variable of that type or the class's name. Members behind a chain of calls are not told, nor
are the types of another class's methods. The location of a symbol is that of its name.

Source: "SymbolTable" (Tooling API Developer Guide). ASSUMED: properties are fields and properties, variables are parameters and
locals, the type of a declaration is CLASS, INTERFACE, ENUM or TRIGGER; `visibility` is of API 33 and earlier and left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orgtwin.apex.syntax import SyntaxProblem, parse, tree
from orgtwin.apex.syntax.problems import LineTable

Symbol = dict[str, Any]
_ANNOTATIONS = {
    name.lower(): name
    for name in (
        *("Deprecated", "Future", "HttpDelete", "HttpGet", "HttpPatch", "HttpPost", "HttpPut", "InvocableMethod"),
        *("InvocableVariable", "IsTest", "ReadOnly", "RemoteAction", "TestSetup", "TestVisible", "RestResource"),
    )
}
_WORDS = {"testmethod": "testMethod", "webservice": "webService"}
_ACCESS = frozenset(("private", "protected", "public", "global"))
_CONSTRUCTOR = "new"
"""No method has this name."""
_DECLARED_AS = {
    tree.ClassDeclaration: "CLASS",
    tree.InterfaceDeclaration: "INTERFACE",
    tree.EnumDeclaration: "ENUM",
    tree.TriggerDeclaration: "TRIGGER",
}
Declaration = tree.ClassDeclaration | tree.InterfaceDeclaration | tree.EnumDeclaration | tree.TriggerDeclaration


def symbol_table(text: str, record_id: str | None, is_known: Callable[[str], bool]) -> Symbol | None:
    """`is_known` tells whether the org has a class of that name, in any case."""
    try:
        declared = parse(text)
    except SyntaxProblem:
        return None
    return _Reader(text, is_known).table(declared, record_id, None)


@dataclass(slots=True)
class _Known:
    """What a name stands for: its symbol, and the org class that it is of."""

    symbol: Symbol
    class_name: str | None = None


Names = dict[str, _Known]


class _Reader:
    """Reads one text; `_external` are the org classes that the class at hand names."""

    def __init__(self, text: str, is_known: Callable[[str], bool]) -> None:
        self._lines = LineTable(text)
        self._is_known = is_known
        self._external: dict[str, Symbol] = {}
        self._methods: dict[tuple[str, int], Symbol] = {}
        self._members: Names = {}
        self._variables: list[Symbol] = []
        self._name = ""

    def table(self, node: Declaration, record_id: str | None, outer: str | None) -> Symbol:
        """The table of a declaration, with those of its inner classes."""
        before = (self._external, self._methods, self._members, self._variables, self._name)
        self._external, self._methods, self._members, self._variables = {}, {}, {}, []
        self._name = node.name
        members = _members(node)
        declared = [self._declared(member) for member in members]
        own = self._symbol(node.pos, node.name, _modifiers(node), _DECLARED_AS[type(node)])
        for part in _heading(node):
            self._visit(part, {})
        for member in members:
            if not isinstance(member, _INNER):
                self._visit(member, self._members)
        for statement in node.statements if isinstance(node, tree.TriggerDeclaration) else ():
            self._visit(statement, self._members)
        external, variables = list(self._external.values()), self._variables
        inner = [self.table(member, None, node.name) for member in members if isinstance(member, _INNER)]
        self._external, self._methods, self._members, self._variables, self._name = before
        extends = node.extends if isinstance(node, tree.ClassDeclaration) else None
        return {
            "constructors": [s for kind, found in declared for s in found if kind == "constructor"],
            "externalReferences": external,
            "id": record_id,
            "innerClasses": inner,
            "interfaces": [self._interface(t) for t in node.implements]
            if isinstance(node, tree.ClassDeclaration)
            else [],
            "methods": [s for kind, found in declared for s in found if kind == "method"],
            "name": node.name,
            "namespace": None,
            "parentClass": outer if extends is None else extends.name,
            "properties": [s for kind, found in declared for s in found if kind == "property"],
            "tableDeclaration": own,
            "variables": variables,
        }

    # ---- what is declared

    def _declared(self, member: tree.Node | tuple[str, int]) -> tuple[str, list[Symbol]]:
        if isinstance(member, tree.Method):
            return self._method(member)
        if isinstance(member, tree.Property):
            return "property", [self._member(member.pos, member.name, member.modifiers, member.type)]
        if isinstance(member, tree.Fields):
            return "property", [self._member(pos, n, member.modifiers, member.type) for n, pos, _ in member.variables]
        return "", []

    def _method(self, node: tree.Method) -> tuple[str, list[Symbol]]:
        kind = "constructor" if node.type is None else "method"
        symbol = self._symbol(node.pos, node.name, node.modifiers, None)
        symbol["parameters"] = [{"name": p.name, "type": _shown(p.type)} for p in node.parameters]
        if node.type is not None:
            symbol["returnType"] = symbol["type"] = _shown(node.type)
        name = _CONSTRUCTOR if node.type is None else node.name.lower()
        self._methods[name, len(node.parameters)] = symbol
        return kind, [symbol]

    def _member(self, pos: int, name: str, modifiers: tree.Modifiers, type_: tree.TypeName) -> Symbol:
        symbol = self._symbol(pos, name, modifiers, _shown(type_))
        self._members[name.lower()] = _Known(symbol, self._class_of(type_))
        return symbol

    def _symbol(self, pos: int, name: str, modifiers: tree.Modifiers | None, type_: str | None) -> Symbol:
        annotations = [] if modifiers is None else [a.name.lower() for a in modifiers.annotations]
        return {
            "annotations": [{"name": _ANNOTATIONS[a]} for a in annotations if a in _ANNOTATIONS],
            "location": self._place(pos),
            "modifiers": [] if modifiers is None else _words(modifiers, annotations),
            "name": name,
            "references": [],
            "type": type_,
        }

    def _local(self, names: Names, pos: int, name: str, type_: tree.TypeName) -> None:
        symbol = self._symbol(pos, name, None, _shown(type_))
        self._variables.append(symbol)
        names[name.lower()] = _Known(symbol, self._class_of(type_))

    def _named_behind(self, names: Names, name: str, type_: tree.TypeName) -> None:
        """A local of a loop, catch or when block: its name comes behind its type."""
        self._local(names, self._lines.source.index(name, type_.pos + len(type_.name)), name, type_)

    def _place(self, pos: int) -> Symbol:
        return {"column": self._lines.column(pos), "line": self._lines.line(pos)}

    def _interface(self, type_: tree.TypeName) -> str:
        """The platform's have their namespace."""
        is_own = "." in type_.name or self._is_known(type_.name)
        return _shown(type_) if is_own else f"System.{_shown(type_)}"

    # ---- what is used

    def _visit(self, node: tree.Node, names: Names) -> None:
        """Note what a part of the text uses; `names` are those that it sees."""
        if isinstance(node, (tree.Block, tree.For, tree.Method)):
            names = dict(names)
        if isinstance(node, tree.ForEach | tree.Catch) or (isinstance(node, tree.When) and node.type is not None):
            names = dict(names)
            self._named_behind(names, str(node.name), node.type)  # type: ignore[arg-type]
        if isinstance(node, tree.Method):
            for parameter in node.parameters:
                self._local(names, parameter.pos, parameter.name, parameter.type)
        if isinstance(node, tree.LocalVariables):
            for name, pos, _ in node.variables:
                self._local(names, pos, name, node.type)
        self._note(node, names)
        for child in _children(node):
            self._visit(child, names)

    def _note(self, node: tree.Node, names: Names) -> None:
        if isinstance(node, tree.TypeName):
            self._external_class(node.name, node.pos)
        elif isinstance(node, tree.Name):
            known = names.get(node.name.lower())
            if known is not None:
                self._refer(known.symbol, node.pos)
            else:
                self._external_class(node.name, node.pos)
        elif isinstance(node, tree.NewObject) and node.type.name.lower() == self._name.lower():
            self._note_own(_CONSTRUCTOR, len(node.args), node.type.pos)
        elif isinstance(node, tree.FieldAccess):
            self._note_field(node, names)
        elif isinstance(node, tree.Call):
            self._note_call(node, names)

    def _note_field(self, node: tree.FieldAccess, names: Names) -> None:
        if self._is_self(node.target, names):
            known = self._members.get(node.name.lower())
            if known is not None:
                self._refer(known.symbol, node.pos)
            return
        class_name = self._class_behind(node.target, names)
        if class_name is not None:
            self._external_part(class_name, "variables", node.name, node.pos, {})

    def _note_call(self, node: tree.Call, names: Names) -> None:
        if node.target is None or self._is_self(node.target, names):
            self._note_own(node.name.lower(), len(node.args), node.pos)
            return
        class_name = self._class_behind(node.target, names)
        if class_name is not None:
            is_static = isinstance(node.target, tree.Name) and node.target.name.lower() not in names
            more: Symbol = {"argTypes": [], "isStatic": is_static, "parameters": [], "returnType": None}
            self._external_part(class_name, "methods", node.name, node.pos, more)

    def _note_own(self, name: str, arguments: int, pos: int) -> None:
        own = self._methods.get((name, arguments))
        if own is not None:
            self._refer(own, pos)

    def _is_self(self, target: tree.Expression, names: Names) -> bool:
        if isinstance(target, tree.This):
            return True
        is_name = isinstance(target, tree.Name) and target.name.lower() not in names
        return is_name and target.name.lower() == self._name.lower()  # type: ignore[attr-defined]

    def _class_behind(self, target: tree.Expression, names: Names) -> str | None:
        """The org class that a name is of, or is."""
        if not isinstance(target, tree.Name):
            return None
        known = names.get(target.name.lower())
        if known is not None:
            return known.class_name
        return target.name if self._is_external(target.name) else None

    def _class_of(self, type_: tree.TypeName) -> str | None:
        return type_.name if self._is_external(type_.name) and not type_.dimensions else None

    def _is_external(self, name: str) -> bool:
        return name.lower() != self._name.lower() and self._is_known(name)

    def _external_class(self, name: str, pos: int) -> None:
        if self._is_external(name):
            self._refer(self._external_of(name), pos)

    def _external_of(self, name: str) -> Symbol:
        made: Symbol = {"methods": [], "name": name, "namespace": None, "references": [], "variables": []}
        return self._external.setdefault(name.lower(), made)

    def _external_part(self, class_name: str, part: str, name: str, pos: int, more: Symbol) -> None:
        parts = self._external_of(class_name)[part]
        found = next((row for row in parts if row["name"].lower() == name.lower()), None)
        if found is None:
            found = {"name": name, "references": [], **more}
            parts.append(found)
        self._refer(found, pos)

    def _refer(self, symbol: Symbol, pos: int) -> None:
        symbol["references"].append(self._place(pos))


_INNER = (tree.ClassDeclaration, tree.InterfaceDeclaration, tree.EnumDeclaration)


def _members(node: Declaration) -> list[tree.Member]:
    if isinstance(node, tree.EnumDeclaration):
        return []
    return list(node.methods) if isinstance(node, tree.InterfaceDeclaration) else list(node.members)


def _heading(node: Declaration) -> list[tree.TypeName]:
    if isinstance(node, tree.ClassDeclaration):
        return [*([node.extends] if node.extends is not None else []), *node.implements]
    return list(node.extends) if isinstance(node, tree.InterfaceDeclaration) else []


def _modifiers(node: Declaration) -> tree.Modifiers | None:
    return None if isinstance(node, tree.TriggerDeclaration) else node.modifiers


def _words(modifiers: tree.Modifiers, annotations: list[str]) -> list[str]:
    """Those that are written, and those that follow: private without another, global of webService, testMethod of @IsTest."""
    words = [_WORDS.get(word, word) for word in modifiers.words]
    if "testMethod" not in words and "istest" in annotations:
        words.append("testMethod")
    if _ACCESS.isdisjoint(words):
        words.append("global" if "webService" in words else "private")
    return words


def _shown(type_: tree.TypeName) -> str:
    return type_.shown.replace(", ", ",")


def _children(node: object) -> Iterator[tree.Node]:
    """The nodes right inside one, in the order of the text, also those in lists and pairs."""
    if isinstance(node, (list, tuple)):
        for item in node:
            yield from _inside(item)
    elif isinstance(node, tree.Node):
        for name in node.__struct_fields__:
            yield from _inside(getattr(node, name))


def _inside(value: object) -> Iterator[tree.Node]:
    if isinstance(value, tree.Node):
        yield value
    elif isinstance(value, (list, tuple)):
        yield from _children(value)
