"""A latency is a promise of the spec.

Bad:
    objects: {contract: {fields: {title: {latency: hourly}}}}
Good:
    objects: {contract: {fields: {title: {latency: nightly}}}}
Says:
    contract.title names the latency hourly, which is not in latency
    help: known here: nightly
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP326"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    known = sorted(subject.document.latency)
    default = subject.document.defaults.latency
    if default is not UNSET and default not in subject.document.latency:
        yield Offence(
            ("defaults", "latency"), f"the default latency {default} is not in latency", suggest(default, known)
        )
    for value in subject.values:
        if value.block.latency is not UNSET and value.block.latency not in subject.document.latency:
            message = f"{value.title} names the latency {value.block.latency}, which is not in latency"
            yield Offence((*value.path, "latency"), message, suggest(value.block.latency, known))
