"""Addresses and geolocations: one field made of others. Source: "Compound Fields" (Object Reference)."""

from __future__ import annotations

from orgtwin.schema.model import Field, SObjectType

_WIRE_NAMES = {
    "Street": "street",
    "City": "city",
    "State": "state",
    "StateCode": "stateCode",
    "PostalCode": "postalCode",
    "Country": "country",
    "CountryCode": "countryCode",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "GeocodeAccuracy": "geocodeAccuracy",
}


def compound_parts(sobject_type: SObjectType, compound: Field) -> tuple[tuple[str, Field], ...]:
    """The parts of a compound field in schema order, each with its name on the wire (BillingPostalCode: postalCode)."""
    found: list[tuple[str, Field]] = []
    for part in sobject_type.fields:
        if part.compound == compound.api_name and part.api_name != compound.api_name:
            name = part.api_name.removesuffix("__s")
            found += [(wire, part) for end, wire in _WIRE_NAMES.items() if name.endswith(end)]
    return tuple(found)
