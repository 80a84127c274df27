"""The shipped mapping, and what becomes of it when one thing is written otherwise."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from clmkit.mapping.document import SpecDocument
from clmkit.mapping.model import FieldMapping, ObjectMapping, Spec
from clmkit.mapping.resolve import resolve

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "mappings" / "contract.yml"

Data = dict[str, Any]


@cache
def _shipped() -> Data:
    data: Data = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return data


def written() -> Data:
    """The shipped mapping as data, to be written otherwise."""
    return copy.deepcopy(_shipped())


def resolved(data: Data) -> Spec:
    """The spec as the generator would read it; the lint's opinion is not asked."""
    return resolve(msgspec.convert(data, SpecDocument))


def with_field(spec: Spec, object_name: str, field_name: str, **values: Any) -> Spec:
    """The spec with some attributes of one field replaced."""

    def replaced(mapping: ObjectMapping) -> ObjectMapping:
        fields = tuple(_replace(field, values) if field.name == field_name else field for field in mapping.fields)
        return msgspec.structs.replace(mapping, fields=fields)

    objects = tuple(replaced(mapping) if mapping.name == object_name else mapping for mapping in spec.objects)
    return msgspec.structs.replace(spec, objects=objects)


def _replace(field: FieldMapping, values: Data) -> FieldMapping:
    return msgspec.structs.replace(field, **values)


def with_object(spec: Spec, object_name: str, **values: Any) -> Spec:
    objects = (
        msgspec.structs.replace(mapping, **values) if mapping.name == object_name else mapping
        for mapping in spec.objects
    )
    return msgspec.structs.replace(spec, objects=tuple(objects))
