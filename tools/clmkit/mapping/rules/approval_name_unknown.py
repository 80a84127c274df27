"""An approval matrix names states, facts, values and stewards that the spec has.

Bad:
    approvals:
      state: draft
      facts:
        value: {clm: value.total, currency: USD}
        risk: {clm: risk, one_of: [low, high]}
      rows:
        all: {approvers: [legal]}
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
    legal approves in the row all, but is not a steward
    help: did you mean legal_ops?
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.mapping.findings import Severity
from clmkit.mapping.model import ApprovalMatrix, ApprovalRow
from clmkit.mapping.shape import suggest
from clmkit.mapping.subject import Offence, Path, Subject

CODE = "MAP416"
SEVERITY = Severity.ERROR


def check(subject: Subject) -> Iterator[Offence]:
    matrix = subject.spec.approvals
    if matrix is None:
        return
    if subject.spec.lifecycle and matrix.state not in subject.state_names:
        message = f"people approve in {matrix.state}, which is not a state"
        yield Offence(("approvals", "state"), message, suggest(matrix.state, list(subject.state_names)))
    stewards = [name for name, _ in subject.spec.stewards]
    for row in matrix.rows:
        path: Path = ("approvals", "rows", row.name)
        for name in row.approvers:
            if name not in stewards:
                message = f"{name} approves in the row {row.name}, but is not a steward"
                yield Offence((*path, "approvers"), message, suggest(name, stewards), of_key=True)
        yield from _judge_facts(matrix, row, path)


def _judge_facts(matrix: ApprovalMatrix, row: ApprovalRow, path: Path) -> Iterator[Offence]:
    facts = {fact.name: fact for fact in matrix.facts}
    for name in [name for name, _ in (*row.ranges, *row.values)]:
        if name not in facts:
            message = f"the row {row.name} looks at {name}, which is not a fact"
            yield Offence((*path, "when", name), message, suggest(name, list(facts)), of_key=True)
    for name, span in row.ranges:
        if name in facts and facts[name].values:
            message = f"the row {row.name} gives a range for {name}, which is one of some values"
            yield Offence(
                (*path, "when", name), message, f"write a list of {', '.join(facts[name].values)}", of_key=True
            )
        elif span.at_least is not None and span.below is not None and span.at_least >= span.below:
            message = f"the row {row.name}: no {name} is at least {span.at_least} and below {span.below}"
            yield Offence((*path, "when", name), message, "let at_least be smaller than below", of_key=True)
    for name, values in row.values:
        for value in values:
            if name in facts and value not in facts[name].values:
                message = f"the row {row.name}: {name} is never {value}"
                known = list(facts[name].values) or ["{at_least: ..., below: ...}"]
                yield Offence((*path, "when", name), message, suggest(value, known), of_key=True)
