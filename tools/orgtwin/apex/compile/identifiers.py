"""Which names a declaration may take. Source: "Reserved Keywords", "Apex Class Definition" (Apex Developer Guide).

Words that the grammar itself needs never reach this module: the parser refuses them.
"""

from __future__ import annotations

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem

RESERVED = frozenset((
    "activate", "any", "array", "autonomous", "begin", "bigdecimal", "blob", "boolean", "byte", "case", "cast", "char",
    "collect", "const", "currency", "date", "datetime", "decimal", "default", "double", "end", "exception", "exit", "export",
    "float", "goto", "group", "hint", "import", "inner", "int", "integer", "into", "join", "long", "loop", "number", "object",
    "of", "outer", "package", "parallel", "pragma", "retrieve", "rollback", "set", "short", "sobject", "sort", "string",
    "switch", "synchronized", "system", "then", "time", "transaction", "void", "when",
))  # fmt: skip
"""Of no variable, field, property, parameter or type; a method may have any of them."""
_RESERVED_CLASSES = frozenset(("apexpages", "page"))
_LONGEST_TYPE, _LONGEST_MEMBER = 40, 255


def check_name(name: str, pos: int) -> None:
    """A variable, field, property, parameter or enum constant. Raises CompileProblem."""
    _check_characters(name, pos)
    if name.lower() in RESERVED:
        raise CompileProblem(messages.RESERVED_NAME.format(name), pos)
    if len(name) > _LONGEST_MEMBER:
        raise CompileProblem(messages.NAME_TOO_LONG.format(name), pos)


def check_method_name(name: str, pos: int) -> None:
    """A method: reserved words are allowed."""
    _check_characters(name, pos)
    if len(name) > _LONGEST_MEMBER:
        raise CompileProblem(messages.NAME_TOO_LONG.format(name), pos)


def check_type_name(name: str, pos: int, *, is_enum: bool = False, inner: bool = False) -> None:
    """A class, interface, enum or trigger."""
    _check_characters(name, pos)
    key = name.lower()
    if key in RESERVED or (key in _RESERVED_CLASSES and not is_enum):
        text = messages.RESERVED_NAME if key in RESERVED else messages.RESERVED_TYPE
        raise CompileProblem(text.format(name), pos)
    if len(name) > (_LONGEST_MEMBER if inner else _LONGEST_TYPE):
        raise CompileProblem(messages.NAME_TOO_LONG.format(name), pos)


def _check_characters(name: str, pos: int) -> None:
    if name.startswith("_") or name.endswith("_") or "__" in name:
        raise CompileProblem(messages.INVALID_CHARACTER.format(name), pos)
