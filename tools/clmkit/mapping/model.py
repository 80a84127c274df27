"""The mapping spec after loading: every default applied, every short form spelled out. Generator, sync and reports read only this.

Nothing here is optional by accident: a `None` is an answer ("no CLM side", "no flag"), never "ask the defaults".
All types are frozen; the loader is the only place that builds them from a file, tests build them directly.
"""

from __future__ import annotations

import enum

import msgspec


class FieldKind(enum.Enum):
    """A Salesforce field type, in the spec's spelling. `metadata_name` is the spelling of the Metadata API."""

    TEXT = "text"
    TEXT_AREA = "text_area"
    LONG_TEXT = "long_text"
    HTML = "html"
    NUMBER = "number"
    CURRENCY = "currency"
    PERCENT = "percent"
    CHECKBOX = "checkbox"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    URL = "url"
    EMAIL = "email"
    PHONE = "phone"
    PICKLIST = "picklist"
    MULTIPICKLIST = "multipicklist"
    LOOKUP = "lookup"
    MASTER_DETAIL = "master_detail"

    @property
    def metadata_name(self) -> str:
        return _METADATA_NAMES[self]


_METADATA_NAMES = {
    FieldKind.TEXT: "Text",
    FieldKind.TEXT_AREA: "TextArea",
    FieldKind.LONG_TEXT: "LongTextArea",
    FieldKind.HTML: "Html",
    FieldKind.NUMBER: "Number",
    FieldKind.CURRENCY: "Currency",
    FieldKind.PERCENT: "Percent",
    FieldKind.CHECKBOX: "Checkbox",
    FieldKind.DATE: "Date",
    FieldKind.DATETIME: "DateTime",
    FieldKind.TIME: "Time",
    FieldKind.URL: "Url",
    FieldKind.EMAIL: "Email",
    FieldKind.PHONE: "Phone",
    FieldKind.PICKLIST: "Picklist",
    FieldKind.MULTIPICKLIST: "MultiselectPicklist",
    FieldKind.LOOKUP: "Lookup",
    FieldKind.MASTER_DETAIL: "MasterDetail",
}


class FieldClass(enum.Enum):
    """What may happen to a field's value: kept the same, shown only, or never leaving the CLM."""

    SYNC = "sync"
    READ_ONLY = "read_only"
    CLM_ONLY = "clm_only"


class Owner(enum.Enum):
    """The system of record. SHARED: the precedence table decides per lifecycle state."""

    CLM = "clm"
    SALESFORCE = "salesforce"
    SHARED = "shared"


class Direction(enum.Enum):
    """Which way values move; always implied by owner and class, never written in the spec."""

    CLM_TO_SALESFORCE = "clm_to_salesforce"
    SALESFORCE_TO_CLM = "salesforce_to_clm"
    BOTH = "both"
    NONE = "none"


class ConflictRule(enum.Enum):
    """What happens when both sides changed a field since they last agreed."""

    OWNER_WINS = "owner_wins"
    PRECEDENCE = "precedence"  # the precedence row that applies names the winner
    NEWEST_WINS = "newest_wins"
    STEWARD_DECIDES = "steward_decides"  # parked as a conflict; nothing is written


class Blank(enum.Enum):
    """What an empty CLM value does to the Salesforce field."""

    CLEAR = "clear"  # writes null
    LEAVE = "leave"  # writes nothing
    PARK = "park_value"  # an empty value is an error somebody must look at
    PARK_ROW = "park_row"


class Park(enum.Enum):
    """How much waits when a value cannot be mapped."""

    VALUE = "park_value"  # the row is written without this field
    ROW = "park_row"  # the whole row waits


class Missing(enum.Enum):
    """What happens when the Salesforce record that a reference names does not exist."""

    PARK_ROW = "park_row"
    PARK_VALUE = "park_value"
    CREATE = "create"  # upsert it from the object mapping of that Salesforce object, parents first


class Role(enum.Enum):
    """Why a Salesforce field is in the mapping."""

    KEY = "key"  # the external ID that upserts match on
    VERSION = "version"  # the CLM revision that wrote the row last
    PARENT = "parent"  # lookup or master-detail that places the row
    VALUE = "value"  # a mapped value
    FLAG = "flag"  # a checkbox that says a special value stands behind an empty field


class Origin(enum.Enum):
    """Where a Salesforce field comes from."""

    STANDARD = "standard"  # Salesforce ships it
    CREATED = "created"  # the kit generates and deploys it
    EXISTING = "existing"  # a custom field that the org already has; the kit never writes its metadata


class AudienceKind(enum.Enum):
    INTEGRATION_USER = "integration_user"
    PEOPLE = "people"


