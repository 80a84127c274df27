"""Objects and fields: every default applied, every implied thing spelled out."""

from __future__ import annotations

from msgspec import UNSET, structs

from clmkit.mapping.catalogue import find_standard_field, is_custom, standard_objects
from clmkit.mapping.document import (
    FieldBlock,
    KeyBlock,
    ObjectBlock,
    ParentBlock,
    PrecedenceBlock,
    RecordTypesBlock,
    SpecDocument,
    VersionBlock,
)
from clmkit.mapping.model import (
    Blank,
    ConflictRule,
    Direction,
    FieldClass,
    FieldKind,
    FieldMapping,
    FieldType,
    Lifecycle,
    Missing,
    ObjectKind,
    ObjectMapping,
    Origin,
    Owner,
    Park,
    PrecedenceRow,
    RecordType,
    Reference,
    Role,
    SharingRule,
    ValidationRule,
    Window,
)
from clmkit.mapping.resolve.types import resolve_type
from clmkit.mapping.resolve.wording import camel, either, resolve_conditions
from clmkit.mapping.transforms import default_transform

KINDS = {
    "agreements": ObjectKind.HEADER,
    "agreements.counterparty": ObjectKind.COUNTERPARTY,
    "agreements.counterparty.contact": ObjectKind.PERSON,
    "agreements.parties": ObjectKind.PARTY,
    "agreements.lines": ObjectKind.LINE,
    "agreements.documents": ObjectKind.DOCUMENT,
    "agreements.amendments": ObjectKind.AMENDMENT,
    "agreements.renewals": ObjectKind.RENEWAL,
    "agreements.obligations": ObjectKind.OBLIGATION,
    "agreements.approvals": ObjectKind.APPROVAL,
    "agreements.signature": ObjectKind.ENVELOPE,
    "agreements.envelopes": ObjectKind.ENVELOPE,
    "agreements.notices": ObjectKind.NOTICE,
}
"""What the rows at a CLM path are when the spec does not say."""


