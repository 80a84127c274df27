"""Small wrong changes to Apex sources, by which a test suite is judged: each is one edit of the text.

    for mutant in find_mutants("Foo", source): ...

Edits are found among the tokens; whether one still compiles is for the compiler to say (`<` of `List<String>` becomes nonsense and
is thrown away there).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from orgtwin.apex.syntax.lexer import END, NUMBER, STRING, WORD, Tokens

_COMPARISONS = {
    "==": ("!=",),
    "!=": ("==",),
    "===": ("!==",),
    "!==": ("===",),
    "<": ("<=", ">="),
    ">": (">=", "<="),
    "<=": ("<", ">"),
    ">=": (">", "<"),
}
_BOOLEANS = {"&&": "||", "||": "&&", "true": "false", "false": "true"}
_NO_STATEMENT = frozenset(
    (
        *(
            "return",
            "throw",
            "if",
            "for",
            "while",
            "do",
            "else",
            "switch",
            "try",
            "catch",
            "finally",
            "when",
            "private",
        ),
        *("public", "protected", "global", "static", "final", "transient", "class", "enum", "interface", "virtual"),
        *("abstract", "override"),
    )
)
_OPENING, _CLOSING = {"(": ")", "{": "}", "[": "]"}, {")": "(", "}": "{", "]": "["}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One changed source. `change` is what a person reads: `== becomes !=`."""

    name: str
    line: int
    kind: str
    change: str
    source: str


Edit = tuple[str, int, int, str, str]
"""(kind, start, end, new text, what a person reads)"""


def find_mutants(name: str, source: str) -> list[Mutant]:
    """All of a class or trigger, in the order of the text. Its annotations and declarations are left alone."""
    tokens = Tokens(source)
    pairs = _pairs(tokens)
    edits = [edit for find in _FINDERS for edit in find(tokens, pairs)]
    return [
        Mutant(name, tokens.lines.line(start), kind, change, source[:start] + text + source[end:])
        for kind, start, end, text, change in sorted(edits, key=lambda e: (e[1], e[0], e[3]))
    ]


def _pairs(tokens: Tokens) -> dict[int, int]:
    """Of every opening bracket the number of its closing one."""
    found: dict[int, int] = {}
    waiting: list[int] = []
    for at, text in enumerate(tokens.texts):
        if tokens.kinds[at] == END:
            break
        if text in _OPENING:
            waiting.append(at)
        elif text in _CLOSING and waiting:
            found[waiting.pop()] = at
    return found


def _end(tokens: Tokens, at: int) -> int:
    return tokens.starts[at] + len(tokens.raws[at])


def _indexes(tokens: Tokens) -> Iterator[int]:
    return (at for at, kind in enumerate(tokens.kinds) if kind != END)


def _operators(tokens: Tokens, _pairs: dict[int, int]) -> Iterator[Edit]:
    for at in _indexes(tokens):
        text, start = tokens.texts[at], tokens.starts[at]
        if tokens.kinds[at] == STRING:
            continue
        for other in _COMPARISONS.get(text, ()):
            yield "comparison", start, _end(tokens, at), other, f"{text} becomes {other}"
        if text in _BOOLEANS:
            yield "boolean", start, _end(tokens, at), _BOOLEANS[text], f"{text} becomes {_BOOLEANS[text]}"
        if text == "!":
            yield "boolean", start, _end(tokens, at), "", "! is left out"


def _constants(tokens: Tokens, _pairs: dict[int, int]) -> Iterator[Edit]:
    for at in _indexes(tokens):
        raw, start = tokens.raws[at], tokens.starts[at]
        if tokens.kinds[at] == NUMBER and raw.isdigit():
            yield "constant", start, _end(tokens, at), str(int(raw) + 1), f"{raw} becomes {int(raw) + 1}"
        elif tokens.kinds[at] == STRING and len(raw) > 2 and raw[:3] != "'''":
            yield "constant", start, _end(tokens, at), "''", f"{raw} becomes ''"


