"""Which objects a search looks into, and which of their fields.

Source: "IN SearchGroup" (SOQL and SOSL Reference), "Search Fields" (Salesforce Help).
ASSUMED: ALL FIELDS are the text, long text, e-mail, phone and URL fields; SIDEBAR FIELDS those of names, e-mail and phone.
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.schema.companions import find_shared, owner_name
from orgtwin.schema.model import Field, FieldType, Schema, SObjectType

_TEXTS = frozenset({FieldType.STRING, FieldType.TEXTAREA, FieldType.EMAIL, FieldType.PHONE, FieldType.URL})
_SEARCHED_SETUP = frozenset({"User", "Group"})
_NAMES: Mapping[str, tuple[str, ...]] = {
    "Account": ("Name", "Website", "Site"),
    "Asset": ("Name", "SerialNumber"),
    "Case": ("SuppliedName", "CaseNumber", "Subject"),
    "Contact": ("Name", "FirstName", "LastName", "AssistantName"),
    "Contract": ("ContractNumber", "Name"),
    "Event": ("Subject",),
    "Lead": ("Name", "FirstName", "LastName", "Company"),
    "Note": ("Title",),
    "Product2": ("Name", "ProductCode"),
    "Task": ("Subject",),
    "User": ("Name", "FirstName", "LastName", "CommunityNickname"),
}
"""What NAME FIELDS means for an object; for the others it is their name field."""


def is_searched(schema: Schema, sobject_type: SObjectType) -> bool:
    """Whether FIND looks into an object: not into events, setup, and what stands beside another object."""
    if sobject_type.event or not sobject_type.queryable or sobject_type.custom_setting is not None:
        return False
    if sobject_type.setup or not sobject_type.createable:
        return sobject_type.api_name in _SEARCHED_SETUP
    name = sobject_type.api_name
    return owner_name(schema, name) is None and find_shared(schema, name) is None


def searched_fields(sobject_type: SObjectType, group: str, readable: frozenset[str]) -> list[Field]:
    """The fields of a search group that the caller may read."""
    fields = [f for f in sobject_type.fields if f.type in _TEXTS and f.api_name.lower() in readable]
    return [f for f in fields if _is_in(sobject_type, f, group)]


def _is_in(sobject_type: SObjectType, f: Field, group: str) -> bool:
    if group == "EMAIL":
        return f.type is FieldType.EMAIL
    if group == "PHONE":
        return f.type is FieldType.PHONE
    if group == "NAME":
        names = _NAMES.get(sobject_type.api_name)
        return f.api_name in names if names is not None else f.name_field
    if group == "SIDEBAR":
        return any(_is_in(sobject_type, f, part) for part in ("NAME", "EMAIL", "PHONE"))
    return True
