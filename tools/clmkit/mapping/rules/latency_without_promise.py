"""A latency promises one thing: a percentile or a time of day, in a time zone that exists.

Bad:
    latency: {nightly: {at: "02:00", p99: 2 s}}
Good:
    latency: {nightly: {at: "02:00", zone: Europe/Berlin}}
Says:
    the latency nightly promises a percentile and a time of day
    help: write p99 or at
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject
from clmkit.mapping.values.dates import known_zones

CODE = "MAP327"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for name, block in subject.document.latency.items():
        if (block.p99 is UNSET) == (block.at is UNSET):
            promised = "nothing" if block.at is UNSET else "a percentile and a time of day"
            yield Offence(("latency", name), f"the latency {name} promises {promised}", "write p99 or at", of_key=True)
        if block.zone != "org" and block.zone not in known_zones():
            message = f"the latency {name} is in the time zone {block.zone}, which does not exist"
            yield Offence(("latency", name, "zone"), message, "write org, or an IANA name such as Europe/Berlin")
