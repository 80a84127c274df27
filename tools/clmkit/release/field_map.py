"""What the field map in an org says of the mapping that made it: the way back of `clmkit.codegen.field_map`.

A record knows a field's names in the mapping, its CLM path, owner, direction, latency class, transform, steward's label and the
statuses in which people may not change it. Source: Metadata API Developer Guide, "CustomMetadata".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from clmkit.codegen.field_map import DIRECTIONS, OWNERS
from clmkit.codegen.xml import Body, Typed, Value
from clmkit.mapping.model import Direction, Owner

RECORD = re.compile(r"(?:.*/)?[A-Za-z0-9]+_Field_Map\.(?P<object>[A-Z][A-Za-z0-9]*)_(?P<field>[a-z][a-z0-9_]*)\.md")
COMPUTED = "(computed)"
_OWNERS: Mapping[str, Owner] = {text: owner for owner, text in OWNERS.items()}
_DIRECTIONS: Mapping[str, Direction] = {text: direction for direction, text in DIRECTIONS.items()}


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field as the mapping had it. `clm` is empty for what is computed or only people fill."""

    mapping: str
    name: str
    clm: str
    owner: Owner
    direction: Direction
    latency: str
    transform: str
    steward: str  # the label; the mapping's name for it is not told
    locked: tuple[str, ...]

    @property
    def flagged(self) -> str:
        """The name of the field that this checkbox says something of; "" for a field that stands for itself."""
        is_flag = self.name.endswith(FLAG) and not self.clm and self.owner is Owner.CLM
        return self.name.removesuffix(FLAG) if is_flag else ""


FLAG = "_flag"
FieldMap = Mapping[tuple[str, str], Mapped]


def read_field_map(records: Iterable[tuple[str, Body]]) -> FieldMap:
    """By API names of object and field, from (path, body) of custom metadata; records of other types are passed over."""
    found: dict[tuple[str, str], Mapped] = {}
    for path, body in records:
        named = RECORD.fullmatch(path)
        texts = _texts(body.get("values"))
        if named and texts.keys() >= {
            "Object__c",
            "Field_Name__c",
            "System_Of_Record__c",
            "Direction__c",
            "Steward__c",
        }:
            place = (texts["Object__c"], texts["Field_Name__c"])
            found[place] = _read(unpascal(named["object"]), named["field"], texts)
    return found


def _read(mapping: str, name: str, texts: Mapping[str, str]) -> Mapped:
    clm = texts.get("CLM_Path__c", COMPUTED)
    return Mapped(
        mapping=mapping,
        name=name,
        clm="" if clm == COMPUTED else clm,
        owner=_OWNERS.get(texts["System_Of_Record__c"], Owner.CLM),
        direction=_DIRECTIONS.get(texts["Direction__c"], Direction.NONE),
        latency=texts.get("Latency__c", ""),
        transform=texts.get("Transform__c", ""),
        steward=texts["Steward__c"],
        locked=tuple(filter(None, texts.get("Locked_In__c", "").split(";"))),
    )


def _texts(values: Value | None) -> dict[str, str]:
    rows = values if isinstance(values, list) else [values]
    typed = {str(row["field"]): row.get("value") for row in rows if isinstance(row, Mapping)}
    return {name: value.text for name, value in typed.items() if isinstance(value, Typed)}


def unpascal(name: str) -> str:
    """`PriceLine`, as the mapping wrote it: `price_line`. An object that was named `priceline2` keeps that name."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
