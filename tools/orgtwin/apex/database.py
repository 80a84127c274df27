"""Queries and DML between Apex values and the org port.

Texts of DmlException: "DmlException Methods"; the first failing row names the exception.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from msgspec.structs import replace

from orgtwin.apex.compile.messages import LOCK_AND, UPSERT_FIELD
from orgtwin.apex.faults import ApexThrow, apex_exception, null_pointer, throw
from orgtwin.apex.library.dml_options import saving_of
from orgtwin.apex.library.signatures import declare
from orgtwin.apex.library.tokens import AGGREGATE_RESULT
from orgtwin.apex.log_profile import DML, SOQL, SOSL
from orgtwin.apex.mixed_dml import MESSAGE as MIXED_DML
from orgtwin.apex.mixed_dml import kind_of_write
from orgtwin.apex.org_port import QueryRow
from orgtwin.apex.records import SObject, field_type, to_id
from orgtwin.apex.text import to_text
from orgtwin.apex.trigger_rows import find_recursive, require_other_records
from orgtwin.apex.types import ID, OBJECT, SOBJECT, Type, list_of
from orgtwin.apex.user_mode import FORBIDDEN, refused_whole, require_object_access
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Id, Long, Value, whole_characters
from orgtwin.errors import FieldsForbidden, SalesforceError, SaveError, SaveResult, UnreadableFields
from orgtwin.ids import find_id18
from orgtwin.schema.model import Field

if TYPE_CHECKING:
    from orgtwin.apex.engine import Engine

# Values to the port


def to_port(value: Value) -> Value:
    """An Apex value as the port takes it; a record in a bind stands for its id."""
    if isinstance(value, Id):
        return str(value)
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, Long):
        return int(value)
    if isinstance(value, SObject):
        record_id = value.fields.get("Id")
        return None if record_id is None else str(record_id)
    if isinstance(value, (ApexList, ApexSet)):
        return [to_port(v) for v in value.items]
    if isinstance(value, ApexMap):
        return [to_port(v) for v in value.items]
    return value


@lru_cache(maxsize=1024)
def _read_only(type_: Type, verb: str) -> frozenset[str]:
    """The fields that a write of this kind passes over: a record from a query or a trigger brings them along."""
    fields = type_.sobject.fields if type_.sobject is not None and verb in _WRITABLE else ()
    may_write = _WRITABLE.get(verb, bool)
    return frozenset(f.api_name for f in fields if not may_write(f) and f.api_name != "Id")


_WRITABLE: Mapping[str, Callable[[Field], bool]] = {
    "insert": lambda field: field.createable,
    "update": lambda field: field.updateable,
    "upsert": lambda field: field.createable or field.updateable,
}


def row_to_port(record: SObject, verb: str = "") -> dict[str, Value]:
    """A record as a row to be written; a parent record with an external id field stands for the reference.

    A parent with an id was read or saved before: it says nothing about the reference. Source: "Relating Records by Using an
    External ID" (Apex Developer Guide).
    """
    skipped = _read_only(record.type, "update" if verb == "upsert" and record.fields.get("Id") is not None else verb)
    row = {name: to_port(value) for name, value in record.fields.items() if name not in skipped}
    for name, parent in record.related.items():
        if isinstance(parent, SObject) and parent.fields.get("Id") is None:
            key = {k: to_port(v) for k, v in parent.fields.items()}
            reference = record.schema.find_relationship(name)
            if reference is not None and key and reference.api_name not in row and reference.relationship_name:
                row[reference.relationship_name] = key
    return row


def from_port(value: Value, type_: Type) -> Value:
    """A value of the org in Apex. The id of a definition of the schema (EntityDefinition) is its name."""
    if type_ is not ID or not isinstance(value, str):
        return COMPOUNDS[type_](value) if type(value) is dict and type_ in COMPOUNDS else value
    return to_id(value) if find_id18(value) is not None else Id(value)


COMPOUNDS: dict[Type, Callable[[dict[str, Value]], Value]] = {}
"""What makes the value of a compound field of its parts. The library adds them."""


def with_defaults(engine: Engine, record: SObject) -> SObject:
    """The record, its fields holding what an insert would fill in."""
    for name, value in engine.port.default_values(record.type.name).items():
        described = record.schema.find_field(name)
        if described is not None:
            record.fields[name] = from_port(value, field_type(described))
    return record


def to_record(engine: Engine, row: QueryRow) -> SObject:
    """A row of a query as a record that refuses fields that were not selected."""
    if row.sobject_type == "AggregateResult":
        return SObject(AGGREGATE_RESULT, dict(row.fields))
    type_ = engine.get_sobject_type(row.sobject_type)
    record = SObject(type_)
    schema = record.schema
    for name, value in row.fields.items():
        described = schema.find_field(name)
        if described is None and value is None:
            reference = schema.find_relationship(name)
            if reference is not None:
                record.related[name.lower()] = None
                record.fields.setdefault(reference.api_name, None)
                continue
        record.fields[name] = from_port(value, field_type(described)) if described is not None else value
    for relationship, parent in row.parents.items():
        record.related[relationship.lower()] = None if parent is None else to_record(engine, parent)
        reference = schema.find_relationship(relationship)
        if reference is not None and reference.api_name not in record.fields:
            found = None if parent is None else parent.fields.get("Id")
            record.fields[reference.api_name] = from_port(found, ID)  # selected along: public tests read it
    for relationship, rows in row.children.items():
        child_type = engine.child_list_type(row.sobject_type, relationship)
        record.related[relationship.lower()] = ApexList(child_type, [to_record(engine, r) for r in rows])
    record.queried = True
    return record


# Queries


def run_query(
    engine: Engine,
    text: str,
    binds: Mapping[str, Value],
    user_mode: bool,
    result: Type | None,
    counted: str | None = "QueryRows",
) -> Value:
    """The rows as a list of `result`, or the number for SELECT COUNT(). `counted`: the limit that the rows count against."""
    usage = engine.transaction.usage
    shape = _shape(text)
    if not shape.is_metadata:
        usage.charge("Queries")
    for _ in range(shape.subqueries):
        usage.charge("AggregateQueries")
    if shape.wrong_with_lock:
        raise throw("QueryException", LOCK_AND.format(shape.wrong_with_lock))
    log = engine.log
    began = (
        0
        if log is None
        else log.began("SOQL_EXECUTE_BEGIN", f"[{engine.line()}]", f"Aggregations:{shape.subqueries}", text)
    )
    try:
        found = engine.port.query(text, {n: to_port(v) for n, v in binds.items()}, user_mode=user_mode)
    except SalesforceError as error:
        if error.code == "TWIN_UNSUPPORTED":
            raise
        value = apex_exception("QueryException", error.message)
        value.details = list(error.by_object.items()) if isinstance(error, UnreadableFields) else []
        raise ApexThrow(value) from error
    if shape.is_locking and not isinstance(found, int):
        _lock(engine, found)
    rows = 1 if isinstance(found, int) else _count_rows(found, with_children=shape.subqueries > 0)
    if log is not None:
        log.event("SOQL_EXECUTE_END", f"[{engine.line()}]", f"Rows:{rows}")
        log.profile.add(SOQL, engine.shown_place(), f"[{text}]", log.elapsed() - began)
    if counted is not None:  # an org stops reading at the first row too many
        usage.charge(counted, min(rows, usage.limit(counted) - usage.used[counted] + 1))
    if isinstance(found, int):
        return found
    return ApexList(result or _list_type(engine, shape.source), [to_record(engine, row) for row in found])


def _list_type(engine: Engine, source: str) -> Type:
    """Of a dynamic query, also when it has no rows: a List<Account> that stands as a List<SObject>."""
    return list_of(engine.find_sobject_type(source) or SOBJECT)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a query's text says of itself: `source` is the type of its rows; queries of custom metadata are free, each of children
    counts by itself, some lock."""

    source: str
    is_metadata: bool
    subqueries: int
    is_locking: bool
    wrong_with_lock: str | None


