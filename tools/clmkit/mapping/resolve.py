"""A written spec becomes a resolved one: every default applied, every implied thing spelled out. Pure and forgiving.

It never fails: a name that leads nowhere is carried over as written, and a lint rule reports it with its place. The loader hands
out a resolved spec only when no rule found an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from msgspec import UNSET, UnsetType, structs

from clmkit.mapping.catalogue import find_standard_field, is_custom, standard_objects
from clmkit.mapping.document import (
    FieldBlock,
    KeyBlock,
    LatencyBlock,
    LifecycleBlock,
    ObjectBlock,
    ParentBlock,
    SpecDocument,
    ValueMapBlock,
    VersionBlock,
)
from clmkit.mapping.model import (
    Audience,
    Blank,
    ConflictRule,
    Direction,
    FieldClass,
    FieldKind,
    FieldMapping,
    FieldType,
    Latency,
    Lifecycle,
    MapValue,
    Missing,
    ObjectMapping,
    OrgCurrency,
    Origin,
    Owner,
    Park,
    PrecedenceRow,
    Reference,
    Role,
    Spec,
    State,
    ValueMap,
)
from clmkit.mapping.resolve_type import resolve_type
from clmkit.mapping.transforms import DEFAULT_TRANSFORM

T = TypeVar("T")

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}


def resolve(document: SpecDocument) -> Spec:
    lifecycle = _resolve_lifecycle(document.lifecycle) if document.lifecycle is not UNSET else None
    objects = [_ObjectResolver(document, name, block, lifecycle).resolve() for name, block in document.objects.items()]
    currency = document.currency
    return Spec(
        name=document.name,
        version=document.version,
        summary=document.summary,
        api_version=document.api_version,
        prefix=document.prefix,
        currency=OrgCurrency(code="", multi=False)
        if currency is UNSET
        else OrgCurrency(code=currency.org, multi=currency.multi),
        stewards=tuple(document.stewards.items()),
        audiences=tuple(_resolve_audiences(document)),
        latency=tuple(_resolve_latency(name, block) for name, block in document.latency.items()),
        value_maps=tuple(
            _resolve_value_map(document.prefix, name, block) for name, block in document.value_maps.items()
        ),
        lifecycle=lifecycle,
        objects=_in_write_order(objects),
    )


def _resolve_audiences(document: SpecDocument) -> Iterator[Audience]:
    for name, block in document.audiences.items():
        yield Audience(
            name=name,
            label=block.label,
            kind=block.kind,
            permission_set=f"{document.prefix}_{_camel(name)}",
            description="" if block.description is UNSET else block.description,
        )


def _resolve_latency(name: str, block: LatencyBlock) -> Latency:
    seconds = None
    if block.p99 is not UNSET:
        amount, unit = block.p99.split(" ")
        seconds = float(amount) * _SECONDS[unit]
    return Latency(name=name, p99_seconds=seconds, at="" if block.at is UNSET else block.at, zone=block.zone)


def _resolve_value_map(prefix: str, name: str, block: ValueMapBlock) -> ValueMap:
    values = []
    for clm, value in block.values.items():
        if isinstance(value, str):
            values.append(MapValue(clm=clm, salesforce=value, label=value, active=True))
        else:
            label = value.value if value.label is UNSET else value.label
            values.append(MapValue(clm=clm, salesforce=value.value, label=label, active=value.active))
    return ValueMap(
        name=name,
        label=name.replace("_", " ").capitalize() if block.label is UNSET else block.label,
        global_set=f"{prefix}_{_camel(name)}" if block.shared else "",
        restricted=block.restricted,
        unknown=Park.ROW if block.unknown == "park_row" else Park.VALUE,
        values=tuple(values),
    )


def _resolve_lifecycle(block: LifecycleBlock) -> Lifecycle:
    moves = tuple((before, after) for before, targets in block.moves.items() for after in targets)
    frozen: dict[str, set[str]] = {}
    for state, fields in block.frozen_after.items():
        for field in fields:
            frozen.setdefault(field, set()).update(reachable_from(state, moves))
    return Lifecycle(
        clm=block.clm,
        field=block.field,
        states=tuple(
            State(name=name, clm=state.clm, status=state.status, category=state.category)
            for name, state in block.states.items()
        ),
        moves=moves,
        frozen=tuple(
            (field, tuple(state for state in block.states if state in states)) for field, states in frozen.items()
        ),
    )


def reachable_from(state: str, moves: tuple[tuple[str, str], ...]) -> set[str]:
    """The state and every state that an agreement can get to from it."""
    reached, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        new = {after for before, after in moves if before == here} - reached
        reached |= new
        waiting.extend(new)
    return reached


def _in_write_order(objects: list[ObjectMapping]) -> tuple[ObjectMapping, ...]:
    """Parents first, else the order of the file. Within a circle, which a rule reports, the order of the file."""
    names = {mapping.salesforce: mapping.name for mapping in reversed(objects)}
    linked = [structs.replace(mapping, depends_on=_dependencies(mapping, names)) for mapping in objects]
    ordered: list[ObjectMapping] = []
    written: set[str] = set()
    while len(ordered) < len(linked):
        waiting = [mapping for mapping in linked if mapping.name not in written]
        ready = next((mapping for mapping in waiting if written.issuperset(mapping.depends_on)), waiting[0])
        ordered.append(ready)
        written.add(ready.name)
    return tuple(ordered)


def _dependencies(mapping: ObjectMapping, names: Mapping[str, str]) -> tuple[str, ...]:
    referenced = [
        field.reference.object for field in mapping.fields if field.reference and (field.to_salesforce or field.seed)
    ]
    found = [names[name] for name in referenced if name in names]
    return tuple(name for name in dict.fromkeys(found) if name != mapping.name)


class _ObjectResolver:
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
        label = _or(block.label, standard.label if standard else self._label(block.salesforce))
        fields = [self._key(block.key)]
        if block.version is not UNSET:
            fields.append(self._version(block.version))
        fields.extend(self._parent(name, parent) for name, parent in block.parents.items())
        for name, field in block.fields.items():
            fields.append(self._value(name, field))
            if field.flag is not UNSET:
                fields.append(self._flag(name, field.flag, fields[-1]))
        detail = any(parent.kind == "master_detail" for parent in block.parents.values())
        record_name = block.record_name
        return ObjectMapping(
            name=self._name,
            clm=block.clm,
            salesforce=block.salesforce,
            custom=self._custom,
            label=label,
            plural_label=_or(block.plural_label, standard.plural_label if standard else f"{label}s"),
            description=_or(block.description, ""),
            name_field=record_name.label if record_name is not UNSET else f"{label} Name" if self._custom else "",
            name_format=record_name.format if record_name is not UNSET else "",
            sharing="ControlledByParent" if detail else _or(block.sharing, "ReadWrite") if self._custom else "",
            owner=self._owner,
            fields=tuple(fields),
            depends_on=(),
        )

    def _key(self, block: KeyBlock) -> FieldMapping:
        kind = FieldType(kind=FieldKind.TEXT, length=block.length)
        label = _or(block.label, f"{self._document.prefix} ID")
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
        label = _or(block.label, f"{self._document.prefix} Version")
        base = self._base("version", Role.VERSION, block.clm, block.field, label, kind)
        return structs.replace(base, blank=Blank.PARK_ROW, unreadable=Park.ROW)

    def _parent(self, name: str, block: ParentBlock) -> FieldMapping:
        target = block.match.partition(".")[0]
        detail = block.kind == "master_detail"
        standard = find_standard_field(self._block.salesforce, block.field)
        required = detail or block.required or (standard is not None and not standard.nillable)
        relationship = _or(block.relationship, self._child_relationship(block.field))
        kind = FieldKind.MASTER_DETAIL if detail else FieldKind.LOOKUP
        shape = FieldType(kind=kind, reference_to=target, relationship=relationship if is_custom(block.field) else "")
        base = self._base(
            name, Role.PARENT, block.clm, block.field, _or(block.label, self._label(block.field, standard)), shape
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
            description=_or(block.description, ""),
        )

    def _value(self, name: str, block: FieldBlock) -> FieldMapping:
        field = _or(block.field, "")
        standard = find_standard_field(self._block.salesforce, field)
        shape = resolve_type(block, standard, self._block.salesforce, self._child_relationship(field))
        owner = _or(block.owner, self._default_owner())
        base = self._base(name, Role.VALUE, block.clm, field, _or(block.label, self._label(field, standard)), shape)
        audience = tuple(_or(block.audience, list(base.audience)))
        people_write = owner is not Owner.CLM and block.class_ is FieldClass.SYNC
        return structs.replace(
            base,
            origin=Origin.EXISTING if block.existing else base.origin,
            field_class=block.class_,
            owner=owner,
            direction=imply_direction(owner, block.class_),
            precedence=self._precedence(block) if owner is Owner.SHARED else (),
            conflict=_or(block.conflict, ConflictRule.PRECEDENCE if owner is Owner.SHARED else ConflictRule.OWNER_WINS),
            latency=_or(block.latency, base.latency),
            audience=audience,
            editors=tuple(_or(block.editors, list(audience) if people_write else [])),
            has_fls=base.has_fls
            and not (block.required and is_custom(field))
            and block.class_ is not FieldClass.CLM_ONLY,
            transform=_or(block.transform, DEFAULT_TRANSFORM[shape.kind]),
            special=tuple(block.values.items()),
            flag=_or(block.flag, ""),
            hash=_or(block.hash, ""),
            seed=block.seed,
            blank=_or(block.blank, self._document.defaults.blank),
            unreadable=self._unreadable(block, shape),
            required=block.required,
            unique=block.unique,
            track_history=block.track_history,
            lifecycle=block.lifecycle,
            reference=None if block.match is UNSET else self._reference(field, block.match, block.missing),
            steward=_or(block.steward, base.steward),
            tags=tuple(block.tags),
            requires=tuple((setting, _setting(value)) for setting, value in block.requires.items()),
            frozen_from=self._frozen(name),
            reason=_or(block.reason, ""),
            description=_or(block.description, ""),
            help=_or(block.help, ""),
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
            latency=_or(defaults.latency, ""),
            audience=tuple(_or(defaults.audience, [])),
            editors=(),
            has_fls=standard.fls if standard else created and shape.kind is not FieldKind.MASTER_DETAIL,
            transform=DEFAULT_TRANSFORM[shape.kind],
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
            steward=_or(defaults.steward, ""),
            tags=(),
            requires=(),
            frozen_from=(),
            reason="",
            description="",
            help="",
        )

    def _default_owner(self) -> Owner:
        if self._owner is Owner.SALESFORCE:
            return Owner.SALESFORCE
        return _or(self._document.defaults.owner, Owner.CLM)

    def _unreadable(self, block: FieldBlock, shape: FieldType) -> Park:
        value_map = self._document.value_maps.get(shape.value_map)
        if value_map is not None and value_map.unknown == "park_row":
            return Park.ROW
        return Park.ROW if block.lifecycle else _or(block.unreadable, self._document.defaults.unreadable)

    def _precedence(self, block: FieldBlock) -> tuple[PrecedenceRow, ...]:
        """The rows over all states: the row without states gets every state that no row names."""
        rows = [] if block.precedence is UNSET else block.precedence
        every = [state.name for state in self._lifecycle.states] if self._lifecycle else []
        named = {state for row in rows if row.states is not UNSET for state in row.states}
        rest = tuple(state for state in every if state not in named)
        return tuple(
            PrecedenceRow(states=rest if row.states is UNSET else tuple(row.states), wins=Owner(row.wins))
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
    return {
        Owner.CLM: Direction.CLM_TO_SALESFORCE,
        Owner.SALESFORCE: Direction.SALESFORCE_TO_CLM,
        Owner.SHARED: Direction.BOTH,
    }[owner]


def _camel(name: str) -> str:
    return "_".join(word.capitalize() for word in name.split("_"))


def _setting(value: bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _or(value: T | UnsetType, default: T) -> T:
    return default if isinstance(value, UnsetType) else value
