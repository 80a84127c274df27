"""The values of a status as rows: LeadStatus, OpportunityStage, CaseStatus, TaskStatus, TaskPriority.

Sources: those pages of the Object Reference; "StandardValueSet" (Metadata API Developer Guide) for what a deployed value says of
itself. A value that says nothing is as in a new org. ASSUMED: an id follows the value's place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from orgtwin.ids import checksum
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.records.status_laws import CLOSED_CASE_STATUSES, CLOSED_TASK_STATUSES, STAGES, Stage
from orgtwin.schema.model import PicklistValue, SObjectType
from orgtwin.schema.standard_objects import standard_types
from orgtwin.soql.catalog import VirtualTable

Told = Node | None
"""What a deployed value set says of a value."""


@dataclass(frozen=True, slots=True)
class StatusTable:
    """Whose values, of which field, in which value set; `more` are the columns beyond label, name, place and default."""

    sobject_type: str
    field: str
    value_set: str
    more: Callable[[PicklistValue, Told], Mapping[str, Value]]


def _flag(told: Told, name: str, otherwise: bool) -> bool:
    return otherwise if told is None or told.value(name) is None else told.flag(name)


def _stage(value: PicklistValue, told: Told) -> Mapping[str, Value]:
    known = STAGES.get(value.value, Stage(0, "Pipeline"))
    probability = told.number("probability") if told is not None else None
    forecast = (told.value("forecastCategory") if told is not None else None) or known.forecast
    return {
        "IsActive": value.active,
        "IsClosed": _flag(told, "closed", known.is_closed),
        "IsWon": _flag(told, "won", known.is_won),
        "ForecastCategory": forecast,
        "ForecastCategoryName": forecast,
        "DefaultProbability": Decimal(known.probability if probability is None else probability),
    }


STATUS_TABLES: Mapping[str, StatusTable] = {
    "LeadStatus": StatusTable(
        "Lead",
        "Status",
        "LeadStatus",
        lambda value, told: {"IsConverted": _flag(told, "converted", value.value == "Closed - Converted")},
    ),
    "OpportunityStage": StatusTable("Opportunity", "StageName", "OpportunityStage", _stage),
    "CaseStatus": StatusTable(
        "Case",
        "Status",
        "CaseStatus",
        lambda value, told: {"IsClosed": _flag(told, "closed", value.value in CLOSED_CASE_STATUSES)},
    ),
    "TaskStatus": StatusTable(
        "Task",
        "Status",
        "TaskStatus",
        lambda value, told: {"IsClosed": _flag(told, "closed", value.value in CLOSED_TASK_STATUSES)},
    ),
    "TaskPriority": StatusTable(
        "Task",
        "Priority",
        "TaskPriority",
        lambda value, told: {"IsHighPriority": _flag(told, "highPriority", value.value == "High")},
    ),
}


def status_tables(find_service: Callable[[], MetadataService]) -> Iterable[VirtualTable]:
    """One for each row of STATUS_TABLES."""
    for described in _status_types():
        yield _table(described, STATUS_TABLES[described.api_name], find_service)


@cache
def _status_types() -> tuple[SObjectType, ...]:
    return tuple(described for described in standard_types() if described.api_name in STATUS_TABLES)


def _table(described: SObjectType, status: StatusTable, find_service: Callable[[], MetadataService]) -> VirtualTable:
    has_default = described.find_field("IsDefault") is not None

    def rows(org: Organization, _caller: Caller) -> Iterable[Mapping[str, Value]]:
        owner = org.schema.find_type(status.sobject_type)
        field = owner.find_field(status.field) if owner is not None else None
        told = _told_by_name(find_service(), status.value_set)
        for place, value in enumerate(field.picklist if field is not None else (), start=1):
            number = f"{described.key_prefix}TW0{place:09}"
            yield {
                "Id": number + checksum(number),
                "MasterLabel": value.label,
                "ApiName": value.value,
                "SortOrder": place,
                **({"IsDefault": value.default} if has_default else {}),
                **status.more(value, told.get(value.value)),
            }

    return VirtualTable(described, rows)


def _told_by_name(service: MetadataService, value_set: str) -> Mapping[str, Node]:
    component = service.components.find("StandardValueSet", value_set)
    nodes = component.body.all("standardValue") if component is not None else ()
    return {node.value("fullName") or "": node for node in nodes}
