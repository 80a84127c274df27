"""No detail is kept longer than its master.

When the master is erased its details go with it, whatever they promise.

Bad:
    retention:
      short: {keep: 2 years, after: [ended], then: erase}
      long: {keep: 10 years, after: [ended], then: erase}
    objects: {contract: {retention: short}, line: {retention: long}}
Good:
    retention:
      long: {keep: 10 years, after: [ended], then: erase}
    objects: {contract: {retention: long}, line: {retention: long}}
Says:
    line is kept 120 months, but contract goes after 24 and takes it along
    help: keep contract as long, or make it a lookup
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP911"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    months = {rule.name: rule.months for rule in subject.spec.retention}
    for mapping, _, path in subject.objects:
        for parent in mapping.parents:
            master = subject.spec.find_object_of(parent.type.reference_to)
            if parent.type.kind is not FieldKind.MASTER_DETAIL or master is None:
                continue
            own, above = months.get(mapping.retention, 0), months.get(master.retention, 0)
            if above and own > above:
                message = (
                    f"{mapping.name} is kept {own} months, but {master.name} goes after {above} and takes it along"
                )
                yield Offence(
                    (*path, "retention"), message, f"keep {master.name} as long, or make it a lookup", of_key=True
                )
