"""A time stamp reaches a Date field only through a transform that says which day it is.

Cut in UTC, a signature at 23:30 in New York moves to the next day. A path that ends in `_at` or `At` is taken for a time stamp.

Bad:
    objects: {contract: {fields: {start: {clm: terms.effective_at}}}}
Good:
    objects:
      contract: {fields: {start: {clm: terms.effective_at, transform: date_of_instant}}}
Says:
    terms.effective_at is a date-time but StartDate is a Date field
    help: add transform: date_of_instant, which keeps the day where it was written
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP205"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        last = value.field.clm.rpartition(".")[2]
        is_instant = last.endswith("_at") or (last.endswith("At") and len(last) > 2)
        if is_instant and value.field.type.kind is FieldKind.DATE and value.field.transform != "date_of_instant":
            message = f"{value.field.clm} is a date-time but {value.field.salesforce} is a Date field"
            yield Offence(
                (*value.path, "clm"),
                message,
                "add transform: date_of_instant, which keeps the day where it was written",
            )
