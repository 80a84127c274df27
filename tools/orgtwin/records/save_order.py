"""What happens to a batch between the request and the commit, in the platform's numbered order.

Source: "Triggers and Order of Execution" (Apex Developer Guide). Steps 1 and 2 (load the original, set the request's values with
the checks that an API request gets first) are done by Dml through Writer; steps 19 and 20 (commit, what follows the commit) by the
undo log. Assignment and workflow rules (9, 11) join in where they are deployed; active auto-response, escalation and entitlement
rules (10, 12, 15) are refused when they are, as are processes of Process Builder (13) by their flows' names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from orgtwin.errors import SaveError
from orgtwin.records.content_effects import publish_documents
from orgtwin.records.context import RecordsContext
from orgtwin.records.history import find_history, track_history
from orgtwin.records.laws import LAWS
from orgtwin.records.license_laws import LICENSE_LAWS
from orgtwin.records.line_item_laws import set_price_books
from orgtwin.records.locks import lock_parents, lock_rows
from orgtwin.records.model import Caller, Row
from orgtwin.records.ownership import check_owners, drop_manual_shares
from orgtwin.records.price_laws import follow_standard_price
from orgtwin.records.profile_assignments import follow_profiles
from orgtwin.records.record_types import give_default, record_type_check, require_granted
from orgtwin.records.role_groups import add_role_groups
from orgtwin.records.rollups import BeforeAfter, ParentsDue
from orgtwin.records.saving import BATCH, Moment, Operation, Pending, Save, SaveHook
from orgtwin.records.share_laws import check_entries
from orgtwin.records.storing import store
from orgtwin.records.system_fields import required_slots
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.telling import tell_rules
from orgtwin.schema.companions import find_share

Step = Callable[[RecordsContext, Save], None]


def default_record_types(context: RecordsContext, save: Save) -> None:
    """Step 2: a new record without a record type has its user's default."""
    give_default(context, save)


def apply_laws(context: RecordsContext, save: Save) -> None:
    """What a standard object does by itself (names made of parts, status codes, the lifecycle of a contract)."""
    for law in save.table.compiled(_laws_of):
        law(context, save)


def _laws_of(table: RecordTable) -> tuple[Step, ...]:
    """Those of the table, those that look at licences, or the one of all share objects."""
    name = table.type.api_name
    if name.endswith("Share") and table.type.find_field("RowCause") is not None:
        return (check_entries,)
    return (*LAWS.get(name, ()), *LICENSE_LAWS.get(name, ()))


def require_fields(_context: RecordsContext, save: Save) -> None:
    """Step 5: every required field has a value."""
    required = save.table.compiled(required_slots)
    for row in save.rows:
        content = row.content
        missing = [name for slot, name in required if slot >= len(content) or content[slot] is None]
        if missing:
            row.refuse("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", *missing)


def check_record_type_values(context: RecordsContext, save: Save) -> None:
    """Step 5: the row's record type is one that its user may give, and restricted picklists take only what it offers."""
    require_granted(context, save)
    check = record_type_check(context.table("RecordType"), save.table)
    for row in save.rows:
        row.errors.extend(check(row.content))


def run_validation_rules(context: RecordsContext, save: Save) -> None:
    """Step 5: custom validation rules."""
    if context.hooks.listener is not None:
        tell_rules(context.hooks.listener, save, context.formulas.rules(save.table), context.formulas.moment())
        return
    violations, moment = context.formulas.rules(save.table).violations, context.formulas.moment()
    for row in save.rows:
        found = violations(moment, row.content, row.before)
        if found:
            row.errors += found


def bring_along(context: RecordsContext, save: Save) -> None:
    """Step 7: records that come with a stored record of some standard objects."""
    EFFECTS[save.table.type.api_name](context, save)


def update_parents(_context: RecordsContext, save: Save) -> None:
    """Step 16: what field updates of workflow rules change in masters."""
    for update in save.parents_due:
        update()


def roll_up(context: RecordsContext, save: Save) -> None:
    """Steps 16 and 17: parents that summarize these rows; what refuses a parent refuses the rows below it."""
    pairs = [(row.before, row.content) for row in save.rows]
    refused = save_parents(context, save.caller, save.table, pairs)
    for row in save.rows if refused else ():
        for parent_id in context.rollups.parents_of(save.table, row.before, row.content) & refused.keys():
            row.errors += refused[parent_id]


EFFECTS: dict[str, Step] = {
    "ContentVersion": publish_documents,
    "OpportunityLineItem": set_price_books,
    "PricebookEntry": follow_standard_price,
    "User": follow_profiles,
    "UserRole": add_role_groups,
}

STEPS: tuple[tuple[int, Step | Moment], ...] = (
    (1, lock_rows),
    (2, default_record_types),
    (3, Moment.BEFORE_FLOWS),
    (4, Moment.BEFORE_TRIGGERS),
    (5, apply_laws),
    (5, require_fields),
    (5, check_owners),
    (5, check_record_type_values),
    (5, run_validation_rules),
    (6, Moment.DUPLICATES),
    (7, lock_parents),
    (7, store),
    (7, bring_along),
    (7, drop_manual_shares),
    (7, track_history),
    (8, Moment.AFTER_TRIGGERS),
    (9, Moment.ASSIGNMENT_RULES),
    (11, Moment.WORKFLOW_RULES),
    (14, Moment.AFTER_FLOWS),
    (16, update_parents),
    (16, roll_up),
)
"""The numbers are the documentation's; at a Moment others join in."""

