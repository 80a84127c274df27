"""A report has a name of its own.

The kit writes reports of its own: `by_status` and `ending_soon`.

Bad:
    presentation: {reports: {by_status: {label: Mine, object: contract, columns: [title]}}}
Good:
    presentation: {reports: {my_status: {label: Mine, object: contract, columns: [title]}}}
Says:
    the kit writes a report by_status itself
    help: give it another name
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP730"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    reports = subject.spec.presentation.reports if subject.spec.presentation else ()
    counts = Counter(report.developer_name for report in reports)
    for name in subject.document.presentation.reports:
        if any(counts[report.developer_name] > 1 for report in reports if report.name == name):
            message = f"the kit writes a report {name} itself"
            yield Offence(("presentation", "reports", name), message, "give it another name", of_key=True)
