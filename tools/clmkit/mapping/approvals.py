"""The approval matrix: which row an agreement falls in, and whether every agreement falls in one. Pure.

    find_row(matrix, agreement)        # ApprovalRow, or a Refusal that says what is missing
    judge(matrix)                      # gaps, overlaps and rows that nobody reaches, each with an example

Thresholds cut the numbers into intervals within which every row answers alike, so one number of each interval stands for all:
the judgement is a proof, not a sample.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from clmkit.mapping.evaluate import find_value
from clmkit.mapping.model import ApprovalFact, ApprovalMatrix, ApprovalRow, Hit
from clmkit.mapping.subject import Subject
from clmkit.mapping.values.outcome import Refusal, show

MOST_CELLS = 100_000
"""A matrix of more cells is one that nobody can read; lint says so instead of counting on."""

Case: TypeAlias = Mapping[str, Decimal | str]
"""A value for each fact."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """`gaps` are cases without a row, `overlaps` two rows and a case of both, `unreached` names of rows."""

    gaps: tuple[Case, ...]
    overlaps: tuple[tuple[str, str, Case], ...]
    unreached: tuple[str, ...]


def fits(row: ApprovalRow, case: Case) -> bool:
    """Whether every condition of the row holds in the case."""
    if not all(case[name] in values for name, values in row.values):
        return False
    return all(isinstance(number := case[name], Decimal) and span.holds(number) for name, span in row.ranges)


def find_row(matrix: ApprovalMatrix, agreement: Mapping[str, object]) -> ApprovalRow | Refusal:
    """The first row that fits the agreement."""
    case: dict[str, Decimal | str] = {}
    for fact in matrix.facts:
        value = _read(fact, agreement)
        if isinstance(value, Refusal):
            return value
        case[fact.name] = value
    row = next((row for row in matrix.rows if fits(row, case)), None)
    return row or Refusal(f"No row of the approval matrix is for {describe(case)}.")


def _read(fact: ApprovalFact, agreement: Mapping[str, object]) -> Decimal | str | Refusal:
    raw = find_value(fact.clm, agreement, agreement)
    if isinstance(raw, Refusal):
        return raw
    if fact.values:
        if raw in fact.values:
            return str(raw)
        return Refusal(f"{fact.clm} is {show(raw)}; the approval matrix knows {', '.join(fact.values)}.")
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        return Refusal(f"{fact.clm} is {show(raw)}; the approval matrix needs a number.")
    return number if number.is_finite() else Refusal(f"{fact.clm} is {show(raw)}; the approval matrix needs a number.")


def describe(case: Case) -> str:
    """A case in words: `region EMEA and value 50000`."""
    return " and ".join(f"{name} {value}" for name, value in case.items())


def count_cells(matrix: ApprovalMatrix) -> int:
    count = 1
    for fact in matrix.facts:
        count *= len(_cells_of(fact, matrix))
    return count


def judge(matrix: ApprovalMatrix) -> Judgement:
    """Every cell of the matrix once. At most MOST_CELLS: ask `count_cells` first."""
    gaps: list[Case] = []
    overlaps: dict[tuple[str, str], Case] = {}
    reached: set[str] = set()
    for case in _cases(matrix):
        names = [row.name for row in matrix.rows if fits(row, case)]
        if not names:
            gaps.append(case)
            continue
        reached.update(names if matrix.hit is Hit.ONLY else names[:1])
        for pair in itertools.pairwise(names):
            overlaps.setdefault(pair, case)
    unreached = tuple(row.name for row in matrix.rows if row.name not in reached)
    return Judgement(tuple(gaps), tuple((*pair, case) for pair, case in overlaps.items()), unreached)


def _cases(matrix: ApprovalMatrix) -> Iterator[Case]:
    names = [fact.name for fact in matrix.facts]
    for values in itertools.product(*(_cells_of(fact, matrix) for fact in matrix.facts)):
        yield dict(zip(names, values, strict=True))


def _cells_of(fact: ApprovalFact, matrix: ApprovalMatrix) -> list[Decimal | str]:
    """Each value, or the first number of each interval; amounts below the lowest threshold begin at 0."""
    if fact.values:
        return list(fact.values)
    bounds = {0}
    for row in matrix.rows:
        for name, span in row.ranges:
            if name == fact.name:
                bounds.update(bound for bound in (span.at_least, span.below) if bound is not None)
    return [Decimal(bound) for bound in sorted(bounds)]


def find_judgement(subject: Subject) -> Judgement | None:
    """The judgement that rules report on; None where another rule has more urgent news: unknown names, too many cells."""
    matrix = subject.spec.approvals
    if matrix is None or count_cells(matrix) > MOST_CELLS:
        return None
    facts = {fact.name for fact in matrix.facts}
    named = {name for row in matrix.rows for name, _ in (*row.ranges, *row.values)}
    counted = {fact.name for fact in matrix.facts if not fact.values}
    misused = any(name not in counted for row in matrix.rows for name, _ in row.ranges)
    return None if misused or not named <= facts else judge(matrix)
