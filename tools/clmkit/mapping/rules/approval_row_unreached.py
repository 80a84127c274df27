"""Every row of the approval matrix is for some agreement.

A row that earlier rows leave nothing to is a decision that somebody took and nobody follows.

Bad:
    approvals:
      state: draft
      hit: first
      facts:
        value: {clm: value.total, currency: USD}
        risk: {clm: risk, one_of: [low, high]}
      rows:
        all: {approvers: [legal_ops]}
        risky: {when: {risk: [high]}, approvers: [legal_ops]}
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
    no agreement reaches the row risky: the rows above it take all of its cases
    help: move it up, or remove it
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.approvals import find_judgement
from clmkit.mapping.findings import Severity
from clmkit.mapping.subject import Offence, Subject

CODE = "MAP419"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    judgement = find_judgement(subject)
    for name in judgement.unreached if judgement is not None else ():
        message = f"no agreement reaches the row {name}: the rows above it take all of its cases"
        yield Offence(("approvals", "rows", name), message, "move it up, or remove it", of_key=True)
