"""Layer 1: the token cursor, names and types.

Type = Name [ "<" Type {"," Type} ">" ] { "." Name [...] } { "[" "]" } | "void"
"""

from __future__ import annotations

from typing import NoReturn

from orgtwin.apex.syntax.lexer import END, KEYWORD, WORD, Tokens
from orgtwin.apex.syntax.problems import TOO_DEEP, SyntaxProblem
from orgtwin.apex.syntax.tree import TypeName
from orgtwin.apex.syntax.words import CAN_BE_MISSING, GENERIC_WORDS, NEVER_FIRST

# Types in types. An org takes eight lists in each other ("Lists", Apex Developer Guide), and classes in classes only once.
_DEEPEST = 100


_NO_ARRAYS = frozenset(("list", "set", "map"))
"""With type arguments they are no items of an array: Salesforce's own parser refuses `List<Id>[]`."""


_GO_ON = frozenset((".", "<", "["))
"""Behind a name that is only part of a type."""


class TypeParser:
    """Reads one source; `i` is the number of the current token."""

    def __init__(self, source: str) -> None:
        tokens = Tokens(source)
        self.tokens = tokens
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.raws = tokens.raws
        self.starts = tokens.starts
        self.i = 0
        self._depth = 0

    # Tokens

    def accept(self, text: str) -> bool:
        """Step over the token if it is this one."""
        if self.texts[self.i] == text:
            self.i += 1
            return True
        return False

    def expect(self, text: str) -> int:
        """Step over this token and give its offset; anything else is told as Salesforce tells it."""
        at = self.i
        if self.texts[at] == text:
            self.i = at + 1
            return self.starts[at]
        actual = self.raws[at]
        wanted = {"<eof>": "<EOF>", "from": "FROM"}.get(text, text)
        if self.texts[at + 1] == text and self.kinds[at] != END:
            raise self.problem(f"Extra '{wanted}', at '{actual}'.")
        if text in CAN_BE_MISSING and self.kinds[at] != END and not (text == ";" and self.texts[at] in NEVER_FIRST):
            raise self.problem(f"Missing '{wanted}' at '{actual}'")
        raise self.problem(f"Expecting '{wanted}' but was: '{actual}'")

    def unexpected(self) -> NoReturn:
        raise self.problem(f"Unexpected token '{self.raws[self.i]}'.")

    def problem(self, message: str) -> SyntaxProblem:
        """A problem at the current token."""
        return self.tokens.problem(message, self.starts[self.i])

    def name(self) -> str:
        """An identifier that is no keyword, as written."""
        at = self.i
        if self.kinds[at] != WORD:
            self.unexpected()
        self.i = at + 1
        return self.raws[at]

    def any_name(self) -> str:
        """An identifier where keywords are allowed too (after a dot, as a method's name)."""
        at = self.i
        if self.kinds[at] > WORD:
            self.unexpected()
        self.i = at + 1
        return self.raws[at]

    # Types

    def type(self) -> TypeName:
        at = self.i
        texts, kinds = self.texts, self.kinds
        start, text = self.starts[at], texts[at]
        if kinds[at] == WORD and texts[at + 1] not in _GO_ON and text != "set":
            self.i = at + 1
            return TypeName(start, self.raws[at])
        if text == "void":
            self.i = at + 1
            return TypeName(start, "void")
        name = self.any_name() if text in GENERIC_WORDS and texts[at + 1] == "<" else self.name()
        args: tuple[TypeName, ...] = ()
        if text == "set" and texts[self.i] != "<":
            self.unexpected()
        while True:
            if texts[self.i] == "<":
                args = self._type_arguments()
            at = self.i
            if texts[at] != "." or kinds[at + 1] > WORD or texts[at + 1] == "class":
                break
            self.i = at + 2
            name = f"{name}.{self.raws[at + 1]}"
        return TypeName(start, name, args, self._dimensions(refused=bool(args) and text in _NO_ARRAYS))

    def _dimensions(self, *, refused: bool) -> int:
        """How many `[]` stand there."""
        found = 0
        while self.texts[self.i] == "[" and self.texts[self.i + 1] == "]":
            if refused:
                self.unexpected()
            self.i += 2
            found += 1
        return found

    def _type_arguments(self) -> tuple[TypeName, ...]:
        self.i += 1
        self.go_deeper()
        args = [self.type()]
        while self.accept(","):
            args.append(self.type())
        self.come_back()
        self.expect(">")
        return tuple(args)

    def go_deeper(self) -> None:
        """Into a type inside a type, in its arguments or in its body. A problem ends the parse: nothing counts back then."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.problem(TOO_DEEP)

    def come_back(self) -> None:
        self._depth -= 1

    def skip_type(self, at: int) -> int:
        """The token number after a type that starts at `at`, or -1 when none does. Builds nothing: this is the look-ahead."""
        texts, kinds = self.texts, self.kinds
        if kinds[at] != WORD:
            text = texts[at]
            if text != "void" and not (text in GENERIC_WORDS and texts[at + 1] == "<"):
                return -1
        at += 1
        while True:
            if texts[at] == "<":
                at = self._skip_type_arguments(at)
                if at < 0:
                    return -1
            if texts[at] != "." or kinds[at + 1] > WORD or texts[at + 1] == "class":
                break
            at += 2
        while texts[at] == "[" and texts[at + 1] == "]":
            at += 2
        return at

    def _skip_type_arguments(self, at: int) -> int:
        while True:
            at = self.skip_type(at + 1)
            if at < 0:
                return -1
            if self.texts[at] == ">":
                return at + 1
            if self.texts[at] != ",":
                return -1

    def starts_declaration(self) -> bool:
        """True if a type and then a name follow: `Foo x`, `List<A> b`, not `a + b` or `a instanceof B`."""
        at = self.i
        kinds, texts = self.kinds, self.texts
        if kinds[at] > WORD:
            return False
        after = at + 1
        if kinds[after] > WORD:
            after = self.skip_type(at) if texts[after] in _GO_ON else -1
        elif kinds[at] == KEYWORD and texts[at] != "void":
            return False
        return after >= 0 and (kinds[after] == WORD or texts[after] == "trigger")
