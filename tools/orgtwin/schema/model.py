"""What an org knows of its objects. Everything here is immutable: a deploy builds a new Schema, a rollback keeps the old one.

Names are case-insensitive on the way in and canonical on the way out, as in the org.
Property names and meanings: "DescribeSObjectResult" and "Field" (SOAP API Developer Guide).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec


class FieldType(StrEnum):
    """`type` of a field in describe. Source: "Field Types" (Object Reference)."""

    ID = "id"
    STRING = "string"
    TEXTAREA = "textarea"
    BOOLEAN = "boolean"
    INT = "int"
    DOUBLE = "double"
    CURRENCY = "currency"
    PERCENT = "percent"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    COMBOBOX = "combobox"
    REFERENCE = "reference"
    ADDRESS = "address"
    LOCATION = "location"
    BASE64 = "base64"
    ENCRYPTED_STRING = "encryptedstring"
    ANY_TYPE = "anyType"
    COMPLEX_VALUE = "complexvalue"


@dataclass(frozen=True, slots=True)
class PicklistValue:
    """One value of a set. `group` is the status category where the set has one (ContractStatus: Draft, InApproval, Activated)."""

    value: str
    label: str
    active: bool = True
    default: bool = False
    group: str | None = None


@dataclass(frozen=True, slots=True)
class RecordType:
    developer_name: str
    label: str
    active: bool = True
    description: str | None = None
    picklist_values: tuple[tuple[str, tuple[str, ...]], ...] = ()


EXTERNAL = "__x"
"""How the name of an external object ends: its rows stay in another system, which Salesforce Connect asks."""


class Field(msgspec.Struct, frozen=True, gc=False):
    """One field. Lengths in characters, precision and scale in digits; `formula` is the source text of a formula field.

    A struct because every start makes thousands; `msgspec.structs.replace` makes a changed one.
    """

    api_name: str
    label: str
    type: FieldType
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    id_lookup: bool = False
    name_field: bool = False
    auto_number: bool = False
    display_format: str | None = None
    calculated: bool = False
    formula: str | None = None
    formula_blank_as_zero: bool = False
    summary: tuple[str, str, str | None] | None = (
        None  # (child foreign key "Child__c.Parent__c", operation, child field)
    )
    default_formula: str | None = None
    custom: bool = False
    filterable: bool = True  # as far as its type is
    permissionable: bool = True  # takes field-level security; required, master-detail and system fields do not
    required: bool = False  # universally required: no field-level security, must be set on every save
    reference_to: tuple[str, ...] = ()
    relationship_name: str | None = None
    child_relationship_name: str | None = None
    cascade_delete: bool = False
    restricted_delete: bool = False
    master_detail_order: int | None = None
    write_requires_master_read: bool = False
    picklist: tuple[PicklistValue, ...] = ()
    restricted_picklist: bool = False
    value_set: str | None = None  # the global or standard value set this picklist takes its values from
    controller: str | None = None  # the field whose value says which values of this picklist may be chosen
    dependencies: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (value, the controlling values that it goes with)
    compound: str | None = None  # the compound field (BillingAddress) that this field is a part of
    help_text: str | None = None
    description: str | None = None
    html: bool = False
    track_history: bool = False
    summary_filters: tuple[
        tuple[str, str, str], ...
    ] = ()  # (child field, operation, value) that a summarized child meets

    @property
    def is_relationship(self) -> bool:
        return bool(self.reference_to)

    @property
    def is_master_detail(self) -> bool:
        return self.master_detail_order is not None

    @property
    def is_external_lookup(self) -> bool:
        """Names a record of an external object by its External ID: text, where any other reference holds an id."""
        return bool(self.reference_to) and self.reference_to[0].endswith(EXTERNAL)


@dataclass(frozen=True, slots=True)
class ChildRelationship:
    """One row of `childRelationships`: who points here, through which field, under which name (None: not queryable)."""

    child_type: str
    field: str
    relationship_name: str | None
    cascade_delete: bool = False
    restricted_delete: bool = False


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """`formula` true refuses the save with `message`, shown at `field` or at the record."""

    name: str
    formula: str
    message: str
    field: str | None = None
    active: bool = True
    rule_id: str = ""


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Paths to fields, each with whether a form must have it filled; those that are only available are not kept."""

    name: str
    label: str
    description: str | None = None
    fields: tuple[tuple[str, bool], ...] = ()


