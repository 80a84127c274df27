"""A currency field says where its currency code stands.

Without it an amount in euros becomes one in dollars, silently.

Bad:
    objects: {contract: {fields: {amount: {type: {currency: {code: absent}}}}}}
Good:
    objects: {contract: {fields: {amount: {type: {currency: {code: value.currency}}}}}}
Says:
    contract.amount is an amount without a currency
    help: add code: <path of the ISO code>
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import FieldKind
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP219"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    for value in subject.values:
        if (
            value.field.type.kind is FieldKind.CURRENCY
            and value.field.to_salesforce
            and not value.field.type.currency_code
        ):
            yield Offence(
                (*value.path, "type"),
                f"{value.title} is an amount without a currency",
                "add code: <path of the ISO code>",
                of_key=True,
            )
