"""Rows come from agreements.

Bad:
    objects: {line: {clm: lines}}
Good:
    objects: {line: {clm: agreements.lines}}
Says:
    line takes its rows from lines
    help: write agreements or agreements.lines
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP514"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for mapping, block, path in subject.objects:
        if block.clm.partition(".")[0] != "agreements":
            yield Offence(
                (*path, "clm"),
                f"{mapping.name} takes its rows from {block.clm}",
                f"write agreements or agreements.{block.clm.lstrip('/')}",
            )
