"""Writes a pattern of java.util.regex in the dialect of the `regex` library (VERSION1), which has nearly all of it.

What differs is spelled out: the ASCII classes, line terminators in `.`, `^`, `$` and `\\Z`, the flags s, m, d and x, quotation,
references by number. Everything else that the library knows and Java does not (fuzzy matching, recursion, set differences) is
refused with Java's words. Source: Pattern (Java Platform SE API), "Summary of regular-expression constructs".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from orgtwin.java_regex.classes import ESCAPES, POSIX, TERMINATORS, find_property
from orgtwin.java_regex.look_behind import Lengths, Part

LONGEST_PATTERN = 20_000
LARGEST_PATTERN = 100_000  # in four characters of the library's dialect, repeats written out as it does; ASSUMED
DEEPEST = 100
LONGEST_LITERAL = (
    64  # characters in a row: the library prepares its search for a literal in time by the cube of its length
)

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "a": "\a", "e": "\x1b"}
_LAST_LINE = r"(?:(?=\r\n\z)|(?<!\r)(?=\n\z)|(?=[\r\x85\u2028\u2029]?\z))"
_ANCHORS = {
    "A": r"(?:\A)",
    "z": r"(?:\z)",
    "Z": _LAST_LINE,
    "G": r"(?:\G)",
    "b": r"(?:\b)",
    "B": r"(?:\B)",
    "R": rf"(?:\r\n|[{ESCAPES['v']}])",
    "X": r"(?:\X)",
}
_UNICODE_ANCHORS = frozenset("bBX")
_LINE_ENDING = Part(2)
_CHAR = Part(1, is_char=True)
_NOTHING = Part()
# by the flags that count: m (every line) and d (only \n ends a line)
_CARET = {"": r"(?:\A)", "m": r"(?:\A|(?<=[\n\x85\u2028\u2029]|\r(?!\n))(?!\z))", "dm": r"(?:\A|(?<=\n)(?!\z))"}
_DOLLAR = {
    "": _LAST_LINE,
    "d": r"(?:(?=\n?\z))",
    "m": r"(?:(?=[\r\x85\u2028\u2029]|\z)|(?<!\r)(?=\n))",
    "dm": r"(?:(?=\n|\z))",
}
_DOT = {"": rf"[^{TERMINATORS}]", "d": r"[^\n]"}
_COUNTS = re.compile(r"(\d{1,8})(,?)(\d{0,8})\}", re.ASCII)
_GROUP_NAME = re.compile(r"([A-Za-z][A-Za-z0-9]*)>")
_FLAGS = re.compile(r"([idmsuxU]*)(?:-([idmsuxU]*))?([:)])")
_PLAIN_GROUPS = (":", "=", "!", ">", "<=", "<!")
_LOOKS = ("=", "!", "<=", "<!")
_MARKS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}


class PatternSyntaxError(Exception):
    """The pattern is none, with Java's description."""


@dataclass(frozen=True, slots=True)
class Translated:
    """`unicode`: the pattern asks for more than ASCII, so letters beyond it have cases too. `anchored`: it has a `\\G`."""

    text: str
    unicode: bool
    anchored: bool

    @property
    def without_anchor(self) -> str:
        """The pattern where nothing lies after the match before."""
        return self.text.replace(_ANCHORS["G"], "(?:(?!))")


@dataclass(frozen=True, slots=True)
class _Open:
    """What an open group returns to when it closes."""

    flags: frozenset[str]
    size: int
    kind: str = ""


def translate(text: str) -> Translated:
    """Raises PatternSyntaxError."""
    if len(text) > LONGEST_PATTERN:
        raise PatternSyntaxError(f"Pattern is too long: {len(text)} characters, {LONGEST_PATTERN} are read")
    return _Writer(text).whole()


def _literal(char: str) -> str:
    return char if char.isalnum() or not char.isascii() else f"\\x{ord(char):02x}"


