"""A mapped end date requires that Salesforce does not calculate it.

With automatic calculation on, the org says `Field is not writeable: Contract.EndDate`, and an end date of 30 August became 31 July.

Bad:
    objects: {contract: {fields: {end: {clm: term.end, field: EndDate}}}}
Good:
    objects:
      contract:
        fields:
          end:
            clm: term.end
            field: EndDate
            requires: {ContractSettings.autoCalculateEndDate: false}
Says:
    contract.end writes Contract.EndDate, which Salesforce calculates by default
    help: add requires: {ContractSettings.autoCalculateEndDate: false}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP801"
SEVERITY = Severity.ERROR
SETTING = "ContractSettings.autoCalculateEndDate"


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        is_end = (value.mapping.salesforce, value.field.salesforce) == ("Contract", "EndDate")
        if is_end and value.field.to_salesforce and (SETTING, "false") not in value.field.requires:
            message = f"{value.title} writes Contract.EndDate, which Salesforce calculates by default"
            yield Offence(value.path, message, f"add requires: {{{SETTING}: false}}", of_key=True)
