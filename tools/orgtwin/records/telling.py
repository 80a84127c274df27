"""What a save tells who listens, the debug log of Apex: validation rules and duplicate rules.

Source: "Debug Log Levels" (Apex Developer Guide); the fields of the lines are those of recorded logs. Nobody listens as a rule, and
then nothing of this runs. ASSUMED: duplicate rules have no id here, where an org's have theirs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from orgtwin.errors import SaveError
from orgtwin.records.model import Value

if TYPE_CHECKING:
    from orgtwin.records.formula_rows import FormulaRow, Moment
    from orgtwin.records.formulas import CompiledRule, RuleSet
    from orgtwin.records.saving import Pending, Save


class Listener(Protocol):
    """The debug log."""

    def event(self, name: str, *parts: object) -> None: ...

    def unit(self, started: tuple[object, ...], finished: tuple[object, ...]) -> AbstractContextManager[None]:
        """What runs inside is a code unit."""


def tell_rules(listener: Listener, save: Save, rules: RuleSet, moment: Moment) -> None:
    """What the validation rules say of each row; the refusals are the row's."""
    for row in save.rows:
        unit = (f"Validation:{save.table.type.api_name}:{_shown_id(row)}",)
        with listener.unit(unit, unit):
            context = rules.context(moment, row.content, row.before)
            row.errors += [error for rule in rules.rules if (error := _tell_rule(listener, rule, context)) is not None]


def _shown_id(row: Pending) -> str:
    return "new" if row.before is None else str(row.content[0])[:15]


def _tell_rule(listener: Listener, rule: CompiledRule, context: FormulaRow) -> SaveError | None:
    values = " , ".join(f"{path.text}={_shown(context.value(path))}" for path in rule.fields)
    listener.event("VALIDATION_RULE", rule.rule_id[:15], rule.name)
    listener.event("VALIDATION_FORMULA", rule.formula, values)
    found = rule.find_violation(context)
    if found is not None and found is not rule.refusal:
        listener.event("VALIDATION_ERROR", found.message)
    else:
        listener.event("VALIDATION_PASS" if found is None else "VALIDATION_FAIL")
    return found


def _shown(value: Value) -> str:
    if value is None:
        return "null"
    return str(int(value)) if isinstance(value, bool) else str(value)


def tell_duplicates(listener: Listener, rule: str, save: Save, found: dict[int, int]) -> None:
    """What a duplicate rule found: how many records, by position of the row."""
    name = save.table.type.api_name
    listener.event(
        "DUPLICATE_DETECTION_RULE_INVOCATION",
        "DuplicateRuleId:",
        f"DuplicateRuleName:{rule}",
        f"DmlType:{save.operation.value.upper()}",
    )
    listener.event(
        "DUPLICATE_DETECTION_MATCH_INVOCATION_SUMMARY",
        f"EntityType:{name}",
        f"NumRecordsToBeSaved:{len(save.rows)}",
        f"NumRecordsToBeSavedWithDuplicates:{len(found)}",
        f"NumDuplicateRecordsFound:{sum(found.values())}",
    )
