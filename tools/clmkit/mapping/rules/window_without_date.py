"""A window lies around a date that both systems know.

Its field is a date of the same object that flows between the systems; otherwise each side would see another window.

Bad:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {window: {before: kind, days: 90}, wins: salesforce}
              - {wins: clm}
Good:
    objects:
      contract:
        fields:
          title:
            owner: shared
            precedence:
              - {window: {before: start, days: 90}, wins: salesforce}
              - {wins: clm}
Says:
    contract.title: kind is not a date that both systems know
    help: write one of start
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Direction, FieldKind, ObjectMapping
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP331"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        for index, row in enumerate(value.field.precedence):
            dates = [] if row.window is None else _dates(value.mapping)
            if row.window is not None and row.window.field not in dates:
                message = f"{value.title}: {row.window.field or 'the window'} is not a date that both systems know"
                fix = f"write one of {', '.join(dates)}" if dates else "map a date field"
                yield Offence((*value.path, "precedence", index, "window"), message, fix, of_key=True)


def _dates(mapping: ObjectMapping) -> list[str]:
    return [
        field.name
        for field in mapping.columns
        if field.type.kind is FieldKind.DATE and field.direction is not Direction.NONE
    ]
