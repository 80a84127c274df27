"""Look into both systems, as their users would, and put down what there is: the rows of the evidence page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clmkit.mapping.evaluate import Evaluator, Row
from clmkit.mapping.model import FieldMapping, Owner, Role, Spec
from clmkit.mapping.sides import choose_sides
from clmkit.release.evidence import ContractRow, FieldCoverage, ParkedValue
from clmkit.robotlib.people import Document
from clmkit.sync.discretion import Discretion

Agreement = Mapping[str, Any]
Waiting = Mapping[
    str, tuple[str, str]
]  # agreement id -> why it is not in Salesforce, and who decides (the spec's name)
UNTOLD = ("It is not in Salesforce and nothing says why.", "")

OWNER_LABELS = {Owner.CLM: "CLM", Owner.SALESFORCE: "Salesforce", Owner.SHARED: "both, by state"}
SHOWN_ROLES = (Role.VALUE, Role.PARENT)


@dataclass(frozen=True, slots=True)
class Collected:
    contracts: tuple[ContractRow, ...]
    coverage: tuple[FieldCoverage, ...]


def collect(
    spec: Spec, agreements: Sequence[Agreement], records: Mapping[str, Document], waiting: Waiting
) -> Collected:
    """`records` are the Contract records by agreement id; an agreement without one must be in `waiting`."""
    evaluator = Evaluator(spec)
    return Collected(
        tuple(_contract(evaluator, agreement, records, waiting) for agreement in agreements),
        tuple(_coverage(evaluator, agreements, records)),
    )


def header_object(spec: Spec) -> str:
    """The name of the object mapping whose rows are the agreements themselves."""
    return next(mapping.name for mapping in spec.objects if mapping.clm == "agreements")


def _contract(
    evaluator: Evaluator, agreement: Agreement, records: Mapping[str, Document], waiting: Waiting
) -> ContractRow:
    spec = evaluator.spec
    (row,) = evaluator.rows(header_object(spec), agreement)
    record, discretion = records.get(row.key, {}), Discretion(spec)
    stewards = dict(spec.stewards)
    labels = {field.name: field.label for field in spec.get_object(row.object).fields}
    party = agreement.get("counterparty") or {}
    waits, steward = ("", "") if record else waiting.get(row.key, UNTOLD)
    return ContractRow(
        agreement_id=str(agreement["id"]),
        title=str(agreement.get("title") or ""),
        counterparty=str(party.get("name") or ""),
        start=str(record.get("StartDate") or ""),
        end=str(record.get("EndDate") or ""),
        status=str(record.get("Status") or ""),
        salesforce_id=str(record.get("Id") or ""),
        parked=tuple(
            ParkedValue(
                labels[value.field],
                *discretion.tell(row.object, value.field, value.value, value.reason),
                stewards[value.steward],
            )
            for value in row.parked
        ),
        waiting=waits,
        steward=stewards.get(steward, steward),
        sides=choose_sides(spec.us, agreement).why if spec.us else "",
    )


def _coverage(
    evaluator: Evaluator, agreements: Sequence[Agreement], records: Mapping[str, Document]
) -> Iterator[FieldCoverage]:
    for mapping in evaluator.spec.objects:
        rows = [
            (row, agreement["id"] in records)
            for agreement in agreements
            for row in evaluator.rows(mapping.name, agreement)
        ]
        if not rows:
            continue
        for column in mapping.columns:
            if column.role in SHOWN_ROLES and column.to_salesforce:
                counts = Counter(_fate(row, column) if is_there else "waiting" for row, is_there in rows)
                yield FieldCoverage(
                    mapping.label, column.label, column.salesforce, OWNER_LABELS[column.owner],
                    counts["mapped"], counts["empty"], counts["parked"], counts["waiting"],
                )  # fmt: skip


def _fate(row: Row, column: FieldMapping) -> str:
    if any(parked.field == column.name for parked in row.parked):
        return "parked"
    value: object = row.references.get(column.salesforce, row.values.get(column.salesforce))
    return "empty" if value is None else "mapped"


def count_values(coverage: Sequence[FieldCoverage]) -> dict[str, int]:
    """All values of all rows: mapped + empty + parked + waiting = total."""
    return {
        "mapped": sum(row.mapped for row in coverage),
        "empty": sum(row.empty for row in coverage),
        "parked": sum(row.parked for row in coverage),
        "waiting": sum(row.waiting for row in coverage),
        "total": sum(row.total for row in coverage),
    }