class FieldType(msgspec.Struct, frozen=True, kw_only=True):
    """A Salesforce field type with its measures. Zero and empty mean: this kind has no such measure."""

    kind: FieldKind
    length: int = 0  # text, long_text, html; text_area and url are 255, email 80, phone 40
    precision: int = 0  # digits in all, Salesforce's meaning: integer digits = precision - scale
    scale: int = 0
    rounding: str = (
        "exact"  # numbers: exact refuses more decimals than scale; half_up and half_even round before sending
    )
    value_map: str = ""  # picklist, multipicklist: name in Spec.value_maps
    currency_code: str = ""  # currency: CLM path of the ISO code that stands beside the amount
    reference_to: str = ""  # lookup, master_detail
    relationship: str = ""  # lookup, master_detail: the child relationship name
    visible_lines: int = 0  # long_text, html, multipicklist


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """How a lookup finds its record: by an external ID or another unique field of the other object."""

    object: str  # Account
    field: str  # CLM_Party_Id__c
    relationship: str  # Account, Contract__r: the name to write the key under in REST
    missing: Missing


class PrecedenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a shared field's decision table. Resolved tables are total and disjoint over the lifecycle states."""

    states: tuple[str, ...]  # names of Spec.lifecycle states
    wins: Owner  # CLM or SALESFORCE, never SHARED


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

    @property
    def to_salesforce(self) -> bool:
        return self.direction in (Direction.CLM_TO_SALESFORCE, Direction.BOTH)

    @property
    def to_clm(self) -> bool:
        return self.direction in (Direction.SALESFORCE_TO_CLM, Direction.BOTH)


class ObjectMapping(msgspec.Struct, frozen=True, kw_only=True):
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
    fields: tuple[FieldMapping, ...]  # key, version, parents, values, flags; CLM_ONLY fields too
    depends_on: tuple[str, ...]  # names of object mappings that must be written first

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
    def columns(self) -> tuple[FieldMapping, ...]:
        """The fields that exist in Salesforce."""
        return tuple(field for field in self.fields if field.salesforce)

    @property
    def created(self) -> tuple[FieldMapping, ...]:
        """The fields whose metadata the kit generates."""
        return tuple(field for field in self.fields if field.origin is Origin.CREATED and field.salesforce)

    def get_field(self, name: str) -> FieldMapping:
        return next(field for field in self.fields if field.name == name)


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """A group of readers; becomes a permission set."""

    name: str
    label: str
    kind: AudienceKind
    permission_set: str  # API name
    description: str


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """A promise from CLM event to committed row. Exactly one of p99_seconds and at is set."""

    name: str
    p99_seconds: float | None
    at: str  # "02:00": a batch started at that time
    zone: str  # IANA name, or "org" for the org's default time zone


class MapValue(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a value map: a CLM value and the picklist value it becomes."""

    clm: str
    salesforce: str  # the picklist value's API name, verbatim
    label: str
    active: bool


class ValueMap(msgspec.Struct, frozen=True, kw_only=True):
    """A closed list of values. `picklist` lists each Salesforce value once, in the order of the spec."""

    name: str
    label: str
    global_set: str  # API name of the GlobalValueSet it becomes; "" for a set local to its field
    restricted: bool
    unknown: Park
    values: tuple[MapValue, ...]

    @property
    def picklist(self) -> tuple[MapValue, ...]:
        seen: dict[str, MapValue] = {}
        for value in self.values:
            seen.setdefault(value.salesforce, value)
        return tuple(seen.values())


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One lifecycle state on both sides. `category` is Salesforce's StatusCode: Draft, InApproval or Activated."""

    name: str
    clm: str
    status: str
    category: str


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True):
    clm: str  # path of the stage
    field: str  # Status
    states: tuple[State, ...]
    moves: tuple[tuple[str, str], ...]  # (from, to), both state names
    frozen: tuple[tuple[str, tuple[str, ...]], ...]  # field name -> states in which it may not change any more

    def get_state_of_stage(self, stage: str) -> State:
        return next(state for state in self.states if state.clm == stage)

    def may_move(self, before: str, after: str) -> bool:
        """Whether an agreement may go from one state name to another; staying is always allowed."""
        return before == after or (before, after) in self.moves


class OrgCurrency(msgspec.Struct, frozen=True, kw_only=True):
    """The org's money law: in a single-currency org an amount in another currency is refused, never converted."""

    code: str
    multi: bool


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """A whole mapping spec. `objects` stand in write order: parents first."""

    name: str
    version: str
    summary: str
    api_version: str
    prefix: str
    currency: OrgCurrency
    stewards: tuple[tuple[str, str], ...]  # name -> role title
    audiences: tuple[Audience, ...]
    latency: tuple[Latency, ...]
    value_maps: tuple[ValueMap, ...]
    lifecycle: Lifecycle | None
    objects: tuple[ObjectMapping, ...]

    def get_object(self, name: str) -> ObjectMapping:
        return next(mapping for mapping in self.objects if mapping.name == name)

    def find_object_of(self, salesforce: str) -> ObjectMapping | None:
        return next((mapping for mapping in self.objects if mapping.salesforce == salesforce), None)

    def get_value_map(self, name: str) -> ValueMap:
        return next(value_map for value_map in self.value_maps if value_map.name == name)

    @property
    def integration(self) -> Audience:
        return next(audience for audience in self.audiences if audience.kind is AudienceKind.INTEGRATION_USER)
