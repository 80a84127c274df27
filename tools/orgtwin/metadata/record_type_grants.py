"""Which record types a user may give to records, read from the profiles and permission sets that were deployed.

Source: "Profile", "PermissionSet" (Metadata API Developer Guide), recordTypeVisibilities: a record type is nobody's, not even the
administrator's, until it is made visible; a profile says which is its users' default. A muting set takes from its group's sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Protocol

from orgtwin.access.assignments import MUTING_PREFIX, sources_of
from orgtwin.access.grants import RecordTypeGrant
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.types.profiles import PROFILE_NAMES
from orgtwin.records.table import RecordTable

_FULL_NAMES = {name: full_name for full_name, name in PROFILE_NAMES.items()}


class Tables(Protocol):
    def table(self, sobject_type: str) -> RecordTable: ...

    @property
    def now(self) -> datetime: ...


class RecordTypeGrants:
    """Callable: the grant of a user on an object."""

    def __init__(self, org: Tables, components: Callable[[], ComponentStore]) -> None:
        self._org = org
        self._components = components

    def __call__(self, user_id: str, sobject_type: str) -> RecordTypeGrant:
        names: set[str] = set()
        default: str | None = None
        for source in sources_of(self._org, user_id, self._org.now):
            seen = set(self._visible(source.set_id, sobject_type))
            muted = {name for set_id in source.muting_ids for name, _ in self._visible(set_id, sobject_type)}
            names |= {name for name, _ in seen} - muted
            default = next((name for name, is_default in seen if is_default), default)
        return RecordTypeGrant(frozenset(names), default)

    def _visible(self, set_id: str, sobject_type: str) -> Iterator[tuple[str, bool]]:
        """Developer names, in lower case, of an object's visible record types, and whether one is the default."""
        component = self._component(set_id)
        for entry in component.body.all("recordTypeVisibilities") if component is not None else ():
            owner, _, name = (entry.value("recordType") or "").partition(".")
            if owner.lower() == sobject_type.lower() and entry.flag("visible"):
                yield name.lower(), entry.flag("default")

    def _component(self, set_id: str) -> Component | None:
        type_name, full_name = self._full_name(set_id)
        return self._components().find(type_name, full_name) if full_name is not None else None

    def _full_name(self, set_id: str) -> tuple[str, str | None]:
        if set_id.startswith(MUTING_PREFIX):
            return "MutingPermissionSet", self._value("MutingPermissionSet", set_id, "DeveloperName")
        profile_id = self._value("PermissionSet", set_id, "ProfileId")
        if profile_id is None:
            return "PermissionSet", self._value("PermissionSet", set_id, "Name")
        name = self._value("Profile", profile_id, "Name")
        return "Profile", _FULL_NAMES.get(name or "", name)

    def _value(self, sobject_type: str, record_id: str, field: str) -> str | None:
        table = self._org.table(sobject_type)
        row = table.get(record_id)
        value = table.reader(field)(row) if row is not None else None
        return str(value) if value is not None else None
