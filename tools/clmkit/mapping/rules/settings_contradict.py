"""Fields do not require two values of one setting.

Bad:
    objects:
      contract:
        fields:
          title: {requires: {ContractSettings.autoCalculateEndDate: true}}
          start: {requires: {ContractSettings.autoCalculateEndDate: false}}
Good:
    objects:
      contract:
        fields: {start: {requires: {ContractSettings.autoCalculateEndDate: false}}}
Says:
    contract.start requires ContractSettings.autoCalculateEndDate to be false, and contract.title requires
        true
    help: the org has one value; keep one
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP804"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    first: dict[str, tuple[str, str]] = {}
    for value in subject.values:
        for setting, wanted in value.field.requires:
            title, other = first.setdefault(setting, (value.title, wanted))
            if other != wanted:
                message = f"{value.title} requires {setting} to be {wanted}, and {title} requires {other}"
                yield Offence((*value.path, "requires", setting), message, "the org has one value; keep one")
