"""What stands around the fields: the two systems, the stages on the way to production, the objects, and how long data is kept."""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.book.catalogue import tell
from clmkit.codegen.book.tables import Row, Table, make_table
from clmkit.codegen.field_map import OWNERS
from clmkit.mapping.model import Retention, Spec

MONTHS_A_YEAR = 12


def surroundings_tables(spec: Spec) -> Iterator[Table]:
    yield _surroundings(spec)
    yield _objects(spec)
    if spec.retention:
        yield _retention(spec)


def _surroundings(spec: Spec) -> Table:
    rows: list[Row] = []
    if spec.clm:
        rows.append(("CLM", spec.clm.label, spec.clm.region, "", "", spec.clm.description))
    if spec.salesforce:
        org = spec.salesforce
        features = ", ".join(tell(feature) for feature in org.features)
        bought = f"{tell(org.edition)} edition{f', {features}' if features else ''}"
        rows.append(("Salesforce", org.system.label, org.system.region, bought, spec.zone, org.system.description))
    rows += [(tell(one.kind), one.name, "", f"{tell(one.data)} data", "", one.description) for one in spec.environments]
    note = "The two systems, and the stages on the way to production. Addresses and secrets stand in the sync's configuration."
    columns = "What | Name | Data rests in | Kind | Time zone | Meaning"
    return make_table("Surroundings", "Systems and environments", note, columns, rows)


def _objects(spec: Spec) -> Table:
    rows = (
        (
            mapping.label, mapping.salesforce, mapping.clm, tell(mapping.kind), OWNERS[mapping.owner], mapping.sharing,
            mapping.retention, mapping.description,
        )
        for mapping in spec.objects
    )  # fmt: skip
    columns = "Object | API name | CLM rows | Kind | Records come from | Sharing | Retention | Meaning"
    return make_table("Objects", "Objects", "In the order in which they are written: parents first.", columns, rows)


def _retention(spec: Spec) -> Table:
    rows = (
        (one.name, _tell_months(one), one.states, tell(one.then), one.hold, _users(spec, one.name), one.law)
        for one in spec.retention
    )
    note = "The CLM erases, and the sync takes the empty value to Salesforce. A legal hold stops the clock."
    columns = "Name | Keep | From the state | Then | Legal hold at | Objects and fields | Why"
    return make_table("Retention", "Retention", note, columns, rows)


def _tell_months(retention: Retention) -> str:
    years, rest = divmod(retention.months, MONTHS_A_YEAR)
    return f"{retention.months} months" if rest else f"{years} years"


def _users(spec: Spec, name: str) -> list[str]:
    """What a retention is for: an object without an API field, and each field that says another one than its object."""
    objects = [mapping.salesforce for mapping in spec.objects if mapping.retention == name]
    fields = [
        f"{mapping.salesforce}.{field.salesforce}"
        for mapping in spec.objects
        for field in mapping.columns
        if field.retention == name and mapping.retention != name
    ]
    return [*objects, *fields]
