"""A field that only some orgs have, or only some let be written, says what it requires.

Bad:
    objects: {contract: {fields: {uplift: {clm: uplift, field: UnitPriceUplift}}}}
Good:
    objects:
      contract:
        fields:
          uplift:
            clm: uplift
            field: UnitPriceUplift
            requires: {RevenueManagementSettings.enableCoreCPQ: true}
Says:
    contract.uplift: Contract.UnitPriceUplift depends on the org (Revenue Cloud)
    help: add requires: {<Settings>.<setting>: <value>}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.catalogue import find_standard_field
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP707"
SEVERITY = Severity.WARNING


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        standard = find_standard_field(value.mapping.salesforce, value.field.salesforce)
        if standard is not None and standard.when and not value.field.requires and value.field.salesforce != "EndDate":
            message = f"{value.title}: {value.mapping.salesforce}.{value.field.salesforce} depends on the org ({standard.when})"
            yield Offence(value.path, message, "add requires: {<Settings>.<setting>: <value>}", of_key=True)
