"""What Salesforce ships: the standard objects and fields that a contract integration meets.

Source: Object Reference for the Salesforce Platform (Contract, Account, Contact, Opportunity, User), API 66; which fields have
field-level security was read off permission sets that orgs returned. `when` says what an org needs for the field to exist or be
writable. An object that is not listed is not known: rules about its fields stay silent rather than guess.
"""

from __future__ import annotations

import functools
from importlib import resources

import msgspec

from clmkit.mapping.model import FieldKind


class StandardField(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One field of a standard object. `type` is a FieldKind value, or `id` or `address`, which no mapping can fill."""

    label: str
    type: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    create: bool = True
    update: bool = True
    nillable: bool = True
    fls: bool = True
    reference_to: str = ""
    relationship: str = ""
    when: str = ""
    id_lookup: bool = False

    @property
    def kind(self) -> FieldKind | None:
        return _KINDS.get(self.type)


class StandardObject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    plural_label: str
    fields: dict[str, StandardField]


_KINDS = {kind.value: kind for kind in FieldKind}


@functools.cache
def standard_objects() -> dict[str, StandardObject]:
    text = resources.files(__package__).joinpath("standard.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, StandardObject])


def find_standard_field(object_name: str, field_name: str) -> StandardField | None:
    standard = standard_objects().get(object_name)
    return standard.fields.get(field_name) if standard else None


def is_custom(api_name: str) -> bool:
    return api_name.endswith("__c")
