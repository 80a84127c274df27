"""An org port in memory with three objects: enough for Apex that needs a schema and no save order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from orgtwin.apex.lead_conversion import ConvertedLead, LeadConversion
from orgtwin.apex.org_port import EventSubscriber, FoundDuplicates, QueryRow, Saving, Scalar, UserView
from orgtwin.errors import SalesforceError, SaveError, SaveResult
from orgtwin.flows.conditions import Item
from orgtwin.flows.definition import Flow
from orgtwin.flows.interview import Interview
from orgtwin.formula import GlobalPath
from orgtwin.ids import IdSequence
from orgtwin.metadata.approvals import Decision, Outcome, Submission
from orgtwin.metadata.component import Component
from orgtwin.metadata.credentials import Callout, CalloutRefused
from orgtwin.metadata.deploy_model import DeployJob
from orgtwin.metadata.tabs import TabSet
from orgtwin.metadata.xml import Node
from orgtwin.records.telling import Listener
from orgtwin.schema.model import ChildRelationship, Field, FieldType, Schema, SObjectType
from orgtwin.soql import VirtualTables, find_problem

_ID = Field("Id", "Record ID", FieldType.ID, 18, createable=False, updateable=False)
_NAME = Field("Name", "Name", FieldType.STRING, 255, name_field=True)
_PARENT = Field(
    "AccountId", "Account", FieldType.REFERENCE, 18,
    reference_to=("Account",), relationship_name="Account", child_relationship_name="Contacts",
)  # fmt: skip
ACCOUNT = SObjectType(
    "Account", "Account", "Accounts", "001",
    (
        _ID,
        _NAME,
        Field("AnnualRevenue", "Annual Revenue", FieldType.CURRENCY, precision=18, scale=2),
        Field("NumberOfEmployees", "Employees", FieldType.INT),
        Field("IsActive__c", "Active", FieldType.BOOLEAN, custom=True),
        Field("Start__c", "Start", FieldType.DATE, custom=True),
        Field("Number__c", "Number", FieldType.STRING, 30, createable=False, updateable=False, custom=True),
        Field("Once__c", "Once", FieldType.STRING, 20, updateable=False, custom=True),
        Field("Key__c", "Key", FieldType.STRING, 20, external_id=True, unique=True, id_lookup=True, custom=True),
    ),
)  # fmt: skip
CONTACT = SObjectType(
    "Contact", "Contact", "Contacts", "003",
    (_ID, Field("LastName", "Last Name", FieldType.STRING, 80, required=True), _PARENT),
)  # fmt: skip
USER = SObjectType("User", "User", "Users", "005", (_ID, _NAME))


class SmallOrg:
    """Stores rows, requires what is required, answers `SELECT ... FROM X` without conditions."""

    def __init__(self) -> None:
        self.schema = Schema((ACCOUNT, CONTACT, USER))
        self.org_id = "00D000000000001EAA"
        self.standard_price_book = "01s000000000001AAA"
        self.org_name = "Small Org"
        self.automated_user_id = "005000000000002AAA"
        self._ids = IdSequence()
        self._user = UserView("005000000000001AAA", "ada@example.com", "Ada", "Lovelace", time_zone="America/New_York")
        self.listener: Listener | None = None
        self._rows: dict[str, dict[str, Scalar]] = {}

    def listen(self, listener: Listener | None) -> None:
        self.listener = listener

    def find_virtual_type(self, name: str) -> SObjectType | None:
        return None

    def children_of(self, api_name: str) -> Sequence[ChildRelationship]:
        return self.schema.children_of(api_name)

    def now(self) -> datetime:
        return datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)

    def user(self) -> UserView:
        return self._user

    def run_as(self, user_id: str) -> UserView:
        before = self._user
        self._user = UserView(user_id, f"{user_id}@example.com", time_zone=before.time_zone)
        return before

    def query(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[QueryRow] | int:
        words = text.replace(",", " ").split()
        source = words[[w.lower() for w in words].index("from") + 1].lower()
        rows = [row for row in self._rows.values() if str(row["type"]).lower() == source]
        if "count()" in text.lower():
            return len(rows)
        names = words[1 : [w.lower() for w in words].index("from")]
        return [QueryRow(str(row["type"]), {n: row.get(n) for n in (*names, "Id")}) for row in rows]

    def check_query(self, text: str) -> str | None:
        return find_problem(self.schema, VirtualTables(), text)

    def find_held(self, record_ids: Sequence[str]) -> list[str]:
        return []

    def search(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[list[QueryRow]]:
        return []

    def search_among(
        self, text: str, binds: Mapping[str, Scalar], record_ids: Sequence[str], *, user_mode: bool
    ) -> list[list[QueryRow]]:
        return []

    def insert(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        described = self.schema.find_type(sobject_type)
        assert described is not None
        results = []
        for row in rows:
            missing = [f.api_name for f in described.fields if f.required and row.get(f.api_name) is None]
            if missing:
                text = f"Required fields are missing: [{', '.join(missing)}]"
                results.append(
                    SaveResult(None, False, errors=(SaveError("REQUIRED_FIELD_MISSING", text, tuple(missing)),))
                )
                continue
            record_id = self._ids.next_id(described.key_prefix)
            self._rows[record_id] = {**row, "Id": record_id, "type": described.api_name}
            results.append(SaveResult(record_id, True))
        return results

    def update(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        for row in rows:
            self._rows[str(row["Id"])].update(row)
        return [SaveResult(str(row["Id"]), True) for row in rows]

    def upsert(
        self,
        sobject_type: str,
        key_field: str,
        rows: Sequence[Mapping[str, Scalar]],
        *,
        all_or_none: bool,
        user_mode: bool,
    ) -> list[SaveResult]:
        return self.insert(sobject_type, rows, all_or_none=all_or_none, user_mode=user_mode)

    def delete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]:
        for record_id in record_ids:
            del self._rows[record_id]
        return [SaveResult(record_id, True) for record_id in record_ids]

    def undelete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]:
        return [SaveResult(record_id, True) for record_id in record_ids]

    def merge(self, master: Mapping[str, Scalar], losers: Sequence[str], *, user_mode: bool) -> SaveResult:
        return SaveResult(str(master["Id"]), True)

    def convert_lead(self, asked: LeadConversion, *, user_mode: bool) -> ConvertedLead:
        return ConvertedLead(asked.lead_id)

    def empty_bin(self, record_ids: Sequence[str]) -> list[SaveResult]:
        return [SaveResult(record_id, True) for record_id in record_ids]

    def default_values(self, sobject_type: str) -> Mapping[str, Scalar]:
        return {}

    def note_row(self, sobject_type: str, values: Mapping[str, Scalar]) -> str:
        return self._ids.next_id("707")

    def change_row(self, record_id: str, values: Mapping[str, Scalar]) -> None:
        """Nobody reads these rows here."""

    def has_row(self, record_id: str) -> bool:
        return True

    def remove_row(self, record_id: str) -> None:
        """Nobody reads these rows here."""

    def publish(self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]) -> list[SaveResult]:
        return [SaveResult("e00000000000001AAA", True) for _ in rows]

    def publishes_at_once(self, sobject_type: str) -> bool:
        return False

    def find_event_subscriber(self, trigger: str) -> EventSubscriber:
        return EventSubscriber()

    def resolve_callout(self, endpoint: str) -> Callout:
        raise CalloutRefused(f"no callout: {endpoint}")

    @property
    def is_in_transaction(self) -> bool:
        return False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        before = self.savepoint()
        try:
            yield
        except BaseException:
            self.rollback(before)
            raise

    def savepoint(self) -> object:
        return {key: dict(row) for key, row in self._rows.items()}

    def rollback(self, savepoint: object) -> None:
        assert isinstance(savepoint, dict)
        self._rows = {key: dict(row) for key, row in savepoint.items()}

    def hide_data(self) -> None:
        """It has none of its own."""

    def show_data(self) -> None: ...

    @property
    def hides_data(self) -> bool:
        return False

    def can(self, sobject_type: str, action: str) -> bool:
        return sobject_type != "Contact" or action == "read"

    def readable_fields(self, sobject_type: str) -> frozenset[str]:
        described = self.schema.find_type(sobject_type)
        return frozenset(f.api_name.lower() for f in described.fields) if described is not None else frozenset()

    def creatable_fields(self, sobject_type: str) -> frozenset[str]:
        return self.editable_fields(sobject_type)

    def editable_fields(self, sobject_type: str) -> frozenset[str]:
        return self.readable_fields(sobject_type) - {"annualrevenue"}

    def has_permission(self, name: str) -> bool:
        return name == "Approve"

    @contextmanager
    def saving(self, options: Saving | None) -> Iterator[None]:
        yield

    def find_page(self, name: str) -> str | None:
        return "Invoice" if name.lower() == "invoice" else None

    def tab_sets(self) -> list[TabSet]:
        return []

    def approve(self, asked: Submission | Decision) -> Outcome:
        raise NotImplementedError

    def set_lock(self, record_id: str, locked: bool) -> bool:
        return False  # it has no record of that id

    def is_locked(self, record_id: str) -> bool:
        return False

    def components(self, kind: str) -> Sequence[Component]:
        return ()

    def find_component(self, kind: str, full_name: str) -> Component | None:
        return None

    def new_deploy(self) -> str:
        raise SalesforceError("INSUFFICIENT_ACCESS", "this org has no metadata")

    def deploy(self, deploy_id: str, elements: Sequence[tuple[str, Node]]) -> DeployJob:
        raise NotImplementedError

    def find_static_resource(self, name: str) -> bytes | None:
        return None

    def find_flow(self, name: str) -> Flow | None:
        return None

    def launch_flow(self, flow: Flow, inputs: Mapping[str, Item]) -> Interview:
        raise NotImplementedError

    def find_duplicates(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]
    ) -> list[list[FoundDuplicates]] | None:
        return None

    def event_flows(self, sobject_type: str) -> Sequence[Flow]:
        return ()

    def run_event_flow(self, flow: Flow, events: Sequence[Mapping[str, Scalar]]) -> None:
        raise NotImplementedError

    def formula_global(self, path: GlobalPath) -> Scalar:
        return None

    def find_label(self, name: str) -> str | None:
        return {"greeting": "Hello"}.get(name.lower())