def _guards(tokens: Tokens, pairs: dict[int, int]) -> Iterator[Edit]:
    """A condition that is always, or never, met."""
    for at in _indexes(tokens):
        if tokens.texts[at] != "if" or tokens.texts[at + 1] != "(" or at + 1 not in pairs:
            continue
        start, end = tokens.starts[at + 1] + 1, tokens.starts[pairs[at + 1]]
        condition = tokens.source[start:end]
        yield "guard", start, end, f"true || ({condition})", "the condition is always met"
        yield "guard", start, end, f"false && ({condition})", "the condition is never met"


def _loops(tokens: Tokens, pairs: dict[int, int]) -> Iterator[Edit]:
    """A loop that ends before its first turn, or after it."""
    for at in _indexes(tokens):
        if tokens.texts[at] not in ("for", "while") or at + 1 not in pairs:
            continue
        body = pairs[at + 1] + 1
        if tokens.texts[body] == "{" and body in pairs:
            inside = tokens.starts[body] + 1
            yield "loop", inside, inside, " if (true) { break; }", "no turn of the loop is done"
            last = tokens.starts[pairs[body]]
            yield "loop", last, last, " if (true) { break; } ", "the loop ends after its first turn"


def _statements(tokens: Tokens, pairs: dict[int, int]) -> Iterator[Edit]:
    """A statement that is not there."""
    depth = 0
    for at in _indexes(tokens):
        text = tokens.texts[at]
        depth += (text == "{") - (text == "}")
        starts = at > 0 and tokens.texts[at - 1] in ("{", "}", ";") and tokens.kinds[at - 1] != STRING
        if not starts or depth < 2 or tokens.kinds[at] > WORD or text in _NO_STATEMENT:
            continue
        end = _statement_end(tokens, pairs, at)
        if end is not None:
            shown = " ".join(tokens.source[tokens.starts[at] : _end(tokens, end)].split())
            yield "statement", tokens.starts[at], _end(tokens, end), "", f"left out: {shown[:60]}"


def _statement_end(tokens: Tokens, pairs: dict[int, int], at: int) -> int | None:
    while tokens.kinds[at] != END:
        text = tokens.texts[at]
        if text == ";":
            return at
        if text in _OPENING and tokens.kinds[at] != STRING:
            if at not in pairs:
                return None
            at = pairs[at]
        elif text in _CLOSING:
            return None
        at += 1
    return None


def _owners(tokens: Tokens, pairs: dict[int, int]) -> Iterator[Edit]:
    """One element of a list, set or map literal is missing: of what is owned, published, listed."""
    for opening, closing in pairs.items():
        if tokens.texts[opening] != "{" or opening == 0 or tokens.texts[opening - 1] not in (">", "]"):
            continue
        for start, end in _elements(tokens, pairs, opening, closing):
            shown = " ".join(tokens.source[tokens.starts[start] : _end(tokens, end - 1)].split())
            cut_from, cut_to = tokens.starts[start], tokens.starts[end]
            if tokens.texts[end] == ",":
                cut_to = tokens.starts[end] + 1
            elif start - 1 > opening:
                cut_from = tokens.starts[start - 1]
            yield "owner", cut_from, cut_to, "", f"not in the list: {shown[:60]}"


def _elements(tokens: Tokens, pairs: dict[int, int], opening: int, closing: int) -> Iterator[tuple[int, int]]:
    start = at = opening + 1
    while at < closing:
        if tokens.texts[at] in _OPENING and at in pairs:
            at = pairs[at]
        elif tokens.texts[at] == ",":
            yield start, at
            start = at + 1
        at += 1
    if start < closing:
        yield start, closing


def _returns(tokens: Tokens, pairs: dict[int, int]) -> Iterator[Edit]:
    """Nothing comes back."""
    for at in _indexes(tokens):
        if tokens.texts[at] != "return" or tokens.texts[at + 1] in (";", "null"):
            continue
        end = _statement_end(tokens, pairs, at)
        if end is not None:
            yield "return", tokens.starts[at + 1], tokens.starts[end], "null", "null is returned"


_FINDERS: tuple[Callable[[Tokens, dict[int, int]], Iterator[Edit]], ...] = (
    _operators,
    _constants,
    _guards,
    _loops,
    _statements,
    _owners,
    _returns,
)