class ObjectResolver:
    """Resolves one object block; keeps what its fields share."""

    def __init__(self, document: SpecDocument, name: str, block: ObjectBlock, lifecycle: Lifecycle | None) -> None:
        self._document = document
        self._name = name
        self._block = block
        self._lifecycle = lifecycle
        self._custom = is_custom(block.salesforce)
        self._owner = Owner(block.owner)

    def resolve(self) -> ObjectMapping:
        block, standard = self._block, standard_objects().get(self._block.salesforce)
        label = either(block.label, standard.label if standard else self._label(block.salesforce))
        fields = [self._key(block.key)]
        if block.version is not UNSET:
            fields.append(self._version(block.version))
        fields.extend(self._parent(name, parent) for name, parent in block.parents.items())
        for name, field in block.fields.items():
            fields.append(self._value(name, field))
            if field.flag is not UNSET:
                fields.append(self._flag(name, field.flag, fields[-1]))
        if block.record_types is not UNSET:
            fields.append(self._record_type(block.record_types))
        detail = any(parent.kind == "master_detail" for parent in block.parents.values())
        record_name = block.record_name
        return ObjectMapping(
            name=self._name,
            clm=block.clm,
            salesforce=block.salesforce,
            custom=self._custom,
            label=label,
            plural_label=either(block.plural_label, standard.plural_label if standard else f"{label}s"),
            description=either(block.description, ""),
            name_field=record_name.label if record_name is not UNSET else f"{label} Name" if self._custom else "",
            name_format=record_name.format if record_name is not UNSET else "",
            sharing="ControlledByParent" if detail else either(block.sharing, "ReadWrite") if self._custom else "",
            owner=self._owner,
            fields=tuple(fields),
            depends_on=(),
            kind=either(block.kind, self._implied_kind()),
            record_types=self._record_types(),
            checks=self._checks(),
            shares=self._shares({field.name: field.salesforce for field in fields}),
            retention=either(block.retention, either(self._document.defaults.retention, "")),
        )

    def _implied_kind(self) -> ObjectKind:
        """By the CLM path; of several objects that agreements fill the first is the header."""
        first = next((name for name, block in self._document.objects.items() if block.clm == self._block.clm), "")
        kind = KINDS.get(self._block.clm, ObjectKind.OTHER)
        return ObjectKind.OTHER if kind is ObjectKind.HEADER and first != self._name else kind

    def _record_types(self) -> tuple[RecordType, ...]:
        block = self._block.record_types
        return tuple(
            RecordType(
                name=name,
                developer_name=self._developer_name(name),
                label=kind.label,
                description=either(kind.description, ""),
                active=kind.active,
                clm=tuple(kind.for_),
            )
            for name, kind in (block.types.items() if block is not UNSET else ())
        )

    def _record_type(self, block: RecordTypesBlock) -> FieldMapping:
        """RecordTypeId, found by the developer name that the CLM's value chooses."""
        chosen = tuple((value, self._developer_name(name)) for name, kind in block.types.items() for value in kind.for_)
        shape = FieldType(kind=FieldKind.LOOKUP, reference_to="RecordType")
        base = self._base("record_type", Role.RECORD_TYPE, block.clm, "RecordTypeId", "Record Type ID", shape)
        reference = Reference(
            object="RecordType", field="DeveloperName", relationship="RecordType", missing=Missing.PARK_VALUE
        )
        return structs.replace(
            base, special=chosen, transform="picklist", reference=reference, has_fls=False, blank=Blank.LEAVE
        )

    def _checks(self) -> tuple[ValidationRule, ...]:
        return tuple(
            ValidationRule(
                name=name,
                developer_name=self._developer_name(name),
                formula=check.wrong_when,
                message=check.message,
                field=self._api_name(either(check.at, "")),
                description=either(check.description, ""),
            )
            for name, check in self._block.checks.items()
        )

    def _shares(self, names: dict[str, str]) -> tuple[SharingRule, ...]:
        return tuple(
            SharingRule(
                name=name,
                developer_name=self._developer_name(name),
                label=share.label,
                group=share.group,
                edit=share.access == "edit",
                where=resolve_conditions(share.where, names),
            )
            for name, share in self._block.shares.items()
        )

    def _developer_name(self, name: str) -> str:
        return f"{self._document.prefix}_{camel(name)}"

    def _api_name(self, name: str) -> str:
        """The API name of a field that the spec names; the name itself when no field has it."""
        block = self._block.fields.get(name)
        return name if block is None else either(block.field, name)

    def _key(self, block: KeyBlock) -> FieldMapping:
        kind = FieldType(kind=FieldKind.TEXT, length=block.length)
        label = either(block.label, f"{self._document.prefix} ID")
        base = self._base("key", Role.KEY, block.clm, block.field, label, kind)
        return structs.replace(
            base,
            unique=True,
            external_id=True,
            case_sensitive=block.case_sensitive,
            blank=Blank.PARK_ROW,
            unreadable=Park.ROW,
        )

    def _version(self, block: VersionBlock) -> FieldMapping:
        kind = FieldType(kind=FieldKind.NUMBER, precision=18, scale=0)
        label = either(block.label, f"{self._document.prefix} Version")
        base = self._base("version", Role.VERSION, block.clm, block.field, label, kind)
        return structs.replace(base, blank=Blank.PARK_ROW, unreadable=Park.ROW)

    def _parent(self, name: str, block: ParentBlock) -> FieldMapping:
        target = block.match.partition(".")[0]
        detail = block.kind == "master_detail"
        standard = find_standard_field(self._block.salesforce, block.field)
        required = detail or block.required or (standard is not None and not standard.nillable)
        relationship = either(block.relationship, self._child_relationship(block.field))
        kind = FieldKind.MASTER_DETAIL if detail else FieldKind.LOOKUP
        shape = FieldType(kind=kind, reference_to=target, relationship=relationship if is_custom(block.field) else "")
        base = self._base(
            name, Role.PARENT, block.clm, block.field, either(block.label, self._label(block.field, standard)), shape
        )
        whole = required or block.missing is Missing.PARK_ROW
        return structs.replace(
            base,
            reference=self._reference(block.field, block.match, block.missing),
            required=required,
            has_fls=base.has_fls and not detail and not (block.required and is_custom(block.field)),
            blank=Blank.PARK_ROW if required else Blank.CLEAR,
            unreadable=Park.ROW if whole else Park.VALUE,
            frozen_from=self._frozen(name),
            description=either(block.description, ""),
        )

    def _value(self, name: str, block: FieldBlock) -> FieldMapping:
        field = either(block.field, "")
        standard = find_standard_field(self._block.salesforce, field)
        shape = resolve_type(block, standard, self._block, self._document, self._child_relationship(field))
        only_in_salesforce = shape.kind.is_computed or block.clm is UNSET
        owner = either(block.owner, Owner.SALESFORCE if only_in_salesforce else self._default_owner())
        field_class = FieldClass.READ_ONLY if block.clm is UNSET else block.class_
        base = self._base(
            name, Role.VALUE, either(block.clm, ""), field, either(block.label, self._label(field, standard)), shape
        )
        audience = tuple(either(block.audience, list(base.audience)))
        people_write = owner is not Owner.CLM and not shape.kind.is_computed and field_class is not FieldClass.CLM_ONLY
        people_write = people_write and (field_class is FieldClass.SYNC or block.clm is UNSET)
        return structs.replace(
            base,
            origin=Origin.EXISTING if block.existing else base.origin,
            field_class=field_class,
            owner=owner,
            direction=imply_direction(owner, field_class),
            precedence=self._precedence(block) if owner is Owner.SHARED else (),
            conflict=either(
                block.conflict, ConflictRule.PRECEDENCE if owner is Owner.SHARED else ConflictRule.OWNER_WINS
            ),
            latency=either(block.latency, base.latency),
            audience=audience,
            editors=tuple(either(block.editors, list(audience) if people_write else [])),
            has_fls=base.has_fls
            and not (block.required and is_custom(field))
            and field_class is not FieldClass.CLM_ONLY,
            transform=either(block.transform, default_transform(shape.value_kind)),
            special=tuple(block.values.items()),
            flag=either(block.flag, ""),
            hash=either(block.hash, ""),
            seed=block.seed,
            blank=either(block.blank, self._document.defaults.blank),
            unreadable=self._unreadable(block, shape),
            required=block.required,
            unique=block.unique,
            track_history=block.track_history,
            lifecycle=block.lifecycle,
            reference=None if block.match is UNSET else self._reference(field, block.match, block.missing),
            steward=either(block.steward, base.steward),
            tags=tuple(block.tags),
            requires=tuple((setting, _setting(value)) for setting, value in block.requires.items()),
            frozen_from=self._frozen(name),
            reason=either(block.reason, ""),
            description=either(block.description, ""),
            help=either(block.help, ""),
            cleared=block.cleared,
            zone=either(block.zone, ""),
            retention=either(block.retention, either(self._block.retention, base.retention)),
            encryption=block.encryption,
            back=either(block.back, ""),
        )

    def _flag(self, name: str, field: str, of: FieldMapping) -> FieldMapping:
        base = self._base(f"{name}_flag", Role.FLAG, "", field, self._label(field), FieldType(kind=FieldKind.CHECKBOX))
        return structs.replace(
            base,
            flag_of=name,
            owner=of.owner,
            direction=of.direction,
            audience=of.audience,
            latency=of.latency,
            steward=of.steward,
            field_class=FieldClass.READ_ONLY,
            description=f"True when {of.label} is empty for a reason the contract states.",
        )

    def _base(self, name: str, role: Role, clm: str, field: str, label: str, shape: FieldType) -> FieldMapping:
        """A field with the defaults of the spec, owned and written by the CLM."""
        defaults = self._document.defaults
        standard = find_standard_field(self._block.salesforce, field)
        created = is_custom(field)
        return FieldMapping(
            name=name,
            role=role,
            clm=clm,
            salesforce=field,
            label=label,
            type=shape,
            origin=Origin.CREATED if created else Origin.STANDARD,
            field_class=FieldClass.SYNC,
            owner=Owner.CLM,
            direction=Direction.CLM_TO_SALESFORCE,
            precedence=(),
            conflict=ConflictRule.OWNER_WINS,
            latency=either(defaults.latency, ""),
            audience=tuple(either(defaults.audience, [])),
            editors=(),
            has_fls=standard.fls if standard else created and shape.kind is not FieldKind.MASTER_DETAIL,
            transform=default_transform(shape.value_kind),
            special=(),
            flag="",
            flag_of="",
            hash="",
            seed=False,
            blank=Blank.CLEAR,
            unreadable=Park.VALUE,
            required=False,
            unique=False,
            external_id=False,
            case_sensitive=False,
            track_history=False,
            lifecycle=False,
            reference=None,
            steward=either(defaults.steward, ""),
            tags=(),
            requires=(),
            frozen_from=(),
            reason="",
            description="",
            help="",
            retention=either(defaults.retention, ""),
        )

    def _default_owner(self) -> Owner:
        if self._owner is Owner.SALESFORCE:
            return Owner.SALESFORCE
        return either(self._document.defaults.owner, Owner.CLM)

    def _unreadable(self, block: FieldBlock, shape: FieldType) -> Park:
        value_map = self._document.value_maps.get(shape.value_map)
        if value_map is not None and value_map.unknown == "park_row":
            return Park.ROW
        return Park.ROW if block.lifecycle else either(block.unreadable, self._document.defaults.unreadable)

    def _precedence(self, block: FieldBlock) -> tuple[PrecedenceRow, ...]:
        """The rows over all states: a row without states gets every state that no row names for good."""
        rows = [] if block.precedence is UNSET else block.precedence
        every = tuple(state.name for state in self._lifecycle.states) if self._lifecycle else ()
        named = {state for row in rows if row.states is not UNSET and not _is_conditional(row) for state in row.states}
        rest = tuple(state for state in every if state not in named)
        return tuple(
            PrecedenceRow(
                states=_states_of(row, every, rest),
                wins=Owner(row.wins),
                roles=() if row.roles is UNSET else tuple(row.roles),
                window=_window(row),
            )
            for row in rows
        )

    def _reference(self, field: str, match: str, missing: Missing) -> Reference:
        target, _, target_field = match.partition(".")
        standard = find_standard_field(self._block.salesforce, field)
        relationship = (
            f"{field[:-1]}r" if is_custom(field) else standard.relationship if standard else field.removesuffix("Id")
        )
        return Reference(object=target, field=target_field, relationship=relationship, missing=missing)

    def _frozen(self, name: str) -> tuple[str, ...]:
        return dict(self._lifecycle.frozen).get(name, ()) if self._lifecycle else ()

    def _child_relationship(self, field: str) -> str:
        """A child relationship name that no other reference of this object has."""
        return f"{self._block.salesforce.removesuffix('__c')}_{self._strip(field)}"[:40].rstrip("_")

    def _label(self, field: str, standard: object = None) -> str:
        label = getattr(standard, "label", None)
        return label if isinstance(label, str) else self._strip(field).replace("_", " ")

    def _strip(self, field: str) -> str:
        return field.removesuffix("__c").removeprefix(f"{self._document.prefix}_")


_DIRECTIONS = {
    Owner.CLM: Direction.CLM_TO_SALESFORCE,
    Owner.SALESFORCE: Direction.SALESFORCE_TO_CLM,
    Owner.SHARED: Direction.BOTH,
}


def imply_direction(owner: Owner, field_class: FieldClass) -> Direction:
    """The way values move. read_only never comes back: CLM values are shown, Salesforce values stay."""
    if field_class is FieldClass.CLM_ONLY or (field_class is FieldClass.READ_ONLY and owner is Owner.SALESFORCE):
        return Direction.NONE
    return _DIRECTIONS[owner]


def _setting(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _is_conditional(row: PrecedenceBlock) -> bool:
    return row.roles is not UNSET or row.window is not UNSET


def _states_of(row: PrecedenceBlock, every: tuple[str, ...], rest: tuple[str, ...]) -> tuple[str, ...]:
    if row.states is not UNSET:
        return tuple(row.states)
    return every if _is_conditional(row) else rest


def _window(row: PrecedenceBlock) -> Window | None:
    if row.window is UNSET:
        return None
    return Window(
        field=either(row.window.before, either(row.window.after, "")),
        before=row.window.before is not UNSET,
        days=row.window.days,
    )
