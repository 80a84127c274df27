"""Thresholds are amounts in a currency that the org keeps.

Nothing is converted: an amount in another currency cannot be compared with the threshold.

Bad:
    approvals:
      state: draft
      facts: {value: {clm: value.total, currency: EUR}}
      rows: {all: {approvers: [legal_ops]}}
Good:
    approvals:
      state: draft
      facts: {value: {clm: value.total, currency: USD}}
      rows: {all: {approvers: [legal_ops]}}
Says:
    the thresholds of value are in EUR; the org keeps USD
    help: write thresholds in USD
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP421"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    money = subject.spec.currency
    kept = money.active if money.multi else (money.code,)
    for fact in subject.spec.approvals.facts if subject.spec.approvals else ():
        if fact.currency and kept and fact.currency not in kept:
            message = f"the thresholds of {fact.name} are in {fact.currency}; the org keeps {', '.join(kept) or 'none'}"
            yield Offence(("approvals", "facts", fact.name, "currency"), message, f"write thresholds in {kept[0]}")
