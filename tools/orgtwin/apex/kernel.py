"""The org port over the twin's own records, and the triggers inside its save order.

apex = attach(org, user_id)      an Engine whose triggers run in every save of that org, whoever asks for it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import Uncatchable
from orgtwin.apex.library.jobs import run_jobs
from orgtwin.apex.org_port import QueryRow, Scalar, TriggerFailed, TriggerRow, UserView
from orgtwin.apex.triggers import fire
from orgtwin.errors import SaveError, SaveResult, Unsupported
from orgtwin.org import Org
from orgtwin.records.model import AccessLevel, Caller, Row
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.storing import publish_event
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Schema, SObjectType
from orgtwin.soql import ResultRow, execute

_EVENTS = {
    Operation.INSERT: "insert",
    Operation.UPDATE: "update",
    Operation.UNDELETE: "undelete",
    Operation.DELETE: "delete",
}


_DEFINITION = re.compile(r"\b(\w+)__r\.QualifiedApiName\b")
"""A Metadata Relationship field holds the API name of the definition it points at."""


class KernelPort:
    """An Org as Apex sees it."""

    def __init__(self, org: Org, user_id: str) -> None:
        self._org = org
        self.org_id = org.org_id
        self.labels: dict[str, str] = {}
        self.engine: Engine | None = None
        self._caller = Caller(user_id, AccessLevel.SYSTEM_MODE)
        self._user: UserView | None = None
        self._events: list[tuple[str, dict[str, Scalar]]] = []

    @property
    def schema(self) -> Schema:
        return self._org.schema

    @property
    def org_name(self) -> str:
        table = self._org.table("Organization")
        read = table.reader("Name")
        return next((str(read(row)) for row in table.rows()), "")

    def now(self) -> datetime:
        return self._org.clock()

    # Users

    def user(self) -> UserView:
        if self._user is None or self._user.user_id != self._caller.user_id:
            self._user = self._read_user(self._caller.user_id)
        return self._user

    def _read_user(self, user_id: str) -> UserView:
        table = self._org.table("User")
        row = table.get(user_id)
        if row is None:
            return UserView(user_id, "")

        def text(field: str, default: str = "") -> str:
            value = table.reader(field)(row) if table.type.find_field(field) else None
            return default if value is None else str(value)

        return UserView(
            user_id,
            text("Username"),
            text("FirstName"),
            text("LastName"),
            text("Email"),
            text("ProfileId"),
            text("UserRoleId") or None,
            text("TimeZoneSidKey", "GMT"),
            text("LocaleSidKey", "en_US"),
            text("LanguageLocaleKey", "en_US"),
        )

    def run_as(self, user_id: str) -> UserView:
        before = self.user()
        self._caller = replace(self._caller, user_id=user_id)
        return before

    def _as(self, user_mode: bool) -> Caller:
        level = AccessLevel.USER_MODE if user_mode else AccessLevel.SYSTEM_MODE
        return replace(self._caller, access_level=level)

    # Queries

    def query(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[QueryRow] | int:
        text = _DEFINITION.sub(r"\1__c", text)
        found = execute(self._org, self._as(user_mode), text, binds)
        return found.total_size if found.counts_only else [_to_row(row) for row in found.rows]

    def search(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[list[QueryRow]]:
        raise Unsupported("apex.sosl", "SOSL in Apex")

    # Writes

    def insert(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        return self._org.dml.insert(self._as(user_mode), sobject_type, rows, all_or_none=all_or_none)

    def update(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        return self._org.dml.update(self._as(user_mode), sobject_type, rows, all_or_none=all_or_none)

    def upsert(
        self,
        sobject_type: str,
        key_field: str,
        rows: Sequence[Mapping[str, Scalar]],
        *,
        all_or_none: bool,
        user_mode: bool,
    ) -> list[SaveResult]:
        if key_field == "Id":
            return self._upsert_by_id(sobject_type, rows, all_or_none=all_or_none, user_mode=user_mode)
        caller = self._as(user_mode)
        return self._org.dml.upsert(caller, sobject_type, key_field, rows, all_or_none=all_or_none)

    def _upsert_by_id(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        new = [(i, row) for i, row in enumerate(rows) if row.get("Id") is None]
        old = [(i, row) for i, row in enumerate(rows) if row.get("Id") is not None]
        results: dict[int, SaveResult] = {}
        if new:
            blank = [{k: v for k, v in row.items() if k != "Id"} for _, row in new]
            created = self.insert(sobject_type, blank, all_or_none=all_or_none, user_mode=user_mode)
            made = [SaveResult(r.record_id, r.success, r.success, r.errors) for r in created]
            results.update((i, r) for (i, _), r in zip(new, made, strict=True))
        if old:
            changed = self.update(sobject_type, [row for _, row in old], all_or_none=all_or_none, user_mode=user_mode)
            results.update((i, r) for (i, _), r in zip(old, changed, strict=True))
        return [results[i] for i in range(len(rows))]

    def delete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]:
        """Delete triggers run here: the kernel's deletion has no hooks of its own yet."""
        return self._around_deletion(record_ids, "delete", all_or_none=all_or_none, user_mode=user_mode)

    def undelete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]:
        results = self._org.dml.undelete(self._as(user_mode), record_ids, all_or_none=all_or_none)
        done = [r.record_id for r in results if r.success and r.record_id]
        for table, rows in self._by_table(done):
            self._fire(table, "after", "undelete", [TriggerRow(_values(table, row), None) for row in rows])
        return results

    def _around_deletion(
        self, record_ids: Sequence[str], event: str, *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        refused: dict[str, SaveResult] = {}
        fired: list[tuple[RecordTable, list[TriggerRow]]] = []
        for table, rows in self._by_table(record_ids):
            given = [TriggerRow(None, _values(table, row)) for row in rows]
            self._fire(table, "before", event, given)
            for row, stored in zip(given, rows, strict=True):
                if row.errors:
                    errors = tuple(_error(field, message) for field, message in row.errors)
                    refused[str(stored[0])] = SaveResult(str(stored[0]), False, errors=errors)
            fired.append((table, [r for r in given if not r.errors]))
        if refused and all_or_none:
            return [refused.get(i, SaveResult(i, False)) for i in record_ids]
        left = [i for i in record_ids if i not in refused]
        results = dict(zip(left, self._org.dml.delete(self._as(user_mode), left, all_or_none=all_or_none), strict=True))
        for table, given in fired:
            self._fire(table, "after", event, given)
        return [refused.get(i) or results[i] for i in record_ids]

    def _by_table(self, record_ids: Sequence[str]) -> list[tuple[RecordTable, list[Row]]]:
        found: dict[str, tuple[RecordTable, list[Row]]] = {}
        for record_id in record_ids:
            described = self.schema.find_by_prefix(record_id[:3])
            table = self._org.table(described.api_name) if described is not None else None
            row = table.get(record_id) if table is not None else None
            if table is not None and row is not None:
                found.setdefault(table.type.api_name, (table, []))[1].append(row)
        return list(found.values())

    def _fire(self, table: RecordTable, moment: str, event: str, rows: list[TriggerRow]) -> None:
        if self.engine is not None and rows:
            fire(self.engine, table.type.api_name, moment, event, rows)

    # Events

    def publish(self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]) -> list[SaveResult]:
        return [self._publish(sobject_type, dict(row)) for row in rows]

    def _publish(self, sobject_type: str, row: dict[str, Scalar]) -> SaveResult:
        described = self.schema.find_type(sobject_type)
        fields = described.fields if described is not None else ()
        missing = tuple(f.api_name for f in fields if f.required and row.get(f.api_name) is None)
        if missing:
            text = f"Required fields are missing: [{', '.join(missing)}]"
            return SaveResult(None, False, errors=(SaveError("REQUIRED_FIELD_MISSING", text, missing),))
        self._events.append((sobject_type, row))
        with self._org.transaction():  # subscribers outside hear of it by the event's publish behaviour
            return SaveResult(publish_event(self._org, sobject_type, row, self._caller.user_id), True)

    def deliver_events(self) -> None:
        """Run the triggers of the events published since the last time, in order, one transaction a type."""
        while self._events and self.engine is not None:
            name = self._events[0][0]
            batch = [TriggerRow(row, None) for n, row in self._events if n == name]
            self._events = [e for e in self._events if e[0] != name]
            with self.engine.new_transaction(asynchronous=False, kind="event"):
                fire(self.engine, name, "after", "insert", batch)

    # Transactions and rights

    def savepoint(self) -> object:
        return self._org.savepoint()

    def rollback(self, savepoint: object) -> None:
        self._org.rollback(savepoint)

    def can(self, sobject_type: str, action: str) -> bool:
        return self._org.access.can(self._as(True), sobject_type, action)

    def readable_fields(self, sobject_type: str) -> frozenset[str]:
        return self._org.access.readable_fields(self._as(True), sobject_type)

    def editable_fields(self, sobject_type: str) -> frozenset[str]:
        return self._org.access.editable_fields(self._as(True), sobject_type)

    def has_permission(self, name: str) -> bool:
        return self._org.access.has_permission(self._as(True), name)

    def find_label(self, name: str) -> str | None:
        return self.labels.get(name.lower())

    def set_created_date(self, record_id: str, moment: datetime) -> None:
        """Test.setCreatedDate."""
        for table, rows in self._by_table([record_id]):
            for row in rows:
                content = table.widened(row)
                content[table.slot("CreatedDate")] = moment
                self._org.log.change(table, row, content)