class _Writer:
    """One pass over the pattern; `size` is what it will take with its repeats written out."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._out: list[str] = []
        self._flags: frozenset[str] = frozenset()
        self._open: list[_Open] = []
        self._depth = 0
        self._groups = 0
        self._references: list[tuple[int, int]] = []
        self._names: set[str] = set()
        self._size = 0
        self._last = 0  # the size of what a repeat would repeat; 0: nothing
        self._unicode = False
        self._anchored = False
        self._lengths = Lengths()
        self._literals = 0
        self._unquoted = 0  # by how much the text would be shorter if its quotations were escapes
        self._meta: dict[str, Callable[[], None]] = {
            "\\": self._escape,
            "[": lambda: self._emit(self._class(), _CHAR),
            "(": self._group,
            ")": self._close,
            "|": self._branch,
            ".": lambda: self._emit(r"[\x00-\U0010ffff]" if "s" in self._flags else _DOT[self._mode("d")], _CHAR),
            "^": lambda: self._emit(_CARET.get(self._mode("dm"), _CARET[""])),
            "$": lambda: self._emit(_DOLLAR[self._mode("dm")]),
            **dict.fromkeys("*+?{", self._repeat),
        }

    def whole(self) -> Translated:
        while self._at < len(self._text):
            char = self._take()
            if not self._comment(char):
                self._write(char)
        if self._open:
            raise self._error("Unclosed group", len(self._text))
        for place, number in self._references:
            if number > self._groups:
                self._out[place] = "(?!)"  # Java reads a reference to no group and never matches it
        return Translated("(?-f)" + "".join(self._out), self._unicode, self._anchored)

    def _write(self, char: str) -> None:
        written = self._meta.get(char)
        if written is None:
            self._emit_literal(_literal(char))
        else:
            written()

    def _emit_literal(self, written: str) -> None:
        """One character, every so often as a group that keeps it apart from those before."""
        self._literals += 1
        self._emit(f"(?>{written})" if self._literals % LONGEST_LITERAL == 0 else written, _CHAR)

    def _mode(self, flags: str) -> str:
        return "".join(flag for flag in flags if flag in self._flags)

    def _error(self, description: str, index: int | None = None) -> PatternSyntaxError:
        """Java looks for errors after it has written quotations as escapes, and counts in what it has then."""
        place = (self._at if index is None else index) - self._unquoted
        return PatternSyntaxError(f"{description} near index {place}")

    def _error_past(self, read: str, description: str) -> PatternSyntaxError:
        """An error where Java finds it: after the characters that it could still read."""
        while self._at < len(self._text) and self._text[self._at] in read:
            self._at += 1
        return self._error(description)

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise self._error("Unexpected end of pattern")
        self._at += 1
        return self._text[self._at - 1]

    def _accept(self, text: str) -> bool:
        if self._text.startswith(text, self._at):
            self._at += len(text)
            return True
        return False

    def _read(self, expected: re.Pattern[str]) -> re.Match[str] | None:
        found = expected.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found

    def _comment(self, char: str) -> bool:
        """Whether the flag x says to skip this: a blank, or a comment to the end of its line."""
        if "x" not in self._flags or char not in " \t\n\x0b\f\r#":
            return False
        if char == "#":
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end + 1
        return True

    def _emit(self, text: str, part: Part = _NOTHING) -> None:
        self._out.append(text)
        self._lengths.add(part)
        self._last = 1 + len(text) // 4
        self._grow(self._last)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > LARGEST_PATTERN:
            raise PatternSyntaxError("Pattern is too large")

    def _branch(self) -> None:
        self._out.append("|")
        self._grow(1)
        self._lengths.branch()
        self._last = 0

    def _repeat(self) -> None:
        self._at -= 1
        index, mark = self._at, self._take()
        if self._last == 0 and mark != "{":
            raise self._error(f"Dangling meta character '{mark}'", index)
        least, most = _MARKS.get(mark, (0, None))
        written = mark
        if mark == "{":
            least, most = self._counts()
            written = f"{{{least},{'' if most is None else most}}}"
        more = "?" if self._accept("?") else "+" if self._accept("+") else ""
        if self._last == 0:
            return  # counts of nothing, which Java reads
        self._out.append(written + more)
        self._grow(self._last * (max(1, least + 1 if most is None else most) - 1))
        self._lengths.repeat(
            least,
            most,
            optional=(least, most) == (0, 1) and not (mark == "{" and more),
            greedy=most is None and not more,
            possessive=more == "+",
        )
        self._last = 0

    def _counts(self) -> tuple[int, int | None]:
        if not self._text[self._at : self._at + 1].isdecimal():
            raise self._error("Illegal repetition", self._at)
        found = self._read(_COUNTS)
        if found is None:
            raise self._error_past("0123456789,", "Unclosed counted closure")
        least, comma, most = found.groups()
        if most and int(most) < int(least):
            raise self._error("Illegal repetition range", self._at - 1)
        return int(least), None if comma and not most else int(most or least)

    def _group(self) -> None:
        opened = _Open(self._flags, self._size)
        if not self._accept("?"):
            self._groups += 1
            self._begin("(", opened)
            return
        for kind in _PLAIN_GROUPS:
            if self._accept(kind):
                self._begin(f"(?{kind}", replace(opened, kind=kind))
                return
        if self._accept("<"):
            self._begin(f"(?<{self._new_name()}>", opened)
            return
        self._inline_flags(opened)

    def _begin(self, text: str, opened: _Open) -> None:
        if len(self._open) >= DEEPEST:
            raise self._error("Pattern is nested too deeply")
        self._out.append(text)
        self._lengths.open()
        self._open.append(opened)
        self._grow(1)
        self._last = 0

    def _close(self) -> None:
        if not self._open:
            raise self._error("Unmatched closing ')'", max(0, self._at - 2))
        opened = self._open.pop()
        content = self._lengths.close()
        if opened.kind.startswith("<") and not content.is_known:
            raise self._error("Look-behind group does not have an obvious maximum length", self._at - 2)
        if opened.kind in _LOOKS:
            content = Part()
        self._lengths.add(replace(content, is_group=opened.kind in ("", ":"), is_char=False, times=None))
        self._out.append(")")
        self._flags = opened.flags
        self._last = self._size - opened.size

    def _new_name(self) -> str:
        name = self._name()
        if name in self._names:
            raise self._error(f"Named capturing group <{name}> is already defined", self._at - 1)
        self._names.add(name)
        self._groups += 1
        return name

    def _name(self) -> str:
        found = self._read(_GROUP_NAME)
        if found is None and not self._text[self._at : self._at + 1].isalpha():
            raise self._error("capturing group name does not start with a Latin letter")
        if found is None:
            raise self._error_past(_LETTERS + "0123456789", "named capturing group is missing trailing '>'")
        return found[1]

    def _inline_flags(self, opened: _Open) -> None:
        found = self._read(_FLAGS)
        if found is None:
            raise self._error_past("idmsuxU-", "Unknown inline modifier")
        on, off, end = found.groups()
        self._flags = (self._flags | set(on)) - set(off or "")
        self._unicode = self._unicode or not self._flags.isdisjoint("uU")
        case = "i" if "i" in self._flags else "-i"
        if end == ":":
            self._begin(f"(?{case}:", opened)
        else:
            self._out.append(f"(?{case})")
            self._last = 0

    def _escape(self) -> None:
        if self._at == len(self._text):
            if self._open:
                raise self._error("Unclosed group", self._at + 1)
            raise self._error("Unexpected internal error")
        char = self._take()
        if char == "Q":
            for quoted in self._quotation():
                self._emit_literal(_literal(quoted))
        elif char in _ANCHORS:
            self._unicode = self._unicode or char in _UNICODE_ANCHORS
            self._anchored = self._anchored or char == "G"
            if char == "b" and self._text.startswith("{g}", self._at):
                raise PatternSyntaxError("Pattern is not emulated: \\b{g}")
            self._emit(_ANCHORS[char], _LINE_ENDING if char == "R" else _NOTHING)
        elif char == "k":
            self._emit(f"\\g<{self._known_name()}>", Part(is_known=False))
        elif char in "123456789":
            number = self._number(char)
            self._references.append((len(self._out), number))
            self._emit(f"\\g<{number}>", Part(is_known=False))
        else:
            self._emit_literal(self._set(char) or _literal(self._char(char)))

    def _quotation(self) -> str:
        end = self._text.find("\\E", self._at)
        quoted = self._text[self._at : end if end >= 0 else None]
        self._at = end + 2 if end >= 0 else len(self._text)
        escapes = sum(char.isascii() and not char.isalnum() for char in quoted) + 3 * quoted[:1].isdecimal()
        self._unquoted += (4 if end >= 0 else 2) - escapes
        return quoted

    def _known_name(self) -> str:
        if not self._accept("<"):
            raise self._error("\\k is not followed by '<' for named capturing group")
        name = self._name()
        if name not in self._names:
            raise self._error(f"named capturing group <{name}> does not exist", self._at - 1)
        return name

    def _number(self, digits: str) -> int:
        """As many digits as name a group that is open by now; the first one always counts."""
        while self._text[self._at : self._at + 1].isdecimal() and int(digits + self._text[self._at]) <= self._groups:
            digits += self._take()
        return int(digits)

    def _set(self, char: str) -> str | None:
        """The set that an escape stands for, inside a class or out; None: it stands for one character."""
        lower = char.lower()
        if lower in ESCAPES:
            if "U" in self._flags and lower in "dws":
                return f"\\{char}"
            return f"[{'^' if char != lower else ''}{ESCAPES[lower]}]"
        if lower != "p":
            return None
        name = self._family() if self._accept("{") else self._take()
        found = find_property(name)
        if found is None:
            raise self._error(f"Unknown character property name {{{name}}}", self._at - 1)
        self._unicode = self._unicode or name not in POSIX
        return found if char == "p" else f"[^{found}]"

    def _family(self) -> str:
        end = self._text.find("}", self._at)
        if end < 0:
            raise self._error("Unclosed character family", len(self._text))
        name = self._text[self._at : end]
        self._at = end + 1
        return name

    def _char(self, char: str) -> str:
        """The one character that an escape stands for."""
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "c":
            return chr(ord(self._take()) ^ 64)
        if char == "0":
            return self._coded(re.compile("([0-3]?[0-7]{1,2})"), 8, "Illegal octal escape sequence")
        if char == "x":
            return self._coded(
                re.compile(r"([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,6})\}"), 16, "Illegal hexadecimal escape sequence"
            )
        if char == "u":
            return self._coded(re.compile("([0-9a-fA-F]{4})"), 16, "Illegal Unicode escape sequence")
        if char == "N":
            return self._named()
        if char.isascii() and char.isalnum():
            raise self._error("Illegal/unsupported escape sequence", self._at - 1)
        return char

    def _coded(self, digits: re.Pattern[str], base: int, description: str) -> str:
        found = self._read(digits)
        code = int(found[found.lastindex or 1], base) if found else -1
        if not 0 <= code <= 0x10FFFF:
            raise self._error_past("0123456789abcdefABCDEF", description)
        return chr(code)

    def _named(self) -> str:
        if not self._accept("{"):
            raise self._error("Illegal character name escape sequence")
        name = self._family()
        try:
            return unicodedata.lookup(name)
        except KeyError as error:
            raise self._error(f"Unknown character name [{name}]") from error

    def _class(self) -> str:
        """The rest of `[...]`: unions of members, cut by each `&&`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error("Pattern is nested too deeply")
        head = "[^" if self._accept("^") else "["
        unions: list[list[str]] = [[]]
        empty = True
        while empty or not self._accept("]"):
            if self._at >= len(self._text):
                raise self._error("Unclosed character class", len(self._text) - 1)
            if self._accept("&&"):
                unions.append([])
            else:
                unions[-1] += self._members()
            empty = not any(unions)
        self._depth -= 1
        return head + "&&".join("".join(union) for union in unions if union) + "]"

    def _members(self) -> list[str]:
        char = self._take()
        if char == "[":
            return [self._class()]
        if self._comment(char):
            return []
        if char == "\\":
            if self._at == len(self._text):
                raise self._error("Unclosed character class")
            char = self._take()
            if char == "Q":
                return [_literal(each) for each in self._quotation()]
            found = self._set(char)
            if found is not None:
                return [found]
            char = self._char(char)
        return [self._range(char)]

    def _range(self, first: str) -> str:
        """`first`, or from it to what follows its hyphen; a hyphen before `]` or `[` is itself."""
        if self._text[self._at : self._at + 1] != "-" or self._text[self._at + 1 : self._at + 2] in ("]", "[", ""):
            return _literal(first)
        self._at += 1
        last = self._take()
        if last == "\\":
            last = self._char(self._take())
        if last < first:
            raise self._error("Illegal character range", self._at - 1)
        return f"{_literal(first)}-{_literal(last)}"
