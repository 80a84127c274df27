"""What the triggers of one object enforce, as data: the compile step from owners and precedence to Apex.

The same spec fields decide field-level security (`permissions`) and the sync's judgement; a test shows that the three agree.
"""

from __future__ import annotations

from dataclasses import dataclass

from clmkit.mapping.model import Direction, FieldClass, FieldMapping, ObjectMapping, Owner, Role, Spec
from clmkit.mapping.precedence import possible_winners


@dataclass(frozen=True, slots=True)
class OwnedField:
    """A field that people may not change: ever (`statuses` empty), or while the record stands in one of the statuses."""

    field: FieldMapping
    steward: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ObjectRules:
    """Everything about one object that its triggers need to know."""

    mapping: ObjectMapping
    owned: tuple[OwnedField, ...]
    published: tuple[FieldMapping, ...]
    version: FieldMapping | None
    status: FieldMapping | None


def compile_rules(spec: Spec, mapping: ObjectMapping) -> ObjectRules:
    """The rules of one object whose rows the CLM writes."""
    stewards = dict(spec.stewards)
    status = next((field for field in mapping.columns if field.lifecycle), None)
    owned: list[OwnedField] = []
    for field in mapping.columns:
        if field.role is Role.FLAG or field.owner is Owner.CLM:
            owned.append(OwnedField(field, stewards[field.steward], ()))
        elif status and (statuses := locked_statuses(spec, field)):
            owned.append(OwnedField(field, stewards[field.steward], statuses))
    return ObjectRules(mapping, tuple(owned), tuple(published_fields(mapping)), mapping.version, status)


def locked_statuses(spec: Spec, field: FieldMapping) -> tuple[str, ...]:
    """The statuses in which people may not change a field that is not the CLM's alone: it is frozen, or only the CLM can win there.

    Where a role or a window gives Salesforce a chance the guard lets the edit through: it knows the status, the sync the rest.
    """
    statuses = spec.lifecycle.statuses if spec.lifecycle else ()
    locked = [
        status
        for status, state in statuses
        if state in field.frozen_from or possible_winners(field.precedence, state) == {Owner.CLM}
    ]
    return tuple(dict.fromkeys(locked))


def published_fields(mapping: ObjectMapping) -> list[FieldMapping]:
    """The fields whose change in Salesforce the CLM must hear of."""
    flowing = (Direction.SALESFORCE_TO_CLM, Direction.BOTH)
    return [f for f in mapping.columns if f.direction in flowing and f.field_class is FieldClass.SYNC]


def is_guarded(mapping: ObjectMapping) -> bool:
    """Whether the object gets a trigger: its rows come from the CLM."""
    return mapping.owner is not Owner.SALESFORCE


def publishes_changes(mapping: ObjectMapping) -> bool:
    """Whether the object gets a change event."""
    return is_guarded(mapping) and bool(published_fields(mapping))
