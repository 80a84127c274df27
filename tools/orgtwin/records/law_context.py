"""What a law may ask of the org."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from orgtwin.records.model import Caller
from orgtwin.records.rollups import Rollups
from orgtwin.records.table import RecordTable


class LawContext(Protocol):
    @property
    def settings(self) -> Mapping[str, object]: ...

    @property
    def now(self) -> datetime:
        """The moment of the running transaction, in UTC."""

    @property
    def rollups(self) -> Rollups: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def has_permission(self, caller: Caller, name: str) -> bool: ...
