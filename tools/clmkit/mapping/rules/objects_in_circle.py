"""Objects do not need each other in a circle.

Rows are written parents first; in a circle there is no first.

Bad:
    objects:
      contract:
        parents:
          main_line:
            clm: main_line
            field: CLM_Main_Line__c
            match: CLM_Line__c.CLM_Id__c
            description: Circle.
Good:
    objects:
      contract:
        parents:
          renews:
            clm: renews
            field: CLM_Renews__c
            match: Contract.CLM_Id__c
            missing: park_value
Says:
    contract needs line to exist first, and line needs contract
    help: remove one of the references
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.resolve import reachable_from
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP508"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    depends = {mapping.name: mapping.depends_on for mapping in subject.spec.objects}
    for mapping, _, path in subject.objects:
        moves = tuple((name, other) for name, others in depends.items() for other in others)
        for other in mapping.depends_on:
            if mapping.name in reachable_from(other, moves):
                message = f"{mapping.name} needs {other} to exist first, and {other} needs {mapping.name}"
                yield Offence(path, message, "remove one of the references", of_key=True)
