"""One org: its schema, records, access rules, settings, clock. Every surface works on an Organization and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from orgtwin.ids import IdSequence
from orgtwin.records.kept_jobs import KeptJobs
from orgtwin.records.model import Caller, Dml, Row, Table
from orgtwin.schema.model import Schema
from orgtwin.settings import Settings

if TYPE_CHECKING:
    from orgtwin.access.assignments import Rights
    from orgtwin.access.grants import Grant

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class Access(Protocol):
    """Who may see and change what. SYSTEM_MODE callers may everything."""

    def can(self, caller: Caller, sobject_type: str, action: str) -> bool:
        """`action`: read, create, edit, delete, viewAll, modifyAll."""

    def readable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        """API names, lower case. A field outside does not exist for this caller: INVALID_FIELD, "No such column"."""

    def creatable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]:
        """API names, lower case, of what this caller may set on insert."""

    def editable_fields(self, caller: Caller, sobject_type: str) -> frozenset[str]: ...

    def row_filter(self, caller: Caller, sobject_type: str) -> Callable[[Row], bool] | None:
        """Which rows sharing shows to this caller; None when all of them."""

    def has_permission(self, caller: Caller, name: str) -> bool:
        """A user permission (ApiEnabled, ModifyAllData ...) or a custom permission by API name."""

    def grant(self, caller: Caller, sobject_type: str) -> Grant:
        """All of that at once, as it stands."""

    def rights(self, user_id: str) -> Rights:
        """All that a user may do before sharing, and whether the user is active; of no such user, nothing."""


class Organization(Protocol):
    """What the surfaces may ask of an org."""

    org_id: str
    running_user_id: str  # whose $User the formula fields see; every read and write sets it
    clock: Clock
    ids: IdSequence
    kept_jobs: KeptJobs
    settings: Settings  # "ContractSettings.autoCalculateEndDate" -> False

    @property
    def schema(self) -> Schema: ...

    def replace_schema(self, schema: Schema) -> None:
        """Take a later schema into use; tables of removed objects and fields go, new ones appear empty."""

    def table(self, sobject_type: str) -> Table: ...

    @property
    def dml(self) -> Dml: ...

    @property
    def access(self) -> Access: ...

    def savepoint(self) -> object:
        """A mark of records and schema to which `rollback` returns."""

    def rollback(self, savepoint: object) -> None: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside are committed, and told to those who listen, together; an exception takes the record writes back."""

    def setup_writes(self) -> AbstractContextManager[None]:
        """Writes inside are those of a deploy: neither triggers nor duplicate rules hear of them."""

    def system_caller(self) -> Caller:
        """The automated process: SYSTEM_MODE."""
