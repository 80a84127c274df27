"""Objects, fields, keys, references and closed lists."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.conditions import ConditionBlock
from clmkit.mapping.document.types import PlainType, TypeBlock
from clmkit.mapping.document.words import ApiName, Block, Label, Match, Name, Path, Tag, Text, Zone
from clmkit.mapping.model import Blank, Cleared, ConflictRule, Encryption, FieldClass, Missing, ObjectKind, Owner, Park
from clmkit.mapping.transforms import TRANSFORMS


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
        Literal["park", "park_row", "other"],
        Meta(
            description="What a value outside the map does: park it, park the whole row, or become `other`. Never guessed."
        ),
    ] = "park"
    other: (
        Annotated[
            Annotated[str, Meta(min_length=1, max_length=255)],
            Meta(description="The picklist value that stands for every value outside the map; needs unknown: other."),
        ]
        | UnsetType
    ) = UNSET
    restricted: Annotated[bool, Meta(description="The org refuses other values, also from the integration user.")] = (
        True
    )
    label: Annotated[Label, Meta(description="Label of the global value set.")] | UnsetType = UNSET
    shared: Annotated[bool, Meta(description="true makes it a global value set that several fields use.")] = False


class WindowBlock(Block, frozen=True, kw_only=True):
    """Days around a date of the same record: exactly one of before and after."""

    before: (
        Annotated[
            Name, Meta(description="A date field of the object: the last days before it, the day itself included.")
        ]
        | UnsetType
    ) = UNSET
    after: Annotated[Name, Meta(description="A date field of the object: the first days from it on.")] | UnsetType = (
        UNSET
    )
    days: Annotated[Annotated[int, Meta(ge=1, le=3650)], Meta(description="How many days.")]


class PrecedenceBlock(Block, frozen=True, kw_only=True):
    """One row of the decision table of a shared field. The first row that applies wins."""

    states: (
        Annotated[
            list[Name],
            Meta(min_length=1, description="Lifecycle states; absent in the last row, which is for all others."),
        ]
        | UnsetType
    ) = UNSET
    roles: (
        Annotated[
            list[Name],
            Meta(
                min_length=1,
                description="Only when a member of one of these audiences made the edit: in Salesforce by permission set,"
                " in the CLM by `clm.roles` of the sync's configuration.",
            ),
        ]
        | UnsetType
    ) = UNSET
    window: Annotated[WindowBlock, Meta(description="Only in these days.")] | UnsetType = UNSET
    wins: Annotated[Literal["clm", "salesforce"], Meta(description="Who owns the field then.")]


class KeyBlock(Block, frozen=True, kw_only=True):
    """The external ID: unique, and the only thing that upserts match on.

    A key is no secret: whoever may read the record reads it, and logs, dead letters and the audit chain name rows by it.
    """

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
    """One value and both its homes. Only `field` is always needed; the rest has defaults or says what differs."""

    clm: (
        Annotated[
            Path,
            Meta(
                description="Path of the value, from the row's CLM item; a leading / starts at the agreement. Absent for what"
                " Salesforce computes or only people fill."
            ),
        ]
        | UnsetType
    ) = UNSET
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
            Name,
            Meta(
                description="How the CLM value becomes the Salesforce value; a name in the table of transforms.",
                examples=list(TRANSFORMS),
            ),
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
    back: (
        Annotated[Name, Meta(description="The transform whose inverse is the way back, when it is not `transform`.")]
        | UnsetType
    ) = UNSET
    cleared: Annotated[Cleared, Meta(description="What an emptied Salesforce field does to the CLM.")] = Cleared.CLEAR
    zone: (
        Annotated[
            Zone,
            Meta(
                description="date_of_instant: the IANA zone whose calendar counts, or `org`; the instant's own offset when absent."
            ),
        ]
        | UnsetType
    ) = UNSET
    states: (
        Annotated[
            list[Name],
            Meta(
                min_length=1, description="Lifecycle states in which people may change it; in the others it is frozen."
            ),
        ]
        | UnsetType
    ) = UNSET
    retention: Annotated[Name, Meta(description="A name in `retention`.")] | UnsetType = UNSET
    encryption: Annotated[
        Encryption, Meta(description="How Shield Platform Encryption keeps it; needs the feature `shield`.")
    ] = Encryption.NONE
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
        list[Tag],
        Meta(
            description="Compliance, written into the field's own classification: one of public, internal, confidential, restricted"
            " and mission_critical, and any of the laws; personal is PII."
        ),
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


class RecordTypeBlock(Block, frozen=True, kw_only=True):
    """One record type and the CLM values that choose it."""

    label: Annotated[Label, Meta(description="What users see.")]
    for_: Annotated[
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(min_length=1)],
        Meta(description="CLM values that choose it."),
    ] = msgspec.field(name="for")
    description: (
        Annotated[Annotated[str, Meta(min_length=1, max_length=255)], Meta(description="When it is used.")] | UnsetType
    ) = UNSET
    active: Annotated[bool, Meta(description="false retires it: records keep it, new ones cannot get it.")] = True


class RecordTypesBlock(Block, frozen=True, kw_only=True):
    """The record types of an object. A CLM value that no type names is parked."""

    clm: Annotated[Path, Meta(description="CLM path of the value that chooses.")]
    types: Annotated[Annotated[dict[Name, RecordTypeBlock], Meta(min_length=1)], Meta(description="The record types.")]


class CheckBlock(Block, frozen=True, kw_only=True):
    """A validation rule for people. The integration user is let through."""

    wrong_when: Annotated[
        Annotated[str, Meta(min_length=1)],
        Meta(description="Formula in Salesforce's language, true when the record is wrong."),
    ]
    message: Annotated[Annotated[str, Meta(min_length=1)], Meta(description="What people read.")]
    at: Annotated[Name, Meta(description="The field that the message stands at.")] | UnsetType = UNSET
    description: Annotated[Annotated[str, Meta(min_length=1, max_length=255)], Meta(description="Why.")] | UnsetType = (
        UNSET
    )


class ShareBlock(Block, frozen=True, kw_only=True):
    """Records that a public group may see or edit, beyond the org-wide default."""

    label: Annotated[Label, Meta(description="What administrators see.")]
    group: Annotated[ApiName, Meta(description="DeveloperName of the public group.")]
    access: Annotated[Literal["read", "edit"], Meta(description="What it may do.")] = "read"
    where: Annotated[list[ConditionBlock], Meta(description="Which records; absent: all.")] = msgspec.field(
        default_factory=list
    )


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
    kind: (
        Annotated[ObjectKind, Meta(description="What a record is in the contract trade; implied by `clm` when absent.")]
        | UnsetType
    ) = UNSET
    record_types: Annotated[RecordTypesBlock, Meta(description="Record types.")] | UnsetType = UNSET
    checks: Annotated[dict[Name, CheckBlock], Meta(description="Validation rules.")] = msgspec.field(
        default_factory=dict
    )
    shares: Annotated[dict[Name, ShareBlock], Meta(description="Sharing rules of a custom object.")] = msgspec.field(
        default_factory=dict
    )
    retention: Annotated[Name, Meta(description="A name in `retention`.")] | UnsetType = UNSET
