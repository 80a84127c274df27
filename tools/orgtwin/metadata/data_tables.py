"""Computed objects that a query of the data API finds: definitions of objects, fields and tabs, and the views of flows.

Source: those pages of the Object Reference. A caller sees the objects and fields that it may read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict

from orgtwin.metadata.flow_tables import (
    DEFINITION_FIELDS,
    VARIABLE_FIELDS,
    VERSION_FIELDS,
    flow_definitions,
    flow_variables,
    flow_versions,
)
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.status_tables import status_tables
from orgtwin.metadata.tabs import COLORS, tabs_of
from orgtwin.metadata.tooling_tables import TABLES, tooling_type
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.soql.catalog import VirtualTable, VirtualTables

FindService = Callable[[], MetadataService]
Values = Mapping[str, Value]

_TAB_FIELDS = "DurableId Name Label SobjectName Url IsAvailableInAloha:b IsAvailableInLightning:b IsAvailableInMobile:b IsCustom:b"

_ICON_FIELDS = "DurableId TabDefinitionId>TabDefinition/Icons Url ContentType Theme Height:i Width:i"
_COLOR_FIELDS = "DurableId TabDefinitionId>TabDefinition/Colors Color Theme Context"


def register_data_tables(tables: VirtualTables, find_service: FindService) -> None:
    """Make the objects of this module queryable, and those of `status_tables`."""
    for table in status_tables(find_service):
        tables.register(table)
    for name, seen in _DEFINITIONS:
        fields, rows = TABLES[name]
        tables.register(VirtualTable(tooling_type(name, fields), _filtered(find_service, rows, seen)))
    for name, fields, flows in (
        ("FlowDefinitionView", DEFINITION_FIELDS, flow_definitions),
        ("FlowVersionView", VERSION_FIELDS, flow_versions),
        ("FlowVariableView", VARIABLE_FIELDS, flow_variables),
    ):
        tables.register(VirtualTable(tooling_type(name, fields), _filtered(find_service, flows, _all_rows)))
    for name, fields, told in (
        ("TabDefinition", _TAB_FIELDS, _tabs),
        ("IconDefinition", _ICON_FIELDS, _icons),
        ("ColorDefinition", _COLOR_FIELDS, _colors),
    ):
        tables.register(VirtualTable(tooling_type(name, fields), _of_tabs(find_service, told)))


Seen = Callable[[Organization, Caller, Iterable[Values]], Iterator[Values]]


def _filtered(
    find_service: FindService, rows: Callable[[MetadataService], Iterable[Values]], seen: Seen
) -> Callable[[Organization, Caller], Iterator[Values]]:
    return lambda org, caller: seen(org, caller, rows(find_service()))


def _all_rows(_org: Organization, _caller: Caller, rows: Iterable[Values]) -> Iterator[Values]:
    return iter(rows)


def _seen_entities(org: Organization, caller: Caller, rows: Iterable[Values]) -> Iterator[Values]:
    return (row for row in rows if org.access.can(caller, str(row["QualifiedApiName"]), "read"))


def _seen_fields(org: Organization, caller: Caller, rows: Iterable[Values]) -> Iterator[Values]:
    readable: dict[str, frozenset[str]] = {}
    for row in rows:
        entity = str(row["EntityDefinitionId"])
        if entity not in readable:
            may = org.access.can(caller, entity, "read")
            readable[entity] = org.access.readable_fields(caller, entity) if may else frozenset()
        if str(row["QualifiedApiName"]).lower() in readable[entity]:
            yield row


_DEFINITIONS = (
    ("EntityDefinition", _seen_entities),
    ("FieldDefinition", _seen_fields),
    ("EntityParticle", _seen_fields),
)


def _of_tabs(
    find_service: FindService, told: Callable[[Organization, MetadataService, Caller], Iterator[Values]]
) -> Callable[[Organization, Caller], Iterator[Values]]:
    return lambda org, caller: told(org, find_service(), caller)


def _tabs(org: Organization, service: MetadataService, caller: Caller) -> Iterator[Values]:
    for tab in tabs_of(org, service.components, caller):
        yield {
            "Id": tab.name,
            "DurableId": tab.name,
            "Name": tab.name,
            "Label": tab.label,
            "SobjectName": tab.sobject_name,
            "Url": tab.path,
            "IsAvailableInAloha": True,
            "IsAvailableInLightning": True,
            "IsAvailableInMobile": True,
            "IsCustom": tab.custom,
        }


def _icons(org: Organization, service: MetadataService, caller: Caller) -> Iterator[Values]:
    """Source: "IconDefinition". ASSUMED: the address is below the org's."""
    for tab in tabs_of(org, service.components, caller):
        for place, picture in enumerate(tab.pictures):
            name = f"{tab.name}-{place}"
            yield {
                "Id": name,
                "DurableId": name,
                "TabDefinitionId": tab.name,
                "Url": picture.path,
                "ContentType": picture.content_type,
                "Theme": picture.theme,
                "Height": picture.size,
                "Width": picture.size,
            }


def _colors(org: Organization, service: MetadataService, caller: Caller) -> Iterator[Values]:
    """Source: "ColorDefinition"."""
    for tab in tabs_of(org, service.components, caller):
        for place, color in enumerate(COLORS):
            name = f"{tab.name}-{place}"
            yield {"Id": name, "DurableId": name, "TabDefinitionId": tab.name, **asdict(color)}
