"""A report sums numbers, and groups by short values.

The org says: `invalid report type` or refuses the aggregate; long text cannot be grouped or filtered. ASSUMED: the texts.

Bad:
    presentation: {reports: {kinds: {label: Kinds, object: contract, columns: [title], group_by: kind, total: title}}}
Good:
    presentation: {reports: {kinds: {label: Kinds, object: contract, columns: [title], group_by: kind, total: amount}}}
Says:
    the report kinds sums title, which is a text field
    help: name a number field, or remove total
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP729"
SEVERITY = Severity.ERROR

NUMBERS = (FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT)
LONG = (FieldKind.LONG_TEXT, FieldKind.HTML, FieldKind.ENCRYPTED_TEXT)


def check(subject: Subject) -> Iterator[Offence]:
    objects = {mapping.name: mapping for mapping, _, _ in subject.objects}
    for name, report in subject.document.presentation.reports.items():
        mapping = objects.get(report.object)
        kinds = {field.name: field.type.value_kind for field in mapping.columns} if mapping else {}
        if report.total in kinds and kinds[str(report.total)] not in NUMBERS:
            message = f"the report {name} sums {report.total}, which is a {kinds[str(report.total)].value} field"
            yield Offence(("presentation", "reports", name, "total"), message, "name a number field, or remove total")
        if report.group_by in kinds and kinds[str(report.group_by)] in LONG:
            message = (
                f"the report {name} groups by {report.group_by}, which is a {kinds[str(report.group_by)].value} field"
            )
            yield Offence(("presentation", "reports", name, "group_by"), message, "name a short field")
