"""Which fields list views and reports can show. Pure; the generator leaves out what they cannot, and lint says so.

Sources: list views as orgs return them; Metadata API Developer Guide, "ListView", "ReportType".
"""

from __future__ import annotations

from collections.abc import Mapping

from clmkit.mapping.catalogue import is_custom
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Origin

# A standard field that a list view knows by another name.
_COLUMNS: Mapping[tuple[str, str], str] = {
    ("Contract", "Status"): "CONTRACT.STATUS",
    ("Contract", "StartDate"): "CONTRACT.START_DATE",
    ("Contract", "EndDate"): "CONTRACT.END_DATE",
}
_NOT_REPORTED = (FieldKind.LONG_TEXT, FieldKind.HTML, FieldKind.MASTER_DETAIL)


def find_column(mapping: ObjectMapping, api_name: str) -> str | None:
    """What list views call a field; None for a standard field that they do not know."""
    return find_column_of(mapping.salesforce, api_name)


def find_column_of(sobject: str, api_name: str) -> str | None:
    """As `find_column`, of an object by its API name."""
    return api_name if is_custom(api_name) else _COLUMNS.get((sobject, api_name))


def is_reported(field: FieldMapping) -> bool:
    """Every field but long text and the standard references, which reports know by other names."""
    is_named_otherwise = field.origin is Origin.STANDARD and field.reference is not None
    return field.type.kind not in _NOT_REPORTED and not is_named_otherwise
