"""Small classes around the platform: Location, OrgLimits, Network and Site.

Sources: the pages of those names in the Apex Reference Guide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from orgtwin.apex.faults import throw
from orgtwin.apex.library.schemas import CaselessMap
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value

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
    OrgLimit("DailyApexCursorLimit", 10_000),
    OrgLimit("DailyApexCursorRowsLimit", 100_000_000),
    OrgLimit("DailyApexPCursorLimit", 200_000),
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

# Describe options

system_enum("SObjectDescribeOptions", "DEFAULT DEFERRED FULL", namespace="Schema")
