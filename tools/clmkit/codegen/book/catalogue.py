"""The data catalogue: fields, values, lifecycle, and what each field can hold."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from clmkit.codegen.book.tables import Row, Table, make_table
from clmkit.codegen.field_map import DIRECTIONS, OWNERS
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Spec

EDITION_FIELDS = {"developer": 500, "professional": 100, "enterprise": 500, "performance": 800, "unlimited": 800}
"""Custom fields an object may have. Source: Salesforce Help, "Custom Fields Allowed Per Object"."""

MOST_TRACKED, MOST_LOOKUPS, MOST_ROLL_UPS, MOST_EXTERNAL_IDS = 20, 40, 25, 25
"""Per object. Source: Salesforce Help, "Field History Tracking", "Custom Fields Allowed Per Object"."""

FIXED_LENGTHS = {FieldKind.TEXT_AREA: 255, FieldKind.URL: 255, FieldKind.EMAIL: 80, FieldKind.PHONE: 40}
CLASSES = {"sync": "kept the same", "read_only": "shown only", "clm_only": "never leaves the CLM"}


def catalogue_tables(spec: Spec) -> Iterator[Table]:
    yield _fields(spec)
    yield _values(spec)
    if spec.lifecycle:
        yield _lifecycle(spec)
    yield _limits(spec)
    yield _object_limits(spec)


def each_field(spec: Spec) -> Iterator[tuple[ObjectMapping, FieldMapping]]:
    for mapping in spec.objects:
        for field in mapping.fields:
            yield mapping, field


def _fields(spec: Spec) -> Table:
    stewards = dict(spec.stewards)
    rows = (
        (
            mapping.label, field.label or field.name, field.salesforce, field.clm, describe_type(field),
            CLASSES[field.field_class.value], OWNERS[field.owner], DIRECTIONS[field.direction], field.latency, field.transform,
            tell(field.blank), tell(field.unreadable), field.required, stewards.get(field.steward, field.steward), field.tags,
            field.retention or mapping.retention, tell(field.encryption), field.description or field.reason,
        )
        for mapping, field in each_field(spec)
    )  # fmt: skip
    return make_table(
        "Data catalogue",
        "Data catalogue",
        "Every value and both its homes. A path starts at the row's CLM item, with a / at the agreement.",
        "Object | Field | API name | CLM path | Type | Class | System of record | Direction | Latency | Transform | When empty"
        " | When unreadable | Required | Steward | Tags | Retention | Encryption | Meaning",
        rows,
    )


def tell(word: Enum) -> str:
    """A word of the language for people; nothing for `none`."""
    return "" if word.value == "none" else str(word.value).replace("_", " ")


def describe_type(field: FieldMapping) -> str:
    """`Text(80)`, `Currency(18,2)`, `Lookup(Account)`."""
    if not field.salesforce:
        return ""
    name, kind = field.type.metadata_name, field.type
    if kind.formula:
        return f"Formula: {name}"
    measure = next(filter(None, (kind.reference_to, kind.value_map, kind.length, kind.display_format)), "")
    digits = f"{kind.precision},{kind.scale}" if kind.precision else str(measure)
    return f"{name}({digits})" if digits else name


def _values(spec: Spec) -> Table:
    users: dict[str, list[str]] = {}
    for mapping, field in each_field(spec):
        if field.type.value_map:
            users.setdefault(field.type.value_map, []).append(f"{mapping.salesforce}.{field.salesforce}")
    rows: list[Row] = []
    for values in spec.value_maps:
        for value in values.values:
            used, kept = ", ".join(users.get(values.name, ())), "" if value.active else "retired"
            rows.append((values.label, value.clm, value.salesforce, value.label, kept, tell(values.unknown), used))
    return make_table(
        "Values",
        "Value lists",
        "CLM value on the left, picklist value on the right. A value outside a list is never guessed.",
        "List | CLM value | Picklist value | Label | Retired | Unknown value | Used by",
        rows,
    )


def _lifecycle(spec: Spec) -> Table:
    lifecycle = spec.lifecycle
    if lifecycle is None:
        raise ValueError("no lifecycle")
    frozen = {
        state.name: [field for field, states in lifecycle.frozen if state.name in states] for state in lifecycle.states
    }
    rows = (
        (
            state.name,
            state.clm,
            state.status,
            state.category,
            [old for old, name in lifecycle.old_statuses if name == state.name],
            [after for before, after in lifecycle.moves if before == state.name],
            frozen[state.name],
            state.description,
        )
        for state in lifecycle.states
    )
    return make_table(
        "Lifecycle",
        "Lifecycle",
        "The same state machine on both sides. Category is Salesforce's; an expired contract stays Activated.",
        "State | CLM stage | Status | Category | Old statuses | May go to | Frozen fields | Meaning",
        rows,
    )


def _limits(spec: Spec) -> Table:
    rows = (
        (mapping.label, field.salesforce, describe_type(field), *_capacity(spec, field))
        for mapping, field in each_field(spec)
        if field.salesforce
    )
    return make_table(
        "Field limits",
        "What each field can hold",
        "A larger value is parked, never cut.",
        "Object | Field | Type | Characters | Whole digits | Decimals | Values | Can be filtered | Can be a key",
        rows,
    )


def _capacity(spec: Spec, field: FieldMapping) -> tuple[object, ...]:
    kind, measured = field.type, field.type.precision > 0
    length = kind.length or FIXED_LENGTHS.get(kind.kind, 0) or ""
    values = len(spec.get_value_map(kind.value_map).picklist) if kind.value_map else ""
    whole, decimals = (kind.precision - kind.scale, kind.scale) if measured else ("", "")
    long = kind.kind in (FieldKind.LONG_TEXT, FieldKind.HTML)
    return length, whole, decimals, values, not long, field.external_id and field.unique


def _object_limits(spec: Spec) -> Table:
    edition = spec.salesforce.edition.value if spec.salesforce else "enterprise"
    most = EDITION_FIELDS[edition]
    rows = []
    for mapping in spec.objects:
        created = mapping.created
        counts = (
            ("custom fields", len(created), most),
            ("fields with history", sum(field.track_history for field in created), MOST_TRACKED),
            (
                "lookups",
                sum(field.type.kind in (FieldKind.LOOKUP, FieldKind.MASTER_DETAIL) for field in created),
                MOST_LOOKUPS,
            ),
            ("roll-ups", sum(field.type.kind is FieldKind.ROLL_UP for field in created), MOST_ROLL_UPS),
            ("external IDs", sum(field.external_id for field in created), MOST_EXTERNAL_IDS),
        )
        rows += [(mapping.salesforce, what, used, limit, f"{used / limit:.0%}") for what, used, limit in counts if used]
    return make_table(
        "Object limits",
        "What each object has room for",
        f"The kit's own fields against the limits of the {edition} edition; the org's other fields count, too.",
        "Object | Of what | Used by the spec | Limit | Share",
        rows,
    )
