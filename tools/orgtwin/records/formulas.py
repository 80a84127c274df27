"""Formula fields, validation rules and default values, run on rows of this org.

Sources: "Formula Field Types and Merge Fields", "Use Global Variables in Formulas", "Default Field Values" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from orgtwin.errors import SaveError, Unsupported
from orgtwin.formula import (
    CompiledFormula,
    Context,
    FieldPath,
    FormulaEvaluationError,
    FormulaKind,
    GlobalPath,
    compile_formula,
)
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.table import Reader, RecordTable
from orgtwin.schema.model import Field, FieldType, Schema, ValidationRule

_GLOBAL_RECORDS = {"$Profile": "ProfileId", "$UserRole": "UserRoleId"}
_NUMERIC = (FieldType.DOUBLE, FieldType.CURRENCY, FieldType.PERCENT)
LABEL = "$Label."
"""Custom labels are settings of the org under their names in lower case."""
_ORIGIN = datetime(1900, 1, 1, tzinfo=UTC)  # $System.OriginDateTime


class Org(Protocol):
    org_id: str
    running_user_id: str

    @property
    def schema(self) -> Schema: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    @property
    def now(self) -> datetime: ...

    def table(self, sobject_type: str) -> RecordTable: ...

    def has_permission(self, caller: Caller, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class CompiledRule:
    rule: ValidationRule
    formula: CompiledFormula


class Formulas:
    """Compiles the formulas of a schema when they are first needed and evaluates them on rows."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._schema: Schema | None = None
        self._rules: dict[str, tuple[CompiledRule, ...]] = {}
        self._defaults: dict[str, tuple[tuple[str, CompiledFormula], ...]] = {}

    def reader(self, table: RecordTable, f: Field) -> Reader:
        """Reads a formula field. What a page shows as #Error! is null in the API."""
        compiled = compile_formula(
            f.formula or "",
            self._org.schema,
            table.type.api_name,
            blank_as_zero=f.formula_blank_as_zero,
            kind=FormulaKind.FIELD,
            scale=f.scale if f.type in _NUMERIC else None,
            percent=f.type is FieldType.PERCENT,
        )

        def read(row: Row) -> Value:
            try:
                return compiled.evaluate(self._context(table, row, None))
            except FormulaEvaluationError:
                return None

        return read

    def violations(self, table: RecordTable, content: Row, before: Row | None) -> list[SaveError]:
        """Every validation rule that refuses this content, so that a user sees all messages at once."""
        rules = self._rules_of(table)
        if not rules:
            return []
        context = self._context(table, content, before)
        return [error for compiled in rules for error in _violated(compiled, context)]

    def evaluate(self, text: str, table: RecordTable, content: Row, before: Row | None) -> Value:
        """Any formula over a row, as a flow has them. Raises FormulaError; what a page shows as #Error! is None."""
        compiled = compile_formula(text, self._org.schema, table.type.api_name)
        try:
            return compiled.evaluate(self._context(table, content, before))
        except FormulaEvaluationError:
            return None

    def has_rules(self, table: RecordTable) -> bool:
        return bool(self._rules_of(table))

    def defaults(self, table: RecordTable) -> Mapping[str, Value]:
        """What the default-value formulas of a type come to now, for the running user."""
        self._forget_stale()
        name = table.type.api_name
        found = self._defaults.get(name)
        if found is None:
            found = self._defaults[name] = self._compile_defaults(table)
        context = self._context(table, Row([None] * table.width), None)
        return {field: formula.evaluate(context) for field, formula in found}

    # ---- compiling

    def _forget_stale(self) -> None:
        schema = self._org.schema
        if schema is not self._schema:
            self._schema = schema
            self._rules.clear()
            self._defaults.clear()

    def _rules_of(self, table: RecordTable) -> Sequence[CompiledRule]:
        self._forget_stale()
        name = table.type.api_name
        found = self._rules.get(name)
        if found is None:
            active = [rule for rule in table.type.validation_rules if rule.active]
            found = self._rules[name] = tuple(
                CompiledRule(rule, compile_formula(rule.formula, self._org.schema, name)) for rule in active
            )
        return found

    def _compile_defaults(self, table: RecordTable) -> tuple[tuple[str, CompiledFormula], ...]:
        schema, name = self._org.schema, table.type.api_name
        return tuple(
            (
                f.api_name,
                compile_formula(
                    f.default_formula,
                    schema,
                    name,
                    kind=FormulaKind.DEFAULT_VALUE,
                    percent=f.type is FieldType.PERCENT,
                ),
            )
            for f in table.type.fields
            if f.default_formula and f.type is not FieldType.BOOLEAN
        )

    # ---- values

    def _context(self, table: RecordTable, content: Row, before: Row | None) -> Context:
        def value(path: FieldPath) -> Value:
            return self._follow(table, content, path)

        def prior(path: FieldPath) -> Value:
            return self._follow(table, content if before is None else before, path)

        return Context(
            value=value,
            now=self._org.now,
            zone=self._zone(),
            is_new=before is None,
            prior=prior,
            global_value=lambda path: self._global_value(table, content, path),
        )

    def _follow(self, table: RecordTable, row: Row, path: FieldPath) -> Value:
        for lookup in path.lookups:
            parent_id = table.reader(lookup.field)(row)
            table = self._org.table(lookup.parent_type)
            parent = table.get(str(parent_id)) if parent_id else None
            if parent is None:
                return None
            row = parent
        return table.reader(path.field)(row)

    def _zone(self) -> tzinfo:
        users = self._org.table("User")
        user = users.get(self._org.running_user_id)
        name = users.reader("TimeZoneSidKey")(user) if user is not None else None
        with suppress(ZoneInfoNotFoundError):
            return ZoneInfo(str(name)) if name else UTC
        return UTC

    def _global_value(self, table: RecordTable, content: Row, path: GlobalPath) -> Value:
        root, *names = path.names
        if root == "$RecordType":
            return self._record_type(table, content, names[0])
        return self._org_value(path, root, names)

    def _org_value(self, path: GlobalPath, root: str, names: Sequence[str]) -> Value:
        """Of what does not depend on the record."""
        if root == "$User":
            return self._own("User", self._org.running_user_id, names[0])
        if root in _GLOBAL_RECORDS:
            record_id = self._own("User", self._org.running_user_id, _GLOBAL_RECORDS[root])
            return self._own(root.removeprefix("$"), str(record_id), names[0])
        if root == "$Organization":
            return self._own("Organization", self._org.org_id, names[0])
        if root == "$Permission":
            return self._org.has_permission(Caller(self._org.running_user_id), names[-1])
        if root == "$System":
            return _ORIGIN
        if root == "$Setup":
            return self._custom_setting(names[0], names[1])
        if root == "$CustomMetadata":
            return self._custom_metadata(*names)
        if root == "$Label":
            return self._label(names[-1])
        raise Unsupported("formula.global-variables", f"the global variable {'.'.join(path.names)} in formulas")

    def _record_type(self, table: RecordTable, content: Row, field: str) -> Value:
        """Of the record; Master, which has no row, is no record type."""
        if table.type.find_field("RecordTypeId") is None:
            return None
        return self._own("RecordType", str(table.reader("RecordTypeId")(content)), field)

    def _custom_metadata(self, sobject_type: str, record: str, field: str) -> Value:
        table = self._org.table(sobject_type)
        name = table.reader("DeveloperName")
        wanted = record.lower()
        row = next((row for row in table.rows() if str(name(row)).lower() == wanted), None)
        if row is None:
            raise FormulaEvaluationError(f"there is no record {record} of {sobject_type}")
        return table.reader(field)(row)

    def _label(self, name: str) -> Value:
        text = self._org.settings.get(LABEL + name.lower())
        if not isinstance(text, str):
            raise FormulaEvaluationError(f"there is no custom label {name}")
        return text

    def _own(self, sobject_type: str, record_id: str, field: str) -> Value:
        table = self._org.table(sobject_type)
        row = table.get(record_id)
        return None if row is None else table.reader(field)(row)

    def _custom_setting(self, sobject_type: str, field: str) -> Value:
        """A hierarchy custom setting: the user's row, else the profile's, else the organization's."""
        table = self._org.table(sobject_type)
        profile_id = self._own("User", self._org.running_user_id, "ProfileId")
        for owner in (self._org.running_user_id, profile_id, self._org.org_id):
            rows = table.find("SetupOwnerId", owner) if owner else ()
            if rows:
                return table.reader(field)(rows[0])
        return None


def _violated(compiled: CompiledRule, context: Context) -> list[SaveError]:
    rule = compiled.rule
    fields = (rule.field,) if rule.field else ()
    try:
        refused = compiled.formula.evaluate(context) is True
    except FormulaEvaluationError as error:
        message = f'The formula in the "{rule.name}" validation rule is invalid: {error}'
        return [SaveError("FIELD_INTEGRITY_EXCEPTION", message, fields)]
    return [SaveError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)] if refused else []
