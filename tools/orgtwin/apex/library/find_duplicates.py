"""Datacloud: which saved records the duplicate rules take for the same as given ones.

Source: "Datacloud Namespace" (Apex Reference Guide): at most 50 records of one object that has a rule. ASSUMED: the texts of
the refusals, that every active rule gives a result though it found nothing, and that a match shows the whole record.
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.database import row_to_port, to_record
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.org_port import FoundDuplicates, FoundMatch, QueryRow
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value

_MOST = 50


def _type(name: str) -> Type:
    return declare(name, namespace="Datacloud").type


@dataclass(frozen=True)
class FindDuplicatesResult:
    """What was found for one of the given records."""

    found: tuple[FoundDuplicates, ...]

    @property
    def apex_type(self) -> Type:
        return _type("FindDuplicatesResult")


@dataclass(frozen=True)
class DuplicateResult:
    """What one duplicate rule found."""

    found: FoundDuplicates

    @property
    def apex_type(self) -> Type:
        return _type("DuplicateResult")


@dataclass(frozen=True)
class MatchResult:
    """What one of its matching rules found."""

    match: FoundMatch

    @property
    def apex_type(self) -> Type:
        return _type("MatchResult")


@dataclass(frozen=True)
class MatchRecord:
    row: QueryRow

    @property
    def apex_type(self) -> Type:
        return _type("MatchRecord")


def _find(records: ApexList | None) -> ApexList:
    if records is None:
        raise argument_null("sObjects")
    return _found([record for record in records.items if record is not None])


def _find_by_ids(ids: ApexList | None) -> ApexList:
    if ids is None:
        raise argument_null("ids")
    engine = context.engine()
    rows = []
    for record_id in ids.items:
        described = engine.port.schema.find_by_prefix(str(record_id)[:3])
        if described is None:
            raise throw("HandledException", f"Invalid id: {record_id}")
        rows.append(engine.get_sobject_type(described.api_name))
    return _asked(rows, [{"Id": str(record_id)} for record_id in ids.items])


def _found(records: list[Value]) -> ApexList:
    return _asked([record.type for record in records], [row_to_port(record) for record in records])


def _asked(types: list[Type], rows: list[dict[str, Value]]) -> ApexList:
    if len({type_.name for type_ in types}) > 1:
        raise throw("HandledException", "All records must be of the same object type.")
    if len(rows) > _MOST:
        raise throw("HandledException", f"The number of records exceeds the limit of {_MOST}.")
    results: list[Value] = []
    if rows:
        found = context.engine().port.find_duplicates(types[0].name, rows)
        if found is None:
            raise throw(
                "HandledException", f"No active duplicate rules are defined for the {types[0].name} object type."
            )
        results = [FindDuplicatesResult(tuple(one)) for one in found]
    return ApexList(type_of("List<Datacloud.FindDuplicatesResult>"), results)


def _errors(_this: Value) -> ApexList:
    return ApexList(type_of("List<Database.Error>"), [])


system_class(
    "FindDuplicates",
    {"static List<Datacloud.FindDuplicatesResult> findDuplicates(List<SObject>)": _find},
    namespace="Datacloud",
)
system_class(
    "FindDuplicatesByIds",
    {"static List<Datacloud.FindDuplicatesResult> findDuplicatesByIds(List<Id>)": _find_by_ids},
    namespace="Datacloud",
)
system_class(
    "FindDuplicatesResult",
    {
        "List<Datacloud.DuplicateResult> getDuplicateResults()": lambda this: ApexList(
            type_of("List<Datacloud.DuplicateResult>"), [DuplicateResult(one) for one in this.found]
        ),
        "List<Database.Error> getErrors()": _errors,
        "Boolean isSuccess()": lambda this: True,
        "List<Database.Error> errors": _errors,
        "Boolean success": lambda this: True,
    },
    namespace="Datacloud",
)
system_class(
    "DuplicateResult",
    {
        "String getDuplicateRule()": lambda this: this.found.rule,
        "String getDuplicateRuleEntityType()": lambda this: this.found.sobject_type,
        "String getErrorMessage()": lambda this: this.found.alert_text,
        "Boolean isAllowSave()": lambda this: this.found.may_save,
        "List<Datacloud.MatchResult> getMatchResults()": lambda this: ApexList(
            type_of("List<Datacloud.MatchResult>"), [MatchResult(one) for one in this.found.matches]
        ),
    },
    namespace="Datacloud",
)
system_class(
    "MatchResult",
    {
        "String getRule()": lambda this: this.match.rule,
        "String getEntityType()": lambda this: this.match.sobject_type,
        "String getMatchEngine()": lambda this: "ExactMatchEngine",
        "Integer getSize()": lambda this: len(this.match.rows),
        "Boolean isSuccess()": lambda this: True,
        "List<Database.Error> getErrors()": _errors,
        "List<Datacloud.MatchRecord> getMatchRecords()": lambda this: ApexList(
            type_of("List<Datacloud.MatchRecord>"), [MatchRecord(row) for row in this.match.rows]
        ),
    },
    namespace="Datacloud",
)
system_class(
    "MatchRecord",
    {
        "SObject getRecord()": lambda this: to_record(context.engine(), this.row),
        "Double getMatchConfidence()": lambda this: 100.0,
    },
    namespace="Datacloud",
)
