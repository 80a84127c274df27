"""A required setting is `<Settings type>.<setting>`.

Bad:
    objects: {contract: {fields: {title: {requires: {autoCalculateEndDate: false}}}}}
Good:
    objects:
      contract:
        fields: {title: {requires: {ContractSettings.autoCalculateEndDate: false}}}
Says:
    contract.title requires autoCalculateEndDate, which is not a setting
    help: write ContractSettings.autoCalculateEndDate
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP803"
SEVERITY = Severity.ERROR
FORM = re.compile(r"[A-Z][A-Za-z]*Settings\.[a-z][A-Za-z0-9]*")


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        for setting, _ in value.field.requires:
            if not FORM.fullmatch(setting):
                message = f"{value.title} requires {setting}, which is not a setting"
                yield Offence(
                    (*value.path, "requires", setting),
                    message,
                    "write ContractSettings.autoCalculateEndDate",
                    of_key=True,
                )
