"""What workflow and assignment rules tell the debug log.

    WF_RULE_EVAL_BEGIN|Workflow
    WF_CRITERIA_BEGIN|[Account: Acme 001...]|Rule|01Q...|ON_ALL_CHANGES|0        then WF_CRITERIA_END|true
    WF_FIELD_UPDATE|[Account: Acme 001...]|Field:Account: Rating|Value:Hot|Id=04Y...|CurrentRule:Rule (Id=01Q...)
    WF_ACTIONS_END| Field Update: 1;
    WF_RULE_EVAL_END

Source: "Debug Log Levels" (Apex Developer Guide); the fields are those of recorded logs. ASSUMED: each round of rules is an
evaluation of its own, whose number is the recursive count; assignment rules tell no more than that they run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

from orgtwin.records.model import Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.records.telling import Listener
from orgtwin.workflow.compiled import CompiledRule, CompiledUpdate

_SHOWN_ID = 15
_TRIGGERS = {
    "onCreateOnly": "ON_CREATE_ONLY",
    "onCreateOrTriggeringUpdate": "ON_CREATE_OR_TRIGGERING_UPDATE",
    "onAllChanges": "ON_ALL_CHANGES",
}
_KINDS = {"FieldUpdate": "Field Update", "Task": "Task", "Alert": "Email Alert"}


def unit(listener: Listener | None, table: RecordTable) -> AbstractContextManager[None]:
    """All that the rules of an object do in a save."""
    shown = (f"Workflow:{table.type.api_name}",)
    return nullcontext() if listener is None else listener.unit(shown, shown)


@contextmanager
def evaluation(listener: Listener | None, kind: str) -> Iterator[None]:
    """Rules of a kind, Workflow or Assignment."""
    if listener is not None:
        listener.event("WF_RULE_EVAL_BEGIN", kind)
    yield
    if listener is not None:
        listener.event("WF_RULE_EVAL_END")


def tell_criteria(
    listener: Listener, table: RecordTable, content: Row, rule: CompiledRule, turn: int, fires: bool
) -> None:
    trigger = _TRIGGERS.get(rule.rule.trigger, rule.rule.trigger)
    listener.event("WF_CRITERIA_BEGIN", _shown(table, content), rule.rule.name, rule.rule_id[:_SHOWN_ID], trigger, turn)
    listener.event("WF_CRITERIA_END", str(fires).lower())


def tell_update(listener: Listener, table: RecordTable, content: Row, rule: CompiledRule, one: CompiledUpdate) -> None:
    """A field that has been set."""
    field = table.type.find_field(one.update.field)
    value = table.reader(one.update.field)(content)
    listener.event(
        "WF_FIELD_UPDATE",
        _shown(table, content),
        f"Field:{table.type.label}: {one.update.field if field is None else field.label}",
        f"Value:{_text(value)}",
        f"Id={one.update_id[:_SHOWN_ID]}",
        f"CurrentRule:{rule.rule.name} (Id={rule.rule_id[:_SHOWN_ID]})",
    )


def tell_actions(listener: Listener, rules: Sequence[CompiledRule]) -> None:
    """How many actions of each kind were carried out."""
    counts = Counter(_KINDS[action.kind] for rule in rules for action in rule.rule.actions)
    if counts:
        listener.event("WF_ACTIONS_END", "".join(f" {kind}: {count};" for kind, count in counts.items()))


def _shown(table: RecordTable, content: Row) -> str:
    name = next((table.reader(field.api_name)(content) for field in table.type.fields if field.name_field), "")
    return f"[{table.type.label}: {_text(name)} {str(content[0])[:_SHOWN_ID]}]"


def _text(value: Value) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
