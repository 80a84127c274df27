"""Which records a change would hurt: the change as a question in SOQL. Pure; who asks is `snapshot`.

A count is an upper bound where SOQL cannot look into a value (long texts, numbers with fewer decimals): `is_exact` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clmkit.clients.salesforce import quote_soql
from clmkit.mapping.model import FieldKind
from clmkit.release.changes import Change
from clmkit.release.compare_types import capacity
from clmkit.release.components import Components, Elements, Key
from clmkit.release.judge_components import type_of
from clmkit.release.withdrawals import EVENT_SUFFIX

LONGEST_PATTERN = 255
UNSEARCHABLE = frozenset((FieldKind.LONG_TEXT, FieldKind.HTML))
"""Long text areas cannot be filtered on. Source: SOQL and SOSL Reference, "WHERE"."""

ASSIGNMENT = "PermissionSetAssignment"
ASSIGNED_BY = {"PermissionSet": "PermissionSet.Name", "PermissionSetGroup": "PermissionSetGroup.DeveloperName"}
"""Metadata type -> what tells its assignments. Source: "PermissionSetAssignment" (Object Reference)."""

COUNT = "SELECT COUNT(Id) n FROM"
STATUS_FIELD = ("Contract", "Status")


@dataclass(frozen=True, slots=True)
class Question:
    """Counts the records of one object that match; `soql` answers one number named `n`."""

    change: Change
    about: str
    soql: str
    is_exact: bool = True


def find_questions(changes: tuple[Change, ...], org: Components, built: Components) -> tuple[Question, ...]:
    return tuple(question for change in changes for question in _questions(change, org, built))


def _questions(change: Change, org: Components, built: Components) -> Iterator[Question]:
    key = Key("CustomField", change.target)
    if question := _assigned(change):
        yield question
        return
    if change.kind in ("value_dropped", "status_dropped"):
        for sobject, field, is_multiple in find_fields_with_value(change, org):
            test = f"INCLUDES ({quote_soql(change.before)})" if is_multiple else f"= {quote_soql(change.before)}"
            yield _count(change, f"{sobject}.{field} is {change.before}", sobject, f"{field} {test}")
        return
    sobject, _, field = change.target.partition(".")
    if key not in org or sobject.endswith(EVENT_SUFFIX):
        return
    if change.kind == "field_shortened" and key in built:
        yield _too_long(change, sobject, field, org[key], built[key])
    elif change.kind in ("field_retyped", "relationship_retyped", "field_dropped"):
        yield _filled(change, sobject, field, org[key])
    elif change.kind == "field_made_required":
        yield _count(change, f"{change.target} is empty", sobject, f"{field} = null")


def _assigned(change: Change) -> Question | None:
    """Who loses a permission set, or a group of them, that goes."""
    metadata_type = change.subject.partition(" ")[0]
    if change.kind not in ("audience_dropped", "component_dropped") or metadata_type not in ASSIGNED_BY:
        return None
    where = f"{ASSIGNED_BY[metadata_type]} = {quote_soql(change.target)}"
    return _count(change, f"{change.target} is assigned to a user", ASSIGNMENT, where)


def _count(change: Change, about: str, sobject: str, where: str, *, is_exact: bool = True) -> Question:
    return Question(change, about, f"{COUNT} {sobject} WHERE {where}", is_exact)


def _filled(change: Change, sobject: str, field: str, elements: Elements) -> Question:
    about = f"{change.target} has a value"
    kind = type_of(elements)
    if kind is not None and kind.kind in UNSEARCHABLE:
        return Question(change, about, f"{COUNT} {sobject}", is_exact=False)
    if kind is not None and kind.kind is FieldKind.CHECKBOX:
        return _count(change, f"{change.target} is checked", sobject, f"{field} = true")
    return _count(change, about, sobject, f"{field} != null")


def _too_long(change: Change, sobject: str, field: str, before: Elements, after: Elements) -> Question:
    old, new = type_of(before), type_of(after)
    if old is None or new is None or old.kind in UNSEARCHABLE:
        return _filled(change, sobject, field, before)
    most, scale = capacity(new)
    if old.precision:
        if scale < capacity(old)[1]:
            return _count(change, f"{change.target} may lose decimals", sobject, f"{field} != null", is_exact=False)
        edge = 10**most
        return _count(change, f"{change.target} has more digits", sobject, f"({field} >= {edge} OR {field} <= -{edge})")
    if most >= LONGEST_PATTERN:
        return _filled(change, sobject, field, before)
    pattern = quote_soql("_" * (most + 1) + "%")
    return _count(change, f"{change.target} is longer than {most}", sobject, f"{field} LIKE {pattern}")


def find_fields_with_value(change: Change, org: Components) -> Iterator[tuple[str, str, bool]]:
    """Object, field and whether it holds several values, of the fields whose records may hold a dropped value.

    That is the field itself, or all that use the value set.
    """
    if change.kind == "status_dropped":
        yield (*STATUS_FIELD, False)
        return
    for key, elements in org.items():
        if key.metadata_type == "CustomField" and change.target in (
            key.full_name,
            elements.get("valueSet.valueSetName"),
        ):
            sobject, _, field = key.full_name.partition(".")
            yield sobject, field, elements.get("type") == FieldKind.MULTIPICKLIST.metadata_name


Counts = Mapping[str, int | None]
"""SOQL -> records; None where the user who plans may not read the field."""
