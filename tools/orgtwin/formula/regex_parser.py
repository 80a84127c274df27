"""Regular expressions as java.util.regex writes them, to a tree.

    pattern  := branch (`|` branch)*
    branch   := (atom quantifier?)*
    quantifier := (`*` | `+` | `?` | `{m}` | `{m,}` | `{m,n}`) (`?` lazy | `+` possessive)?
    atom     := `.` | `[...]` (ranges, negation, union, `&&`) | escape | anchor | group | character
    group    := `(`...`)` | `(?:`...`)` | `(?<name>`...`)` | `(?=`, `(?!`, `(?>`...`)` | `(?i)`

Look-behind, flags other than i, s and m, and \\X are refused: the formula does not compile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Test = Callable[[str], bool]


class RegexSyntaxError(Exception):
    """The pattern is none, or uses what is not read here."""


@dataclass(frozen=True, slots=True)
class One:
    """One character that passes the test."""

    test: Test


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    body: Node
    least: int
    most: int | None
    mode: str  # greedy, lazy, possessive


@dataclass(frozen=True, slots=True)
class Group:
    number: int
    body: Node


@dataclass(frozen=True, slots=True)
class Anchor:
    """`^ $ b B A z Z`."""

    name: str


@dataclass(frozen=True, slots=True)
class BackReference:
    group: int


@dataclass(frozen=True, slots=True)
class Look:
    """`(?=`, `(?!` and `(?>`: matched apart, without a way back in."""

    kind: str
    body: Node


Node = One | Sequence | Branch | Repeat | Group | Anchor | BackReference | Look

_CLASSES: dict[str, Test] = {
    "d": lambda char: "0" <= char <= "9",
    "w": lambda char: char == "_" or (char.isascii() and char.isalnum()),
    "s": lambda char: char in " \t\n\x0b\f\r",
    "h": lambda char: char in " \t\xa0\u1680\u180e\u202f\u205f\u3000" or "\u2000" <= char <= "\u200a",
    "v": lambda char: char in "\n\x0b\f\r\x85\u2028\u2029",
}
_PROPERTIES: dict[str, Test] = {
    "Lower": lambda char: "a" <= char <= "z",
    "Upper": lambda char: "A" <= char <= "Z",
    "Alpha": lambda char: char.isascii() and char.isalpha(),
    "Digit": lambda char: "0" <= char <= "9",
    "Alnum": lambda char: char.isascii() and char.isalnum(),
    "Punct": lambda char: char in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "Space": lambda char: char in " \t\n\x0b\f\r",
    "XDigit": lambda char: char in "0123456789abcdefABCDEF",
    "ASCII": str.isascii,
    "L": str.isalpha,
    "IsAlphabetic": str.isalpha,
    "Lu": str.isupper,
    "Ll": str.islower,
    "N": str.isnumeric,
    "Nd": str.isdecimal,
    "IsDigit": str.isdecimal,
}
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "a": "\a", "e": "\x1b"}
_ANCHORS = frozenset("bBAzZ")
_DEPTH = 50


def parse_regex(text: str) -> Node:
    """Raises RegexSyntaxError."""
    parser = _Parser(text)
    node = parser.branches()
    if parser.position < len(text):
        raise RegexSyntaxError(f"Unmatched closing ')' near index {parser.position}")
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self._groups = 0
        self._names: dict[str, int] = {}
        self._depth = 0
        self._ignore_case = False
        self._dot_all = False

    def branches(self) -> Node:
        self._depth += 1
        if self._depth > _DEPTH:
            raise RegexSyntaxError("Pattern is nested too deeply")
        choices = [self._branch()]
        while self._accept("|"):
            choices.append(self._branch())
        self._depth -= 1
        return choices[0] if len(choices) == 1 else Branch(tuple(choices))

    def _branch(self) -> Node:
        parts: list[Node] = []
        while self.position < len(self.text) and self.text[self.position] not in "|)":
            part = self._atom()
            if part is not None:
                parts.append(self._quantified(part))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _accept(self, text: str) -> bool:
        if self.text.startswith(text, self.position):
            self.position += len(text)
            return True
        return False

    def _take(self) -> str:
        if self.position >= len(self.text):
            raise RegexSyntaxError(f"Unexpected end of pattern near index {self.position}")
        self.position += 1
        return self.text[self.position - 1]

    def _quantified(self, node: Node) -> Node:
        while True:
            bounds = self._bounds()
            if bounds is None:
                return node
            mode = "lazy" if self._accept("?") else "possessive" if self._accept("+") else "greedy"
            node = Repeat(node, *bounds, mode)

    def _bounds(self) -> tuple[int, int | None] | None:
        for mark, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._accept(mark):
                return bounds
        if not self._accept("{"):
            return None
        end = self.text.find("}", self.position)
        least, comma, most = self.text[self.position : max(end, self.position)].partition(",")
        if end < 0 or not least.isdecimal() or (most and not most.isdecimal()) or len(least + most) > 8:
            raise RegexSyntaxError(f"Illegal repetition near index {self.position - 1}")
        self.position = end + 1
        if not comma:
            return int(least), int(least)
        return int(least), int(most) if most else None

    def _atom(self) -> Node | None:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return One(self._cased(self._class()))
        if char == "\\":
            return self._escape()
        if char == ".":
            return One((lambda _char: True) if self._dot_all else (lambda char: char not in "\n\r\x85\u2028\u2029"))
        if char in "^$":
            return Anchor(char)
        if char in "*+?{":
            raise RegexSyntaxError(f"Dangling meta character '{char}' near index {self.position - 1}")
        return One(self._cased(_equal_to(char)))

    def _cased(self, test: Test) -> Test:
        return (lambda char: test(char) or test(char.swapcase())) if self._ignore_case else test

    def _group(self) -> Node | None:
        if not self._accept("?"):
            return self._capture(None)
        for kind in ("=", "!", ">"):
            if self._accept(kind):
                return Look(kind, self._closed())
        if self._accept(":"):
            return self._closed()
        if self.text.startswith(("<=", "<!"), self.position):
            raise RegexSyntaxError(f"Look-behind group near index {self.position}")
        if self._accept("<"):
            name = self._until(">")
            return self._capture(name)
        self._read_flags()
        return None

    def _read_flags(self) -> None:
        for flag in self._until(")"):
            if flag == "i":
                self._ignore_case = True
            elif flag == "s":
                self._dot_all = True
            else:
                raise RegexSyntaxError(f"Unknown inline modifier near index {self.position - 1}")

    def _capture(self, name: str | None) -> Node:
        self._groups += 1
        number = self._groups
        if name is not None:
            self._names[name] = number
        return Group(number, self._closed())

    def _closed(self) -> Node:
        body = self.branches()
        if not self._accept(")"):
            raise RegexSyntaxError(f"Unclosed group near index {len(self.text)}")
        return body

    def _until(self, mark: str) -> str:
        end = self.text.find(mark, self.position)
        if end < 0:
            raise RegexSyntaxError(f"Unclosed group near index {len(self.text)}")
        found = self.text[self.position : end]
        self.position = end + 1
        return found

    def _escape(self) -> Node | None:
        char = self._take()
        if char in _ANCHORS:
            return Anchor(char)
        if char == "k" and self._accept("<"):
            name = self._until(">")
            if name not in self._names:
                raise RegexSyntaxError(f"(named capturing group <{name}> does not exist")
            return BackReference(self._names[name])
        if char in "123456789":
            return BackReference(int(char))
        if char == "Q":
            end = self.text.find("\\E", self.position)
            end = len(self.text) if end < 0 else end
            quoted = self.text[self.position : end]
            self.position = min(end + 2, len(self.text))
            return Sequence(tuple(One(self._cased(_equal_to(each))) for each in quoted))
        return One(self._cased(self._escaped(char)))

    def _escaped(self, char: str) -> Test:
        """What an escape that stands for characters tests, inside a class or out."""
        lower = char.lower()
        if lower in _CLASSES:
            test = _CLASSES[lower]
            return test if char == lower else _negated(test)
        if lower == "p":
            name = self._until("}") if self._accept("{") else self._take()
            found = _PROPERTIES.get(name)
            if found is None:
                raise RegexSyntaxError(f"Unknown character property name {{{name}}} near index {self.position}")
            return found if char == "p" else _negated(found)
        return _equal_to(self._escaped_char(char))

    def _escaped_char(self, char: str) -> str:
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char in "xu":
            width = 2 if char == "x" else 4
            digits = self.text[self.position : self.position + width]
            if len(digits) < width or not all(_PROPERTIES["XDigit"](digit) for digit in digits):
                raise RegexSyntaxError(f"Illegal hexadecimal escape sequence near index {self.position}")
            self.position += width
            return chr(int(digits, 16))
        if char.isascii() and char.isalnum():
            raise RegexSyntaxError(f"Illegal/unsupported escape sequence near index {self.position - 1}")
        return char

    def _class(self) -> Test:
        """The rest of `[...]`: a union of members, cut by each `&&`."""
        negate = self._accept("^")
        members: list[Test] = []
        cuts: list[Test] = []
        first = True
        while first or not self._accept("]"):
            if self._accept("&&"):
                cuts.append(_union(members))
                members = []
            else:
                members.append(self._member())
            first = False
        cuts.append(_union(members))
        return _negated(_intersection(cuts)) if negate else _intersection(cuts)

    def _member(self) -> Test:
        char = self._take()
        if char == "[":
            self._depth += 1
            if self._depth > _DEPTH:
                raise RegexSyntaxError("Pattern is nested too deeply")
            nested = self._class()
            self._depth -= 1
            return nested
        if char == "\\":
            char = self._take()
            if char.lower() in _CLASSES or char in "pP":
                return self._escaped(char)
            char = self._escaped_char(char)
        if self.text.startswith("-", self.position) and self.text[self.position + 1 : self.position + 2] not in (
            "]",
            "",
        ):
            self.position += 1
            last = self._take()
            last = self._escaped_char(self._take()) if last == "\\" else last
            if last < char:
                raise RegexSyntaxError(f"Illegal character range near index {self.position}")
            return lambda each: char <= each <= last
        return _equal_to(char)


def _equal_to(char: str) -> Test:
    return lambda each: each == char


def _negated(test: Test) -> Test:
    return lambda each: not test(each)


def _union(tests: list[Test]) -> Test:
    fixed = tuple(tests)
    return lambda each: any(test(each) for test in fixed)


def _intersection(tests: list[Test]) -> Test:
    fixed = tuple(tests)
    return fixed[0] if len(fixed) == 1 else lambda each: all(test(each) for test in fixed)
