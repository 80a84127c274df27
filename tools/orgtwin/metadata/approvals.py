"""Records on their way through an approval process: submitted, approved, rejected, recalled.

    approvals = Approvals(org, user_id)
    outcome = approvals.submit(Submission(record_id, ...))        SalesforceError: NO_APPLICABLE_PROCESS, ALREADY_IN_PROCESS ...
    approvals.decide(Decision(workitem_id, "Approve", ...))

Source: "ApprovalProcess" (Metadata API Developer Guide), "ProcessInstance" and its kin (Object Reference), "Approval Class" (Apex
Reference Guide), "Approval Process Terminology" (Salesforce Help). Nobody is mailed. ASSUMED: the texts of the errors where no
public log shows them; a process without submitters takes the owner's; a user who may modify all data decides for anyone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orgtwin.errors import SalesforceError, Unsupported
from orgtwin.ids import find_id18
from orgtwin.metadata.approval_processes import ApprovalProcess, ApprovalStep, is_active, read_process
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.types.record_writes import find_row, matching_rows
from orgtwin.org import Org
from orgtwin.records.approval_locks import lock, unlock
from orgtwin.records.coerce import RowRefused
from orgtwin.records.model import AccessLevel, Caller, Row, Value
from orgtwin.records.own_rows import change_own_row, store_own_row
from orgtwin.records.save_order import NOT_OF_MASTERS, save_contents
from orgtwin.records.saving import Moment
from orgtwin.records.table import RecordTable
from orgtwin.workflow.criteria import compile_criteria
from orgtwin.workflow.definition import Criteria, FieldUpdate, Named, read_field_update
from orgtwin.workflow.field_updates import compile_update, target_table

_STEP = "(step)"  # a column of ProcessInstance that no field shows: where in its process it is
NONE_APPLIES = "No applicable approval process was found."
IN_PROCESS = "Cannot submit object already in process."
NO_MANAGER = "Manager undefined."


@dataclass(frozen=True, slots=True)
class Submission:
    record_id: str
    submitter_id: str
    process: str | None = None
    skips_criteria: bool = False
    approver_ids: Sequence[str] = ()
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    workitem_id: str
    action: str
    approver_ids: Sequence[str] = ()
    comments: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    record_id: str
    instance_id: str
    status: str
    workitem_ids: tuple[str, ...]
    actor_ids: tuple[str, ...]


class Approvals:
    """The approvals of one org, for the user who asks."""

    def __init__(self, org: Org, user_id: str) -> None:
        self._org = org
        self._user_id = user_id

    # ---- submit

    def submit(self, asked: Submission) -> Outcome:
        table, row = self._record(asked.record_id)
        record_id = str(row[0])
        if self._pending(record_id) is not None:
            raise SalesforceError("ALREADY_IN_PROCESS", IN_PROCESS)
        process = self._choose(asked, table, row)
        submitter = find_id18(asked.submitter_id) or asked.submitter_id
        instance_id = self._start(process, record_id, submitter, asked.comments)
        self._act(process, record_id, process.submitted)
        return self._advance(process, instance_id, 0, asked.approver_ids, submitter)

    def _choose(self, asked: Submission, table: RecordTable, row: Row) -> ApprovalProcess:
        """The first process, by its order, that takes the record and its submitter."""
        for process in self._processes(table.type.api_name):
            named = asked.process in (None, "", process.name, self._definition(process))
            takes = asked.skips_criteria and bool(asked.process)
            allowed = named and self._may_submit(process, table, row, asked.submitter_id)
            if allowed and (takes or self._meets(process.criteria, table, row)):
                return process
        raise SalesforceError("NO_APPLICABLE_PROCESS", NONE_APPLIES)

    def _processes(self, sobject_type: str) -> list[ApprovalProcess]:
        stored = MetadataService(self._org).components.of_type("ApprovalProcess")
        found = [read_process(one) for one in stored if is_active(one)]
        return sorted((p for p in found if p.sobject_type == sobject_type), key=lambda process: process.order)

    def _may_submit(self, process: ApprovalProcess, table: RecordTable, row: Row, user_id: str) -> bool:
        given = process.submitters or (Named("owner", ""),)
        return any(self._is_submitter(one, table, row, user_id) for one in given)

    def _is_submitter(self, one: Named, table: RecordTable, row: Row, user_id: str) -> bool:
        if one.kind == "owner":
            return _same(table.reader("OwnerId")(row), user_id)
        if one.kind == "creator":
            return _same(table.reader("CreatedById")(row), user_id)
        if one.kind == "user":
            return _same(self._user(one.name), user_id)
        if one.kind == "allInternalUsers":
            return True
        if one.kind == "group":
            group_id = find_row(self._org, "Group", DeveloperName=one.name)
            members = matching_rows(self._org, "GroupMember", {"GroupId": group_id}) if group_id else ()
            member = self._org.table("GroupMember").reader("UserOrGroupId")
            return any(_same(member(found), user_id) for found in members)
        raise Unsupported("apex.approval-parts", f"submitters of an approval process by {one.kind}")

    def _start(self, process: ApprovalProcess, record_id: str, submitter: str, comments: str | None) -> str:
        instance_id = store_own_row(
            self._org,
            "ProcessInstance",
            {
                "ProcessDefinitionId": self._definition(process),
                "TargetObjectId": record_id,
                "Status": "Pending",
                "SubmittedById": submitter,
                "LastActorId": submitter,
            },
            self._user_id,
        )
        self._note_step(instance_id, "Started", submitter, submitter, comments)
        return instance_id

    def _definition(self, process: ApprovalProcess) -> str | None:
        return find_row(
            self._org,
            "ProcessDefinition",
            DeveloperName=process.name,
            TableEnumOrId=process.sobject_type,
            Type="Approval",
        )

    # ---- steps

    def _advance(
        self, process: ApprovalProcess, instance_id: str, at: int, chosen: Sequence[str], actor_id: str
    ) -> Outcome:
        """Go to the next step that takes the record; behind the last one it is approved."""
        record_id = str(self._value(instance_id, "TargetObjectId"))
        for place in range(at, len(process.steps)):
            step = process.steps[place]
            table, row = self._record(record_id)
            if self._meets(step.criteria, table, row):
                return self._assign(process, instance_id, place, chosen, actor_id)
            if step.otherwise != "GotoNextStep":
                return self._end(process, instance_id, "Rejected" if step.otherwise == "RejectRecord" else "Approved")
        return self._end(process, instance_id, "Approved")

    def _assign(
        self, process: ApprovalProcess, instance_id: str, place: int, chosen: Sequence[str], actor_id: str
    ) -> Outcome:
        record_id = str(self._value(instance_id, "TargetObjectId"))
        actors = tuple(dict.fromkeys(self._approvers(process, process.steps[place], record_id, chosen, actor_id)))
        self._set_place(instance_id, place)
        node = self._node(instance_id)
        workitems = tuple(
            self._store("ProcessInstanceWorkitem", instance_id, {"ActorId": one, "OriginalActorId": one}, node)
            for one in actors
        )
        lock(self._org.log, self._record(record_id)[0], record_id, actors if process.approver_edits else ())
        return Outcome(record_id, instance_id, "Pending", workitems, actors)

    def _approvers(
        self, process: ApprovalProcess, step: ApprovalStep, record_id: str, chosen: Sequence[str], actor_id: str
    ) -> Iterator[str]:
        table, row = self._record(record_id)
        for one in step.approvers:
            found: Value = None
            if one.kind == "adhoc":
                if not chosen:
                    raise SalesforceError(
                        "REQUIRED_FIELD_MISSING",
                        "missing required field: [nextApproverIds]",
                        fields=("nextApproverIds",),
                    )
                found = find_id18(str(chosen[0])) or str(chosen[0])
            elif one.kind == "user":
                found = self._user(one.name)
            elif one.kind == "queue":
                found = find_row(self._org, "Group", DeveloperName=one.name, Type="Queue")
            elif one.kind == "relatedUserField":
                found = table.reader(_user_field(table, one.name))(row)
            elif one.kind == "userHierarchyField":
                found = self._manager(process, one.name, table, row, actor_id)
            if found is None:
                raise SalesforceError("MANAGER_NOT_DEFINED", NO_MANAGER)
            yield str(found)

    def _manager(self, process: ApprovalProcess, name: str, table: RecordTable, row: Row, actor_id: str) -> Value:
        """The superior of who submitted or decided last, or of the record's owner."""
        below = str(table.reader("OwnerId")(row)) if process.of_owner else actor_id
        users = self._org.table("User")
        person = users.get(below)
        return (
            None if person is None else users.reader(_user_field(users, name or process.hierarchy or "Manager"))(person)
        )

    # ---- decide

    def decide(self, asked: Decision) -> Outcome:
        workitems = self._org.table("ProcessInstanceWorkitem")
        workitem_id = find_id18(asked.workitem_id) or asked.workitem_id
        workitem = workitems.get(workitem_id)
        if workitem is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        instance_id = str(workitems.reader("ProcessInstanceId")(workitem))
        process = self._process_of(instance_id)
        actor_id = str(workitems.reader("ActorId")(workitem))
        self._require_actor(process, instance_id, actor_id, asked.action)
        original = str(workitems.reader("OriginalActorId")(workitem))
        statuses = {"approve": "Approved", "reject": "Rejected", "removed": "Removed"}
        status = statuses.get(asked.action.lower())
        if status is None:
            raise SalesforceError("INVALID_OPERATION", f"Invalid action: {asked.action}")
        self._note_step(instance_id, status, self._user_id, original, asked.comments)
        change_own_row(self._org, "ProcessInstance", instance_id, {"LastActorId": self._user_id})
        return self._follow(process, instance_id, workitem_id, status, asked.approver_ids)

    def _follow(
        self, process: ApprovalProcess, instance_id: str, workitem_id: str, status: str, chosen: Sequence[str]
    ) -> Outcome:
        place = self._place(instance_id)
        step = process.steps[place]
        record_id = str(self._value(instance_id, "TargetObjectId"))
        self._drop(instance_id, workitem_id if status == "Approved" and step.unanimous else None)
        if status == "Removed":
            return self._end(process, instance_id, "Removed")
        left = self._open(instance_id)
        if status == "Approved" and left:
            return Outcome(record_id, instance_id, "Pending", (), ())
        self._act(process, record_id, step.approved if status == "Approved" else step.rejected)
        if status == "Approved":
            return self._advance(process, instance_id, place + 1, chosen, self._user_id)
        if step.goes_back and place > 0:
            return self._assign(process, instance_id, place - 1, chosen, self._user_id)
        return self._end(process, instance_id, "Rejected")

    def _require_actor(self, process: ApprovalProcess, instance_id: str, actor_id: str, action: str) -> None:
        is_admin = self._org.has_permission(Caller(self._user_id), "ModifyAllData")
        submitter = str(self._value(instance_id, "SubmittedById"))
        recalls = action.lower() == "removed"
        may = process.allows_recall and submitter == self._user_id if recalls else self._acts_for(actor_id)
        if not (may or is_admin):
            raise SalesforceError(
                "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id"
            )

    def _acts_for(self, actor_id: str) -> bool:
        if actor_id == self._user_id:
            return True
        return find_row(self._org, "GroupMember", GroupId=actor_id, UserOrGroupId=self._user_id) is not None

    def _end(self, process: ApprovalProcess, instance_id: str, status: str) -> Outcome:
        record_id = str(self._value(instance_id, "TargetObjectId"))
        actions = {"Approved": process.approved, "Rejected": process.rejected, "Removed": process.recalled}[status]
        locks = {"Approved": process.locks_approved, "Rejected": process.locks_rejected}.get(status, False)
        now = self._org.now
        change_own_row(self._org, "ProcessInstance", instance_id, {"Status": status, "CompletedDate": now})
        self._act(process, record_id, actions)
        table = self._record(record_id)[0]
        if locks:
            lock(self._org.log, table, record_id)
        else:
            unlock(self._org.log, table, record_id)
        return Outcome(record_id, instance_id, status, (), ())

    # ---- actions

    def _act(self, process: ApprovalProcess, record_id: str, actions: Sequence[Named]) -> None:
        """Field updates are saves of their own, past the lock, with the triggers of the object."""
        for action in actions:
            if action.kind != "FieldUpdate":
                raise Unsupported("apex.approval-parts", f"the action {action.kind} of an approval process")
            table, row = self._record(record_id)
            unlock(self._org.log, table, record_id)
            self._update(self._field_update(process, action.name), table, row)

    def _field_update(self, process: ApprovalProcess, name: str) -> FieldUpdate:
        found = MetadataService(self._org).components.find("WorkflowFieldUpdate", f"{process.sobject_type}.{name}")
        if found is None:
            raise Unsupported("apex.approval-parts", f"the field update {name}, which nobody deployed")
        return read_field_update(found)

    def _update(self, update: FieldUpdate, table: RecordTable, row: Row) -> None:
        """ASSUMED: the flows of the record run, as they do for any save of it."""
        target = target_table(self._org, table, update)
        live = row if update.target is None else target.get(str(table.reader(update.target)(row)))
        if live is None:
            return
        content = target.widened(live)
        try:
            target.write(content, update.field, compile_update(self._org, table, update)(row, None, live))
        except RowRefused as refused:
            raise SalesforceError(refused.error.status_code, refused.error.message) from refused
        caller = Caller(self._user_id, AccessLevel.SYSTEM_MODE)
        without = NOT_OF_MASTERS - {Moment.WORKFLOW_RULES} if update.reevaluates else NOT_OF_MASTERS
        with self._org.transaction():
            refusals = save_contents(self._org, caller, target, [content], without=without)
        for errors in refusals.values():
            raise SalesforceError(errors[0].status_code, errors[0].message)

    # ---- rows

    def _record(self, record_id: str) -> tuple[RecordTable, Row]:
        found = self._org.schema.find_by_prefix(record_id[:3]) if record_id else None
        table = self._org.table(found.api_name) if found is not None else None
        row = table.get(find_id18(record_id) or record_id) if table is not None else None
        if table is None or row is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        return table, row

    def _pending(self, record_id: str) -> str | None:
        return find_row(self._org, "ProcessInstance", TargetObjectId=record_id, Status="Pending")

    def _process_of(self, instance_id: str) -> ApprovalProcess:
        definition = self._value(instance_id, "ProcessDefinitionId")
        record_id = str(self._value(instance_id, "TargetObjectId"))
        processes = self._processes(self._record(record_id)[0].type.api_name)
        found = next((one for one in processes if self._definition(one) == definition), None)
        if found is None:
            raise SalesforceError("NO_APPLICABLE_PROCESS", NONE_APPLIES)
        return found

    def _open(self, instance_id: str) -> list[str]:
        rows = matching_rows(self._org, "ProcessInstanceWorkitem", {"ProcessInstanceId": instance_id})
        return [str(row[0]) for row in rows]

    def _drop(self, instance_id: str, only: str | None) -> None:
        for workitem_id in [only] if only is not None else self._open(instance_id):
            for table in map(self._org.table, ("ProcessInstanceWorkitem", "ProcessInstanceHistory")):
                row = table.live[workitem_id]
                self._org.log.recycle(table, row)
                self._org.log.purge(table, row)

    def _note_step(self, instance_id: str, status: str, actor: str, original: str, comments: str | None) -> None:
        values = {"StepStatus": status, "ActorId": actor, "OriginalActorId": original, "Comments": comments}
        node = self._node(instance_id) if status != "Started" else None
        self._store("ProcessInstanceStep", instance_id, {**values, "StepNodeId": node}, node)

    def _store(self, sobject_type: str, instance_id: str, values: Mapping[str, Value], node: str | None) -> str:
        """A step or a workitem, and the same in the instance's history, under the same id."""
        own = {"ProcessInstanceId": instance_id, **values}
        record_id = store_own_row(self._org, sobject_type, own, self._user_id)
        shown = {name: value for name, value in own.items() if name != "StepNodeId"}
        is_open = sobject_type == "ProcessInstanceWorkitem"
        pending: dict[str, Value] = {"StepStatus": "Pending", "IsPending": True} if is_open else {}
        target = self._value(instance_id, "TargetObjectId")
        history: dict[str, Value] = {
            **shown,
            **pending,
            "TargetObjectId": target,
            "ProcessNodeId": node,
            "RemindersSent": 0,
        }
        return store_own_row(self._org, "ProcessInstanceHistory", history, self._user_id, record_id)

    def _node(self, instance_id: str) -> str:
        """The node of the step that an instance is at, made when it is first reached."""
        process, place = self._process_of(instance_id), self._place(instance_id)
        key: dict[str, Value] = {
            "DeveloperName": process.steps[place].name,
            "ProcessDefinitionId": self._definition(process),
        }
        found = next((str(row[0]) for row in matching_rows(self._org, "ProcessNode", key)), None)
        return found or store_own_row(
            self._org, "ProcessNode", {**key, "Name": process.steps[place].label}, self._user_id
        )

    def _value(self, instance_id: str, field: str) -> Value:
        table = self._org.table("ProcessInstance")
        return table.reader(field)(table.live[instance_id])

    def _place(self, instance_id: str) -> int:
        table = self._org.table("ProcessInstance")
        return int(str(table.live[instance_id][table.slot(_STEP)]))

    def _set_place(self, instance_id: str, place: int) -> None:
        table = self._org.table("ProcessInstance")
        slot = table.slot(_STEP)
        row = table.live[instance_id]
        content = table.widened(row)
        content[slot] = place
        self._org.log.change(table, row, content)

    def _user(self, username: str) -> str | None:
        return find_row(self._org, "User", Username=username)

    def _meets(self, criteria: Criteria, table: RecordTable, row: Row) -> bool:
        return compile_criteria(self._org, table, criteria)(row, None)


def _same(one: Value, user_id: str) -> bool:
    return one is not None and str(one)[:15] == user_id[:15]


def _user_field(table: RecordTable, name: str) -> str:
    """Metadata calls a lookup by its name without Id: Manager, Owner."""
    return name if table.type.find_field(name) is not None else f"{name}Id"
