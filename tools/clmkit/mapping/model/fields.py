"""Resolved objects and fields: one Salesforce object, the CLM rows that fill it, and everything known about each field."""

from __future__ import annotations

from functools import cached_property

import msgspec

from clmkit.mapping.model.words import (
    Blank,
    Cleared,
    ConflictRule,
    Direction,
    Encryption,
    FieldClass,
    FieldKind,
    Missing,
    ObjectKind,
    Operator,
    Origin,
    Owner,
    Park,
    Role,
    RollUp,
)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison of a Salesforce field with values. Days for WITHIN_NEXT and IN_LAST."""

    field: str  # API name
    operator: Operator
    values: tuple[str, ...]


class RollUpOf(msgspec.Struct, frozen=True, kw_only=True):
    """What a roll-up summary counts: records of a detail object, or one of its fields."""

    operation: RollUp
    object: str  # API name of the detail
    through: str  # API name of its master-detail field
    field: str  # API name of the summarized field; "" for COUNT
    where: tuple[Condition, ...] = ()


class FieldType(msgspec.Struct, frozen=True, kw_only=True):
    """A Salesforce field type with its measures. Zero and empty mean: this kind has no such measure."""

    kind: FieldKind
    length: int = 0  # text, external_lookup, long_text, html; text_area and url are 255, email 80, phone 40
    precision: int = 0  # digits in all, Salesforce's meaning: integer digits = precision - scale
    scale: int = 0
    rounding: str = (
        "exact"  # numbers: exact refuses more decimals than scale; half_up and half_even round before sending
    )
    value_map: str = ""  # picklist, multipicklist: name in Spec.value_maps
    currency_code: str = ""  # currency: CLM path of the ISO code that stands beside the amount
    reference_to: str = ""  # lookup, master_detail, hierarchy, external_lookup
    relationship: str = ""  # as reference_to: the child relationship name
    visible_lines: int = 0  # long_text, html, multipicklist
    formula: str = ""  # formula
    returns: FieldKind | None = None  # formula: the kind of its result
    blanks_as_zero: bool = False  # formula over numbers: an empty field counts as 0, else the result is empty
    display_format: str = ""  # auto_number
    start: int = 1  # auto_number: the first number
    roll_up: RollUpOf | None = None  # roll_up
    mask: str = ""  # encrypted_text: the Metadata API's maskType
    mask_character: str = ""  # encrypted_text: the Metadata API's maskChar
    decimal_degrees: bool = True  # geolocation: shown as decimals, else as degrees, minutes and seconds

    @property
    def metadata_name(self) -> str:
        """The `type` element of the CustomField: for a formula the type of its result."""
        return (self.returns or self.kind).metadata_name

    @property
    def value_kind(self) -> FieldKind:
        """The kind of its values: a formula's result, a roll-up's number, the text of an auto-number or of an External ID."""
        return self.returns or _VALUE_KINDS.get(self.kind, self.kind)


_VALUE_KINDS = {
    FieldKind.ROLL_UP: FieldKind.NUMBER,
    FieldKind.AUTO_NUMBER: FieldKind.TEXT,
    FieldKind.EXTERNAL_LOOKUP: FieldKind.TEXT,
}


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """How a lookup finds its record: by an external ID or another unique field of the other object."""

    object: str  # Account
    field: str  # CLM_Party_Id__c
    relationship: str  # Account, Contract__r: the name to write the key under in REST
    missing: Missing


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Days around a date of the same record: the last `days` before it, or the first `days` from it on."""

    field: str  # name of a date field of the object in the spec
    before: bool
    days: int


class PrecedenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a shared field's decision table; `clmkit.mapping.precedence` reads tables.

    Rows are read from the top and the first that applies wins. Without roles and windows they are total and
    disjoint over the states.
    """

    states: tuple[str, ...]  # names of Spec.lifecycle states
    wins: Owner  # CLM or SALESFORCE, never SHARED
    roles: tuple[str, ...] = ()  # names of Spec.audiences one of which made the edit; empty: anybody
    window: Window | None = None  # None: always


class FieldMapping(msgspec.Struct, frozen=True, kw_only=True):
    """One value and both its homes. `salesforce` is empty exactly for class CLM_ONLY."""

    name: str  # the field's name in the spec
    role: Role
    clm: str  # dotted path from the row's CLM item; a leading "/" starts at the agreement
    salesforce: str  # API name
    label: str
    type: FieldType
    origin: Origin
    field_class: FieldClass
    owner: Owner
    direction: Direction
    precedence: tuple[PrecedenceRow, ...]  # empty unless owner is SHARED
    conflict: ConflictRule
    latency: str  # name in Spec.latency
    audience: tuple[str, ...]  # names in Spec.audiences that may read; the integration user is not listed
    editors: tuple[str, ...]  # the part of `audience` that may edit in Salesforce
    has_fls: bool  # False: Salesforce has no field-level security for it, a permission set must not name it
    transform: str  # name in transforms.TRANSFORMS
    special: tuple[
        tuple[str, str | None], ...
    ]  # CLM text -> Salesforce value, compared without case before the transform
    flag: str  # API name of the checkbox that is true when a special value was met; "" for none
    flag_of: str  # Role.FLAG: the name of the field it speaks for
    hash: str  # name of the field of this object that carries the content hash of what this field links to; "" for none
    seed: bool  # owned by Salesforce, but the CLM's value is written when the record is created
    blank: Blank
    unreadable: Park  # the transform refused, or the value map does not know the value
    required: bool
    unique: bool
    external_id: bool
    case_sensitive: bool
    track_history: bool
    lifecycle: bool  # its values are the lifecycle's states
    reference: Reference | None
    steward: str  # name in Spec.stewards
    tags: tuple[str, ...]  # personal, confidential, ...: written to complianceGroup and securityClassification
    requires: tuple[
        tuple[str, str], ...
    ]  # org settings it depends on: ("ContractSettings.autoCalculateEndDate", "false")
    frozen_from: tuple[str, ...]  # lifecycle states in which people may no longer change it
    reason: str  # CLM_ONLY: why it never leaves
    description: str
    help: str
    cleared: Cleared = Cleared.CLEAR
    zone: str = ""  # date_of_instant: IANA name, `org`, or "" for the instant's own offset
    retention: str = ""  # name in Spec.retention; "" when nothing says how long it is kept
    encryption: Encryption = Encryption.NONE
    back: str = ""  # name of the transform whose inverse is the way back; "" for `transform` itself

    @property
    def to_salesforce(self) -> bool:
        return self.direction in (Direction.CLM_TO_SALESFORCE, Direction.BOTH)

    @property
    def to_clm(self) -> bool:
        return self.direction in (Direction.SALESFORCE_TO_CLM, Direction.BOTH)


class RecordType(msgspec.Struct, frozen=True, kw_only=True):
    """A record type and the CLM values that choose it."""

    name: str
    developer_name: str
    label: str
    description: str
    active: bool
    clm: tuple[str, ...]  # values of ObjectMapping.record_type.clm


class ValidationRule(msgspec.Struct, frozen=True, kw_only=True):
    """What Salesforce refuses of people: the formula is true when the record is wrong. The integration user is let through."""

    name: str
    developer_name: str
    formula: str
    message: str
    field: str  # API name of the field the message stands at; "" for the top of the page
    description: str


class SharingRule(msgspec.Struct, frozen=True, kw_only=True):
    """Records of a private or read-only custom object that a public group may see or edit."""

    name: str
    developer_name: str
    label: str
    group: str  # DeveloperName of the public group
    edit: bool
    where: tuple[Condition, ...]


class ObjectMapping(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One Salesforce object and the CLM rows that fill it.

    `clm` is the path of the rows: "agreements" for one row per agreement, "agreements.parties" for one row per element of the
    agreement's list, "agreements.counterparty" for one row per agreement that has one.
    """

    name: str
    clm: str
    salesforce: str
    custom: bool
    label: str
    plural_label: str
    description: str
    name_field: str  # custom objects: label of the Name field; "" for a standard one
    name_format: (
        str  # custom objects: display format of an auto-numbered Name, "P-{000000}"; "" when Name is a mapped text
    )
    sharing: str  # custom objects: ControlledByParent for a detail, else ReadWrite, Read or Private
    owner: Owner  # SALESFORCE: the kit creates the key and reads; records come from Salesforce, or from a seed
    fields: tuple[FieldMapping, ...]  # key, version, parents, values, flags, record type; CLM_ONLY fields too
    depends_on: tuple[str, ...]  # names of object mappings that must be written first
    kind: ObjectKind = ObjectKind.OTHER
    record_types: tuple[RecordType, ...] = ()
    checks: tuple[ValidationRule, ...] = ()
    shares: tuple[SharingRule, ...] = ()
    retention: str = ""  # name in Spec.retention

    @property
    def key(self) -> FieldMapping:
        return next(field for field in self.fields if field.role is Role.KEY)

    @property
    def version(self) -> FieldMapping | None:
        return next((field for field in self.fields if field.role is Role.VERSION), None)

    @property
    def parents(self) -> tuple[FieldMapping, ...]:
        return tuple(field for field in self.fields if field.role is Role.PARENT)

    @property
    def record_type(self) -> FieldMapping | None:
        return next((field for field in self.fields if field.role is Role.RECORD_TYPE), None)

    @cached_property
    def columns(self) -> tuple[FieldMapping, ...]:
        """The fields that exist in Salesforce."""
        return tuple(field for field in self.fields if field.salesforce)

    @property
    def created(self) -> tuple[FieldMapping, ...]:
        """The fields whose metadata the kit generates."""
        return tuple(field for field in self.fields if field.origin is Origin.CREATED and field.salesforce)

    def get_field(self, name: str) -> FieldMapping:
        return next(field for field in self.fields if field.name == name)