_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'")
_SOURCE = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_OF_CHILDREN = re.compile(r"[(,]\s*\(\s*SELECT\b|\bSELECT\s*\(\s*SELECT\b", re.IGNORECASE)


_NEVER_LOCKED = re.compile(r"\b(?:ORDER|GROUP)\s+BY\b", re.IGNORECASE)
_GROUPED = re.compile(r"\bGROUP\s+BY\b", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^()]*\)")
_LOCKING = re.compile(r"\bFOR\s+UPDATE\b", re.IGNORECASE)
_UNAVAILABLE = (
    "Record Currently Unavailable: The record you are attempting to edit, or one of its related records, is currently being"
    " modified by another user. Please try again."
)


@lru_cache(maxsize=1024)
def _without_parentheses(text: str) -> str:
    before = ""
    while before != text:
        before, text = text, _PARENTHESES.sub("", text)
    return text


def _shape(text: str) -> _Shape:
    bare = _LITERAL.sub("''", text)
    is_metadata = all(source.lower().endswith("__mdt") for source in _SOURCE.findall(bare))
    is_locking = _LOCKING.search(bare) is not None
    wrong = _NEVER_LOCKED.search(_PARENTHESES.sub("", bare)) if is_locking else None
    outer = _SOURCE.search(_without_parentheses(bare))
    grouped = _GROUPED.search(bare) is not None
    return _Shape(
        "" if outer is None else "AggregateResult" if grouped else outer[1],
        is_metadata,
        len(_OF_CHILDREN.findall(bare)),
        is_locking,
        None if wrong is None else " ".join(wrong[0].upper().split()),
    )


