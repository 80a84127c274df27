"""A developer name that the kit builds has at most 40 characters.

It is the prefix and the name in the spec. The org says: `The name can only contain alphanumeric characters, ...`. ASSUMED for
reports and list views: read off validation rules and custom metadata.

Bad:
    objects:
      contract:
        checks:
          the_end_of_the_contract_before_its_start: {wrong_when: EndDate < StartDate, message: It ends before it starts.}
Good:
    objects:
      contract:
        checks: {end_before_start: {wrong_when: EndDate < StartDate, message: It ends before it starts.}}
Says:
    CLM_The_End_Of_The_Contract_Before_Its_Start has 44 characters; Salesforce takes 40
    help: shorten the name in the spec
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP731"
SEVERITY = Severity.ERROR

MOST_CHARACTERS = 40


def check(subject: Subject) -> Iterator[Offence]:
    for path, name in _built(subject):
        if len(name) > MOST_CHARACTERS:
            message = f"{name} has {len(name)} characters; Salesforce takes {MOST_CHARACTERS}"
            yield Offence(path, message, "shorten the name in the spec", of_key=True)


def _built(subject: Subject) -> Iterator[tuple[Path, str]]:
    """The path and the developer name of everything that the spec names and the org holds under a name of its own."""
    for mapping, _, path in subject.objects:
        for kind in mapping.record_types:
            yield (*path, "record_types", "types", kind.name), kind.developer_name
        for rule in mapping.checks:
            yield (*path, "checks", rule.name), rule.developer_name
        for share in mapping.shares:
            yield (*path, "shares", share.name), share.developer_name
    shown = subject.spec.presentation
    for display in shown.displays if shown else ():
        for view in display.list_views:
            yield ("presentation", "objects", display.object, "list_views", view.name), view.developer_name
    for report in shown.reports if shown else ():
        yield ("presentation", "reports", report.name), report.developer_name
