"""What a name in a formula stands for: a field, a field of a parent, or a merge variable that begins with `$`.

Source: "Formula Field Types and Merge Fields", "Use Global Variables in Formulas" (Salesforce Help).
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.formula.context import FieldPath, GlobalPath, Lookup
from orgtwin.formula.errors import FormulaError, unknown_field
from orgtwin.formula.tree import Reference
from orgtwin.formula.types import FormulaType, find_type_of_field
from orgtwin.schema.model import Field, Schema, SObjectType

MAXIMUM_LOOKUPS = 10  # "Formula Field Limits": a path may cross ten relationships

_GLOBAL_RECORDS = {
    "$user": ("$User", "User"),
    "$profile": ("$Profile", "Profile"),
    "$userrole": ("$UserRole", "UserRole"),
    "$organization": ("$Organization", "Organization"),
    "$recordtype": ("$RecordType", "RecordType"),
}
_GLOBAL_VALUES = {
    "$permission": ("$Permission", FormulaType.BOOLEAN),
    "$label": ("$Label", FormulaType.TEXT),
    "$api": ("$Api", FormulaType.TEXT),
    "$system": ("$System", FormulaType.DATETIME),
}


@dataclass(frozen=True, slots=True)
class Resolved:
    """`field` is the schema's, None for variables that are no field."""

    path: FieldPath | GlobalPath
    type: FormulaType
    field: Field | None


def resolve(schema: Schema, start: SObjectType, reference: Reference) -> Resolved:
    """Raises FormulaError "Field X does not exist. Check spelling." with the whole name as written."""
    if reference.name.startswith("$"):
        return _resolve_global(schema, reference)
    *relationships, last = reference.name.split(".")
    if len(relationships) > MAXIMUM_LOOKUPS:
        raise FormulaError(
            f"Field {reference.name} crosses more than {MAXIMUM_LOOKUPS} relationships", reference.position
        )
    owner, lookups, names = start, [], []
    for relationship in relationships:
        lookup, name, parent = _follow(schema, owner, relationship, reference)
        lookups.append(Lookup(lookup.api_name, parent.api_name))
        names.append(name)
        owner = parent
    field = _require_field(owner, last, reference)
    path = FieldPath(tuple(lookups), owner.api_name, field.api_name, ".".join([*names, field.api_name]))
    return Resolved(path, _require_type(field, reference), field)


def _follow(
    schema: Schema, owner: SObjectType, relationship: str, reference: Reference
) -> tuple[Field, str, SObjectType]:
    """`Account`, `Owner:User`: the reference field, its relationship name and the parent object."""
    name, _, wanted = relationship.partition(":")
    field = owner.find_relationship(name)
    if field is None:
        raise unknown_field(reference.name, reference.position)
    types = {target.lower(): target for target in field.reference_to}
    target = types.get(wanted.lower()) if wanted else field.reference_to[0]
    if target is None:
        raise FormulaError(
            f"{wanted} is an invalid object type for the {name} field. Check spelling.", reference.position
        )
    parent = schema.find_type(target)
    if parent is None:
        raise unknown_field(reference.name, reference.position)
    return field, field.relationship_name or name, parent


def _require_field(owner: SObjectType, name: str, reference: Reference) -> Field:
    field = owner.find_field(name)
    if field is None:
        raise unknown_field(reference.name, reference.position)
    return field


def _require_type(field: Field, reference: Reference) -> FormulaType:
    found = find_type_of_field(field)
    if found is None:
        raise FormulaError(
            f'You referenced an unsupported field type called "{field.type.value}" '
            f"using the following field: {reference.name}",
            reference.position,
        )
    return found


def _resolve_global(schema: Schema, reference: Reference) -> Resolved:
    root, *names = reference.name.split(".")
    key = root.lower()
    if key in _GLOBAL_RECORDS and len(names) == 1:
        canonical, sobject_type = _GLOBAL_RECORDS[key]
        return _global_field(schema, (canonical,), sobject_type, names[0], reference)
    if key in _GLOBAL_VALUES and names:
        canonical, kind = _GLOBAL_VALUES[key]
        return Resolved(GlobalPath((canonical, *names)), kind, None)
    if key == "$setup" and len(names) == 2:
        return _global_field(schema, ("$Setup", names[0]), names[0], names[1], reference)
    if key == "$custommetadata" and len(names) == 3:
        return _global_field(schema, ("$CustomMetadata", names[0], names[1]), names[0], names[2], reference)
    raise unknown_field(reference.name, reference.position)


def _global_field(
    schema: Schema, prefix: tuple[str, ...], sobject_type: str, name: str, reference: Reference
) -> Resolved:
    owner = schema.find_type(sobject_type)
    if owner is None:
        raise unknown_field(reference.name, reference.position)
    field = _require_field(owner, name, reference)
    return Resolved(GlobalPath((*prefix, field.api_name)), _require_type(field, reference), field)
