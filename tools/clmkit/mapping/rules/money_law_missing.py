"""A spec with amounts names the org's currency.

Bad:
    currency: absent
Good:
    currency: {org: EUR}
Says:
    contract.amount is an amount, but the spec does not name the org's currency
    help: add currency: {org: USD} to the spec
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP220"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    if subject.document.currency is UNSET:
        for value in subject.values:
            if value.field.type.kind is FieldKind.CURRENCY:
                message = f"{value.title} is an amount, but the spec does not name the org's currency"
                yield Offence(value.path, message, "add currency: {org: USD} to the spec", of_key=True)
