"""The mapping spec as a person writes it: one Struct per block of the file, `clmkit/v1`.

The JSON Schema (`mappings/schema.json`) and the language reference (`docs/reference/spec.md`) are generated from these types, so a
description here is documentation. `UNSET` means the key is absent; what an absent key means is decided in one place, `resolve`.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.model import AudienceKind, Blank, ConflictRule, FieldClass, Missing, Owner, Park

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ApiName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
Path: TypeAlias = Annotated[str, Meta(pattern=r"^/?[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*$", max_length=255)]
Match: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*$")]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000)]
Label: TypeAlias = Annotated[str, Meta(min_length=1, max_length=80)]


class Block(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A block of the file: a YAML mapping with known keys only."""


class AudienceBlock(Block, frozen=True, kw_only=True):
    """People (or the integration user) who get one permission set."""

    label: Annotated[Label, Meta(description="What administrators see.")]
    kind: Annotated[
        AudienceKind,
        Meta(description="Exactly one audience is the integration user; it never appears in a field's audience."),
    ] = AudienceKind.PEOPLE
    description: (
        Annotated[Text, Meta(description="Who belongs to it and why; becomes the permission set's description.")]
        | UnsetType
    ) = UNSET


class LatencyBlock(Block, frozen=True, kw_only=True):
    """A promise from CLM event to committed row: either a percentile or a time of day."""

    p99: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9]+(\.[0-9]+)? (ms|s|min|h)$",
                description="99 of 100 changes arrive within this time: 2 s, 5 min.",
            ),
        ]
        | UnsetType
    ) = UNSET
    at: (
        Annotated[
            str,
            Meta(
                pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
                description='A batch starts at this time of day, quoted: "02:00".',
            ),
        ]
        | UnsetType
    ) = UNSET
    zone: Annotated[str, Meta(description="IANA time zone of `at`, or `org` for the org's default.")] = "org"


class MapValueBlock(Block, frozen=True, kw_only=True):
    """A picklist value that needs more than a name."""

    value: Annotated[str, Meta(min_length=1, max_length=255, description="The picklist value's API name.")]
    label: (
        Annotated[str, Meta(min_length=1, max_length=255, description="What users see; the API name when absent.")]
        | UnsetType
    ) = UNSET
    active: Annotated[bool, Meta(description="false retires the value: old rows keep it, new rows cannot get it.")] = (
        True
    )


class ValueMapBlock(Block, frozen=True, kw_only=True):
    """A closed list: CLM value on the left, picklist value on the right."""

    values: Annotated[
        dict[str, Annotated[str, Meta(min_length=1, max_length=255)] | MapValueBlock],
        Meta(min_length=1, description="CLM value: picklist value. Several CLM values may become one picklist value."),
    ]
    unknown: Annotated[
        Literal["park", "park_row"],
        Meta(description="What a value outside the map does: park the value, or the whole row. It is never guessed."),
    ] = "park"
    restricted: Annotated[bool, Meta(description="The org refuses other values, also from the integration user.")] = (
        True
    )
    label: Annotated[Label, Meta(description="Label of the global value set.")] | UnsetType = UNSET
    shared: Annotated[bool, Meta(description="true makes it a global value set that several fields use.")] = False


class StateBlock(Block, frozen=True, kw_only=True):
    """One lifecycle state on both sides."""

    clm: Annotated[str, Meta(min_length=1, description="The CLM's stage.")]
    status: Annotated[str, Meta(min_length=1, max_length=255, description="The Salesforce status value.")]
    category: Annotated[
        Literal["Draft", "InApproval", "Activated"],
        Meta(
            description="Salesforce's StatusCode. There is no Terminated or Expired category: those are statuses of Activated."
        ),
    ]


class LifecycleBlock(Block, frozen=True, kw_only=True):
    """The state machine, the same on both sides."""

    clm: Annotated[Path, Meta(description="Path of the CLM's stage.")]
    field: Annotated[ApiName, Meta(description="The Salesforce field that holds the status.")]
    states: Annotated[dict[Name, StateBlock], Meta(min_length=2, description="Every CLM stage, once.")]
    moves: Annotated[
        dict[Name, list[Name]],
        Meta(description="From each state, the states it may go to. A state that is absent is final."),
    ]
    frozen_after: Annotated[
        dict[Name, list[Name]],
        Meta(description="From this state on (and in every state that follows) these fields no longer change."),
    ] = msgspec.field(default_factory=dict)


