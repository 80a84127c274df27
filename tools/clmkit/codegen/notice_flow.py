"""The flow that tells of a notice, and the conditions under which notice was given.

The spec names the field of the agreement that says so. A checkbox or a date is set by a save of the agreement. A roll-up counts
notices, which are records of their own: the flow starts at theirs, and reaches the agreement through the master-detail. Either way
the steward gets a task at once, and the reminders that are open are completed. Source: Metadata API Developer Guide, "Flow".
"""

from __future__ import annotations

from collections.abc import Mapping

from clmkit.codegen.apex_process import states_in_force
from clmkit.codegen.flow_elements import (
    FALSE,
    TRUE,
    Agreement,
    Elements,
    Task,
    comparison,
    complete_tasks,
    decision,
    flow,
    start,
    task_chain,
)
from clmkit.codegen.xml import Body
from clmkit.mapping.model import (
    Condition,
    FieldKind,
    FieldMapping,
    ObjectMapping,
    Operator,
    RenewalRule,
    RollUpOf,
    Spec,
)

NOTICE = "Notice was given"
FIRST = "Find_Notice_Queue"

OPERATORS: Mapping[Operator, str] = {
    Operator.IS: "EqualTo",
    Operator.ONE_OF: "EqualTo",
    Operator.NOT_ONE_OF: "NotEqualTo",
    Operator.AT_LEAST: "GreaterThanOrEqualTo",
    Operator.OVER: "GreaterThan",
    Operator.AT_MOST: "LessThanOrEqualTo",
    Operator.BELOW: "LessThan",
}
"""What the conditions of a roll-up are in a flow's filters. Days from today are in neither."""

NUMBERS = frozenset({FieldKind.NUMBER, FieldKind.CURRENCY, FieldKind.PERCENT})


def notice_body(spec: Spec, header: ObjectMapping, renewal: RenewalRule) -> Body:
    """At the save that gives notice of an agreement in force: a task for the steward, then the open reminders are completed."""
    given = header.get_field(renewal.given)
    label = f"{spec.prefix} {header.label} Notice Given"
    purpose = "Tells the steward that notice was given, and completes the reminders that are open."
    if given.type.roll_up is None:
        agreement, chains = Agreement("$Record.Id", "$Record.OwnerId", "$Record.Owner.Email"), []
        begins = start(header.salesforce, [*in_force(spec, header), [_is_given(given)]], **_at_once(FIRST))
    else:
        agreement, chains = _through(given.type.roll_up), _when_in_force(spec, header, given.type.roll_up)
        first = "Agreement_Is_In_Force" if chains else FIRST
        begins = start(given.type.roll_up.object, _counted(spec, given.type.roll_up), **_at_once(first))
    text: Body = {
        "stringValue": f"{NOTICE}: nobody is reminded any more. Seen to by: {dict(spec.stewards)[renewal.steward]}."
    }
    task = Task("Notice", renewal.steward, NOTICE, text, "$Flow.CurrentDate", "Complete_Reminders")
    completed: Elements = {"recordUpdates": [complete_tasks("Complete_Reminders", agreement.open_reminder)]}
    return flow(spec, label, purpose, agreement, [*chains, task_chain(spec, agreement, task), completed], begins)


def _at_once(target: str) -> dict[str, Body | bool]:
    return {"connector": {"targetReference": target}, "doesRequireRecordChangedToMeetCriteria": True}


def in_force(spec: Spec, header: ObjectMapping) -> list[list[Body]]:
    """Agreements in force that the CLM knows."""
    known = [[comparison(header.key.salesforce, "IsNull", FALSE)]]
    status = _status(header)
    running = [comparison(status, "EqualTo", {"stringValue": value}) for value in states_in_force(spec) if status]
    return [*known, running] if running else known


def _status(header: ObjectMapping) -> str:
    return next((field.salesforce for field in header.columns if field.lifecycle), "")


def _is_given(field: FieldMapping) -> Body:
    is_date = field.type.value_kind is FieldKind.DATE
    return comparison(field.salesforce, "IsNull", FALSE) if is_date else comparison(field.salesforce, "EqualTo", TRUE)


def is_not_given(field: FieldMapping) -> list[Body]:
    """One of these holds. A roll-up is empty until the org has counted for the first time."""
    match field.type.value_kind:
        case FieldKind.CHECKBOX:
            return [comparison(field.salesforce, "EqualTo", FALSE)]
        case FieldKind.DATE:
            return [comparison(field.salesforce, "IsNull", TRUE)]
    none: Body = {"numberValue": 0}
    return [comparison(field.salesforce, "EqualTo", none), comparison(field.salesforce, "IsNull", TRUE)]


def _through(counted: RollUpOf) -> Agreement:
    """The agreement, seen from one of its notices."""
    parent = f"$Record.{counted.through.removesuffix('__c')}__r"
    return Agreement(f"$Record.{counted.through}", f"{parent}.OwnerId", f"{parent}.Owner.Email")


def _when_in_force(spec: Spec, header: ObjectMapping, counted: RollUpOf) -> list[Elements]:
    status = f"$Record.{counted.through.removesuffix('__c')}__r.{_status(header)}"
    conditions: list[Body] = [
        {"leftValueReference": status, "operator": "EqualTo", "rightValue": {"stringValue": value}}
        for value in states_in_force(spec)
    ]
    return (
        [{"decisions": [decision("Agreement_Is_In_Force", conditions, FIRST)]}]
        if conditions and _status(header)
        else []
    )


def _counted(spec: Spec, counted: RollUpOf) -> list[list[Body]]:
    """Records that the CLM knows and that the roll-up counts."""
    detail = spec.find_object_of(counted.object)
    if detail is None:
        raise ValueError(f"{counted.object} is counted, and the spec does not map it")
    groups = [[comparison(detail.key.salesforce, "IsNull", FALSE)]]
    for condition in counted.where:
        rows = _comparisons(detail, condition)
        groups += [[row] for row in rows] if condition.operator is Operator.NOT_ONE_OF else [rows]
    return groups


def _comparisons(detail: ObjectMapping, condition: Condition) -> list[Body]:
    operator = OPERATORS[condition.operator]
    kind = next(field.type.value_kind for field in detail.columns if field.salesforce == condition.field)
    return [comparison(condition.field, operator, _typed(kind, value)) for value in condition.values]


def _typed(kind: FieldKind, value: str) -> Body:
    if kind is FieldKind.CHECKBOX:
        return {"booleanValue": value.lower()}
    return {"numberValue": value} if kind in NUMBERS else {"stringValue": value}
