"""A report that takes the place of one of the kit's is about the same object.

The kit writes reports of its own, `by_status` and `ending_soon`; a report of that name stands in their place.

Bad:
    presentation: {reports: {by_status: {label: Mine, object: account, columns: [key]}}}
Good:
    presentation: {reports: {by_status: {label: Mine, object: contract, columns: [title]}}}
Says:
    by_status takes the place of the kit's report about contract, and is about account
    help: give it another name, or object: contract
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.resolve.presentation import OWN_REPORTS
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP730"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    header = subject.spec.header
    for name, report in subject.document.presentation.reports.items():
        if header is not None and name in OWN_REPORTS and report.object != header.name:
            message = f"{name} takes the place of the kit's report about {header.name}, and is about {report.object}"
            fix = f"give it another name, or object: {header.name}"
            yield Offence(("presentation", "reports", name, "object"), message, fix)