class DefaultsBlock(Block, frozen=True, kw_only=True):
    """Said once, overridden where an object or field differs."""

    owner: Annotated[Owner, Meta(description="System of record.")] | UnsetType = UNSET
    latency: Annotated[Name, Meta(description="A name in `latency`.")] | UnsetType = UNSET
    audience: Annotated[list[Name], Meta(description="Names in `audiences` that may read.")] | UnsetType = UNSET
    steward: Annotated[Name, Meta(description="A name in `stewards`.")] | UnsetType = UNSET
    blank: Annotated[Blank, Meta(description="What an empty CLM value does.")] = Blank.CLEAR
    unreadable: Annotated[Park, Meta(description="What waits when a value cannot be mapped.")] = Park.VALUE


class CurrencyBlock(Block, frozen=True, kw_only=True):
    """The org's money law."""

    org: Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="The org's corporate currency.")]
    multi: Annotated[
        bool,
        Meta(description="true when the org has multiple currencies enabled; otherwise foreign amounts are refused."),
    ] = False


class NumberMeasure(Block, frozen=True, kw_only=True):
    """Digits of a Number or Percent field."""

    precision: Annotated[int, Meta(ge=1, le=18, description="Digits in all.")]
    scale: Annotated[int, Meta(ge=0, le=17, description="Digits after the decimal point.")]
    rounding: Annotated[
        Literal["exact", "half_up", "half_even"], Meta(description="exact refuses a value with more decimals.")
    ] = "exact"


class CurrencyMeasure(NumberMeasure, frozen=True, kw_only=True):
    """Digits of a Currency field and where its currency stands."""

    code: Annotated[Path, Meta(description="CLM path of the ISO currency code beside the amount.")] | UnsetType = UNSET


class TypeBlock(Block, frozen=True, kw_only=True):
    """A field type with its measure; exactly one key."""

    text: Annotated[int, Meta(ge=1, le=255, description="Text of at most so many characters.")] | UnsetType = UNSET
    long_text: (
        Annotated[int, Meta(ge=256, le=131072, description="Long text of at most so many characters.")] | UnsetType
    ) = UNSET
    html: (
        Annotated[int, Meta(ge=256, le=131072, description="Rich text of at most so many characters.")] | UnsetType
    ) = UNSET
    number: Annotated[NumberMeasure, Meta(description="A number.")] | UnsetType = UNSET
    currency: Annotated[CurrencyMeasure, Meta(description="An amount of money.")] | UnsetType = UNSET
    percent: Annotated[NumberMeasure, Meta(description="A percentage: 5 means 5 %.")] | UnsetType = UNSET
    picklist: Annotated[Name, Meta(description="One value of this value map.")] | UnsetType = UNSET
    multipicklist: Annotated[Name, Meta(description="Several values of this value map.")] | UnsetType = UNSET
    lookup: (
        Annotated[ApiName, Meta(description="A reference to a record of this object; needs `match`.")] | UnsetType
    ) = UNSET


PlainType: TypeAlias = Literal[
    "text", "text_area", "long_text", "checkbox", "date", "datetime", "time", "url", "email", "phone"
]


class PrecedenceBlock(Block, frozen=True, kw_only=True):
    """One row of the decision table of a shared field."""

    states: (
        Annotated[
            list[Name],
            Meta(min_length=1, description="Lifecycle states; absent in the last row, which is for all others."),
        ]
        | UnsetType
    ) = UNSET
    wins: Annotated[Literal["clm", "salesforce"], Meta(description="Who owns the field in these states.")]


class KeyBlock(Block, frozen=True, kw_only=True):
    """The external ID: unique, and the only thing that upserts match on."""

    clm: Annotated[Path, Meta(description="Path of the CLM's id.")]
    field: Annotated[ApiName, Meta(description="The external ID field; created when it ends with __c.")]
    length: Annotated[int, Meta(ge=1, le=255, description="Characters.")] = 64
    case_sensitive: Annotated[
        bool, Meta(description="Whether a and A are two keys. There is no default: CLM ids differ in this.")
    ]
    label: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=40)], Meta(description="Field label.")] | UnsetType
    ) = UNSET


class VersionBlock(Block, frozen=True, kw_only=True):
    """The CLM revision that wrote the row: an older one never overwrites a newer one."""

    clm: Annotated[Path, Meta(description="Path of the revision number.")]
    field: Annotated[ApiName, Meta(description="Number field that keeps it.")]
    label: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=40)], Meta(description="Field label.")] | UnsetType
    ) = UNSET


class ParentBlock(Block, frozen=True, kw_only=True):
    """A lookup or master-detail that places the row."""

    clm: Annotated[Path, Meta(description="Path of the parent's CLM id; a leading / starts at the agreement.")]
    field: Annotated[ApiName, Meta(description="The reference field.")]
    match: Annotated[Match, Meta(description="Object.Field whose value is that id.")]
    kind: Annotated[
        Literal["lookup", "master_detail"],
        Meta(description="master_detail: the row lives and is shared with its parent."),
    ] = "lookup"
    missing: Annotated[
        Missing,
        Meta(
            description="When no such record exists: park the row, park the value, or create it from its own object mapping."
        ),
    ] = Missing.PARK_ROW
    required: Annotated[bool, Meta(description="A row without this parent is parked.")] = False
    label: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=40)], Meta(description="Field label.")] | UnsetType
    ) = UNSET
    relationship: Annotated[ApiName, Meta(description="Child relationship name on the parent.")] | UnsetType = UNSET
    description: Annotated[Text, Meta(description="What it means.")] | UnsetType = UNSET


