"""Small classes around the platform: Location, OrgLimits, Approval locks, Network and Site.

Sources: the pages of those names in the Apex Reference Guide.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.schemas import CaselessMap
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Value

# Location

_EARTH = {"mi": 3958.7613, "km": 6371.0088}


@dataclass(frozen=True, slots=True)
class Location:
    latitude: Value
    longitude: Value

    @property
    def apex_type(self) -> Type:
        return declare("Location").type

    def __str__(self) -> str:
        return f"API Location[{to_text(self.latitude)}, {to_text(self.longitude)}]"


def distance(this: Location, other: Location | None, unit: str) -> float | None:
    """The great-circle distance. Units: mi, km."""
    if other is None:
        return None
    if unit not in _EARTH:
        raise throw("IllegalArgumentException", f"Invalid unit: {unit}. Use mi or km.")  # ASSUMED text
    lat1, lon1, lat2, lon2 = (
        math.radians(float(v)) for v in (this.latitude, this.longitude, other.latitude, other.longitude)
    )
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH[unit] * math.asin(math.sqrt(half))


system_class(
    "Location",
    {
        "static Location newInstance(Decimal,Decimal)": Location,
        "static Double getDistance(Location,Location,String)": distance,
        "Double getDistance(Location,String)": distance,
        "Double getLatitude()": lambda this: float(this.latitude),
        "Double getLongitude()": lambda this: float(this.longitude),
        "Double latitude": lambda this: float(this.latitude),
        "Double longitude": lambda this: float(this.longitude),
    },
)

# OrgLimits


@dataclass(frozen=True, slots=True)
class OrgLimit:
    name: str
    limit: int
    value: int = 0

    @property
    def apex_type(self) -> Type:
        return declare("OrgLimit").type


ORG_LIMITS = (
    OrgLimit("DailyApiRequests", 15_000),
    OrgLimit("DailyAsyncApexExecutions", 250_000),
    OrgLimit("DailyBulkApiBatches", 15_000),
    OrgLimit("DailyBulkV2QueryJobs", 10_000),
    OrgLimit("DailyWorkflowEmails", 15),
    OrgLimit("DataStorageMB", 5),
    OrgLimit("FileStorageMB", 20),
    OrgLimit("HourlyPublishedPlatformEvents", 50_000),
    OrgLimit("HourlyPublishedStandardVolumePlatformEvents", 1_000),
    OrgLimit("MassEmail", 10),
    OrgLimit("SingleEmail", 15),
    OrgLimit("StreamingApiConcurrentClients", 20),
)
system_class(
    "OrgLimit",
    {
        "String getName()": lambda this: this.name,
        "Integer getLimit()": lambda this: this.limit,
        "Integer getValue()": lambda this: this.value,
        "String toString()": lambda this: f"OrgLimit[{this.name}: {this.value}/{this.limit}]",
    },
)
system_class(
    "OrgLimits",
    {
        "static List<OrgLimit> getAll()": lambda: ApexList(type_of("List<OrgLimit>"), list(ORG_LIMITS)),
        "static Map<String,OrgLimit> getMap()": lambda: CaselessMap(
            type_of("Map<String,OrgLimit>"), {row.name.lower(): row for row in ORG_LIMITS}
        ),
    },
)

# Approval locks


def _ids_of(operand: Value) -> list[str]:
    items = operand.items if isinstance(operand, ApexList) else [operand]
    ids = [item.fields.get("Id") if isinstance(item, SObject) else item for item in items]
    if None in ids:
        raise argument_null("1")
    return [str(record_id) for record_id in ids]


@dataclass(slots=True)
class LockResult:
    kind: str
    record_id: str | None
    success: bool = True
    errors: list[Value] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace="Approval").type


def _set_lock(kind: str, locked: bool) -> Callable[..., Value]:
    def run(operand: Value, *_: Value) -> Value:
        engine = context.engine()
        for record_id in _ids_of(operand):
            (engine.locked_ids.add if locked else engine.locked_ids.discard)(record_id)
        results = [LockResult(kind, i) for i in _ids_of(operand)]
        return (
            ApexList(type_of(f"List<Approval.{kind}>"), list(results)) if isinstance(operand, ApexList) else results[0]
        )

    return run


def _is_locked(operand: Value) -> bool:
    return _ids_of(operand)[0] in context.engine().locked_ids


def _are_locked(operand: ApexList | ApexSet) -> ApexMap:
    locked = context.engine().locked_ids
    items = operand.items if isinstance(operand, ApexList) else list(operand.items)
    ids = [item.fields.get("Id") if isinstance(item, SObject) else item for item in items]
    return ApexMap(type_of("Map<Id,Boolean>"), {i: str(i) in locked for i in ids})


def _lock_forms(verb: str, kind: str, locked: bool) -> dict[str, Callable[..., Value]]:
    found: dict[str, Callable[..., Value]] = {}
    for operand, result in (
        ("SObject", f"Approval.{kind}"),
        ("Id", f"Approval.{kind}"),
        ("List<SObject>", f"List<Approval.{kind}>"),
        ("List<Id>", f"List<Approval.{kind}>"),
    ):
        for options in ("", ",Boolean"):
            found[f"static {result} {verb}({operand}{options})"] = _set_lock(kind, locked)
    return found


system_class(
    "Approval",
    {
        **_lock_forms("lock", "LockResult", True),
        **_lock_forms("unlock", "UnlockResult", False),
        "static Boolean isLocked(Id)": _is_locked,
        "static Boolean isLocked(SObject)": _is_locked,
        "static Map<Id,Boolean> isLocked(List<Id>)": _are_locked,
        "static Map<Id,Boolean> isLocked(List<SObject>)": _are_locked,
    },
)
for _kind in ("LockResult", "UnlockResult"):
    system_class(
        _kind,
        {
            "Id getId()": lambda this: this.record_id,
            "Boolean isSuccess()": lambda this: this.success,
            "List<Database.Error> getErrors()": lambda this: ApexList(
                type_of("List<Database.Error>"), list(this.errors)
            ),
        },
        namespace="Approval",
    )

# Describe options

system_enum("SObjectDescribeOptions", "DEFAULT DEFERRED FULL", namespace="Schema")
