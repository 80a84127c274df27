"""A value map that turns the unknown into another value names that value.

Bad:
    value_maps: {contract_kind: {unknown: other}}
Good:
    value_maps: {contract_kind: {unknown: other, other: Other}}
Says:
    contract_kind does not say what an unknown value becomes
    help: add other: Other
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP237"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for name, block in subject.document.value_maps.items():
        path = ("value_maps", name)
        if block.unknown == "other" and block.other is UNSET:
            yield Offence((*path, "unknown"), f"{name} does not say what an unknown value becomes", "add other: Other")
        if block.unknown != "other" and block.other is not UNSET:
            message = f"{name} names the value {block.other}, but unknown values are parked"
            yield Offence((*path, "other"), message, "write unknown: other, or remove other")