class FieldBlock(Block, frozen=True, kw_only=True):
    """One value and both its homes. Only `clm` and `field` are always needed; the rest has defaults or says what differs."""

    clm: Annotated[
        Path, Meta(description="Path of the value, from the row's CLM item; a leading / starts at the agreement.")
    ]
    field: (
        Annotated[
            ApiName,
            Meta(
                description="The Salesforce field. A name that ends with __c is created, others are Salesforce's own."
            ),
        ]
        | UnsetType
    ) = UNSET
    type: (
        Annotated[PlainType | TypeBlock, Meta(description="Field type; absent for Salesforce's own fields.")]
        | UnsetType
    ) = UNSET
    label: (
        Annotated[
            Annotated[str, Meta(min_length=1, max_length=40)],
            Meta(description="Field label; made from `field` when absent."),
        ]
        | UnsetType
    ) = UNSET
    class_: Annotated[
        FieldClass,
        Meta(description="sync: moves as the owner says. read_only: never comes back. clm_only: never leaves the CLM."),
    ] = msgspec.field(name="class", default=FieldClass.SYNC)
    owner: (
        Annotated[Owner, Meta(description="System of record; implies the direction. shared needs `precedence`.")]
        | UnsetType
    ) = UNSET
    precedence: (
        Annotated[
            list[PrecedenceBlock],
            Meta(
                min_length=1,
                description="Who owns a shared field in which lifecycle state, total and without overlap: there an edit of the"
                " other side alone is put back; edits of both sides go to `conflict`.",
            ),
        ]
        | UnsetType
    ) = UNSET
    conflict: (
        Annotated[ConflictRule, Meta(description="When both sides changed it since they last agreed.")] | UnsetType
    ) = UNSET
    latency: Annotated[Name, Meta(description="A name in `latency`.")] | UnsetType = UNSET
    audience: (
        Annotated[
            list[Name],
            Meta(description="Names in `audiences` that may read the field; compiled to field-level security."),
        ]
        | UnsetType
    ) = UNSET
    editors: (
        Annotated[
            list[Name],
            Meta(description="The part of the audience that may edit; the whole audience when Salesforce has a say."),
        ]
        | UnsetType
    ) = UNSET
    steward: (
        Annotated[Name, Meta(description="Who decides a parked value or a conflict: a name in `stewards`.")] | UnsetType
    ) = UNSET
    transform: (
        Annotated[
            Name, Meta(description="How the CLM value becomes the Salesforce value; a name in the table of transforms.")
        ]
        | UnsetType
    ) = UNSET
    values: Annotated[
        dict[str, str | None],
        Meta(description="Special CLM texts and what they become, before the transform: {perpetual: null}."),
    ] = msgspec.field(default_factory=dict)
    flag: Annotated[ApiName, Meta(description="Checkbox that is true when one of `values` was met.")] | UnsetType = (
        UNSET
    )
    hash: (
        Annotated[
            Name, Meta(description="The field of this object that keeps the SHA-256 of what this field links to.")
        ]
        | UnsetType
    ) = UNSET
    seed: Annotated[
        bool, Meta(description="Salesforce owns it, but the CLM's value is written when the record is created.")
    ] = False
    lossy: Annotated[
        bool,
        Meta(description="Accepts that the way back does not restore the CLM's spelling, on a field that goes back."),
    ] = False
    blank: Annotated[Blank, Meta(description="What an empty CLM value does.")] | UnsetType = UNSET
    unreadable: Annotated[Park, Meta(description="What waits when the value cannot be mapped.")] | UnsetType = UNSET
    required: Annotated[bool, Meta(description="The field must have a value in Salesforce.")] = False
    unique: Annotated[bool, Meta(description="No two records share a value.")] = False
    existing: Annotated[
        bool, Meta(description="The org already has this custom field; its metadata is not generated.")
    ] = False
    track_history: Annotated[bool, Meta(description="Salesforce keeps a history of changes.")] = False
    lifecycle: Annotated[bool, Meta(description="Its values are the lifecycle's states.")] = False
    match: (
        Annotated[Match, Meta(description="Object.Field whose value is the CLM value: makes the field a reference.")]
        | UnsetType
    ) = UNSET
    missing: Annotated[Missing, Meta(description="When `match` finds no record.")] = Missing.PARK_VALUE
    tags: Annotated[
        list[Literal["personal", "confidential", "restricted", "gdpr", "ccpa", "hipaa", "pci"]],
        Meta(description="Compliance; written into the field's classification."),
    ] = msgspec.field(default_factory=list)
    requires: Annotated[
        dict[str, bool | str],
        Meta(description="Org settings it depends on: {ContractSettings.autoCalculateEndDate: false}."),
    ] = msgspec.field(default_factory=dict)
    reason: Annotated[Text, Meta(description="Why a clm_only value never leaves.")] | UnsetType = UNSET
    description: Annotated[Text, Meta(description="What it means; becomes the field's description.")] | UnsetType = (
        UNSET
    )
    help: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=510)], Meta(description="Help text beside the field.")]
        | UnsetType
    ) = UNSET


