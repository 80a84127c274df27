"""Compound fields as Apex has them: an address is a System.Address, a geolocation a System.Location. Nothing writes them.

Source: "Address Class", "Location Class" (Apex Reference Guide), "Compound Fields" (Object Reference). ASSUMED: the text of an
address, which no page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgtwin.apex.database import COMPOUNDS
from orgtwin.apex.library.json_results import READERS, WRITERS, Plain
from orgtwin.apex.library.platform import Location, distance
from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.records import FIELD_TYPES
from orgtwin.apex.text import to_text
from orgtwin.apex.types import Type
from orgtwin.apex.values import Value
from orgtwin.schema.model import FieldType

_TEXTS = ("city", "country", "countryCode", "geocodeAccuracy", "postalCode", "state", "stateCode", "street")


@dataclass(frozen=True)
class Address:
    """The parts of an address by their names on the wire."""

    parts: Mapping[str, Value]

    @property
    def apex_type(self) -> Type:
        return declare("Address").type

    @property
    def latitude(self) -> Value:
        return self.parts.get("latitude")

    @property
    def longitude(self) -> Value:
        return self.parts.get("longitude")

    def __str__(self) -> str:
        shown = (f"get{name[0].upper()}{name[1:]}={to_text(self.parts.get(name))};" for name in _TEXTS)
        return f"Address[{''.join(shown)}]"


def _text_of(name: str) -> Callable[[Address], Value]:
    return lambda this: this.parts.get(name)


def _degrees(value: Value) -> float | None:
    return None if value is None else float(value)


def _location(parts: Plain) -> Location:
    return Location(parts.get("latitude"), parts.get("longitude"))


system_class(
    "Address",
    {
        **{f"String get{name[0].upper()}{name[1:]}()": _text_of(name) for name in _TEXTS},
        "Double getLatitude()": lambda this: _degrees(this.latitude),
        "Double getLongitude()": lambda this: _degrees(this.longitude),
        "Double getDistance(Location,String)": distance,
    },
)
FIELD_TYPES[FieldType.ADDRESS] = declare("Address").type
FIELD_TYPES[FieldType.LOCATION] = declare("Location").type
COMPOUNDS[declare("Address").type] = Address
COMPOUNDS[declare("Location").type] = _location
READERS["address"] = Address
READERS["location"] = _location
WRITERS[Address] = lambda value: dict(value.parts)
WRITERS[Location] = lambda value: {"latitude": value.latitude, "longitude": value.longitude}
