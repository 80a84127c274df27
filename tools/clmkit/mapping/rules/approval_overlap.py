"""With `hit: only` no agreement falls in two rows of the approval matrix.

Two rows would name two sets of approvers. `hit: first` reads the rows from the top instead.

Bad:
    approvals:
      state: draft
      facts:
        value: {clm: value.total, currency: USD}
        risk: {clm: risk, one_of: [low, high]}
      rows:
        small: {when: {value: {below: 50000}}, approvers: [legal_ops]}
        risky: {when: {risk: [high]}, approvers: [legal_ops]}
        large: {when: {value: {at_least: 50000}, risk: [low]}, approvers: [legal_ops]}
Good:
    approvals:
      state: draft
      facts:
        value: {clm: value.total, currency: USD}
        risk: {clm: risk, one_of: [low, high]}
      rows:
        small: {when: {value: {below: 50000}}, approvers: [legal_ops]}
        large: {when: {value: {at_least: 50000}}, approvers: [legal_ops]}
Says:
    the rows small and risky both fit value 0 and risk high
    help: narrow one of them, or write hit: first
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.approvals import describe, find_judgement
from clmkit.mapping.findings import Severity
from clmkit.mapping.model import Hit
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP418"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    judgement = find_judgement(subject)
    matrix = subject.spec.approvals
    if judgement is None or matrix is None or matrix.hit is not Hit.ONLY:
        return
    for first, second, case in judgement.overlaps:
        message = f"the rows {first} and {second} both fit {describe(case)}"
        yield Offence(("approvals", "rows", second), message, "narrow one of them, or write hit: first", of_key=True)