class RecordNameBlock(Block, frozen=True, kw_only=True):
    """The Name field of a custom object whose records have no name of their own: Salesforce numbers them."""

    label: Annotated[Annotated[str, Meta(min_length=1, max_length=40)], Meta(description="Label of the Name field.")]
    format: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9-]{0,20}\{0{1,10}\}$", description='Display format: "P-{000000}".')
    ]


class ObjectBlock(Block, frozen=True, kw_only=True):
    """One Salesforce object and the CLM rows that fill it."""

    clm: Annotated[
        Path, Meta(description="Where the rows come from: agreements, agreements.parties, agreements.counterparty.")
    ]
    salesforce: Annotated[ApiName, Meta(description="Object API name; created when it ends with __c.")]
    owner: Annotated[
        Literal["clm", "salesforce"],
        Meta(
            description="salesforce: records live there; the kit adds the key, and a record only for `missing: create`."
        ),
    ] = "clm"
    label: (
        Annotated[
            Annotated[str, Meta(min_length=1, max_length=40)],
            Meta(description="Object label; needed for a custom object."),
        ]
        | UnsetType
    ) = UNSET
    plural_label: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=40)], Meta(description="Plural label.")] | UnsetType
    ) = UNSET
    description: Annotated[Text, Meta(description="What a record is.")] | UnsetType = UNSET
    sharing: (
        Annotated[
            Literal["ReadWrite", "Read", "Private"],
            Meta(description="Org-wide default of a custom object; a detail is controlled by its parent."),
        ]
        | UnsetType
    ) = UNSET
    record_name: (
        Annotated[
            RecordNameBlock,
            Meta(description="How records of a custom object are named; absent when a field maps Name."),
        ]
        | UnsetType
    ) = UNSET
    key: Annotated[KeyBlock, Meta(description="The external ID.")]
    version: Annotated[VersionBlock, Meta(description="Guards against an older revision.")] | UnsetType = UNSET
    parents: Annotated[dict[Name, ParentBlock], Meta(description="References that place the row.")] = msgspec.field(
        default_factory=dict
    )
    fields: Annotated[dict[Name, FieldBlock], Meta(description="The values.")] = msgspec.field(default_factory=dict)


class SpecDocument(Block, frozen=True, kw_only=True):
    """A mapping spec: which contract data lives where, who owns it, who sees it and how it moves."""

    spec: Annotated[Literal["clmkit/v1"], Meta(description="The language and its version.")]
    name: Annotated[Name, Meta(description="Name of the spec.")]
    version: Annotated[
        str,
        Meta(
            pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$", description="Semantic version of the spec."
        ),
    ]
    summary: Annotated[Text, Meta(description="One sentence for people.")]
    api_version: Annotated[
        str,
        Meta(pattern=r"^[0-9]{2}\.0$", description='Salesforce API version of the generated metadata, quoted: "66.0".'),
    ]
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Z][A-Za-z0-9]{1,7}$",
            description="Every component that the kit creates in the org starts with it.",
        ),
    ]
    currency: (
        Annotated[CurrencyBlock, Meta(description="The org's money law; needed when a field is a currency.")]
        | UnsetType
    ) = UNSET
    stewards: Annotated[
        dict[Name, Label],
        Meta(min_length=1, description="Roles that decide parked values and conflicts; never persons."),
    ]
    audiences: Annotated[dict[Name, AudienceBlock], Meta(min_length=1, description="Who may see fields.")]
    latency: Annotated[dict[Name, LatencyBlock], Meta(min_length=1, description="Promises that the suites assert.")]
    value_maps: Annotated[dict[Name, ValueMapBlock], Meta(description="Closed lists.")] = msgspec.field(
        default_factory=dict
    )
    lifecycle: Annotated[LifecycleBlock, Meta(description="The state machine.")] | UnsetType = UNSET
    defaults: Annotated[DefaultsBlock, Meta(description="Said once.")] = DefaultsBlock()
    objects: Annotated[dict[Name, ObjectBlock], Meta(min_length=1, description="What is mapped.")]