@dataclass(frozen=True)
class SObjectType:
    """One object of the org."""

    api_name: str
    label: str
    label_plural: str
    key_prefix: str
    fields: tuple[Field, ...]
    custom: bool = False
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    queryable: bool = True
    undeletable: bool = True
    sharing_model: str = "ReadWrite"
    record_types: tuple[RecordType, ...] = ()
    validation_rules: tuple[ValidationRule, ...] = ()
    field_sets: tuple[FieldSet, ...] = ()
    setup: bool = False  # setup objects (User, PermissionSet ...) are not mixed with others in one transaction
    custom_setting: str | None = None  # "Hierarchy" or "List"
    event: bool = False  # platform event: published, never stored
    feature: bool = (
        False  # belongs to a feature that an org turns on: of the profiles only the administrator's opens it
    )
    _by_name: Mapping[str, Field] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {f.api_name.lower(): f for f in self.fields})

    def find_field(self, name: str) -> Field | None:
        """The field of that name in any case, or None."""
        return self._by_name.get(name.lower())

    def controller_of(self, dependent: Field) -> Field | None:
        """The field that says which values of a picklist may be chosen, where one does."""
        return None if dependent.controller is None else self.find_field(dependent.controller)

    def find_relationship(self, name: str) -> Field | None:
        """The reference field whose relationship name (Account, Contract__r) that is, or None."""
        wanted = name.lower()
        return next((f for f in self.fields if f.relationship_name and f.relationship_name.lower() == wanted), None)


_versions = itertools.count(2)


class Schema:
    """All objects of one org at one moment. No two changes of a process have the same `version`: compiled plans go stale by it."""

    def __init__(self, types: Iterable[SObjectType], version: int = 1) -> None:
        self._types = {t.api_name.lower(): t for t in types}
        self._by_prefix = {t.key_prefix: t for t in self._types.values() if t.key_prefix}
        self.version = version
        self._children: dict[str, tuple[ChildRelationship, ...]] | None = None

    def __iter__(self) -> Iterator[SObjectType]:
        return iter(self._types.values())

    def find_type(self, name: str) -> SObjectType | None:
        """The object of that name in any case, or None."""
        return self._types.get(name.lower())

    def find_by_prefix(self, prefix: str) -> SObjectType | None:
        """The object whose ids begin with these three characters, or None."""
        return self._by_prefix.get(prefix)

    def children_of(self, api_name: str) -> tuple[ChildRelationship, ...]:
        """Everything that points at an object, by child object and field name."""
        if self._children is None:
            self._children = self._collect_children()
        return self._children.get(api_name.lower(), ())

    def with_types(self, changed: Iterable[SObjectType], removed: Iterable[str] = ()) -> Schema:
        """A later schema: `changed` added or replaced by name, `removed` gone."""
        gone = {name.lower() for name in removed}
        types = {key: t for key, t in self._types.items() if key not in gone}
        types.update({t.api_name.lower(): t for t in changed})
        return Schema(types.values(), next(_versions))

    def _collect_children(self) -> dict[str, tuple[ChildRelationship, ...]]:
        found: dict[str, list[ChildRelationship]] = {}
        for child in self._types.values():
            for f in child.fields:
                row = ChildRelationship(
                    child.api_name, f.api_name, f.child_relationship_name, f.cascade_delete, f.restricted_delete
                )
                for parent in f.reference_to:
                    found.setdefault(parent.lower(), []).append(row)
        return {parent: tuple(rows) for parent, rows in found.items()}