def _to_row(row: ResultRow) -> QueryRow:
    found = QueryRow(row.sobject_type)
    for name, value in row.values.items():
        if isinstance(value, ResultRow):
            found.parents[name] = _to_row(value)
        elif isinstance(value, list):
            found.children[name] = [_to_row(child) for child in value]
        else:
            found.fields[name] = value
    if row.record_id is not None:
        found.fields.setdefault("Id", row.record_id)
    return found


def _values(table: RecordTable, row: Row) -> dict[str, Scalar]:
    """What the row holds, by API name; blank fields are left out."""
    reading = _READING.get(table)
    if reading is None or reading.width != table.width or reading.type is not table.type:
        reading = _READING[table] = _reading(table)
    found: dict[str, Scalar] = {
        name: value for name, value in zip(reading.names, row, strict=False) if value is not None and name
    }
    for name, read in reading.computed:
        value = read(row)
        if value is not None:
            found[name] = value
    return found


class _Reading(NamedTuple):
    """How rows of a table are read: the field of each slot, and what is computed; good until a field gets a slot."""

    width: int
    type: SObjectType
    names: tuple[str, ...]
    computed: Sequence[tuple[str, Callable[[Row], Scalar]]]


_READING: WeakKeyDictionary[RecordTable, _Reading] = WeakKeyDictionary()


