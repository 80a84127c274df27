"""One event on the bus. Field values are as the store has them; what a subscriber sees of them is decided when it is delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from orgtwin.records.model import Value

Values = Mapping[str, Value]


class ChangeType(StrEnum):
    """Source: "ChangeEventHeader Fields" (Change Data Capture Developer Guide). The order is that of the Avro enumeration."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    UNDELETE = "UNDELETE"
    GAP_CREATE = "GAP_CREATE"
    GAP_UPDATE = "GAP_UPDATE"
    GAP_DELETE = "GAP_DELETE"
    GAP_UNDELETE = "GAP_UNDELETE"
    GAP_OVERFLOW = "GAP_OVERFLOW"
    SNAPSHOT = "SNAPSHOT"

    @property
    def is_gap(self) -> bool:
        return self.name.startswith("GAP_")


GAP_OF = {
    ChangeType.CREATE: ChangeType.GAP_CREATE,
    ChangeType.UPDATE: ChangeType.GAP_UPDATE,
    ChangeType.DELETE: ChangeType.GAP_DELETE,
    ChangeType.UNDELETE: ChangeType.GAP_UNDELETE,
}
EMPTY_RECORD_ID = "000000000000000AAA"
"""The record id of an overflow event. Source: "Overflow Events" (Change Data Capture Developer Guide)."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What all change events of one committed transaction have in common."""

    key: str
    committed_at: datetime
    commit_number: int
    user_id: str
    origin: str


@dataclass(frozen=True, slots=True)
class Change:
    """One change event before it is on the bus. `changed` names the fields of an update, those that were cleared included."""

    entity: str
    change_type: ChangeType
    record_ids: tuple[str, ...]
    transaction: Transaction
    sequence: int
    values: Values = field(default_factory=dict)
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One published platform event."""

    entity: str
    uuid: str
    values: Values


@dataclass(frozen=True, slots=True)
class Event:
    """One event under its place in the stream."""

    replay_id: int
    published_at: datetime
    body: Change | Message
