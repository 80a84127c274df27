"""Workflow rules in the saves of one org.

Source: "Triggers and Order of Execution" (Apex Developer Guide), steps 11 and 16, and its notes: a recursive save skips 9 to 17.
"Field Updates That Reevaluate Workflow Rules" (Salesforce Help): up to five times, rules that have not fired, none that updates a
master. ASSUMED: recursive is a save of a record inside a save of it; rules run in the order of their names, and all field updates
of a round read the record as it was before the round; triggers run again for the first round only; old, for a new record, is what
the first save stored; undelete runs no rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaError
from orgtwin.metadata.component import ComponentStore
from orgtwin.org import Org
from orgtwin.records.coerce import RowRefused
from orgtwin.records.filter_logic import FilterLogicError
from orgtwin.records.model import Row
from orgtwin.records.save_order import NOT_AGAIN_IN_ROUNDS, NOT_OF_FIELD_UPDATES, NOT_OF_MASTERS, save_contents
from orgtwin.records.saving import Moment, Operation, Pending, Save
from orgtwin.records.table import RecordTable
from orgtwin.records.telling import Listener
from orgtwin.schema.model import Schema
from orgtwin.workflow import telling
from orgtwin.workflow.actions import Mail
from orgtwin.workflow.compiled import CompiledRule, CompiledUpdate, compile_rule
from orgtwin.workflow.criteria import KEY as CRITERIA
from orgtwin.workflow.definition import is_active
from orgtwin.workflow.field_updates import as_system, target_table

_MOST_ROUNDS = 6
"""The rules, and five times those that a field update sets off."""
_OPERATIONS = (Operation.INSERT, Operation.UPDATE)
Firing = dict[int, list[CompiledRule]]
"""By the position of a row, the rules that fire for it."""


class Workflow:
    """The active workflow rules of an org; from then on they take part in its saves. `outbox` takes what alerts send."""

    def __init__(self, org: Org, components: Callable[[], ComponentStore], outbox: list[Mail]) -> None:
        self._org = org
        self._components = components
        self._outbox = outbox
        self._seen: tuple[ComponentStore, Schema] | None = None
        self._rules: dict[str, list[CompiledRule]] = {}
        org.hooks.join(Moment.WORKFLOW_RULES, self._run, self._concerns)

    def _concerns(self, table: RecordTable) -> bool:
        name = table.type.api_name
        rules = self._components().of_type("WorkflowRule")
        return any(is_active(rule) and rule.full_name.partition(".")[0] == name for rule in rules)

    def _rules_of(self, table: RecordTable) -> list[CompiledRule]:
        components, schema = self._components(), self._org.schema
        if self._seen is None or self._seen[0] is not components or self._seen[1] is not schema:
            self._seen, self._rules = (components, schema), {}
        name = table.type.api_name
        if name not in self._rules:
            active = [one for one in components.of_type("WorkflowRule") if is_active(one)]
            mine = [one for one in active if one.full_name.partition(".")[0] == name]
            try:
                self._rules[name] = [compile_rule(self._org, components.find, one) for one in mine]
            except (FormulaError, FilterLogicError) as error:  # what it names was deleted since
                raise Unsupported(CRITERIA, f"a workflow rule of {name}: {error}") from error
        return self._rules[name]

    def _run(self, save: Save) -> None:
        if save.operation not in _OPERATIONS:
            return
        rules, hooks = self._rules_of(save.table), self._org.hooks
        rows = [row for row in save.rows if not hooks.is_recursive(save, row)]
        with telling.unit(hooks.listener, save.table):
            self._run_rows(save, rules, rows)

    def _run_rows(self, save: Save, rules: Sequence[CompiledRule], rows: list[Pending]) -> None:
        fired: Firing = {row.position: [] for row in rows}
        due = rows
        for turn in range(_MOST_ROUNDS):
            with telling.evaluation(self._org.hooks.listener, "Workflow"):
                firing = _firing(rules, save, due, fired, turn, self._org.hooks.listener)
            due = self._update(save, [row for row in due if row.position in firing], firing, first=turn == 0)
            if not due:
                break
        done = [(row, rule) for row in rows if not row.errors for rule in fired[row.position]]
        if self._org.hooks.listener is not None:
            telling.tell_actions(self._org.hooks.listener, [rule for _row, rule in done])
        self._make_tasks(save, done)
        self._send(done)
        if any(rule.of_masters for _row, rule in done):
            save.parents_due = [*save.parents_due, lambda: self._update_masters(save, done)]

    # ---- field updates

    def _update(self, save: Save, rows: Sequence[Pending], firing: Firing, *, first: bool) -> list[Pending]:
        """Update the records of a round; those whose rules are to be evaluated again."""
        again: list[Pending] = []
        going: list[tuple[Pending, Row]] = []
        for row in rows:
            updates = [one for rule in firing[row.position] for one in rule.updates]
            content = save.table.widened(row.content)
            try:
                if _set_fields(save, row, content, updates):
                    again.append(row)
            except RowRefused as refused:
                row.errors = [*row.errors, refused.error]
                continue
            self._tell_updates(save, content, firing[row.position])
            if updates:
                going.append((row, content))
        without = NOT_OF_FIELD_UPDATES if first else NOT_AGAIN_IN_ROUNDS
        old = {place: _old(row) for place, (row, _content) in enumerate(going)}
        contents = [content for _row, content in going]
        refused_ids = save_contents(self._org, as_system(save.caller), save.table, contents, without=without, old=old)
        for row, _content in going:
            row.errors = [*row.errors, *refused_ids.get(str(row.content[0]), ())]
        return [row for row in again if not row.errors]

    def _tell_updates(self, save: Save, content: Row, rules: Sequence[CompiledRule]) -> None:
        listener = self._org.hooks.listener
        if listener is None:
            return
        for rule in rules:
            for one in rule.updates:
                telling.tell_update(listener, save.table, content, rule, one)

    def _update_masters(self, save: Save, done: Sequence[tuple[Pending, CompiledRule]]) -> None:
        """Step 16: the masters go through the save procedure, each once; what refuses one refuses its details."""
        due: dict[RecordTable, dict[str, Row]] = {}
        below: dict[str, list[Pending]] = {}
        for row, rule in done:
            for one in rule.of_masters if not row.errors else ():
                masters = target_table(self._org, save.table, one.update)
                live = masters.get(str(save.table.reader(str(one.update.target))(row.content)))
                if live is None:
                    continue
                content = due.setdefault(masters, {}).setdefault(str(live[0]), masters.widened(live))
                below.setdefault(str(live[0]), []).append(row)
                _write(masters, content, one, row, live)
        for masters, contents in due.items():
            self._save_masters(save, masters, list(contents.values()), below)

    def _save_masters(
        self, save: Save, masters: RecordTable, contents: list[Row], below: Mapping[str, list[Pending]]
    ) -> None:
        refused = save_contents(self._org, as_system(save.caller), masters, contents, without=NOT_OF_MASTERS)
        for master_id, errors in refused.items():
            for row in below[master_id]:
                row.errors = [*row.errors, *errors]

    # ---- the other actions

    def _make_tasks(self, save: Save, done: Sequence[tuple[Pending, CompiledRule]]) -> None:
        made = [(row, task(row.content)) for row, rule in done for task in rule.tasks]
        if not made:
            return
        results = self._org.dml.insert(as_system(save.caller), "Task", [task for _row, task in made])
        for (row, _task), result in zip(made, results, strict=True):
            row.errors = [*row.errors, *result.errors]

    def _send(self, done: Sequence[tuple[Pending, CompiledRule]]) -> None:
        for row, rule in done:
            for alert in rule.alerts if not row.errors else ():
                mail = alert(row.content)
                self._org.log.after_commit(partial(self._outbox.append, mail))


def _firing(
    rules: Sequence[CompiledRule],
    save: Save,
    rows: Sequence[Pending],
    fired: Firing,
    turn: int,
    listener: Listener | None,
) -> Firing:
    """The rules that fire in a round, which are noted as fired."""
    found: Firing = {}
    for row in rows:
        before = None if save.operation is Operation.INSERT else row.before
        new: list[CompiledRule] = []
        for rule in rules:
            if rule in fired[row.position] or (turn and rule.of_masters):
                continue
            fires = rule.fires(save.operation, row.content, before)
            if listener is not None:
                telling.tell_criteria(listener, save.table, row.content, rule, turn, fires)
            if fires:
                new.append(rule)
        if new:
            found[row.position] = new
            fired[row.position] += new
    return found


def _set_fields(save: Save, row: Pending, content: Row, updates: Sequence[CompiledUpdate]) -> bool:
    """Write the new values; whether one that is another asks for the rules to be evaluated again. Raises RowRefused."""
    asks = False
    for one in updates:
        was = save.table.reader(one.update.field)(row.content)
        if _write(save.table, content, one, row, row.content) != was:
            asks = asks or one.update.reevaluates
    return asks


def _write(table: RecordTable, content: Row, one: CompiledUpdate, row: Pending, target: Row) -> object:
    value = one.value(row.content, row.before, target)
    table.write(content, one.update.field, value)
    return value


def _old(row: Pending) -> Row:
    """What triggers see as old."""
    return Row(list(row.content)) if row.before is None else row.before
