"""The flows around the end of an agreement, and the queues that their tasks go to.

The renewal reminder is record-triggered with scheduled paths: a path hangs on the last day for notice and moves with it. Each
reminder is a task for the steward's queue (for the record's owner while the org has no such queue); a reminder that stays open is
escalated once. Notice ends the reminders: the paths that wait are cancelled by the agreement's next save, and each looks once more
before it does anything. Sources: Metadata API Developer Guide, "Flow", "Queue"; Salesforce Help, "Schedule-Triggered Paths".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.flow_elements import (
    FALSE,
    REMINDER,
    Agreement,
    Elements,
    Task,
    comparison,
    decision,
    flow,
    lookup,
    start,
    task_chain,
)
from clmkit.codegen.names import notice_day, pascal, steward_queue
from clmkit.codegen.notice_flow import in_force, is_not_given, notice_body
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.xml import Body
from clmkit.mapping.model import ObjectMapping, RenewalRule, Spec

ESCALATION = "Nobody has decided whether to renew"
RENEWS = "It renews by itself unless notice is given by then."
ENDS = "It ends unless somebody renews it."

AGREEMENT = Agreement("$Record.Id", "$Record.OwnerId", "$Record.Owner.Email")


def plan_flows(spec: Spec) -> Iterator[PlannedFile]:
    """The flows and their queues; nothing without a renewal rule."""
    header, renewal = spec.header, spec.renewal
    if header is None or renewal is None:
        return
    for name in sorted({renewal.steward, renewal.escalate_to} - {""}):
        body: Body = {
            "doesSendEmailToMembers": True,
            "name": dict(spec.stewards)[name][:40],
            "queueSobject": [{"sobjectType": "Task"}],
        }
        yield generated(f"queues/{steward_queue(spec, name)}.queue-meta.xml", MetadataXml("Queue", body))
    stem = f"flows/{spec.prefix}_{pascal(header.name)}"
    reminder = MetadataXml("Flow", reminder_body(spec, header, renewal))
    yield generated(f"{stem}_Renewal_Reminder.flow-meta.xml", reminder)
    if renewal.given:
        yield generated(f"{stem}_Notice_Given.flow-meta.xml", MetadataXml("Flow", notice_body(spec, header, renewal)))


def reminder_body(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> Body:
    """Start, one chain for reminders, one for the escalation."""
    day = f"$Record.{notice_day(spec)}"
    text, formulas = _reminder_text(spec, header, renewal)
    reminder = Task("Reminder", renewal.steward, REMINDER, text, day)
    chains = [formulas, _unless_given(header, renewal), task_chain(spec, AGREEMENT, reminder)]
    if renewal.escalate_days:
        told: Body = {"stringValue": f"{ESCALATION}. Decided by: {dict(spec.stewards)[renewal.escalate_to]}."}
        escalation = Task("Escalation", renewal.escalate_to, ESCALATION, told, day)
        chains += [_open_reminder(), task_chain(spec, AGREEMENT, escalation)]
    purpose = "Reminds of the last day for notice, and escalates a reminder that stays open."
    paths = _paths(spec, renewal)
    begins = start(header.salesforce, _reminded(spec, header, renewal), scheduledPaths=paths)
    return flow(spec, f"{spec.prefix} {header.label} Renewal Reminder", purpose, AGREEMENT, chains, begins)


def _reminded(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> list[list[Body]]:
    """Agreements in force with a last day for notice of which no notice was given."""
    day = [comparison(notice_day(spec), "IsNull", FALSE)]
    silent = [is_not_given(header.get_field(renewal.given))] if renewal.given else []
    return [day, *in_force(spec, header), *silent]


def _unless_given(header: ObjectMapping, renewal: RenewalRule) -> Elements:
    """At the hour of a path: a roll-up may have counted a notice without a save of the agreement that the flow has seen."""
    if not renewal.given:
        return {}
    silent: list[Body] = [
        {"leftValueReference": f"$Record.{row['field']}", "operator": row["operator"], "rightValue": row["value"]}
        for row in is_not_given(header.get_field(renewal.given))
    ]
    decisions = [decision("Reminder_Is_Due", silent, "Find_Reminder_Queue")]
    if renewal.escalate_days:
        decisions.append(decision("Escalation_Is_Due", silent, "Find_Open_Reminder"))
    return {"decisions": decisions}


def _paths(spec: Spec, renewal: RenewalRule) -> list[Body]:
    remind, escalate = "Find_Reminder_Queue", "Find_Open_Reminder"
    if renewal.given:
        remind, escalate = "Reminder_Is_Due", "Escalation_Is_Due"
    paths = [_path(spec, "Remind", -days, remind) for days in renewal.remind_days]
    if renewal.escalate_days:
        paths.append(_path(spec, "Escalate", renewal.escalate_days - renewal.remind_days[-1], escalate))
    return paths


def _path(spec: Spec, word: str, offset: int, target: str) -> Body:
    side = "Before" if offset <= 0 else "After"
    return {
        "name": f"{word}_{abs(offset)}_Days_{side}",
        "connector": {"targetReference": target},
        "label": f"{word} {abs(offset)} days {side.lower()} the last day for notice",
        "offsetNumber": offset,
        "offsetUnit": "Days",
        "recordField": notice_day(spec),
        "timeSource": "RecordField",
    }


def _open_reminder() -> Elements:
    found: Body = {"leftValueReference": "Find_Open_Reminder", "operator": "IsNull", "rightValue": FALSE}
    return {
        "recordLookups": [lookup("Find_Open_Reminder", "Task", "Reminder_Is_Open", AGREEMENT.open_reminder)],
        "decisions": [decision("Reminder_Is_Open", [found], "Find_Escalation_Queue")],
    }


def _reminder_text(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> tuple[Body, Elements]:
    """The reminder's description, and the formula behind it where the kind of renewal decides what happens if nobody does."""
    close = f"Decided by: {dict(spec.stewards)[renewal.steward]}."
    if not (renewal.kind and renewal.automatic):
        return {"stringValue": f"{REMINDER}. {close}"}, {}
    kind = header.get_field(renewal.kind).salesforce
    tests = ", ".join(f"ISPICKVAL({{!$Record.{kind}}}, {_quote(value)})" for value in renewal.automatic)
    what = f"IF(OR({tests}), {_quote(RENEWS)}, {_quote(ENDS)})"
    expression = f"{_quote(f'{REMINDER}. ')} & {what} & {_quote(f' {close}')}"
    formula: Body = {"name": "reminderText", "dataType": "String", "expression": expression}
    return {"elementReference": "reminderText"}, {"formulas": [formula]}


def _quote(text: str) -> str:
    """A text in the formula language."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
