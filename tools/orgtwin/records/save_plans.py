"""How rows of one object are saved for one caller: whatever is the same from call to call, worked out once."""

from __future__ import annotations

from orgtwin.access.grants import Grant
from orgtwin.errors import SalesforceError
from orgtwin.records.context import RecordsContext
from orgtwin.records.laws import make_room
from orgtwin.records.matching import Matcher
from orgtwin.records.model import Caller
from orgtwin.records.new_rows import NewRows
from orgtwin.records.save_order import steps_for
from orgtwin.records.saving import Operation
from orgtwin.records.system_fields import auto_numbers, text_names
from orgtwin.records.table import RecordTable
from orgtwin.records.writer import Writer
from orgtwin.schema.elsewhere import find_elsewhere

_MOST_PLANS = 1000


class SavePlan:
    """The parts of a save: what finds the records, makes new rows and writes into them, and the steps that follow.

    A plan rests on the caller's Grant and is not used with another: whatever changes the schema, the settings or the rights makes
    another Grant.
    """

    def __init__(
        self, context: RecordsContext, caller: Caller, table: RecordTable, grant: Grant, *, text: bool
    ) -> None:
        self._context = context
        self._caller = caller
        self._text = text
        self._matchers: dict[str, Matcher] = {}
        self._writers: dict[Operation, Writer] = {}
        self.table = table
        self.grant = grant
        self.new_rows = NewRows(context, table, caller.user_id)
        self.steps = steps_for(context, table)
        make_room(table)
        table.compiled(text_names)
        table.compiled(auto_numbers)  # which gives the fields their places, as make_room does

    def matcher(self, external_id_field: str) -> Matcher:
        """Raises NOT_FOUND for a field that is no key for this caller."""
        found = self._matchers.get(external_id_field)
        if found is None:
            found = Matcher(self.table, self.grant, external_id_field, text=self._text)
            self._matchers[external_id_field] = found
        return found

    def writer(self, operation: Operation) -> Writer:
        """Raises CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY for what this caller may not do with the object."""
        found = self._writers.get(operation)
        if found is None:
            self._require_right(operation)
            found = Writer(self._context, self.table, operation, self._grant_of, text=self._text)
            self._writers[operation] = found
        return found

    def _grant_of(self, sobject_type: str) -> Grant:
        return self._context.grant(self._caller, sobject_type)

    def _require_right(self, operation: Operation) -> None:
        allowed = self.grant.create if operation is Operation.INSERT else self.grant.edit
        if not allowed:
            verb = "inserted" if operation is Operation.INSERT else "updated"
            message = f"entity type cannot be {verb}: {self.table.type.label}"
            raise SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


class SavePlans:
    """The plans of one org."""

    def __init__(self, context: RecordsContext) -> None:
        self._context = context
        self._plans: dict[tuple[Grant, bool], SavePlan] = {}
        self._hooks_version = context.hooks.version

    def of(self, caller: Caller, sobject_type: str, *, text: bool) -> SavePlan:
        """Raises INVALID_TYPE for an object that is not there for this caller."""
        if self._context.hooks.version != self._hooks_version:
            self._hooks_version = self._context.hooks.version
            self._plans.clear()
        grant = self._context.grant(caller, sobject_type)
        found = self._plans.get((grant, text))
        return self._make(caller, sobject_type, grant, text=text) if found is None else found

    def _make(self, caller: Caller, sobject_type: str, grant: Grant, *, text: bool) -> SavePlan:
        if not grant.read:
            raise unknown_type(sobject_type)
        if len(self._plans) >= _MOST_PLANS:
            self._plans.clear()
        plan = SavePlan(self._context, caller, self._context.table(sobject_type), grant, text=text)
        self._plans[grant, text] = plan
        return plan


def unknown_type(name: str) -> SalesforceError:
    message = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' "
        "after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return find_elsewhere(name) or SalesforceError("INVALID_TYPE", message)