def _lock(engine: Engine, rows: list[QueryRow]) -> None:
    """FOR UPDATE: the rows that are returned, until the transaction ends. Raises QueryException for rows that another one holds."""
    if engine.port.find_held([str(row.fields["Id"]) for row in rows if row.fields.get("Id") is not None]):
        raise throw("QueryException", _UNAVAILABLE)


def _count_rows(rows: list[QueryRow], *, with_children: bool) -> int:
    if not with_children:
        return len(rows)
    return len(rows) + sum(_count_rows(of, with_children=True) for row in rows for of in row.children.values())


def run_search(
    engine: Engine, text: str, binds: Mapping[str, Value], result: Type, user_mode: bool = False
) -> ApexList:
    """One list per RETURNING object. A test finds what it fixed, else nothing: "Adding SOSL Queries to Unit Tests"."""
    engine.transaction.usage.charge("SoslQueries")
    given = {n: to_port(v) for n, v in binds.items()}
    log = engine.log
    began = 0 if log is None else log.began("SOSL_EXECUTE_BEGIN", f"[{engine.line()}]", text)
    try:
        if engine.is_testing:
            fixed = [str(i) for i in engine.test_state.get("search", ())]
            found = engine.port.search_among(text, given, fixed, user_mode=user_mode)
        else:
            found = engine.port.search(text, given, user_mode=user_mode)
    except SalesforceError as error:
        if error.code == "TWIN_UNSUPPORTED":
            raise
        raise throw("SearchException", error.message) from error
    if log is not None:
        log.event("SOSL_EXECUTE_END", f"[{engine.line()}]", f"Rows:{sum(map(len, found))}")
        log.profile.add(SOSL, engine.shown_place(), f"[{text}]", log.elapsed() - began)
    return ApexList(result, [ApexList(list_of(SOBJECT), [to_record(engine, r) for r in rows]) for rows in found])


# DML


@dataclass(slots=True)
class DatabaseError:
    """Database.Error."""

    error: SaveError

    @property
    def apex_type(self) -> Type:
        return declare("Error", namespace="Database").type

    def __str__(self) -> str:
        error = self.error
        fields = ", ".join(error.fields)
        return f"Database.Error[getFields=({fields});getMessage={error.message};getStatusCode={error.status_code};]"


@dataclass(slots=True)
class DmlResult:
    """Database.SaveResult, UpsertResult, DeleteResult, UndeleteResult: `kind` says which."""

    kind: str
    result: SaveResult
    errors: list[DatabaseError] = field(default_factory=list)
    merged_ids: list[str] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace="Database").type

    def __str__(self) -> str:
        shown = (
            f"getErrors={to_text(ApexList(list_of(OBJECT), list(self.errors)))};getId={to_text(self.result.record_id)};"
        )
        created = f"isCreated={to_text(self.result.created)};" if self.kind == "UpsertResult" else ""
        return f"Database.{self.kind}[{shown}{created}isSuccess={to_text(self.result.success)};]"


