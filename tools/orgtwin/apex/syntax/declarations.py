"""Layer 5: classes, interfaces, enums, triggers and their members."""

from __future__ import annotations

from orgtwin.apex.garbage import no_collection
from orgtwin.apex.recursion import deep_recursion
from orgtwin.apex.syntax.lexer import END, MAX_CHARACTERS, WORD
from orgtwin.apex.syntax.problems import TOO_DEEP, SyntaxProblem
from orgtwin.apex.syntax.statements import StatementParser
from orgtwin.apex.syntax.tree import (
    Accessor,
    Block,
    ClassDeclaration,
    EnumDeclaration,
    Expression,
    Fields,
    Initializer,
    InterfaceDeclaration,
    Member,
    Method,
    Modifiers,
    Parameter,
    Property,
    Statement,
    TriggerDeclaration,
    TypeDeclaration,
    TypeName,
    Unit,
)
from orgtwin.apex.syntax.words import TRIGGER_EVENTS

_TYPE_WORDS = frozenset(("class", "interface", "enum"))
_ACCESS = frozenset(("private", "protected", "public", "global"))


class Parser(StatementParser):
    """One compilation unit or a piece of anonymous Apex."""

    def unit(self) -> Unit:
        is_trigger = self.texts[self.i] == "trigger"
        found: Unit = self._trigger() if is_trigger else self._type_declaration(self.modifiers())
        if self.kinds[self.i] != END:
            self.expect("<eof>")
        return found

    def anonymous(self) -> tuple[list[Statement], list[Member]]:
        """Statements, and the methods and types declared among them."""
        return self._mixed_body(closing=None)

    def _mixed_body(self, closing: str | None) -> tuple[list[Statement], list[Member]]:
        statements: list[Statement] = []
        members: list[Member] = []
        while not (self.kinds[self.i] == END if closing is None else self.accept(closing)):
            if self._starts_member():
                members.append(self._member(""))
            else:
                statements.append(self.statement())
        return statements, members

    def _starts_member(self) -> bool:
        start = self.i
        self.modifiers()
        after = self.skip_type(self.i)
        is_member = self.texts[self.i] in _TYPE_WORDS
        if not is_member and after >= 0 and self.kinds[after] <= WORD:
            is_member = self.texts[after + 1] in ("(", "{")
        self.i = start
        return is_member

    def _trigger(self) -> TriggerDeclaration:
        self.i += 1
        start = self.starts[self.i]
        name = self.name()
        self.expect("on")
        object_name = self.name()
        if object_name.lower() == "schema" and self.accept("."):
            object_name = self.name()
        self.expect("(")
        events = [self._event()]
        while self.accept(","):
            events.append(self._event())
        self.expect(")")
        self.expect("{")
        statements, members = self._mixed_body("}")
        return TriggerDeclaration(start, name, object_name, events, statements, members)

    def _event(self) -> tuple[str, str]:
        moment = self.texts[self.i]
        if moment not in ("before", "after"):
            self.unexpected()
        self.i += 1
        event = self.texts[self.i]
        if event not in TRIGGER_EVENTS:
            self.unexpected()
        self.i += 1
        return moment, event

    def _type_declaration(self, modifiers: Modifiers, *, inner: bool = False) -> TypeDeclaration:
        word = self.texts[self.i]
        if word not in _TYPE_WORDS:
            self.unexpected()
        self.i += 1
        start = self.starts[self.i]
        name = self.name()
        if word == "class":
            return self._class(start, modifiers, name)
        return (
            self._interface(start, modifiers, name, inner=inner)
            if word == "interface"
            else self._enum(start, modifiers, name)
        )

    def _class(self, start: int, modifiers: Modifiers, name: str) -> ClassDeclaration:
        if self.texts[self.i] == "<":
            raise self.tokens.problem("Type parameters are not supported", start)
        extends = self.type() if self.accept("extends") else None
        implements = self._type_list() if self.accept("implements") else []
        self.expect("{")
        members: list[Member] = []
        while not self.accept("}"):
            members.append(self._member(name))
        return ClassDeclaration(start, modifiers, name, extends, implements, members)

    def _interface(self, start: int, modifiers: Modifiers, name: str, *, inner: bool) -> InterfaceDeclaration:
        extends = [self.type()] if self.accept("extends") else []
        self.expect("{")
        methods: list[Method] = []
        while not self.accept("}"):
            first = self.i
            own = self.modifiers()
            if own.words or own.annotations:
                self.i = first
                found = self.raws[first]
                raise self.problem(f"Missing '}}' at '{found}'" if inner else f"Expecting '}}' but was: '{found}'")
            type_name = self.type()
            position = self.starts[self.i]
            method_name = self.name()
            parameters = self._parameters()
            if self.texts[self.i] == "{":
                raise self.problem("Expecting ';' but was: '{'")
            self.expect(";")
            methods.append(Method(position, own, type_name, method_name, parameters, None))
        return InterfaceDeclaration(start, modifiers, name, extends, methods)

    def _enum(self, start: int, modifiers: Modifiers, name: str) -> EnumDeclaration:
        self.expect("{")
        constants: list[tuple[str, int]] = []
        if self.texts[self.i] != "}":
            while True:
                position = self.starts[self.i]
                constants.append((self.name(), position))
                if not self.accept(","):
                    break
        self.expect("}")
        return EnumDeclaration(start, modifiers, name, constants)

    def _type_list(self) -> list[TypeName]:
        found = [self.type()]
        while self.accept(","):
            found.append(self.type())
        return found

    def _parameters(self) -> list[Parameter]:
        self.expect("(")
        found: list[Parameter] = []
        if self.accept(")"):
            return found
        while True:
            modifiers = self.modifiers()
            type_name = self.type()
            position = self.starts[self.i]
            found.append(Parameter(position, type_name, self.name(), modifiers))
            if self.accept(")"):
                return found
            if not self.accept(","):
                self.expect(")")

    def _member(self, class_name: str) -> Member:
        texts = self.texts
        start = self.starts[self.i]
        if texts[self.i] == ";":
            raise self.problem("Extra '}', at ';'.")
        if self.kinds[self.i] == END:
            self.expect("}")
        if texts[self.i] == "{":
            return Initializer(start, False, self.block())
        if texts[self.i] == "static" and texts[self.i + 1] == "{":
            self.i += 1
            return Initializer(start, True, self.block())
        modifiers = self.modifiers()
        if texts[self.i] in _TYPE_WORDS:
            self.go_deeper()
            declared = self._type_declaration(modifiers, inner=True)
            self.come_back()
            return declared
        if self.kinds[self.i] <= WORD and texts[self.i + 1] == "(":
            position = self.starts[self.i]
            name = self.name()
            parameters = self._parameters()
            body = None if self.accept(";") else self.block()
            return Method(position, modifiers, None, name, parameters, body)
        type_name = self.type()
        position = self.starts[self.i]
        name = self.name()
        if texts[self.i] == "(":
            parameters = self._parameters()
            body = None if self.accept(";") else self.block()
            return Method(position, modifiers, type_name, name, parameters, body)
        if texts[self.i] == "{":
            return self._property(position, modifiers, type_name, name)
        return self._field_list(position, modifiers, type_name, name)

    def _field_list(self, start: int, modifiers: Modifiers, type_name: TypeName, name: str) -> Fields:
        variables: list[tuple[str, int, Expression | None]] = []
        position = start
        while True:
            variables.append((name, position, self.expression() if self.accept("=") else None))
            if not self.accept(","):
                break
            position = self.starts[self.i]
            name = self.name()
        self.expect(";")
        return Fields(start, modifiers, type_name, variables)

    def _property(self, start: int, modifiers: Modifiers, type_name: TypeName, name: str) -> Property:
        self.i += 1
        accessors: list[Accessor] = []
        while not (accessors and self.texts[self.i] == "}"):
            own = self._accessor_modifiers()
            kind = self.texts[self.i]
            if kind not in ("get", "set") and not accessors:
                self.unexpected()
            if kind not in ("get", "set") or any(a.kind == kind for a in accessors):
                raise self.problem(f"Missing '}}' at '{self.raws[self.i]}'")
            position = self.starts[self.i]
            self.i += 1
            body: Block | None = None if self.accept(";") else self.block()
            accessors.append(Accessor(position, kind, own, body))
        self.i += 1
        return Property(start, modifiers, type_name, name, accessors)

    def _accessor_modifiers(self) -> Modifiers:
        """One access modifier at most."""
        start, word = self.starts[self.i], self.texts[self.i]
        if word not in _ACCESS:
            return Modifiers(start, [], [])
        self.i += 1
        return Modifiers(start, [word], [])


@deep_recursion()
@no_collection()
def parse(source: str) -> Unit:
    """A class, interface, enum or trigger. Raises SyntaxProblem."""
    if len(source) > MAX_CHARACTERS:
        raise SyntaxProblem("Script too large: the limit is 1,000,000 characters", 1, 1)
    try:
        return Parser(source).unit()
    except RecursionError as error:
        raise SyntaxProblem(TOO_DEEP, 1, 1) from error


@deep_recursion()
def parse_anonymous(source: str) -> tuple[list[Statement], list[Member]]:
    """Statements and members of anonymous Apex. Raises SyntaxProblem."""
    try:
        return Parser(source).anonymous()
    except RecursionError as error:
        raise SyntaxProblem(TOO_DEEP, 1, 1) from error
