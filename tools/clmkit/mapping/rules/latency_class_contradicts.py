"""A latency class can keep its promise.

A batch starts at a time of day; what must arrive within 10 seconds is rung by an event; everything else is looked for every few
minutes.

Bad:
    latency: {nightly: {at: "02:00", class: realtime}}
Good:
    latency: {nightly: {at: "02:00", class: batch}}
Says:
    the latency nightly promises what realtime does not keep
    help: write class: batch, or another promise
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import LatencyClass
from clmkit.mapping.resolve.governance import imply_class, to_seconds
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP338"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for name, block in subject.document.latency.items():
        fitting = imply_class(to_seconds(block))
        if block.class_ is not UNSET and block.class_ is not fitting and not _is_faster(block.class_, fitting):
            message = f"the latency {name} promises what {block.class_.value} does not keep"
            yield Offence(
                ("latency", name, "class"), message, f"write class: {fitting.value}, or another promise", of_key=True
            )


def _is_faster(written: LatencyClass, needed: LatencyClass) -> bool:
    """An event may ring for a promise of minutes."""
    return (written, needed) == (LatencyClass.REALTIME, LatencyClass.MINUTES)
