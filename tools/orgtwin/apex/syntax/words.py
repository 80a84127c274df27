"""The words of the language. Source: "Reserved Keywords" (Apex Developer Guide) and the verdicts of Salesforce's own parser."""

from __future__ import annotations

KEYWORDS = frozenset((
    "abstract", "and", "as", "asc", "break", "bulk", "by", "catch", "class", "commit", "continue", "delete", "desc",
    "do", "else", "enum", "extends", "false", "final", "finally", "for", "from", "global", "having", "if",
    "implements", "in", "insert", "instanceof", "interface", "like", "limit", "list", "map", "merge", "new", "not",
    "null", "nulls", "on", "or", "override", "private", "protected", "public", "return", "select", "static", "super",
    "testmethod", "this", "throw", "trigger", "true", "try", "undelete", "update", "upsert", "using", "virtual",
    "void", "webservice", "where", "while",
))  # fmt: skip
"""Never an identifier for the parser; further reserved words are the checker's business. `list` and `map` are types before `<`."""

QUERY_WORDS = (KEYWORDS - {"commit", "void"}) | frozenset((
    "after", "before", "count", "cube", "excludes", "first", "get", "includes", "last", "returning", "rollup", "set", "sharing",
    "transient", "with", "without",
))  # fmt: skip
"""Never a field, an object or an alias in a query."""

GENERIC_WORDS = frozenset(("list", "map"))

MODIFIERS = frozenset(
    [
        "public",
        "private",
        "protected",
        "global",
        "static",
        "final",
        "abstract",
        "virtual",
        "override",
        "transient",
        "testmethod",
        "webservice",
    ]
)
SHARING_WORDS = frozenset(("with", "without", "inherited"))

ANGLES = frozenset((">=", ">>", ">>=", ">>>", ">>>=", "<=", "<<", "<<="))
"""Operators that may be written with blanks inside."""
ASSIGNMENTS = frozenset(("=", "+=", "-=", "*=", "/=", "|=", "&=", "^=", "<<=", ">>=", ">>>="))

PRECEDENCE = {
    "??": 3, "||": 4, "&&": 5, "|": 6, "^": 7, "&": 8,
    "==": 10, "!=": 10, "===": 10, "!==": 10, "<>": 10, "<": 10, ">": 10, "<=": 10, ">=": 10, "instanceof": 10,
    "<<": 11, ">>": 11, ">>>": 11, "+": 12, "-": 12, "*": 13, "/": 13,
}  # fmt: skip
"""Binding power of binary operators. Source: "Operator Precedence" (Apex Developer Guide).

But that all comparisons are of one power, of which instanceof takes no part: Salesforce's own parser reads `a == b < c` as
`(a == b) < c` and refuses `a instanceof B == c`.
"""
COMPARING = 10

DML_WORDS = frozenset(("insert", "update", "upsert", "delete", "undelete", "merge"))
TRIGGER_EVENTS = frozenset(("insert", "update", "delete", "undelete"))

CAN_BE_MISSING = frozenset((";", "]", ">", "from", "<eof>", ":", "on", ")"))
"""Tokens whose absence is told as "Missing X at Y" (the parser could go on without); others as "Expecting X but was"."""
NEVER_FIRST = frozenset(
    (":", "and", "or", "instanceof", "==", "!=", "<>", "===", "!==", ",", ")", "=", "=>", "else", "catch", "finally")
)
"""Tokens that start no statement: in front of them nothing is missing."""