def _reading(table: RecordTable) -> _Reading:
    by_slot = {slot: table.type.find_field(name) for name, slot in table.slots.items()}
    fields = [by_slot.get(slot) for slot in range(table.width)]
    computed = [(f.api_name, table.reader(f.api_name)) for f in table.type.fields if f.formula]
    return _Reading(table.width, table.type, tuple(f.api_name if f is not None else "" for f in fields), computed)


def _error(field: str | None, message: str) -> SaveError:
    return SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, (field,) if field else ())


class TriggerHooks:
    """The save order's steps 4 and 8 for one engine at a time; `engine_of` may give None: then nothing runs."""

    def __init__(self, engine_of: Callable[[], Engine | None]) -> None:
        self._engine_of = engine_of

    def register(self, org: Org) -> None:
        org.hooks.before_save.append(self.before)
        org.hooks.after_save.append(self.after)

    def before(self, save: Save) -> None:
        self._run(save, "before")

    def after(self, save: Save) -> None:
        self._run(save, "after")

    def _run(self, save: Save, moment: str) -> None:
        engine = self._engine_of()
        name = save.table.type.api_name
        event = _EVENTS[save.operation]
        if engine is None or not any((moment, event) in t.events for t in engine.find_triggers(name)):
            return
        rows = [_trigger_row(save.table, pending) for pending in save.rows]
        given = [dict(row.new or {}) for row in rows]
        try:
            _fire(engine, save, moment, event, rows)
        except TriggerFailed as failure:
            for pending in save.rows:
                pending.refuse(failure.code, failure.message)
            return
        for pending, row, was in zip(save.rows, rows, given, strict=True):
            for field, message in row.errors:
                pending.refuse("FIELD_CUSTOM_VALIDATION_EXCEPTION", message, *([field] if field else []))
            if moment == "before" and row.new is not None:
                _take(save.table, pending, row.new, was)


def _fire(engine: Engine, save: Save, moment: str, event: str, rows: list[TriggerRow]) -> None:
    name = save.table.type.api_name
    if engine.is_running:
        fire(engine, name, moment, event, rows)
        return
    before = engine.port.run_as(save.caller.user_id)
    try:
        with engine.new_transaction():  # a write of an API: its triggers are the transaction
            fire(engine, name, moment, event, rows)
            run_jobs(engine)
    except Uncatchable as error:
        raise TriggerFailed("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"{name}: {error}") from error
    finally:
        engine.port.run_as(before.user_id)


def _trigger_row(table: RecordTable, pending: Pending) -> TriggerRow:
    old = _values(table, pending.before) if pending.before is not None else None
    return TriggerRow(_values(table, pending.content), old)


def _take(table: RecordTable, pending: Pending, new: Mapping[str, Scalar], was: Mapping[str, Scalar]) -> None:
    """What a before trigger changed goes into the row; the values have their types already."""
    for name, value in new.items():
        if was.get(name) != value and name != "Id":
            table.write(pending.content, name, value)  # type: ignore[arg-type]


def engine_for(org: Org, user_id: str, *, coverage: bool = False) -> Engine:
    """An engine over this org, without part in its saves."""
    port = KernelPort(org, user_id)
    engine = Engine(port, coverage=coverage)
    port.engine = engine
    return engine


def attach(org: Org, user_id: str, *, coverage: bool = False) -> Engine:
    """An engine for this org; its triggers take part in every save."""
    engine = engine_for(org, user_id, coverage=coverage)
    TriggerHooks(lambda: engine).register(org)
    return engine