RESULT_KINDS = {
    "insert": "SaveResult",
    "update": "SaveResult",
    "upsert": "UpsertResult",
    "delete": "DeleteResult",
    "undelete": "UndeleteResult",
    "publish": "SaveResult",
}
_VERBS = {
    "insert": "Insert",
    "update": "Update",
    "upsert": "Upsert",
    "delete": "Delete",
    "undelete": "Undelete",
    "merge": "Merge",
    "process": "Process",
    "convertLead": "ConvertLead",
}


def records_of(operand: Value) -> list[SObject]:
    """One record or a list of them."""
    if operand is None:
        raise null_pointer()
    if isinstance(operand, SObject):
        return [operand]
    items = list(operand.items)
    if any(r is None for r in items):
        raise null_pointer()
    return items


def run_dml(engine: Engine, verb: str, operand: Value, user_mode: bool, key: str | None = None) -> None:
    """A DML statement: all rows or a DmlException."""
    records = records_of(operand)
    with engine.port.saving(saving_of(records, None)):
        results = write(engine, verb, records, all_or_none=True, user_mode=user_mode, key=key)
    failed = [(i, r) for i, r in enumerate(results) if not r.result.success]
    if failed:
        raise dml_exception(verb, records, failed, user_mode=user_mode)


READ_ONLY = "read-only mode"
"""Of the state of a test: the org is as it is during an upgrade. Source: "setReadOnlyApplicationMode" (Test Class)."""
_IN_READ_ONLY_MODE = "Application is in read-only mode: records cannot be changed"  # ASSUMED text
_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"


def dml_exception(
    verb: str, records: list[SObject], failed: list[tuple[int, DmlResult]], *, user_mode: bool = False
) -> ApexThrow:
    """`Insert failed. First exception on row 0; first error: CODE, text: [Field]`.

    Rows that went back because of others are not told. Fields that user mode refuses are told of the statement as a whole.
    """
    failed = [(i, r) for i, r in failed if not any(e.status_code == _ROLLED_BACK for e in r.result.errors)] or failed
    index, first = failed[0]
    error = first.result.errors[0] if first.result.errors else SaveError("UNKNOWN_EXCEPTION", "")
    record_id = records[index].fields.get("Id") if index < len(records) else None
    where = f" with id {record_id}" if record_id is not None else ""
    message = (
        f"{_VERBS[verb]} failed. First exception on row {index}{where};"
        f" first error: {error.status_code}, {error.message}: [{', '.join(error.fields)}]"
    )
    if user_mode and isinstance(error, FieldsForbidden):
        message = FORBIDDEN.format(records[index].type.name)
    value = apex_exception("DmlException", message)
    value.details = [(i, records[i] if i < len(records) else None, e) for i, r in failed for e in r.result.errors]
    return ApexThrow(value)


