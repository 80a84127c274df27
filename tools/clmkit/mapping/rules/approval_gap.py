"""Every agreement falls in a row of the approval matrix.

An agreement without a row would wait for nobody. Every interval between thresholds and every value is tried, so one example is
a proof.

Bad:
    approvals:
      state: draft
      facts:
        value: {clm: value.total, currency: USD}
        risk: {clm: risk, one_of: [low, high]}
      rows:
        small: {when: {value: {below: 50000}}, approvers: [legal_ops]}
        large: {when: {value: {at_least: 50000}, risk: [high]}, approvers: [legal_ops]}
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
    nobody approves an agreement of value 50000 and risk low
    help: add a row for it, or a last row without conditions
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.approvals import describe, find_judgement
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP417"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    judgement = find_judgement(subject)
    if judgement is not None and judgement.gaps:
        more = f", and {len(judgement.gaps) - 1} more" if len(judgement.gaps) > 1 else ""
        message = f"nobody approves an agreement of {describe(judgement.gaps[0])}{more}"
        yield Offence(("approvals", "rows"), message, "add a row for it, or a last row without conditions", of_key=True)
