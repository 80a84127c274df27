"""What one caller may do with one object: the compiled answer that every read and write asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.records.model import Row

RowFilter = Callable[[Row], bool]


@dataclass(frozen=True, eq=False)
class Grant:
    """Rights of one caller on one object. Field names are lower case; row filters are None when all rows pass."""

    read: bool
    create: bool
    edit: bool
    delete: bool
    view_all: bool
    modify_all: bool
    readable: frozenset[str]
    creatable: frozenset[str]
    editable: frozenset[str]
    may_see: RowFilter | None = None
    may_edit: RowFilter | None = None
    may_delete: RowFilter | None = None


@dataclass(frozen=True, slots=True)
class RecordTypeGrant:
    """The record types of an object that a user may give to records, by developer name in lower case; `default` is one of them."""

    names: frozenset[str]
    default: str | None = None


FindGrant = Callable[[str, str], RecordTypeGrant]
"""The grant of a user, by id, on an object."""
