"""The currencies of the spec and of the org are the same.

`active` lists what a multi-currency org has switched on, the org's own among them; another code is refused at run time with
`INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST`.

Bad:
    currency: {org: USD, multi: true, active: [EUR]}
Good:
    currency: {org: USD, multi: true, active: [USD, EUR]}
Says:
    the org's currency USD is not among the active ones
    help: add USD
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Feature
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP244"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    money, org = subject.spec.currency, subject.spec.salesforce
    if money.active and not money.multi:
        message = "an org without multiple currencies has one active currency"
        yield Offence(("currency", "active"), message, "write multi: true, or remove active", of_key=True)
    elif money.active and money.code not in money.active:
        message = f"the org's currency {money.code} is not among the active ones"
        yield Offence(("currency", "active"), message, f"add {money.code}", of_key=True)
    if org is not None and (Feature.MULTI_CURRENCY in org.features) != money.multi and money.code:
        said = "multiple currencies" if not money.multi else "one currency"
        message = f"systems.salesforce says {said}, currency says otherwise"
        yield Offence(("systems", "salesforce"), message, "make features and currency.multi agree", of_key=True)
