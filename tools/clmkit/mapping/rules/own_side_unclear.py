"""Which party is us is said in one way: by role or by names.

When the spec maps the parties with their role, the role that is us is one of the CLM's roles.

Bad:
    us: {role: our_side, names: [Northstar Inc.]}
Good:
    us: {names: [Northstar Inc.]}
Says:
    us gives a role and names
    help: write one of the two
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ObjectKind
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP522"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    block = subject.document.us
    if block is UNSET:
        return
    if (block.role is UNSET) == (block.names is UNSET):
        said = "neither a role nor names" if block.role is UNSET else "a role and names"
        yield Offence(("us",), f"us gives {said}", "write one of the two", of_key=True)
    elif block.role is not UNSET:
        yield from _judge_role(subject, block.role)


def _judge_role(subject: Subject, role: str) -> Iterator[Offence]:
    maps = {value_map.name: [value.clm for value in value_map.values] for value_map in subject.spec.value_maps}
    for value in subject.values:
        known = maps.get(value.field.type.value_map)
        if value.mapping.kind is ObjectKind.PARTY and value.field.clm == "role" and known and role not in known:
            yield Offence(("us", "role"), f"no party has the role {role}", suggest(role, known))
