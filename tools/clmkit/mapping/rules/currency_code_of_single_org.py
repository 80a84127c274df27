"""CurrencyIsoCode is mapped only in an org with multiple currencies.

In other orgs the field does not exist.

Bad:
    objects:
      contract:
        fields:
          code:
            clm: value.currency
            field: CurrencyIsoCode
            type: {picklist: contract_kind}
            requires: {CurrencySettings.enableMultiCurrency: true}
Good:
    currency: {multi: true}
    objects:
      contract:
        fields:
          code:
            clm: value.currency
            field: CurrencyIsoCode
            type: {picklist: contract_kind}
            requires: {CurrencySettings.enableMultiCurrency: true}
Says:
    contract.code: an org with one currency has no CurrencyIsoCode
    help: write currency: {multi: true}, or remove the field
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP802"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for column in subject.columns:
        if column.field.salesforce == "CurrencyIsoCode" and not subject.spec.currency.multi:
            message = f"{column.title}: an org with one currency has no CurrencyIsoCode"
            yield Offence((*column.path, "field"), message, "write currency: {multi: true}, or remove the field")