ONLY_WHERE: Mapping[Step, Callable[[RecordsContext, RecordTable], bool]] = {
    apply_laws: lambda _context, table: bool(_laws_of(table)),
    check_owners: lambda _context, table: table.type.find_field("OwnerId") is not None,
    default_record_types: lambda context, table: (
        bool(table.type.record_types) and context.hooks.record_types is not None
    ),
    check_record_type_values: lambda _context, table: bool(table.type.record_types),
    run_validation_rules: lambda context, table: bool(context.formulas.rules(table).rules),
    bring_along: lambda _context, table: table.type.api_name in EFFECTS,
    drop_manual_shares: lambda context, table: find_share(context.schema, table.type.api_name) is not None,
    track_history: lambda context, table: find_history(context, table) is not None,
    roll_up: lambda context, table: context.rollups.has_parents(table),
}
"""Steps that some objects do not take, as the schema stands; the others all do."""


_NOT_OF_PARENTS: frozenset[Step | Moment] = frozenset({Moment.DUPLICATES})
NOT_OF_FIELD_UPDATES: frozenset[Step | Moment] = frozenset(
    (
        default_record_types,
        Moment.BEFORE_FLOWS,
        run_validation_rules,
        Moment.DUPLICATES,
        Moment.ASSIGNMENT_RULES,
        Moment.WORKFLOW_RULES,
        Moment.AFTER_FLOWS,
        update_parents,
        roll_up,
    )
)
"""What does not run again when step 11 updates a record: 11b and 11c are the rest; 14 and 16 follow for the record as a whole."""
NOT_AGAIN_IN_ROUNDS = NOT_OF_FIELD_UPDATES | {Moment.BEFORE_TRIGGERS, Moment.AFTER_TRIGGERS}
"""Nor do triggers, "one more time (and only one more time)", where a field update has rules evaluated again."""
NOT_OF_MASTERS: frozenset[Step | Moment] = frozenset(
    (run_validation_rules, Moment.DUPLICATES, Moment.ASSIGNMENT_RULES, Moment.WORKFLOW_RULES)
)
"""What a master that step 16 updates does not take: it "goes through save procedure", but a field update is not validated."""


def steps_for(
    context: RecordsContext, table: RecordTable, without: frozenset[Step | Moment] = frozenset()
) -> tuple[Step, ...]:
    """The steps that an object takes, as the org stands and as others have joined in."""
    found = [_step_for(context, table, step) for _number, step in STEPS if step not in without]
    return tuple(step for step in found if step is not None)


def _step_for(context: RecordsContext, table: RecordTable, step: Step | Moment) -> Step | None:
    if isinstance(step, Moment):
        hooks = context.hooks.at(step, table)
        return partial(_run_hooks, hooks) if hooks else None
    return step if step not in ONLY_WHERE or ONLY_WHERE[step](context, table) else None


def _run_hooks(hooks: Sequence[SaveHook], _context: RecordsContext, save: Save) -> None:
    for hook in hooks:
        hook(save)


def save_parents(
    context: RecordsContext, caller: Caller, table: RecordTable, children: BeforeAfter
) -> dict[str, list[SaveError]]:
    """Save the parents whose summaries say something new after these children changed; what refused one, by its id.

    They take the steps of any update, in the transaction of the children and as their user, who needs no right to them; so do
    parents of parents. ASSUMED: the stamps are that user's, duplicate rules are not asked, the refusal is told in its own words.
    """
    refused: dict[str, list[SaveError]] = {}
    seen: set[str] = set()
    while (found := _next_parents(context.rollups.parents_due(table, children), seen)) is not None:
        parents, contents = found
        refused |= save_contents(context, caller, parents, contents, without=_NOT_OF_PARENTS)
        seen.update(str(content[ID]) for content in contents)
    return refused


def save_contents(
    context: RecordsContext,
    caller: Caller,
    table: RecordTable,
    contents: Sequence[Row],
    *,
    without: frozenset[Step | Moment],
    old: Mapping[int, Row] | None = None,
) -> dict[str, list[SaveError]]:
    """Update live records to these contents, which the org itself has made; what refused one, by its id.

    `old`: by place, what triggers see as old where that is not what the record is now.
    """
    rows = [Pending(place, content, table.live[str(content[ID])]) for place, content in enumerate(contents)]
    save = Save(caller, table, Operation.UPDATE, rows, old=old)
    run(context, steps_for(context, table, without=without), save)
    return {str(row.content[ID]): row.errors for row in save.refused}


def _next_parents(due: ParentsDue, seen: Collection[str]) -> tuple[RecordTable, list[Row]] | None:
    """One batch; asked for each time anew, for what one sets off may change the next."""
    for parents, contents in due.items():
        batch = [content for parent_id, content in contents.items() if parent_id not in seen][:BATCH]
        if batch:
            return parents, batch
    return None


def run(context: RecordsContext, steps: Sequence[Step], save: Save) -> None:
    """Take a batch through the steps; refused rows leave it on the way."""
    if not save.rows:
        return
    context.hooks.under_way.append(save)
    try:
        _take_steps(context, steps, save)
    finally:
        context.hooks.under_way.pop()


def _take_steps(context: RecordsContext, steps: Sequence[Step], save: Save) -> None:
    for step in steps:
        step(context, save)
        for row in save.rows:
            if row.errors:
                save.drop_refused()
                break
        else:
            continue
        if not save.rows:
            return
