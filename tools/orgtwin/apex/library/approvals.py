"""Approval: records submitted, decided and locked, with the requests and results of it.

Source: "Approval Class", "ProcessSubmitRequest Class", "ProcessWorkitemRequest Class", "ProcessResult Class", "LockResult Class"
(Apex Reference Guide). ASSUMED: that the preference for locking records in Apex is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.database import DatabaseError, DmlResult, dml_exception
from orgtwin.apex.faults import argument_null
from orgtwin.apex.library.properties import Properties, accessors
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.records import SObject
from orgtwin.apex.types import ID, Type, list_of
from orgtwin.apex.values import ApexList, ApexMap, ApexSet, Id, Value
from orgtwin.errors import SalesforceError, SaveError, SaveResult, Unsupported
from orgtwin.metadata.approvals import Decision, Outcome, Submission

_SPACE = "Approval"

# Locks


def _id_of(operand: Value) -> str:
    found = operand.fields.get("Id") if isinstance(operand, SObject) else operand
    if found is None:
        raise argument_null("1")
    return str(found)


def _ids_of(operand: Value) -> list[str]:
    return [_id_of(one) for one in (operand.items if isinstance(operand, (ApexList, ApexSet)) else [operand])]


@dataclass(slots=True)
class LockResult:
    kind: str
    record_id: str | None
    success: bool = True
    errors: list[Value] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace=_SPACE).type


_NO_RECORD = SaveError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")


def _set_lock(kind: str, locked: bool) -> Callable[..., Value]:
    def run(operand: Value, *options: Value) -> Value:
        results = []
        for record_id in _ids_of(operand):
            done = context.engine().port.set_lock(record_id, locked)
            results.append(LockResult(kind, record_id, done, [] if done else [DatabaseError(_NO_RECORD)]))
        failed = [place for place, result in enumerate(results) if not result.success]
        if failed and options[:1] != (False,):
            raise _refused("process", failed[0], _NO_RECORD)
        return (
            ApexList(type_of(f"List<Approval.{kind}>"), list(results)) if isinstance(operand, ApexList) else results[0]
        )

    return run


def _refused(verb: str, place: int, error: SaveError) -> Exception:
    refused = SaveResult(None, False, errors=(error,))
    return dml_exception(verb, [], [(place, DmlResult("SaveResult", refused, [DatabaseError(error)]))])


def _is_locked(operand: Value) -> bool:
    return context.engine().port.is_locked(_id_of(operand))


def _are_locked(operand: ApexList) -> ApexMap:
    rows = {Id(record_id): context.engine().port.is_locked(record_id) for record_id in _ids_of(operand)}
    return ApexMap(type_of("Map<Id,Boolean>"), rows)


def _lock_forms(verb: str, kind: str, locked: bool) -> dict[str, Callable[..., Value]]:
    run, result = _set_lock(kind, locked), f"Approval.{kind}"
    operands = (
        ("SObject", result),
        ("Id", result),
        ("List<SObject>", f"List<{result}>"),
        ("List<Id>", f"List<{result}>"),
    )
    return {f"static {given} {verb}({one}{more})": run for one, given in operands for more in ("", ",Boolean")}


# Requests

_BOTH = {"Comments": "String", "NextApproverIds": "List<Id>"}
_REQUESTS: Mapping[str, Mapping[str, str]] = {
    "ProcessSubmitRequest": {
        **_BOTH,
        "ObjectId": "String",
        "ProcessDefinitionNameOrId": "String",
        "SkipEntryCriteria": "Boolean",
        "SubmitterId": "String",
    },
    "ProcessWorkitemRequest": {**_BOTH, "Action": "String", "WorkitemId": "String"},
}


_REQUEST = system_class("ProcessRequest", accessors(_BOTH), namespace=_SPACE)
_REQUEST.abstract = True


def _maker(name: str) -> Callable[[], Properties]:
    return lambda: Properties(declare(name, namespace=_SPACE).type)


for _name, _fields in _REQUESTS.items():
    system_class(_name, accessors(_fields), namespace=_SPACE, constructors={"()": _maker(_name)}, extends=_REQUEST)

# Results


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """Of one request: what became of it, or why it was refused."""

    outcome: Outcome | None
    error: SaveError | None = None

    @property
    def apex_type(self) -> Type:
        return declare("ProcessResult", namespace=_SPACE).type


def _from_outcome(name: str) -> Callable[[ProcessResult], Value]:
    return lambda this: getattr(this.outcome, name, None)


def _ids_from(name: str) -> Callable[[ProcessResult], ApexList]:
    return lambda this: ApexList(list_of(ID), [Id(one) for one in getattr(this.outcome, name, ())])


def _errors_of(this: ProcessResult) -> ApexList:
    return ApexList(type_of("List<Database.Error>"), [] if this.error is None else [DatabaseError(this.error)])


system_class(
    "ProcessResult",
    {
        "String getEntityId()": _from_outcome("record_id"),
        "List<Database.Error> getErrors()": _errors_of,
        "String getInstanceId()": _from_outcome("instance_id"),
        "String getInstanceStatus()": _from_outcome("status"),
        "List<Id> getNewWorkitemIds()": _ids_from("workitem_ids"),
        "List<Id> getActorIds()": _ids_from("actor_ids"),
        "Boolean isSuccess()": lambda this: this.error is None,
    },
    namespace=_SPACE,
)


def _process(operand: Value, all_or_none: bool = True) -> Value:
    if operand is None:
        raise argument_null("request")
    requests = operand.items if isinstance(operand, ApexList) else [operand]
    engine = context.engine()
    engine.transaction.usage.charge("DMLStatements")
    engine.transaction.usage.charge("DMLRows", len(requests))
    mark = engine.port.savepoint()
    results = [_one(request) for request in requests]
    refused = next(((n, one.error) for n, one in enumerate(results) if one.error is not None), None)
    if refused is not None and all_or_none:
        engine.port.rollback(mark)
        raise _refused("process", *refused)
    return (
        ApexList(type_of("List<Approval.ProcessResult>"), list(results))
        if isinstance(operand, ApexList)
        else results[0]
    )


def _one(request: Properties) -> ProcessResult:
    try:
        return ProcessResult(context.engine().port.approve(_asked(request)))
    except Unsupported:
        raise
    except SalesforceError as error:
        return ProcessResult(None, SaveError(error.code, error.message, error.fields))


def _asked(request: Properties) -> Submission | Decision:
    values = request.values
    chosen = values.get("nextapproverids")
    approvers = tuple(str(one) for one in chosen.items) if isinstance(chosen, ApexList) else ()
    if request.apex_type.cls is declare("ProcessWorkitemRequest", namespace=_SPACE):
        return Decision(values.get("workitemid") or "", values.get("action") or "", approvers, values.get("comments"))
    return Submission(
        record_id=values.get("objectid") or "",
        submitter_id=values.get("submitterid") or context.engine().port.user().user_id,
        process=values.get("processdefinitionnameorid"),
        skips_criteria=values.get("skipentrycriteria") is True,
        approver_ids=approvers,
        comments=values.get("comments"),
    )


system_class(
    "Approval",
    {
        **_lock_forms("lock", "LockResult", True),
        **_lock_forms("unlock", "UnlockResult", False),
        "static Boolean isLocked(Id)": _is_locked,
        "static Boolean isLocked(SObject)": _is_locked,
        "static Map<Id,Boolean> isLocked(List<Id>)": _are_locked,
        "static Map<Id,Boolean> isLocked(List<SObject>)": _are_locked,
        "static Approval.ProcessResult process(Approval.ProcessRequest)": _process,
        "static Approval.ProcessResult process(Approval.ProcessRequest,Boolean)": _process,
        "static List<Approval.ProcessResult> process(List<Approval.ProcessRequest>)": _process,
        "static List<Approval.ProcessResult> process(List<Approval.ProcessRequest>,Boolean)": _process,
    },
)
for _kind in ("LockResult", "UnlockResult"):
    system_class(
        _kind,
        {
            "Id getId()": lambda this: this.record_id,
            "Boolean isSuccess()": lambda this: this.success,
            "List<Database.Error> getErrors()": lambda this: ApexList(
                type_of("List<Database.Error>"), list(this.errors)
            ),
        },
        namespace=_SPACE,
    )
