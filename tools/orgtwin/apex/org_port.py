"""What Apex needs from an org, and nothing more.

The schema is orgtwin.schema's (plain immutable data). Rows travel as QueryRow and as plain mappings; Python types inside are
those of orgtwin.records.model: str, bool, int, Decimal, date, datetime, time, bytes, None.

The org calls back through TriggerHost: its save order asks for triggers before and after the write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orgtwin.apex.lead_conversion import ConvertedLead, LeadConversion
from orgtwin.errors import SalesforceError, SaveResult
from orgtwin.flows.conditions import Item
from orgtwin.flows.definition import Flow
from orgtwin.flows.interview import Interview
from orgtwin.formula import GlobalPath
from orgtwin.metadata.approvals import Decision, Outcome, Submission
from orgtwin.metadata.component import Component
from orgtwin.metadata.credentials import Callout
from orgtwin.metadata.deploy_model import DeployJob
from orgtwin.metadata.tabs import TabSet
from orgtwin.metadata.xml import Node
from orgtwin.records.telling import Listener
from orgtwin.schema.model import ChildRelationship, Schema, SObjectType

Scalar = object


@dataclass(slots=True)
class QueryRow:
    """One row of a query. `fields` by canonical API name (aggregates: by alias); parents and children by relationship name."""

    sobject_type: str
    fields: dict[str, Scalar] = field(default_factory=dict)
    parents: dict[str, QueryRow | None] = field(default_factory=dict)
    children: dict[str, list[QueryRow]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UserView:
    """The running user, as UserInfo tells it."""

    user_id: str
    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    profile_id: str = ""
    role_id: str | None = None
    time_zone: str = "GMT"
    locale: str = "en_US"
    language: str = "en_US"
    user_type: str = "Standard"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Saving:
    """How a write is meant: whether duplicates that a rule only alerts to are saved, whether texts that are too long are cut, which
    assignment rule is asked for (see Caller).
    """

    allows_duplicates: bool = False
    cuts_texts: bool = False
    assignment: str | None = None


@dataclass(frozen=True, slots=True)
class EventSubscriber:
    """How many events a trigger gets at a time and as whom; None leaves it to the platform."""

    batch_size: int | None = None
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class FoundMatch:
    """The saved records that a matching rule takes for the same."""

    rule: str
    sobject_type: str
    rows: tuple[QueryRow, ...]


@dataclass(frozen=True, slots=True)
class FoundDuplicates:
    """What a duplicate rule found for one record."""

    rule: str
    sobject_type: str
    alert_text: str
    may_save: bool
    matches: tuple[FoundMatch, ...]


class OrgPort(Protocol):
    """One org as Apex sees it. `user_mode` asks the running user's permissions and sharing."""

    @property
    def schema(self) -> Schema: ...

    def listen(self, listener: Listener | None) -> None:
        """Who hears of the rules and flows of saves from now on: a debug log, or nobody."""

    def find_virtual_type(self, name: str) -> SObjectType | None:
        """An object that is computed when it is queried: EntityDefinition and its kin."""

    def children_of(self, api_name: str) -> Sequence[ChildRelationship]:
        """Everything that points at an object, computed objects included."""

    @property
    def org_id(self) -> str: ...

    @property
    def org_name(self) -> str: ...

    @property
    def automated_user_id(self) -> str: ...

    def now(self) -> datetime:
        """The org's clock, in UTC."""

    def user(self) -> UserView:
        """The running user."""

    def run_as(self, user_id: str) -> UserView:
        """Make another user the running one; returns who it was before."""

    def query(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[QueryRow] | int:
        """Rows of a SELECT, or the number for `SELECT COUNT()`. `:name` in the text stands for `binds[name]`."""

    def check_query(self, text: str) -> str | None:
        """What is wrong with a SELECT, in the org's words, before any bind has a value; None when it can run."""

    def find_held(self, record_ids: Sequence[str]) -> list[str]:
        """Those of some rows that another transaction holds, however long this one waits."""

    def search(self, text: str, binds: Mapping[str, Scalar], *, user_mode: bool) -> list[list[QueryRow]]: ...

    def search_among(
        self, text: str, binds: Mapping[str, Scalar], record_ids: Sequence[str], *, user_mode: bool
    ) -> list[list[QueryRow]]: ...

    def saving(self, options: Saving | None) -> AbstractContextManager[None]:
        """What is written inside is written so; None changes nothing."""

    def insert(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]: ...

    def update(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]: ...

    def upsert(
        self,
        sobject_type: str,
        key_field: str,
        rows: Sequence[Mapping[str, Scalar]],
        *,
        all_or_none: bool,
        user_mode: bool,
    ) -> list[SaveResult]: ...

    def delete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]: ...

    def undelete(self, record_ids: Sequence[str], *, all_or_none: bool, user_mode: bool) -> list[SaveResult]: ...

    def merge(self, master: Mapping[str, Scalar], losers: Sequence[str], *, user_mode: bool) -> SaveResult: ...

    def convert_lead(self, asked: LeadConversion, *, user_mode: bool) -> ConvertedLead: ...

    def empty_bin(self, record_ids: Sequence[str]) -> list[SaveResult]: ...

    def default_values(self, sobject_type: str) -> Mapping[str, Scalar]:
        """What a new record of the running user starts with, beside its owner."""

    def note_row(self, sobject_type: str, values: Mapping[str, Scalar]) -> str:
        """A row of the platform's own (a job, a log); its id."""

    def change_row(self, record_id: str, values: Mapping[str, Scalar]) -> None: ...

    def has_row(self, record_id: str) -> bool: ...

    def remove_row(self, record_id: str) -> None: ...

    def publish(self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]) -> list[SaveResult]:
        """Publish platform events."""

    def publishes_at_once(self, sobject_type: str) -> bool:
        """Whether events of this type go out at once; else with the commit."""

    def find_event_subscriber(self, trigger: str) -> EventSubscriber:
        """How events come to a trigger, as its PlatformEventSubscriberConfig says."""

    def resolve_callout(self, endpoint: str) -> Callout:
        """Where a callout of the running user goes. Raises CalloutRefused in the org's words."""

    @property
    def is_in_transaction(self) -> bool:
        """Whether what is done now waits for a commit."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are kept together; an exception takes them back."""

    def savepoint(self) -> object: ...

    def rollback(self, savepoint: object) -> None: ...

    def hide_data(self) -> None:
        """Until `show_data` the org has no records but those that manage it; a second call changes nothing."""

    def show_data(self) -> None: ...

    @property
    def hides_data(self) -> bool: ...

    def can(self, sobject_type: str, action: str) -> bool:
        """`action`: read, create, edit, delete; of the running user."""

    def readable_fields(self, sobject_type: str) -> frozenset[str]:
        """API names, lower case, that the running user may read."""

    @property
    def standard_price_book(self) -> str:
        """Its id."""

    def creatable_fields(self, sobject_type: str) -> frozenset[str]: ...

    def editable_fields(self, sobject_type: str) -> frozenset[str]: ...

    def has_permission(self, name: str) -> bool:
        """A custom permission of the running user."""

    def find_page(self, name: str) -> str | None:
        """The name of a Visualforce page, as it was deployed."""

    def tab_sets(self) -> list[TabSet]:
        """The apps of the running user with their tabs."""

    def approve(self, asked: Submission | Decision) -> Outcome:
        """Submit a record for approval, or decide on one. Raises SalesforceError."""

    def set_lock(self, record_id: str, locked: bool) -> bool:
        """Lock a record, or end its lock; whether there is such a record."""

    def is_locked(self, record_id: str) -> bool: ...

    def components(self, kind: str) -> Sequence[Component]:
        """The deployed components of a metadata type."""

    def find_component(self, kind: str, full_name: str) -> Component | None:
        """A component as it stands, whole; standard ones included."""

    def new_deploy(self) -> str:
        """The id of a deploy to come. Raises SalesforceError for a user who may not deploy."""

    def deploy(self, deploy_id: str, elements: Sequence[tuple[str, Node]]) -> DeployJob:
        """Deploy components, each by its full name and the root element of its file."""

    def find_static_resource(self, name: str) -> bytes | None:
        """The content of a static resource."""

    def find_flow(self, name: str) -> Flow | None:
        """The active flow of that name, in any case, that Apex may start."""

    def launch_flow(self, flow: Flow, inputs: Mapping[str, Item]) -> Interview: ...

    def find_duplicates(
        self, sobject_type: str, rows: Sequence[Mapping[str, Scalar]]
    ) -> list[list[FoundDuplicates]] | None:
        """What the active duplicate rules find for each row; None where the object has no such rule."""

    def event_flows(self, sobject_type: str) -> Sequence[Flow]:
        """The active flows that a platform event starts."""

    def run_event_flow(self, flow: Flow, events: Sequence[Mapping[str, Scalar]]) -> None:
        """Run one of them for a batch of events. Raises Fault, Refused."""

    def formula_global(self, path: GlobalPath) -> Scalar:
        """A global variable of formulas: $User.Alias, $Organization.Name ..."""

    def find_label(self, name: str) -> str | None:
        """The text of a custom label."""


@dataclass(slots=True)
class TriggerRow:
    """One record in the save order. `new` may be changed by before triggers; `errors` are (field or None, message)."""

    new: dict[str, Scalar] | None
    old: dict[str, Scalar] | None
    errors: list[tuple[str | None, str]] = field(default_factory=list)


class TriggerFailed(SalesforceError):
    """A trigger threw: every row of the chunk is refused with this code and message."""


class TriggerHost(Protocol):
    """What the org's save order calls."""

    def has_triggers(self, sobject_type: str) -> bool: ...

    def fire(self, sobject_type: str, moment: str, event: str, rows: list[TriggerRow]) -> None:
        """Run the triggers of one chunk (at most 200 rows): `moment` before or after; `event` insert, update, delete, undelete."""
