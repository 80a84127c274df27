"""Compact layouts: of one object, and the primary ones of many.

Source: "sObject CompactLayouts" and "Compact Layouts" (REST API Developer Guide), DescribeCompactLayout (SOAP API Developer Guide).
Without an assignment the system default shows the name field; its id is null. Actions and images are Salesforce's own: none here.
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.http.message import Request, Response, json_response
from orgtwin.http.records import readable_fields, require_type
from orgtwin.http.routing import Route
from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService
from orgtwin.schema.describe import MASTER_RECORD_TYPE_ID, record_type_ids
from orgtwin.schema.describe_field import describe_field
from orgtwin.schema.model import Field, SObjectType

_MOST_OBJECTS = 100
Layout = dict[str, object]


def show_compact_layouts(request: Request) -> Response:
    """GET /sobjects/X/describe/compactLayouts."""
    sobject_type = require_type(request, request.params["sobject_type"])
    layouts = _components(request, sobject_type)
    primary = _primary(request, sobject_type)
    return json_response(
        {
            "compactLayouts": [_layout(request, sobject_type, layout) for layout in layouts],
            "defaultCompactLayoutId": primary.id if primary else None,
            "recordTypeCompactLayoutMappings": _mappings(request, sobject_type, primary),
            "urls": {
                "primary": f"{request.data_path}/sobjects/{sobject_type.api_name}/describe/compactLayouts/primary"
            },
        }
    )


def show_primary(request: Request) -> Response:
    """GET /sobjects/X/describe/compactLayouts/primary."""
    sobject_type = require_type(request, request.params["sobject_type"])
    return json_response(_primary_json(request, sobject_type))


def show_primaries(request: Request) -> Response:
    """GET /compactLayouts?q=Account,Contact: the primary layout of each."""
    names = [name.strip() for name in request.query.get("q", "").split(",") if name.strip()]
    if not 1 <= len(names) <= _MOST_OBJECTS:
        # ASSUMED: code and text; the number is documented.
        raise SalesforceError("INVALID_QUERY_FILTER_OPERATOR", f"q must name 1 to {_MOST_OBJECTS} objects")
    found = [require_type(request, name) for name in names]
    return json_response({each.api_name: _primary_json(request, each) for each in found})


def _components(request: Request, sobject_type: SObjectType) -> list[Component]:
    return request.twin.part(MetadataService).components.children_of("CompactLayout", sobject_type.api_name)


def _assigned(request: Request, sobject_type: SObjectType, parent: tuple[str, str]) -> Component | None:
    """The layout that an object or a record type names as its own."""
    holder = request.twin.part(MetadataService).components.find(*parent)
    name = holder.body.value("compactLayoutAssignment") if holder is not None else None
    return next((c for c in _components(request, sobject_type) if c.full_name.partition(".")[2] == name), None)


def _primary(request: Request, sobject_type: SObjectType) -> Component | None:
    return _assigned(request, sobject_type, ("CustomObject", sobject_type.api_name))


def _primary_json(request: Request, sobject_type: SObjectType) -> Layout:
    primary = _primary(request, sobject_type)
    return _system_default(request, sobject_type) if primary is None else _layout(request, sobject_type, primary)


def _mappings(request: Request, sobject_type: SObjectType, primary: Component | None) -> list[Layout]:
    ids = record_type_ids(request.org, sobject_type)
    rows = []
    for record_type in sobject_type.record_types:
        key = ("RecordType", f"{sobject_type.api_name}.{record_type.developer_name}")
        chosen = _assigned(request, sobject_type, key) or primary
        rows.append(_mapping(record_type.label, ids.get(record_type.developer_name.lower()), chosen))
    return [*rows, _mapping("Master", MASTER_RECORD_TYPE_ID, primary)]


def _mapping(label: str, record_type_id: str | None, layout: Component | None) -> Layout:
    return {
        "available": True,
        "compactLayoutId": layout.id if layout else None,
        "compactLayoutName": layout.full_name.partition(".")[2] if layout else "SYSTEM",
        "recordTypeId": record_type_id,
        "recordTypeName": label,
    }


def _layout(request: Request, sobject_type: SObjectType, layout: Component) -> Layout:
    by_name = {field.api_name.lower(): field for field in readable_fields(request, sobject_type)}
    fields = [by_name[name.lower()] for name in layout.body.values("fields") if name.lower() in by_name]
    name = layout.full_name.partition(".")[2]
    return _layout_json(sobject_type, fields, layout.id, layout.body.value("label") or name, name)


def _system_default(request: Request, sobject_type: SObjectType) -> Layout:
    fields = [field for field in readable_fields(request, sobject_type) if field.name_field]
    return _layout_json(sobject_type, fields, None, "System Default", "SYSTEM")


def _layout_json(
    sobject_type: SObjectType, fields: list[Field], layout_id: str | None, label: str, name: str
) -> Layout:
    return {
        "actions": [],
        "fieldItems": [_item(field, order) for order, field in enumerate(fields, start=1)],
        "id": layout_id,
        "imageItems": [],
        "label": label,
        "name": name,
        "objectType": sobject_type.api_name,
    }


def _item(field: Field, order: int) -> Layout:
    component = {
        "components": [],
        "details": describe_field(field, createable=field.createable, updateable=field.updateable),
        "displayLines": 1,
        "tabOrder": order,
        "type": "Field",
        "value": field.api_name,
    }
    return {
        "editable": False,
        "label": field.label,
        "layoutComponents": [component],
        "placeholder": False,
        "required": False,
    }


_DESCRIBE = "/services/data/{version}/sobjects/{sobject_type}/describe"
ROUTES = (
    Route("GET", "/services/data/{version}/compactLayouts", show_primaries),
    Route("GET", f"{_DESCRIBE}/compactLayouts", show_compact_layouts),
    Route("GET", f"{_DESCRIBE}/compactLayouts/primary", show_primary),
)
