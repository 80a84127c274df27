"""Which objects DML statements take, and which fields of records code may set.

Source: "Field is not writeable", as the compiler says of formulas, auto-numbers, roll-ups and system fields; records that are not
saved by DML (custom metadata, events) may be made with any value. ASSUMED: so may those of objects that no
DML takes, which tests make.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.apex.compile import messages
from orgtwin.apex.compile.scope import CompileProblem
from orgtwin.schema.model import Field, SObjectType

_VERBS: dict[str, Callable[[SObjectType], bool]] = {
    "insert": lambda described: described.createable or described.api_name.endswith("History"),
    "update": lambda described: described.updateable,
    "upsert": lambda described: described.createable or described.updateable,
    "delete": lambda described: described.deletable,
    "undelete": lambda described: described.undeletable,
}


def may_write(described: SObjectType, verb: str) -> bool:
    """Does the object take that DML statement? Source: "DML operation Delete not allowed on User", as the compiler says.

    ASSUMED: what its describe says decides, but that tests may insert history.
    """
    return _VERBS[verb](described)


_FREE = ("__mdt", "__e", "ChangeEvent")


def require_writeable(schema: SObjectType, field: Field, pos: int) -> None:
    """Raises CompileProblem for a field that neither insert nor update takes. What the user may write is asked when it is saved."""
    is_saved = (schema.createable or schema.updateable) and not schema.api_name.endswith(_FREE)
    if field.createable or field.updateable or field.api_name == "Id" or not is_saved:
        return
    raise CompileProblem(messages.NOT_WRITEABLE.format(f"{schema.api_name}.{field.api_name}"), pos)
