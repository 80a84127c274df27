"""Writes the trail: a row an entry, in the transaction of the change that it tells.

What a deploy changes is told by the deploy; what a user saves of setup records by the save. The org's own writes, and those of a
deploy into setup records, are told by neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from orgtwin.audit.components import component_entries
from orgtwin.audit.entries import Change, Entry
from orgtwin.audit.records import RECORDS
from orgtwin.ids import IdSequence
from orgtwin.records.own_rows import Org as OwnRows
from orgtwin.records.own_rows import store_own_row
from orgtwin.records.saving import Moment, Save, SaveHooks
from orgtwin.schema.model import Schema

_OBJECT = "SetupAuditTrail"
_LONGEST = 1000  # ASSUMED: the length of Display


class Org(OwnRows, Protocol):
    ids: IdSequence
    hooks: SaveHooks
    automated_user_id: str

    @property
    def schema(self) -> Schema: ...


class AuditTrail:
    """The trail of one org."""

    def __init__(self, org: Org) -> None:
        self._org = org
        org.hooks.join(Moment.AFTER_TRIGGERS, self._saved, lambda table: table.type.api_name in RECORDS)

    def deployed(self, changes: Iterable[Change], user_id: str, schema_before: Schema) -> None:
        """Tell what a deploy of a user changed. Texts of what is gone use the labels that it had."""
        for change in changes:
            schema = schema_before if change.after is None else self._org.schema
            self._write(component_entries(schema, change), user_id)

    def _saved(self, save: Save) -> None:
        if save.caller.user_id == self._org.automated_user_id:
            return
        told = RECORDS[save.table.type.api_name]
        for row in save.rows:
            self._write(told(self._org, save, row), save.caller.user_id)

    def _write(self, entries: Iterable[Entry], user_id: str) -> None:
        for entry in entries:
            values = {"Action": entry.action, "Section": entry.section, "Display": entry.display[:_LONGEST]}
            store_own_row(self._org, _OBJECT, values, user_id)
