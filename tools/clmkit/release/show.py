"""Values of a spec as a person reads them in a list of changes."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from clmkit.mapping.model import FieldType, Latency, PrecedenceRow

_LONGEST = 80


def show(value: object) -> str:
    """One line, at most 80 characters."""
    text = " ".join(_show(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def show_type(field_type: FieldType) -> str:
    """Text(80), Currency(18,2), Picklist(renewal_type), Lookup(Account)."""
    name = field_type.kind.metadata_name
    if field_type.reference_to:
        return f"{name}({field_type.reference_to})"
    if field_type.value_map:
        return f"{name}({field_type.value_map})"
    if field_type.precision:
        return f"{name}({field_type.precision},{field_type.scale})"
    return f"{name}({field_type.length})" if field_type.length else name


def _show(value: object) -> str:
    if isinstance(value, FieldType):
        return show_type(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, PrecedenceRow):
        return f"{'/'.join(value.states)}: {value.wins.value}"
    if isinstance(value, Latency):
        return f"{value.p99_seconds} s" if value.p99_seconds is not None else f"{value.at} {value.zone}"
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{name} {_show(item)}" for name, item in msgspec.structs.asdict(value).items() if item)
    if isinstance(value, tuple):
        return ", ".join(map(_show_item, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _show_item(item: Any) -> str:
    return " -> ".join(map(_show, item)) if isinstance(item, tuple) else _show(item)