def _chunks(verb: str, records: list[SObject]) -> list[tuple[Type, list[SObject]]]:
    """Records by type as they follow each other: "Creating Records for Multiple Object Types". Raises TypeException beyond ten."""
    found = [(type_, list(group)) for type_, group in groupby(records, key=lambda record: record.type)]
    if len(found) > 1 and verb in _CHUNKED and sum(-(-len(group) // CHUNK) for _, group in found) > MOST_CHUNKS:
        text = f"Cannot have more than {MOST_CHUNKS} chunks in a single operation. Please rearrange the data to reduce chunking."
        raise throw("TypeException", text)
    return found


CHUNK = 200
MOST_CHUNKS = 10
_CHUNKED = ("insert", "update", "upsert")


def write(
    engine: Engine, verb: str, records: list[SObject], *, all_or_none: bool, user_mode: bool, key: str | None = None
) -> list[DmlResult]:
    """Write records of any types, in order; each gets its id. Charges the limits."""
    if not records:
        return []
    if engine.test_state.get(READ_ONLY):
        raise throw("InvalidReadOnlyUserDmlException", _IN_READ_ONLY_MODE)
    require_other_records(engine, records)
    _require_distinct(verb, records)
    require_object_access(engine, verb, records if user_mode else ())
    transaction = engine.transaction
    transaction.usage.charge("DMLStatements")
    transaction.usage.charge("DMLRows", len(records))
    transaction.dml_since_callout = True
    log, where = engine.log, f"[{engine.line()}]"
    kind = (f"Op:{verb.capitalize()}", f"Type:{records[0].type.name}", f"Rows:{len(records)}")
    began = 0 if log is None else log.began("DML_BEGIN", where, *kind)
    refused = _refused_ids(verb, records) | {
        place: _refusal(verb, error) for place, error in find_recursive(engine, verb, records)
    }
    if refused and all_or_none:
        raise dml_exception(verb, records, list(refused.items()))
    for record in records:
        _check_mix(engine, verb, record)
    mark = engine.port.savepoint() if all_or_none else None
    results: list[DmlResult] = []
    taken = [record for index, record in enumerate(records) if index not in refused] if refused else records
    transaction.writes += 1
    try:
        for type_, chunk in _chunks(verb, taken):
            results += _write_type(engine, verb, type_, chunk, all_or_none=all_or_none, user_mode=user_mode, key=key)
    finally:
        transaction.writes -= 1
    for index in sorted(refused):
        results.insert(index, refused[index])
    if mark is not None and any(not r.result.success for r in results):
        engine.port.rollback(mark)
        if verb == "insert":
            return results
    if log is not None:
        log.event("DML_END", where)
        done = f"{verb.capitalize()}: {f'List<{records[0].type.name}>' if len(records) > 1 else records[0].type.name}"
        log.profile.add(DML, engine.shown_place(), done, log.elapsed() - began)
    for record, result in zip(records, results, strict=True):
        if result.result.success and result.result.record_id is not None and verb in ("insert", "upsert"):
            record.fields["Id"] = Id(result.result.record_id)
    return results


def _require_distinct(verb: str, records: list[SObject]) -> None:
    """Raises ListException for a record that stands twice in the list, whether or not part of it may fail.

    Texts: those that orgs give in public questions. None tells of delete and undelete.
    """
    if verb in ("insert", "upsert") and len(set(map(id, records))) < len(records):
        raise throw("ListException", _IDENTICAL)
    if verb in ("update", "upsert"):
        counts = Counter(record.fields.get("Id") for record in records)
        again = next((record_id for record_id, count in counts.items() if record_id is not None and count > 1), None)
        if again is not None:
            raise throw("ListException", f"Duplicate id in list: {again}")


_IDENTICAL = "Before Insert or Upsert list must not have two identically equal elements"


def _check_mix(engine: Engine, verb: str, record: SObject) -> None:
    """Raises DmlException MIXED_DML_OPERATION. Source for runAs: "Mixed DML Operations in Test Methods" (Apex Developer Guide)."""
    transaction = engine.transaction
    first, is_setup = transaction.first_written, kind_of_write(verb, record)
    if is_setup is None or transaction.may_mix:
        return
    if first is None:
        transaction.first_written = (record.type.name, is_setup)
    elif first[1] != is_setup:
        message = MIXED_DML.format(record.type.name, first[0])
        refused = SaveResult(None, False, errors=(SaveError("MIXED_DML_OPERATION", message),))
        result = DmlResult("SaveResult", refused, [DatabaseError(e) for e in refused.errors])
        raise dml_exception(verb, [record], [(0, result)])


def _refused_ids(verb: str, records: list[SObject]) -> dict[int, DmlResult]:
    """The rows that have an id and may not, or need one and have none, by their place."""
    if verb == "insert":
        error = SaveError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
        places = [place for place, record in enumerate(records) if record.fields.get("Id") is not None]
    elif verb == "upsert":
        return {}
    else:
        error = SaveError("MISSING_ARGUMENT", f"Id not specified in {_A_CALL.get(verb, 'a')} {verb} call")
        places = [place for place, record in enumerate(records) if record.fields.get("Id") is None]
    return {place: _refusal(verb, error) for place in places}


def _refusal(verb: str, error: SaveError) -> DmlResult:
    return DmlResult(RESULT_KINDS[verb], SaveResult(None, False, errors=(error,)), [DatabaseError(error)])


_A_CALL = {"update": "an", "undelete": "an"}


def _write_type(
    engine: Engine,
    verb: str,
    type_: Type,
    records: list[SObject],
    *,
    all_or_none: bool,
    user_mode: bool,
    key: str | None,
) -> list[DmlResult]:
    port = engine.port
    name = type_.name
    calls: dict[str, Callable[[], list[SaveResult]]] = {
        "insert": lambda: port.insert(name, rows, all_or_none=all_or_none, user_mode=user_mode),
        "update": lambda: port.update(name, rows, all_or_none=all_or_none, user_mode=user_mode),
        "upsert": lambda: port.upsert(name, key or "Id", rows, all_or_none=all_or_none, user_mode=user_mode),
        "delete": lambda: port.delete(_ids(records), all_or_none=all_or_none, user_mode=user_mode),
        "undelete": lambda: port.undelete(_ids(records), all_or_none=all_or_none, user_mode=user_mode),
    }
    rows = [row_to_port(r, verb) for r in records]
    if verb in ("insert", "upsert") and _is_hierarchy(type_):
        for row in rows:
            if row.get("Id") is None:
                row["SetupOwnerId"] = row.get("SetupOwnerId") or port.org_id
    try:
        found = calls[verb]()
    except SalesforceError as error:
        if error.code == "TWIN_UNSUPPORTED":
            raise
        if verb == "upsert" and error.code == "NOT_FOUND" and key is not None:
            raise throw("SObjectException", UPSERT_FIELD.format(key)) from error
        found = [refused_whole(engine, verb, record, error, user_mode=user_mode) for record in records]
    if verb == "update":
        found = [_with_id(r, record) for r, record in zip(found, records, strict=True)]
    kind = RESULT_KINDS[verb]
    return [DmlResult(kind, r, [DatabaseError(e) for e in r.errors]) for r in found]


def _with_id(result: SaveResult, record: SObject) -> SaveResult:
    """ASSUMED: an update that was refused tells its record too, as public tests rely on; "SaveResult Class" says it does not."""
    given = record.fields.get("Id")
    return result if result.success or given is None else replace(result, record_id=str(given))


def _is_hierarchy(type_: Type) -> bool:
    """A hierarchy setting belongs to the whole org where nothing else is said: "Custom Settings Methods"."""
    return type_.sobject is not None and (type_.sobject.custom_setting or "").lower() == "hierarchy"


def _ids(records: list[SObject]) -> list[str]:
    return [str(r.fields["Id"]) for r in records]


def run_merge(engine: Engine, master: SObject | None, duplicates: Value, user_mode: bool) -> None:
    """The merge statement: one result for all losers, or a DmlException."""
    results = merge(engine, master, duplicates, user_mode)
    failed = [(0, r) for r in results if not r.result.success]
    if failed and master is not None:
        raise dml_exception("merge", [master], failed)


def merge(engine: Engine, master: SObject | None, duplicates: Value, user_mode: bool) -> list[DmlResult]:
    """Merge one or two records, or their ids, into the master; one result for each of them."""
    if master is None or duplicates is None:
        raise null_pointer()
    losers = list(duplicates.items) if isinstance(duplicates, ApexList) else [duplicates]
    ids = [str(loser.fields.get("Id")) if isinstance(loser, SObject) else str(loser) for loser in losers]
    engine.transaction.usage.charge("DMLStatements")
    engine.transaction.usage.charge("DMLRows", len(ids) + 1)
    try:
        result = engine.port.merge(row_to_port(master), ids, user_mode=user_mode)
    except SalesforceError as error:
        if error.code == "TWIN_UNSUPPORTED":
            raise
        result = SaveResult(None, False, errors=(SaveError(error.code, error.message, error.fields),))
    return [DmlResult("MergeResult", result, [DatabaseError(e) for e in result.errors], ids) for _ in ids[:1]]
