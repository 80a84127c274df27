"""What happens to a batch between the request and the commit, in the platform's numbered order.

Source: "Triggers and Order of Execution" (Apex Developer Guide). Steps 1 and 2 (load the original, set the request's values with
the checks that an API request gets first) are done by Dml through Writer; steps 19 and 20 (commit, what follows the commit) by the
undo log. Assignment, auto-response, workflow, escalation and entitlement rules (9 to 13, 15) are not emulated: nothing can be
deployed that would define one.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.records.content_effects import publish_documents
from orgtwin.records.context import RecordsContext
from orgtwin.records.history import track_history
from orgtwin.records.laws import LAWS
from orgtwin.records.record_types import record_type_check
from orgtwin.records.saving import Save
from orgtwin.records.storing import store
from orgtwin.records.system_fields import required_slots
from orgtwin.records.table import Reader, RecordTable

Step = Callable[[RecordsContext, Save], None]


def before_triggers(context: RecordsContext, save: Save) -> None:
    for hook in context.hooks.before_save:
        hook(save)


def apply_laws(context: RecordsContext, save: Save) -> None:
    """What a standard object does by itself (names made of parts, status codes, the lifecycle of a contract)."""
    for law in LAWS.get(save.table.type.api_name, ()):
        law(context, save)


def require_fields(_context: RecordsContext, save: Save) -> None:
    """Step 5: every required field has a value."""
    required = save.table.compiled(required_slots)
    for row in save.rows:
        content = row.content
        missing = [name for slot, name in required if slot >= len(content) or content[slot] is None]
        if missing:
            row.refuse("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)


def check_owners(context: RecordsContext, save: Save) -> None:
    """Step 5: nobody gives a record to a user who is not active."""
    table = save.table
    owner_of = table.compiled(_owner_reader)
    if owner_of is None:
        return
    users = context.table("User")
    is_active = users.reader("IsActive")
    for row in save.rows:
        owner_id = owner_of(row.content)
        if row.before is not None and owner_of(row.before) == owner_id:
            continue
        owner = users.get(str(owner_id))
        if owner is not None and not is_active(owner):
            label = table.type.label.lower()
            row.refuse(
                "INACTIVE_OWNER_OR_USER", f"operation performed with inactive user [{owner_id!s}] as owner of {label}"
            )


def _owner_reader(table: RecordTable) -> Reader | None:
    """The reader of OwnerId, where the object has an owner."""
    return table.reader("OwnerId") if table.type.find_field("OwnerId") is not None else None


def check_record_type_values(context: RecordsContext, save: Save) -> None:
    """Step 5: a restricted picklist takes only the values that the row's record type offers."""
    if not save.table.type.record_types:
        return
    check = record_type_check(context.table("RecordType"), save.table)
    for row in save.rows:
        row.errors.extend(check(row.content))


def run_validation_rules(context: RecordsContext, save: Save) -> None:
    """Step 5: custom validation rules."""
    if not context.formulas.has_rules(save.table):
        return
    for row in save.rows:
        row.errors.extend(context.formulas.violations(save.table, row.content, row.before))


def run_duplicate_rules(context: RecordsContext, save: Save) -> None:
    for hook in context.hooks.duplicates:
        hook(save)


def publish_effects(context: RecordsContext, save: Save) -> None:
    """Step 7: records that come with a stored record of some standard objects, and field history."""
    effect = EFFECTS.get(save.table.type.api_name)
    if effect is not None:
        effect(context, save)
    track_history(context, save)


def after_triggers(context: RecordsContext, save: Save) -> None:
    for hook in context.hooks.after_save:
        hook(save)


def roll_up(context: RecordsContext, save: Save) -> None:
    """Steps 16 and 17: parents and grandparents that summarize these rows."""
    context.rollups.update_parents(save.table, [(row.before, row.content) for row in save.rows])


EFFECTS: dict[str, Step] = {"ContentVersion": publish_documents}

STEPS: tuple[tuple[int, Step], ...] = (
    (4, before_triggers),
    (5, apply_laws),
    (5, require_fields),
    (5, check_owners),
    (5, check_record_type_values),
    (5, run_validation_rules),
    (6, run_duplicate_rules),
    (7, store),
    (7, publish_effects),
    (8, after_triggers),
    (16, roll_up),
)
"""The numbers are the documentation's."""


def run(context: RecordsContext, save: Save) -> None:
    """Take a batch through the steps; refused rows leave it on the way."""
    for _number, step in STEPS:
        if not save.rows:
            return
        step(context, save)
        save.drop_refused()
