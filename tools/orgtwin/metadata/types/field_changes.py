"""May a field become that: what the org refuses when a field that stands is deployed again, with the records it has.

Source: "Notes on Changing Custom Field Types" (Salesforce Help). Texts marked ASSUMED are our words for a documented rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.workspace import Workspace
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType

_TEXT = frozenset(
    (
        FieldType.STRING,
        FieldType.TEXTAREA,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.URL,
        FieldType.PICKLIST,
        FieldType.MULTIPICKLIST,
    )
)
_NUMBER = frozenset((FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT))


def check_change(workspace: Workspace, draft: ObjectDraft, before: Field, after: Field) -> None:
    """Raises ComponentRefused where the platform keeps the field as it is."""
    _check_kind(before, after)
    if _storage(before) != _storage(after) and any(True for _ in _values(workspace, draft, before)):
        raise ComponentRefused("Cannot change type due to existing data")
    if _storage(after) == "text" and 0 < after.length < before.length:
        _check_fits(workspace, draft, before, after.length)
    if after.unique and not before.unique:
        _check_unique(workspace, draft, after)
    if after.required and not before.required and _has_blank(workspace, draft, before):
        raise ComponentRefused(
            f"{before.label}: records without a value exist, so the field cannot be made required"
        )  # ASSUMED


def _check_kind(before: Field, after: Field) -> None:
    for is_kind, name in (
        (lambda field: field.formula is not None, "Formula"),
        (lambda field: field.summary is not None, "Summary"),
        (lambda field: field.auto_number, "AutoNumber"),
        (lambda field: bool(field.reference_to), "Lookup, MasterDetail, or Hierarchy"),
    ):
        if is_kind(before) and not is_kind(after):
            raise ComponentRefused(f"Cannot update a field from {_a(name)} to something else")
        if is_kind(after) and not is_kind(before):
            raise ComponentRefused(f"Cannot update a field to {_a(name)} from something else")
    if before.reference_to != after.reference_to and before.reference_to:
        raise ComponentRefused("Cannot change the object that a relationship field refers to")  # ASSUMED


def _a(name: str) -> str:
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"


def _storage(field: Field) -> str:
    """Fields of one storage turn into each other without losing a value."""
    if field.type in _TEXT:
        return "text"
    return "number" if field.type in _NUMBER else field.type.value


def _values(workspace: Workspace, draft: ObjectDraft, field: Field) -> Iterator[Value]:
    if field.formula is not None or field.summary is not None or workspace.org.schema.find_type(draft.api_name) is None:
        return
    table = workspace.org.table(draft.api_name)
    read = table.reader(field.api_name)
    for row in table.rows():
        value = read(row)
        if value is not None and value is not False:
            yield value


def _has_blank(workspace: Workspace, draft: ObjectDraft, field: Field) -> bool:
    return sum(1 for _ in _values(workspace, draft, field)) < len(workspace.org.table(draft.api_name))


def _check_fits(workspace: Workspace, draft: ObjectDraft, field: Field, length: int) -> None:
    longest = max((len(value) for value in _values(workspace, draft, field) if isinstance(value, str)), default=0)
    if longest > length:
        raise ComponentRefused(
            f"{field.label}: a value of {longest} characters exists, so the length cannot be {length}"
        )  # ASSUMED


def _check_unique(workspace: Workspace, draft: ObjectDraft, field: Field) -> None:
    seen: set[Value] = set()
    for value in _values(workspace, draft, field):
        key = value.lower() if isinstance(value, str) and not field.case_sensitive else value
        if key in seen:
            raise ComponentRefused(f"{field.label}: two records have the same value")  # ASSUMED
        seen.add(key)
