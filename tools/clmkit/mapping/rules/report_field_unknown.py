"""A report groups, sums and filters by fields that reports know.

They know neither long texts nor Salesforce's own references, such as a contract's account and owner. The org says: `Invalid field`.

Bad:
    presentation: {reports: {mine: {label: Contracts, object: contract, columns: [title], group_by: account}}}
Good:
    presentation: {reports: {mine: {label: Contracts, object: contract, columns: [title], group_by: kind}}}
Says:
    reports do not know account of contract, so none can group by it
    help: take another field
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.showing import is_reported
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP733"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    unknown = {
        mapping.name: {
            name: field.name
            for field in mapping.columns
            if not is_reported(field)
            for name in (field.name, field.salesforce)
        }
        for mapping, _, _ in subject.objects
    }
    for name, report in subject.document.presentation.reports.items():
        hidden = unknown.get(report.object, {})
        used = [("group_by", "group by", report.group_by), ("total", "sum", report.total)]
        used += [("then_by", "group by", field) for field in report.then_by]
        used += [("sort_by", "be sorted by", report.sort_by)]
        used += [("where", "filter by", condition.field) for condition in report.where]
        used += [("filters", "filter by", one.field) for one in report.filters]
        for key, word, field in used:
            if isinstance(field, str) and field in hidden:
                message = f"reports do not know {hidden[field]} of {report.object}, so none can {word} it"
                yield Offence(("presentation", "reports", name, key), message, "take another field", of_key=True)
