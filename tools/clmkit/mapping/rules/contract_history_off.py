"""A tracked Contract field requires the setting that tracks contracts.

The field flag alone deploys, and records nothing.

Bad:
    objects: {contract: {fields: {title: {track_history: true}}}}
Good:
    objects:
      contract:
        fields:
          title:
            track_history: true
            requires: {ContractSettings.enableContractHistoryTracking: true}
Says:
    contract.title tracks history, which a Contract does only with
        ContractSettings.enableContractHistoryTracking
    help: add requires: {ContractSettings.enableContractHistoryTracking: true}
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP712"
SEVERITY = Severity.ERROR
SETTING = "ContractSettings.enableContractHistoryTracking"


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        tracked = value.field.track_history and value.mapping.salesforce == "Contract"
        if tracked and (SETTING, "true") not in value.field.requires:
            message = f"{value.title} tracks history, which a Contract does only with {SETTING}"
            yield Offence((*value.path, "track_history"), message, f"add requires: {{{SETTING}: true}}", of_key=True)
