"""Database and its results. Sources: "Database Class", "Database.SaveResult Class" ... (Apex Reference Guide)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.database import (
    RESULT_KINDS,
    DatabaseError,
    DmlResult,
    dml_exception,
    merge,
    records_of,
    run_query,
    write,
)
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.collections import ApexIterator
from orgtwin.apex.library.dml_options import DmlOptions, saving_of
from orgtwin.apex.library.jobs import execute_batch
from orgtwin.apex.library.objects import status_code
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.library.tokens import SObjectField
from orgtwin.apex.records import SObject
from orgtwin.apex.triggers import TriggerContext
from orgtwin.apex.types import SOBJECT, STRING, Type, list_of
from orgtwin.apex.values import ApexList, ApexMap, EnumConstant, Id, Value

ACCESS_LEVEL = declare("AccessLevel")


@dataclass(frozen=True, slots=True)
class Access:
    """AccessLevel.USER_MODE or SYSTEM_MODE."""

    user_mode: bool

    @property
    def apex_type(self) -> Type:
        return ACCESS_LEVEL.type


_MODES = {"USER_MODE": Access(True), "SYSTEM_MODE": Access(False)}
system_class(
    "AccessLevel",
    {
        "static AccessLevel USER_MODE": lambda: _MODES["USER_MODE"],
        "static AccessLevel SYSTEM_MODE": lambda: _MODES["SYSTEM_MODE"],
    },
)


def write_options(options: tuple[Value, ...]) -> tuple[bool, bool]:
    """(all_or_none, user_mode) from what stands behind the records."""
    all_or_none, user_mode = True, False
    for option in options:
        if isinstance(option, Access):
            user_mode = option.user_mode
        elif isinstance(option, DmlOptions):
            all_or_none = option.all_or_none is True
        elif option is not None:
            all_or_none = bool(option)
    return all_or_none, user_mode


def _writer(verb: str) -> Callable[..., Value]:
    def run(operand: Value, *options: Value) -> Value:
        key = None
        if options and isinstance(options[0], SObjectField):
            key = options[0].field.api_name
            options = options[1:]
        all_or_none, user_mode = write_options(options)
        records = _by_ids(operand)
        chosen = next((option for option in options if isinstance(option, DmlOptions)), None)
        with context.engine().port.saving(saving_of(records, chosen)):
            results = write(context.engine(), verb, records, all_or_none=all_or_none, user_mode=user_mode, key=key)
        failed = [(i, r) for i, r in enumerate(results) if not r.result.success]
        if failed and all_or_none:
            raise dml_exception(verb, records, failed, user_mode=user_mode)
        if isinstance(operand, ApexList):
            return ApexList(type_of(f"List<Database.{RESULT_KINDS[verb]}>"), list(results))
        return results[0]

    return run


def _by_ids(operand: Value) -> list[SObject]:
    """Records, or stand-ins for ids: Database.delete takes both."""
    items = list(operand.items) if isinstance(operand, ApexList) else [operand]
    if items and all(isinstance(i, str) for i in items):
        engine = context.engine()
        found = []
        for item in items:
            described = engine.port.schema.find_by_prefix(item[:3])
            if described is None:
                raise throw("SObjectException", f"Invalid id: {item}")
            found.append(SObject(engine.get_sobject_type(described.api_name), {"Id": Id(item)}))
        return found
    return records_of(operand)


WRITE_OPTIONS = (
    "",
    ",Boolean",
    ",AccessLevel",
    ",Boolean,AccessLevel",
    ",Database.DMLOptions",
    ",Database.DMLOptions,AccessLevel",
)
"""What may follow the operand of a method that writes."""


def _forms(verb: str, *, ids: bool = False, key: bool = False) -> dict[str, Callable[..., Value]]:
    """All overloads of one verb."""
    result = f"Database.{RESULT_KINDS[verb]}"
    run = _writer(verb)
    found: dict[str, Callable[..., Value]] = {}
    operands = [("SObject", result), ("List<SObject>", f"List<{result}>")]
    if ids:
        operands += [("Id", result), ("List<Id>", f"List<{result}>")]
    for operand, returns in operands:
        for options in WRITE_OPTIONS:
            found[f"static {returns} {verb}({operand}{options})"] = run
            if key and "DMLOptions" not in options:
                found[f"static {returns} {verb}({operand},Schema.SObjectField{options})"] = run
    return found


# Queries


@dataclass(slots=True)
class QueryLocator:
    """Database.QueryLocator: the query of a batch."""

    text: str
    rows: ApexList

    @property
    def apex_type(self) -> Type:
        return declare("QueryLocator", namespace="Database").type


class LocatorIterator(ApexIterator):
    """Database.QueryLocatorIterator: the rows of a locator, one after another."""

    __slots__ = ()

    @property
    def apex_type(self) -> Type:
        return declare("QueryLocatorIterator", namespace="Database").type


_BIND = re.compile(r"'(?:[^'\\]|\\.)*'|\{(?:[^}\\]|\\.)*\}|\b\w+_N_\w+:\w+|:\s*([A-Za-z_]\w*)(?:\.\w+)*")
"""A string, a term of a search, LAST_N_DAYS:n, or a bind; a blank may stand on either side of its colon."""


def bound(text: str) -> tuple[str, dict[str, Value]]:
    """The text with numbered binds, and their values looked up in the calling method.

    Fields of variables are none. Source: "Dynamic SOQL" (Apex Developer Guide); ASSUMED: the path is told whole.
    """
    engine = context.engine()
    binds: dict[str, Value] = {}

    def one(found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        path = found[0].lstrip(":").strip()
        if "." in path:
            raise throw("QueryException", f"Variable does not exist: {path}")
        binds[f"dynamic{len(binds)}"] = engine.bind_lookups[-1](path)
        return f":dynamic{len(binds) - 1}"

    return (_BIND.sub(one, text), binds) if engine.bind_lookups else (text, binds)


def _query(text: str | None, access: Access | None = None, counted: str | None = "QueryRows") -> ApexList:
    if text is None:
        raise argument_null("query")
    text, binds = bound(text)
    rows = run_query(context.engine(), text, binds, access is not None and access.user_mode, None, counted)
    return _as_rows(rows)


def _as_rows(rows: Value) -> ApexList:
    if isinstance(rows, ApexList):
        return ApexList(list_of(rows.items[0].type), rows.items) if rows.items else rows
    raise throw("QueryException", "Count query must be used with Database.countQuery")


def _given(binds: ApexMap) -> dict[str, Value]:
    """The values of a query, whose names ignore case.

    Source: "Dynamic SOQL" (Apex Developer Guide); ASSUMED: alike names are told in the order of their letters.
    """
    names: dict[str, list[str]] = {}
    for name in binds.items:
        names.setdefault(name.lower(), []).append(name)
    for alike in names.values():
        if len(alike) > 1:
            shown = ", ".join(sorted(alike))
            raise throw("QueryException", f"The bindMap consists of duplicate case-insensitive keys: [{shown}]")
    return dict(binds.items)


def _query_with_binds(
    text: str | None, binds: ApexMap | None, access: Access | None, counted: str | None = "QueryRows"
) -> ApexList:
    if text is None or binds is None:
        raise argument_null("query")
    user_mode = access is not None and access.user_mode
    return _as_rows(run_query(context.engine(), text, _given(binds), user_mode, None, counted))


def _count(text: str, access: Access | None = None) -> Value:
    text, binds = bound(text)
    found = run_query(context.engine(), text, binds, access is not None and access.user_mode, None)
    return found if isinstance(found, int) else len(found.items)


def _count_with_binds(text: str, binds: ApexMap, access: Access | None) -> Value:
    found = run_query(context.engine(), text, _given(binds), access is not None and access.user_mode, None)
    return found if isinstance(found, int) else len(found.items)


def _locator(text: str | None, access: Access | None = None) -> QueryLocator:
    if text is None:
        raise argument_null("query")
    return QueryLocator(text, _query(text, access, _locator_limit()))


def _locator_with_binds(text: str | None, binds: ApexMap | None, access: Access | None) -> QueryLocator:
    return QueryLocator(text or "", _query_with_binds(text, binds, access, _locator_limit()))


def _locator_limit() -> str | None:
    """The limit that its rows count against: none in the start method of a batch."""
    return None if context.transaction().batch_method == "start" else "QueryLocatorRows"


def _locator_of(rows: ApexList, _access: Value = None) -> QueryLocator:
    return QueryLocator("", rows)


def _set_savepoint() -> Value:
    engine = context.engine()
    transaction = engine.transaction
    transaction.usage.charge("DMLStatements")
    found = Savepoint(engine.port.savepoint(), transaction.dml_since_callout, engine.events.published, _invocation())
    engine.note("SAVEPOINT_SET", f"[{engine.line()}]", _savepoint_name(len(transaction.savepoints)))
    transaction.savepoints.append(found)
    return found


def _savepoint_name(place: int) -> str:
    """ASSUMED: the log calls a savepoint by its place."""
    return f"SavepointValue{place}"


@dataclass(slots=True, eq=False)
class Savepoint:
    """A state of the org, whether that has writes which are not committed, how many events had been published, and in which
    invocation of a trigger, if in one.
    """

    mark: Value
    is_written: bool
    published: int
    invocation: TriggerContext | None

    @property
    def apex_type(self) -> Type:
        return declare("Savepoint").type


def _rollback(savepoint: Savepoint | None) -> None:
    if savepoint is None:
        raise argument_null("databaseSavepoint")
    engine = context.engine()
    engine.transaction.usage.charge("DMLStatements")
    _drop_later(savepoint, keeping=1)
    engine.note("SAVEPOINT_ROLLBACK", f"[{engine.line()}]", _savepoint_name(len(engine.transaction.savepoints) - 1))
    engine.port.rollback(savepoint.mark)
    if engine.is_testing:
        engine.events.take_back(engine, savepoint.published)
    engine.transaction.dml_since_callout = savepoint.is_written


def _release(savepoint: Savepoint | None) -> None:
    """Database.releaseSavepoint: it goes, with all that were set after it."""
    if savepoint is None:
        raise argument_null("databaseSavepoint")
    context.engine().transaction.usage.charge("DMLStatements")
    _drop_later(savepoint, keeping=0)


def _invocation() -> TriggerContext | None:
    running = context.engine().trigger_context
    return running[-1] if running else None


def _drop_later(savepoint: Savepoint, *, keeping: int) -> None:
    """Savepoints set after this one are no longer valid, and one does not cross invocations of triggers: "Transaction Control"
    (Apex Developer Guide). ASSUMED: the texts.
    """
    active = context.transaction().savepoints
    if savepoint.invocation is not _invocation():
        raise throw("TypeException", "Savepoint is not valid: it was set in another trigger invocation")
    if savepoint not in active:
        raise throw("TypeException", "Savepoint is not valid: it was released, or rolled back with an earlier one")
    del active[active.index(savepoint) + keeping :]


def _empty_bin(operand: Value) -> Value:
    """Database.emptyRecycleBin: of records or ids."""
    engine = context.engine()
    records = _by_ids(operand)
    engine.transaction.usage.charge("DMLStatements")
    engine.transaction.usage.charge("DMLRows", len(records))
    found = engine.port.empty_bin([str(r.fields["Id"]) for r in records])
    results = [DmlResult("EmptyRecycleBinResult", r, [DatabaseError(e) for e in r.errors]) for r in found]
    if isinstance(operand, ApexList):
        return ApexList(type_of("List<Database.EmptyRecycleBinResult>"), list(results))
    return results[0]


def _merge(master: SObject, duplicates: Value, *options: Value) -> Value:
    all_or_none, user_mode = write_options(options)
    results = merge(context.engine(), master, duplicates, user_mode)
    failed = [(i, r) for i, r in enumerate(results) if not r.result.success]
    if failed and all_or_none:
        raise dml_exception("merge", [master], failed)
    if isinstance(duplicates, ApexList):
        return ApexList(type_of("List<Database.MergeResult>"), list(results))
    return results[0]


def _merge_forms() -> dict[str, Callable[..., Value]]:
    options = ("", ",Boolean", ",AccessLevel", ",Boolean,AccessLevel")
    operands = (
        ("SObject", "Database.MergeResult"),
        ("List<SObject>", "List<Database.MergeResult>"),
        ("Id", "Database.MergeResult"),
        ("List<Id>", "List<Database.MergeResult>"),
    )
    return {f"static {result} merge(SObject,{what}{rest})": _merge for what, result in operands for rest in options}


def _immediate_forms(verb: str) -> dict[str, Callable[..., Value]]:
    """insertImmediate and its kin, which are meant for external objects. ASSUMED: any other record is written as by the plain
    method with partial success, as a public test has it."""
    run, result = _writer(verb), f"Database.{RESULT_KINDS[verb]}"

    def write_now(operand: Value, *access: Value) -> Value:
        return run(operand, False, *access)

    operands = (("SObject", result), ("List<SObject>", f"List<{result}>"))
    return {
        f"static {returns} {verb}Immediate({operand}{access})": write_now
        for operand, returns in operands
        for access in ("", ",AccessLevel")
    }


declare("Savepoint")
system_class(
    "Database",
    {
        **_forms("insert"),
        **_forms("update"),
        **_forms("upsert", key=True),
        **_forms("delete", ids=True),
        **_forms("undelete", ids=True),
        **_immediate_forms("insert"),
        **_immediate_forms("update"),
        **_immediate_forms("delete"),
        "static List<SObject> query(String)": _query,
        "static List<SObject> query(String,AccessLevel)": _query,
        "static Database.QueryLocator getQueryLocatorWithBinds(String,Map<String,Object>,AccessLevel)": _locator_with_binds,
        "static List<SObject> queryWithBinds(String,Map<String,Object>,AccessLevel)": _query_with_binds,
        "static Integer countQuery(String)": _count,
        "static Integer countQuery(String,AccessLevel)": _count,
        "static Integer countQueryWithBinds(String,Map<String,Object>,AccessLevel)": _count_with_binds,
        "static Database.QueryLocator getQueryLocator(String)": _locator,
        "static Database.QueryLocator getQueryLocator(String,AccessLevel)": _locator,
        "static Database.QueryLocator getQueryLocator(List<SObject>)": _locator_of,
        "static Database.QueryLocator getQueryLocator(List<SObject>,AccessLevel)": _locator_of,
        "static Id executeBatch(Object)": execute_batch,
        "static Id executeBatch(Object,Integer)": execute_batch,
        "static List<Database.EmptyRecycleBinResult> emptyRecycleBin(List<SObject>)": _empty_bin,
        "static Database.EmptyRecycleBinResult emptyRecycleBin(SObject)": _empty_bin,
        "static List<Database.EmptyRecycleBinResult> emptyRecycleBin(List<Id>)": _empty_bin,
        "static Database.EmptyRecycleBinResult emptyRecycleBin(Id)": _empty_bin,
        **_merge_forms(),
        "static Savepoint setSavepoint()": _set_savepoint,
        "static void rollback(Savepoint)": _rollback,
        "static void releaseSavepoint(Savepoint)": _release,
    },
)
system_class(
    "QueryLocator",
    {
        "String getQuery()": lambda this: this.text,
        "Database.QueryLocatorIterator iterator()": lambda this: LocatorIterator(this.rows.items, SOBJECT),
    },
    namespace="Database",
)
system_class(
    "QueryLocatorIterator",
    {"Boolean hasNext()": ApexIterator.has_next, "SObject next()": ApexIterator.next},
    namespace="Database",
).interfaces.append(type_of("Iterator<SObject>"))


def _result_class(kind: str, *, created: bool = False) -> None:
    table: dict[str, Callable[..., Value]] = {
        "Id getId()": lambda this: None if this.result.record_id is None else Id(this.result.record_id),
        "Boolean isSuccess()": lambda this: this.result.success,
        "Id id": lambda this: None if this.result.record_id is None else Id(this.result.record_id),
        "Boolean success": lambda this: this.result.success,
        "List<Database.Error> errors": lambda this: ApexList(type_of("List<Database.Error>"), list(this.errors)),
        "List<Database.Error> getErrors()": lambda this: ApexList(type_of("List<Database.Error>"), list(this.errors)),
        "String toString()": _shown,
    }
    if created:
        table["Boolean isCreated()"] = lambda this: this.result.created
    system_class(kind, table, namespace="Database")


def _shown(this: DmlResult) -> str:
    return f"Database.{this.kind}[getErrors=();getId={this.result.record_id};isSuccess={str(this.result.success).lower()};]"


for _kind in ("SaveResult", "DeleteResult", "UndeleteResult", "EmptyRecycleBinResult", "MergeResult"):
    _result_class(_kind)
_result_class("UpsertResult", created=True)
_IDS = type_of("List<Id>")
system_class(
    "MergeResult",
    {
        "List<String> getMergedRecordIds()": lambda this: ApexList(list_of(STRING), list(this.merged_ids)),
        "List<Id> getUpdatedRelatedIds()": lambda this: ApexList(_IDS, []),
    },
    namespace="Database",
)


def _status(this: Value) -> EnumConstant:
    found: EnumConstant = status_code(this.error.status_code)
    return found


system_class(
    "Error",
    {
        "List<String> getFields()": lambda this: ApexList(type_of("List<String>"), list(this.error.fields)),
        "String getMessage()": lambda this: this.error.message,
        "StatusCode getStatusCode()": _status,
    },
    namespace="Database",
)
system_enum("TriggerEvent", "INSERT UPDATE DELETE UNDELETE", namespace="Database")
