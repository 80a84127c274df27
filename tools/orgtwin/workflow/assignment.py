"""Assignment rules of cases and leads in the saves of one org: step 9 of the order of execution.

Source: "Assignment Rule Header" (REST API Developer Guide): active rules are applied unless a request says no, also to what its
triggers save; AssignmentRuleHeader (SOAP API Developer Guide), Database.DMLOptions (Apex Reference Guide), assignmentRuleId (Bulk
API Developer Guide): only where they are asked for, and no request above has asked. ASSUMED: a record that no entry takes keeps its
owner, where an org with a default owner gives it to that one; no trigger runs for the new owner.
"""

from __future__ import annotations

from collections.abc import Callable

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaError
from orgtwin.ids import find_id18
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.org import Org
from orgtwin.records.filter_logic import FilterLogicError
from orgtwin.records.model import ACTIVE_RULE, Row
from orgtwin.records.save_order import NOT_AGAIN_IN_ROUNDS, save_contents
from orgtwin.records.saving import Moment, Operation, Pending, Save
from orgtwin.records.table import RecordTable
from orgtwin.workflow import telling
from orgtwin.workflow.compiled import CompiledAssignment, compile_assignment
from orgtwin.workflow.criteria import KEY
from orgtwin.workflow.definition import is_active
from orgtwin.workflow.field_updates import as_system

_OPERATIONS = (Operation.INSERT, Operation.UPDATE)
_UNKNOWN = "invalid cross reference id"


class Assignment:
    """The assignment rules of an org; from then on they take part in its saves."""

    def __init__(self, org: Org, components: Callable[[], ComponentStore]) -> None:
        self._org = org
        self._components = components
        org.hooks.join(Moment.ASSIGNMENT_RULES, self._run, lambda table: bool(self._of(table)))

    def _of(self, table: RecordTable) -> list[Component]:
        return self._components().children_of("AssignmentRule", table.type.api_name)

    def _run(self, save: Save) -> None:
        asked = self._org.hooks.under_way[0].caller.assignment or save.caller.assignment
        if asked is None or save.operation not in _OPERATIONS:
            return
        rows = [row for row in save.rows if not self._org.hooks.is_recursive(save, row)]
        found = self._find(save.table, asked)
        if found is None:
            for row in rows if asked != ACTIVE_RULE else ():
                row.refuse("INVALID_CROSS_REFERENCE_KEY", _UNKNOWN)
            return
        listener = self._org.hooks.listener
        with telling.unit(listener, save.table), telling.evaluation(listener, "Assignment"):
            self._assign(save, rows, self._compiled(found))

    def _find(self, table: RecordTable, asked: str) -> Component | None:
        """The active rule, or the one of that id, active or not."""
        if asked == ACTIVE_RULE:
            return next((rule for rule in self._of(table) if is_active(rule)), None)
        record_id = find_id18(asked)
        return next((rule for rule in self._of(table) if rule.id == record_id), None)

    def _compiled(self, component: Component) -> CompiledAssignment:
        try:
            return compile_assignment(self._org, component)
        except (FormulaError, FilterLogicError) as error:  # what it names was deleted since
            raise Unsupported(KEY, f"the assignment rule {component.full_name}: {error}") from error

    def _assign(self, save: Save, rows: list[Pending], rule: CompiledAssignment) -> None:
        owner_now = save.table.reader("OwnerId")
        going: list[tuple[Pending, Row]] = []
        for row in rows:
            owner_id = rule.owner_of(row.content, row.before)
            if owner_id is not None and owner_id != owner_now(row.content):
                content = save.table.widened(row.content)
                save.table.write(content, "OwnerId", owner_id)
                going.append((row, content))
        contents = [content for _row, content in going]
        refused = save_contents(self._org, as_system(save.caller), save.table, contents, without=NOT_AGAIN_IN_ROUNDS)
        for row, _content in going:
            row.errors = [*row.errors, *refused.get(str(row.content[0]), ())]
