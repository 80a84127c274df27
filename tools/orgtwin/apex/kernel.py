"""The org port over the twin's own records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from weakref import WeakKeyDictionary

from orgtwin.apex.engine import Engine
from orgtwin.apex.lead_conversion import ConvertedLead, LeadConversion, convert
from orgtwin.apex.org_port import (
    EventSubscriber,
    FoundDuplicates,
    FoundMatch,
    QueryRow,
    Saving,
    Scalar,
    UserView,
)
from orgtwin.apex.sharing_mode import is_bound_by_sharing
from orgtwin.errors import SaveError, SaveResult
from orgtwin.events.service import waits_for_commit
from orgtwin.flows.conditions import Item
from orgtwin.flows.definition import Flow
from orgtwin.flows.interview import Interview
from orgtwin.flows.service import flows_of
from orgtwin.formula import GlobalPath
from orgtwin.metadata.approvals import Approvals, Decision, Outcome, Submission
from orgtwin.metadata.component import Component
from orgtwin.metadata.credential_values import values_of, with_secrets
from orgtwin.metadata.credentials import Callout, granted_principals, resolve_callout
from orgtwin.metadata.crud import deploy_elements, find_whole
from orgtwin.metadata.data_tables import register_data_tables
from orgtwin.metadata.deploy_model import DeployJob
from orgtwin.metadata.duplicate_rules import duplicate_check
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.tabs import TabSet, tab_sets_of
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.metadata.xml import Node
from orgtwin.org import Org
from orgtwin.records.approval_locks import is_locked, lock, unlock
from orgtwin.records.data_silo import DataSilo
from orgtwin.records.duplicates import DuplicateRule, Duplicates
from orgtwin.records.global_variables import LABEL, GlobalVariables
from orgtwin.records.model import AccessLevel, Caller, DuplicateHeader, Row, Value
from orgtwin.records.saving import Operation, Pending, Save
from orgtwin.records.storing import publish_event
from orgtwin.records.system_fields import stamp_created, type_defaults
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.telling import Listener
from orgtwin.schema.change_events import find_change_event_type
from orgtwin.schema.model import ChildRelationship, Schema, SObjectType
from orgtwin.soql import ResultRow, VirtualTable, VirtualTables, execute, find_problem
from orgtwin.sosl import Returned, parse_statement, search


class KernelPort:
    """An Org as Apex sees it."""

    def __init__(self, org: Org, user_id: str) -> None:
        self.org = org
        self.org_id = org.org_id
        self.automated_user_id = org.automated_user_id
        self.labels: dict[str, str] = {}
        self._tables = VirtualTables()
        register_data_tables(self._tables, lambda: MetadataService(org))
        subscribers = org.schema.find_type("EventBusSubscriber")
        if subscribers is not None:
            self._tables.register(VirtualTable(subscribers, self._event_subscribers))
        self.engine: Engine | None = None
        self._caller = Caller(user_id, AccessLevel.SYSTEM_MODE)
        self._user: UserView | None = None
        self._saving = Saving()
        self._silo = DataSilo(org)

    @property
    def schema(self) -> Schema:
        return self.org.schema

    def find_virtual_type(self, name: str) -> SObjectType | None:
        found = self._tables.find(name)
        return find_change_event_type(self.schema, name) if found is None else found.sobject_type

    def children_of(self, api_name: str) -> Sequence[ChildRelationship]:
        return self.schema.children_of(api_name) or self._tables.children_of(api_name)

    @property
    def org_name(self) -> str:
        table = self.org.table("Organization")
        read = table.reader("Name")
        return next((str(read(row)) for row in table.rows()), "")

    def now(self) -> datetime:
        return self.org.clock()

    # Users

    def user(self) -> UserView:
        if self._user is None or self._user.user_id != self._caller.user_id:
            self._user = self._read_user(self._caller.user_id)
        return self._user

    def _read_user(self, user_id: str) -> UserView:
        table = self.org.table("User")
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
            text("UserType", "Standard"),
        )

    def run_as(self, user_id: str) -> UserView:
        before = self.user()
        self._caller = replace(self._caller, user_id=user_id)
        return before

    def _as(self, user_mode: bool) -> Caller:
        if user_mode:
            level = AccessLevel.USER_MODE
        elif self.engine is not None and is_bound_by_sharing(self.engine):
            level = AccessLevel.WITH_SHARING
        else:
            level = AccessLevel.SYSTEM_MODE
        return replace(self._caller, access_level=level)

    # Queries

    def query(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[QueryRow] | int:
        found = execute(self.org, self._as(user_mode), text, binds, virtual=self._tables)
        return found.total_size if found.counts_only else [_to_row(row) for row in found.rows]

    def check_query(self, text: str) -> str | None:
        return find_problem(self.schema, self._tables, text)

    def find_held(self, record_ids: Sequence[str]) -> list[str]:
        return self.org.locks.find_held(record_ids)

    def search(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[list[QueryRow]]:
        found = search(self.org, self._as(user_mode), text, binds)
        return [[_to_row(row) for row in result.rows] for result in found]

    def search_among(
        self, text: str, binds: Mapping[str, Scalar], record_ids: Sequence[str], *, user_mode: bool
    ) -> list[list[QueryRow]]:
        """What a search returns of these records, whatever its term: Test.setFixedSearchResults."""
        statement = parse_statement(text, binds)
        return [
            self._query_returned(returned, binds, record_ids, user_mode=user_mode or statement.user_mode)
            for returned in statement.returned
        ]

    def _query_returned(
        self, returned: Returned, binds: Mapping[str, Scalar], record_ids: Sequence[str], *, user_mode: bool
    ) -> list[QueryRow]:
        described = self.schema.find_type(returned.sobject_type)
        ids = [i for i in record_ids if described is not None and i.startswith(described.key_prefix)]
        condition = f" AND ({returned.where})" if returned.where else ""
        text = f"SELECT {returned.fields} FROM {returned.sobject_type} WHERE Id IN :fixed{condition} {returned.clauses}"  # noqa: S608
        rows = self.query(text, {**binds, "fixed": ids}, user_mode=user_mode)
        return [] if isinstance(rows, int) else rows

    # Writes

    @contextmanager
    def saving(self, options: Saving | None) -> Iterator[None]:
        before = self._saving
        self._saving = options or before
        try:
            yield
        finally:
            self._saving = before

    def _writer(self, user_mode: bool) -> Caller:
        header = DuplicateHeader(allow_save=self._saving.allows_duplicates)
        return replace(self._as(user_mode), duplicate_header=header, assignment=self._saving.assignment)

    def _rows(self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]) -> Sequence[Mapping[str, Scalar]]:
        """The rows, with texts cut to the length of their fields where that is asked for."""
        described = self.schema.find_type(sobject_type) if self._saving.cuts_texts else None
        if described is None:
            return rows
        lengths = {f.api_name: f.length for f in described.fields if f.length}
        return [
            {name: value[: lengths.get(name)] if isinstance(value, str) else value for name, value in row.items()}
            for row in rows
        ]

    def insert(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        rows = self._rows(sobject_type, rows)
        return self.org.dml.insert(self._writer(user_mode), sobject_type, rows, all_or_none=all_or_none)

    def update(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        rows = self._rows(sobject_type, rows)
        return self.org.dml.update(self._writer(user_mode), sobject_type, rows, all_or_none=all_or_none)

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
        rows = self._rows(sobject_type, rows)
        return self.org.dml.upsert(self._writer(user_mode), sobject_type, key_field, rows, all_or_none=all_or_none)

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
        return self.org.dml.delete(self._as(user_mode), record_ids, all_or_none=all_or_none)

    def undelete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]:
        return self.org.dml.undelete(self._as(user_mode), record_ids, all_or_none=all_or_none)

    def merge(self, master: Mapping[str, Scalar], losers: Sequence[str], *, user_mode: bool) -> SaveResult:
        return self.org.dml.merge(self._as(user_mode), master, losers)

    def convert_lead(self, asked: LeadConversion, *, user_mode: bool) -> ConvertedLead:
        return convert(self.org, self._as(user_mode), asked)

    def empty_bin(self, record_ids: Sequence[str]) -> list[SaveResult]:
        return self.org.dml.empty_bin(record_ids)

    def _by_table(self, record_ids: Sequence[str]) -> list[tuple[RecordTable, list[Row]]]:
        found: dict[str, tuple[RecordTable, list[Row]]] = {}
        for record_id in record_ids:
            described = self.schema.find_by_prefix(record_id[:3])
            table = self.org.table(described.api_name) if described is not None else None
            row = table.get(record_id) if table is not None else None
            if table is not None and row is not None:
                found.setdefault(table.type.api_name, (table, []))[1].append(row)
        return list(found.values())

    def default_values(self, sobject_type: str) -> Mapping[str, Scalar]:
        table = self.org.table(sobject_type)
        self.org.running_user_id = self._caller.user_id
        return {**table.compiled(type_defaults), **self.org.formulas.defaults(table)}

    def listen(self, listener: Listener | None) -> None:
        self.org.hooks.listener = listener

    # Rows of the platform's own: jobs, logs

    def note_row(self, sobject_type: str, values: Mapping[str, Scalar]) -> str:
        table = self.org.table(sobject_type)
        row = Row([None] * table.width)
        stamp_created(row, self.org.ids.next_id(table.type.key_prefix), self._caller.user_id, self.org.now)
        self._write(table, row, values)
        with self.org.transaction():
            self.org.log.add(table, row)
        return str(row[ID])

    def change_row(self, record_id: str, values: Mapping[str, Scalar]) -> None:
        for table, rows in self._by_table([record_id]):
            for row in rows:
                content = table.widened(row)
                self._write(table, content, values)
                with self.org.transaction():
                    self.org.log.change(table, row, content)

    def has_row(self, record_id: str) -> bool:
        return bool(self._by_table([record_id]))

    def remove_row(self, record_id: str) -> None:
        for table, rows in self._by_table([record_id]):
            for row in rows:
                with self.org.transaction():
                    self.org.log.recycle(table, row)
                    self.org.log.purge(table, row)

    def _write(self, table: RecordTable, row: Row, values: Mapping[str, Scalar]) -> None:
        for name, value in values.items():
            if table.type.find_field(name) is not None:
                table.write(row, name, value)  # type: ignore[arg-type]

    @property
    def is_in_transaction(self) -> bool:
        return self.org.log.is_open

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
        with self.org.transaction():  # subscribers outside hear of it by the event's publish behaviour
            record_id = publish_event(self.org, sobject_type, row, self._caller.user_id)
        return SaveResult(record_id, True)

    def _event_subscribers(self, _org: object, _caller: Caller) -> Iterator[Mapping[str, Value]]:
        return iter(()) if self.engine is None else self.engine.events.subscriber_rows()

    def publishes_at_once(self, sobject_type: str) -> bool:
        return not waits_for_commit(MetadataService(self.org).components, sobject_type)

    def find_event_subscriber(self, trigger: str) -> EventSubscriber:
        for component in MetadataService(self.org).components.of_type("PlatformEventSubscriberConfig"):
            if (component.body.value("platformEventConsumer") or "").lower() == trigger.lower():
                username = component.body.value("user")
                user_id = None if username is None else find_row(self.org, "User", Username=username)
                return EventSubscriber(component.body.number("batchSize"), user_id)
        return EventSubscriber()

    # Callouts

    def resolve_callout(self, endpoint: str) -> Callout:
        components = MetadataService(self.org).components
        granted = granted_principals(self.org, components, self._caller.user_id)
        callout = resolve_callout(components, endpoint, granted)
        external = components.find("ExternalCredential", callout.external_credential or "")
        if external is None:
            return callout
        protocol = external.body.value("authenticationProtocol")
        return with_secrets(callout, protocol, values_of(self.org, callout.principal))

    # Transactions and rights

    def transaction(self) -> AbstractContextManager[None]:
        return self.org.transaction()

    def hide_data(self) -> None:
        self._silo.close()

    def show_data(self) -> None:
        self._silo.open()

    @property
    def hides_data(self) -> bool:
        return self._silo.is_closed

    def savepoint(self) -> object:
        return self.org.savepoint()

    def rollback(self, savepoint: object) -> None:
        self.org.rollback(savepoint)

    def can(self, sobject_type: str, action: str) -> bool:
        return self.org.access.can(self._as(True), sobject_type, action)

    def readable_fields(self, sobject_type: str) -> frozenset[str]:
        return self.org.access.readable_fields(self._as(True), sobject_type)

    @property
    def standard_price_book(self) -> str:
        books = self.org.table("Pricebook2")
        is_standard = books.reader("IsStandard")
        return next((str(row[0]) for row in books.rows() if is_standard(row)), "")

    def creatable_fields(self, sobject_type: str) -> frozenset[str]:
        return self.org.access.creatable_fields(self._as(True), sobject_type)

    def editable_fields(self, sobject_type: str) -> frozenset[str]:
        return self.org.access.editable_fields(self._as(True), sobject_type)

    def has_permission(self, name: str) -> bool:
        return self.org.access.has_permission(self._as(True), name)

    def find_page(self, name: str) -> str | None:
        pages = MetadataService(self.org).components.of_type("ApexPage")
        return next((page.full_name for page in pages if page.full_name.lower() == name.lower()), None)

    def tab_sets(self) -> list[TabSet]:
        return list(tab_sets_of(self.org, MetadataService(self.org).components, self._as(True)))

    def approve(self, asked: Submission | Decision) -> Outcome:
        with self.org.transaction():
            approvals = Approvals(self.org, self._caller.user_id)
            return approvals.submit(asked) if isinstance(asked, Submission) else approvals.decide(asked)

    def set_lock(self, record_id: str, locked: bool) -> bool:
        found = self._by_table([record_id])
        for table, rows in found:
            for row in rows:
                with self.org.transaction():
                    (lock if locked else unlock)(self.org.log, table, str(row[ID]))
        return bool(found)

    def is_locked(self, record_id: str) -> bool:
        return any(is_locked(table, str(row[ID])) for table, rows in self._by_table([record_id]) for row in rows)

    def components(self, kind: str) -> Sequence[Component]:
        return MetadataService(self.org).components.of_type(kind)

    def find_component(self, kind: str, full_name: str) -> Component | None:
        return find_whole(MetadataService(self.org), kind, full_name)

    def new_deploy(self) -> str:
        return MetadataService(self.org).new_deploy_id(self._caller)

    def deploy(self, deploy_id: str, elements: Sequence[tuple[str, Node]]) -> DeployJob:
        return deploy_elements(MetadataService(self.org), self._caller, deploy_id, elements)

    def find_static_resource(self, name: str) -> bytes | None:
        found = MetadataService(self.org).components.find("StaticResource", name)
        return None if found is None else found.content

    def find_flow(self, name: str) -> Flow | None:
        return flows_of(self.org).find_launched(name)

    def find_duplicates(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]
    ) -> list[list[FoundDuplicates]] | None:
        save = self._unsaved(sobject_type, rows)
        rules = duplicate_check(self.org).find(save)
        if not rules:
            return None
        return [[self._duplicates(rule, sobject_type, found, row) for rule, found in rules] for row in save.rows]

    def _unsaved(self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]) -> Save:
        """Rows as a save would have them: a saved record with the given values over its own."""
        table = self.org.table(sobject_type)
        pending = []
        for position, values in enumerate(rows):
            before = table.get(str(values.get("Id")))
            content = Row([None] * table.width) if before is None else table.widened(before)
            self._write(table, content, values)
            pending.append(Pending(position, content, before))
        return Save(self._as(user_mode=False), table, Operation.INSERT, pending)

    def _duplicates(
        self, rule: DuplicateRule, sobject_type: str, found: Mapping[int, list[Duplicates]], row: Pending
    ) -> FoundDuplicates:
        matches = tuple(
            FoundMatch(one.rule, one.sobject_type, tuple(self._row_of(one.sobject_type, i) for i in one.record_ids))
            for one in found.get(row.position, ())
        )
        may_save = not any(action.blocks for action in rule.actions.values())
        return FoundDuplicates(rule.name, sobject_type, rule.alert_text, may_save, matches)

    def _row_of(self, sobject_type: str, record_id: str) -> QueryRow:
        table = self.org.table(sobject_type)
        return QueryRow(sobject_type, row_values(table, table.live[record_id]))

    def event_flows(self, sobject_type: str) -> Sequence[Flow]:
        return flows_of(self.org).event_flows(sobject_type)

    def run_event_flow(self, flow: Flow, events: Sequence[Mapping[str, Scalar]]) -> None:
        flows_of(self.org).hear(self._as(user_mode=False), flow, events)  # type: ignore[arg-type]  # rows of the org

    def launch_flow(self, flow: Flow, inputs: Mapping[str, Item]) -> Interview:
        return flows_of(self.org).launch(self._as(user_mode=False), flow, inputs)

    def formula_global(self, path: GlobalPath) -> Scalar:
        self.org.running_user_id = self._caller.user_id
        table = self.org.table("User")
        return GlobalVariables(self.org).value(table, path, table.live[self._caller.user_id])

    def find_label(self, name: str) -> str | None:
        """A label that a project brought, or one that was deployed to the org."""
        deployed = self.org.settings.get(LABEL + name.lower())
        return self.labels.get(name.lower(), deployed if isinstance(deployed, str) else None)

    def set_created_date(self, record_id: str, moment: datetime) -> None:
        """Test.setCreatedDate."""
        for table, rows in self._by_table([record_id]):
            for row in rows:
                content = table.widened(row)
                content[table.slot("CreatedDate")] = moment
                self.org.log.change(table, row, content)


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


def row_values(table: RecordTable, row: Row) -> dict[str, Scalar]:
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


def engine_for(org: Org, user_id: str, *, coverage: bool = False) -> Engine:
    """An engine over this org, without part in its saves."""
    port = KernelPort(org, user_id)
    engine = Engine(port, coverage=coverage)
    port.engine = engine
    return engine
