"""Two resolved specs become the list of their changes: pure, in reading order, each with exactly one kind.

Tables pair every attribute of the model with the kind its change is; what needs a look at both values has a function beside them.
An attribute in no table is a mistake that a test finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Origin, Owner, Role, RollUpOf, Spec
from clmkit.release.changes import Change
from clmkit.release.compare_presentation import Fields, compare_presentation
from clmkit.release.compare_types import compare_type
from clmkit.release.compare_values import compare_lifecycle, compare_value_maps
from clmkit.release.show import show

T = TypeVar("T")

SPEC_KINDS: Mapping[str, str] = {
    "name": "spec_renamed",
    "summary": "wording_changed",
    "api_version": "api_version_changed",
    "prefix": "prefix_changed",
    "currency": "currency_changed",
    "stewards": "steward_changed",
    "zone": "zone_changed",
    "clm": "surroundings_changed",
    "salesforce": "surroundings_changed",
    "environments": "surroundings_changed",
    "org": "surroundings_changed",
    "environment": "surroundings_changed",
    "retention": "retention_changed",
    "us": "own_side_changed",
    "requests": "process_changed",
    "approvals": "process_changed",
    "renewal": "process_changed",
}
"""`version` is what the changes suggest; the others have functions of their own."""

OBJECT_KINDS: Mapping[str, str] = {
    "clm": "rows_changed",
    "salesforce": "object_moved",
    "label": "wording_changed",
    "plural_label": "wording_changed",
    "description": "wording_changed",
    "name_field": "record_name_changed",
    "name_format": "record_name_changed",
    "sharing": "sharing_changed",
    "owner": "object_owner_changed",
    "record_types": "record_types_changed",
    "checks": "checks_changed",
    "shares": "sharing_changed",
    "retention": "retention_changed",
}
"""`name` pairs the objects; `custom`, `kind` and `depends_on` follow from others."""

FIELD_KINDS: Mapping[str, str] = {
    "role": "role_changed",
    "clm": "source_changed",
    "label": "wording_changed",
    "field_class": "field_class_changed",
    "owner": "owner_changed",
    "direction": "direction_changed",
    "precedence": "precedence_changed",
    "conflict": "conflict_changed",
    "latency": "latency_changed",
    "transform": "transform_changed",
    "special": "special_changed",
    "flag": "flag_changed",
    "flag_of": "flag_changed",
    "hash": "hash_changed",
    "seed": "seed_changed",
    "blank": "blank_changed",
    "unreadable": "unreadable_changed",
    "case_sensitive": "field_case_changed",
    "lifecycle": "lifecycle_moved",
    "reference": "reference_changed",
    "steward": "steward_changed",
    "tags": "tags_changed",
    "requires": "dependency_changed",
    "frozen_from": "frozen_changed",
    "reason": "withheld_changed",
    "description": "wording_changed",
    "help": "wording_changed",
    "cleared": "cleared_changed",
    "zone": "zone_changed",
    "retention": "retention_changed",
    "encryption": "encryption_changed",
    "back": "way_back_changed",
}

FOLLOWS_OWNER = frozenset(("direction", "precedence", "conflict", "field_class"))
"""What moves with the owner is told once, as the change of owner."""

FOLLOWS_TYPE = frozenset(("transform", "case_sensitive"))
FOLLOWS_RENAME = frozenset(("label", "flag", "hash"))

SWITCHES: Mapping[str, tuple[str, str]] = {
    "required": ("field_made_required", "field_freed"),
    "unique": ("field_made_unique", "field_freed"),
    "external_id": ("external_id_added", "external_id_dropped"),
    "track_history": ("history_started", "history_stopped"),
}
"""Attribute -> the kind when it is switched on, the kind when it is switched off."""

GROUPS: Mapping[str, tuple[str, str]] = {
    "audience": ("exposure_widened", "exposure_narrowed"),
    "editors": ("editing_widened", "editing_narrowed"),
}
"""Attribute -> the kind of a name that came, the kind of one that went."""


def compare_specs(before: Spec, after: Spec) -> tuple[Change, ...]:
    """Every change from one spec to the other."""
    return tuple(dict.fromkeys(_compare_specs(before, after)))


def _compare_specs(before: Spec, after: Spec) -> Iterator[Change]:
    yield from _by_table(SPEC_KINDS, before, after, "spec", "spec")
    yield from _compare_named(before.audiences, after.audiences, "audience", ("audience_added", "audience_dropped"))
    yield from _compare_audiences(before, after)
    yield from _compare_named(before.latency, after.latency, "latency", ("latency_added", "latency_added"))
    for name, old_promise, new_promise in _pairs(_named(before.latency), _named(after.latency)):
        if old_promise != new_promise:
            yield Change("latency_promise_changed", f"latency.{name}", "", show(old_promise), show(new_promise))
    yield from compare_value_maps(before, after)
    yield from compare_lifecycle(before.lifecycle, after.lifecycle)
    yield from _compare_objects(before, after)
    yield from _compare_roll_ups(before, after)
    yield from compare_presentation(before, after, _shared_fields(before, after))


def _compare_roll_ups(before: Spec, after: Spec) -> Iterator[Change]:
    """The roll-ups that an org holds over a master-detail which becomes a lookup; a roll-up that leaves stays in the org."""
    for mapping in before.objects:
        for counted in mapping.columns:
            through = _find_column(after, counted.type.roll_up) if counted.type.roll_up else None
            if through and (through.type.kind, through.type.reference_to) == (FieldKind.LOOKUP, mapping.salesforce):
                yield Change(
                    "roll_up_keeps_master", f"{mapping.name}.{counted.name}", through.salesforce, counted.salesforce, ""
                )


def _find_column(spec: Spec, roll_up: RollUpOf) -> FieldMapping | None:
    """The field through which a roll-up finds its details."""
    detail = spec.find_object_of(roll_up.object)
    return next((field for field in detail.columns if field.salesforce == roll_up.through), None) if detail else None


def _shared_fields(before: Spec, after: Spec) -> dict[str, Fields]:
    """The fields of every object mapping that both specs have."""
    found = {}
    for name, old, new in _pairs(_named(before.objects), _named(after.objects)):
        pairs = list(_pair_fields(old, new))
        renamed = {one.name: other.name for one, other in pairs if one and other and one.name != other.name}
        moved = {one.salesforce: other.salesforce for one, other in pairs if one and other}
        names = [frozenset(field.name for field in mapping.columns) for mapping in (old, new)]
        found[name] = Fields(renamed, moved, *names)
    return found


def _compare_audiences(before: Spec, after: Spec) -> Iterator[Change]:
    kinds = {
        "label": "wording_changed",
        "description": "wording_changed",
        "kind": "field_class_changed",
        "permission_set": "permission_set_renamed",
    }
    for name, old, new in _pairs(_named(before.audiences), _named(after.audiences)):
        yield from _by_table(kinds, old, new, f"audience.{name}", new.permission_set)


def _compare_named(
    before: Sequence[object], after: Sequence[object], word: str, kinds: tuple[str, str]
) -> Iterator[Change]:
    """What came and what went of things that are paired by name."""
    old, new = _named(before), _named(after)
    for name in (*(new.keys() - old.keys()), *(old.keys() - new.keys())):
        yield Change(kinds[name in old], f"{word}.{name}", "")


def _compare_objects(before: Spec, after: Spec) -> Iterator[Change]:
    old, new = _named(before.objects), _named(after.objects)
    gone, come = [old[name] for name in old if name not in new], [new[name] for name in new if name not in old]
    for name, old_object, new_object in _pairs(old, new):
        yield from _compare_object(name, old_object, new_object)
    for mapping in gone:
        heir = next((other for other in come if other.salesforce == mapping.salesforce), None)
        if heir is None:
            yield Change("object_dropped", mapping.name, mapping.salesforce)
        else:
            yield Change("object_renamed", mapping.name, mapping.salesforce, mapping.name, heir.name)
            come.remove(heir)
            yield from _compare_object(heir.name, mapping, heir)
    for mapping in come:
        yield Change("object_added", mapping.name, mapping.salesforce)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield Change("order_changed", "objects", "")


def _compare_object(name: str, before: ObjectMapping, after: ObjectMapping) -> Iterator[Change]:
    yield from _by_table(OBJECT_KINDS, before, after, name, after.salesforce)
    if before.salesforce != after.salesforce:
        return
    for old, new in _pair_fields(before, after):
        if old is None and new is not None:
            yield _added(name, after, new)
        elif old is not None and new is None:
            yield _dropped(name, before, old)
        elif old is not None and new is not None:
            yield from _compare_field(name, after.salesforce, old, new)


Pair = tuple[FieldMapping | None, FieldMapping | None]


def _pair_fields(before: ObjectMapping, after: ObjectMapping) -> Iterator[Pair]:
    """Fields are paired by their name in the spec; those left over by their Salesforce field."""
    old, new = _named(before.fields), _named(after.fields)
    left = {field.salesforce: field for field in before.fields if field.name not in new and field.salesforce}
    for name, field in new.items():
        yield old.get(name) or left.pop(field.salesforce, None), field
    for field in before.fields:
        if field.name not in new and (not field.salesforce or field.salesforce in left):
            yield field, None


def _added(name: str, mapping: ObjectMapping, field: FieldMapping) -> Change:
    kind = "field_added" if field.salesforce else "withheld_changed"
    return Change(kind, f"{name}.{field.name}", _target(mapping.salesforce, field), "", show(field.type))


def _dropped(name: str, mapping: ObjectMapping, field: FieldMapping) -> Change:
    return Change(
        _kind_of_loss(field), f"{name}.{field.name}", _target(mapping.salesforce, field), show(field.type), ""
    )


def _kind_of_loss(field: FieldMapping) -> str:
    if not field.salesforce:
        return "withheld_changed"
    if field.role is Role.KEY:
        return "rekeyed"
    return "field_dropped" if field.origin is Origin.CREATED else "field_unmapped"


def _compare_field(name: str, sobject: str, old: FieldMapping, new: FieldMapping) -> Iterator[Change]:
    subject, target = f"{name}.{new.name}", _target(sobject, new)
    if bool(old.salesforce) != bool(new.salesforce):
        kind = "field_added" if new.salesforce else _kind_of_loss(old)
        yield Change(kind, subject, target or _target(sobject, old), show(old.field_class), show(new.field_class))
        return
    if old.name != new.name:
        yield Change("field_renamed", subject, target, old.name, new.name)
    if new.role is Role.KEY and _identity(old) != _identity(new):
        yield Change("rekeyed", subject, target, show(_identity(old)), show(_identity(new)))
        return
    if old.salesforce != new.salesforce:
        kind = "field_moved" if old.owner is Owner.CLM else "field_moved_with_values"
        yield Change(kind, subject, target, old.salesforce, new.salesforce)
    yield from _compare_origin(old, new, subject, target)
    yield from compare_type(old, new, subject, target)
    yield from _by_table(_kinds_of(old, new), old, new, subject, target)
    yield from _compare_switches(old, new, subject, target)
    yield from _compare_groups(old, new, subject, target)


def _identity(field: FieldMapping) -> tuple[str, str, str]:
    """What a key is: where it comes from, where it stands, and what counts as the same."""
    return field.clm, field.salesforce, "case counts" if field.case_sensitive else "case does not count"


def _kinds_of(old: FieldMapping, new: FieldMapping) -> Mapping[str, str]:
    told: set[str] = set()
    if old.owner is not new.owner:
        told |= FOLLOWS_OWNER
    elif old.field_class is not new.field_class:
        told |= {"direction"}
    if old.type.kind is not new.type.kind:
        told |= FOLLOWS_TYPE
    if old.salesforce != new.salesforce:
        told |= FOLLOWS_RENAME
    if not (old.unique and new.unique):
        told |= {"case_sensitive"}
    return {attribute: kind for attribute, kind in FIELD_KINDS.items() if attribute not in told}


def _compare_origin(old: FieldMapping, new: FieldMapping, subject: str, target: str) -> Iterator[Change]:
    if old.origin is not new.origin:
        kind = "field_took_over" if new.origin is Origin.CREATED else "field_released"
        yield Change(kind, subject, target, show(old.origin), show(new.origin))


def _compare_switches(old: FieldMapping, new: FieldMapping, subject: str, target: str) -> Iterator[Change]:
    for attribute, (on, off) in SWITCHES.items():
        before, after = getattr(old, attribute), getattr(new, attribute)
        if before != after:
            yield Change(
                on if after else off, subject, target, f"{attribute}: {show(before)}", f"{attribute}: {show(after)}"
            )


def _compare_groups(old: FieldMapping, new: FieldMapping, subject: str, target: str) -> Iterator[Change]:
    """Who may edit follows from the owner, and is not told beside a change of owner."""
    for attribute, (came, went) in GROUPS.items():
        if attribute == "editors" and old.owner is not new.owner:
            continue
        before, after = getattr(old, attribute), getattr(new, attribute)
        for kind, names in ((went, set(before) - set(after)), (came, set(after) - set(before))):
            if names:
                yield Change(kind, subject, target, show(before), show(after))


def _by_table(kinds: Mapping[str, str], before: object, after: object, subject: str, target: str) -> Iterator[Change]:
    for attribute, kind in kinds.items():
        old, new = getattr(before, attribute), getattr(after, attribute)
        if old != new:
            yield Change(kind, subject, target, show(old), show(new))


def _target(sobject: str, field: FieldMapping) -> str:
    return f"{sobject}.{field.salesforce}" if field.salesforce else ""


def _named(things: Iterable[T]) -> dict[str, T]:
    name: Callable[[T], str] = lambda thing: getattr(thing, "name")  # noqa: B009, E731 - the model's structs share no base
    return {name(thing): thing for thing in things}


def _pairs(before: Mapping[str, T], after: Mapping[str, T]) -> Iterator[tuple[str, T, T]]:
    for name, new in after.items():
        if name in before:
            yield name, before[name], new
