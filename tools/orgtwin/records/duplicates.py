"""Step 6 of a save: duplicate rules, which compare the rows on their way in with the records that are there.

Sources: "DuplicateRule", "MatchingRule" (Metadata API Developer Guide); "Duplicate Rule Header" (REST API Developer Guide);
"Things to Know About Duplicate Rules" (Salesforce Help): rows of one request are compared with saved records only, and an update
is looked at only when it changes a field of the matching rule.
ASSUMED: an exact match does not see case; the first rule by sortOrder that refuses a row is the one that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from orgtwin.access.grants import Grant
from orgtwin.errors import SaveError
from orgtwin.records.filter_logic import Logic
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.saving import Moment, Operation, Pending, Save, SaveHooks
from orgtwin.records.summary_filters import compile_filter
from orgtwin.records.table import ID, RecordTable
from orgtwin.records.telling import Listener, tell_duplicates

Condition = tuple[str, str, str]
"""Field, operation, value, as in FilterItem of the Metadata API."""


@dataclass(frozen=True, slots=True)
class MatchedField:
    """One pair of fields that must be equal; without `matches_blanks` an empty one equals nothing."""

    saved: str
    incoming: str
    matches_blanks: bool


@dataclass(frozen=True, slots=True)
class MatchingRule:
    """When a saved record of `sobject_type` is the same as an incoming row."""

    name: str
    sobject_type: str
    fields: tuple[MatchedField, ...]
    logic: Logic


@dataclass(frozen=True, slots=True)
class Action:
    """What a rule does about a duplicate. Neither blocking nor alerting, it lets the row through."""

    blocks: bool
    alerts: bool


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """One active rule of an object. `conditions` say which rows it looks at."""

    name: str
    actions: Mapping[Operation, Action]
    alert_text: str
    enforces_sharing: bool
    matching_rules: tuple[MatchingRule, ...]
    conditions: tuple[Condition, ...]
    logic: Logic


@dataclass(frozen=True, slots=True)
class Duplicates:
    """The saved records that one matching rule found for a row."""

    rule: str
    sobject_type: str
    record_ids: tuple[str, ...]


class DuplicatesDetected(SaveError, frozen=True, gc=False):
    """A row is refused by a duplicate rule; `may_save` when the caller may say allowSave and send it again."""

    rule: str = ""
    sobject_type: str = ""
    may_save: bool = False
    found: tuple[Duplicates, ...] = ()


class Tables(Protocol):
    def table(self, sobject_type: str) -> RecordTable: ...

    def grant(self, caller: Caller, sobject_type: str) -> Grant: ...


_IsAsked = Callable[[RecordTable, MatchingRule, Pending], bool]
RulesOf = Callable[[str], Sequence[DuplicateRule]]
"""The active rules of an object, by sortOrder."""


_UNIT = ("DuplicateDetector",)


class DuplicateCheck:
    """The rules as a hook of saves."""

    def __init__(self, tables: Tables, rules_of: RulesOf) -> None:
        self._tables = tables
        self._rules_of = rules_of
        self._hooks: SaveHooks | None = None

    def join(self, hooks: SaveHooks) -> None:
        self._hooks = hooks
        hooks.join(Moment.DUPLICATES, self.check, lambda table: bool(self._rules_of(table.type.api_name)))

    def check(self, save: Save) -> None:
        listener = self._hooks.listener if self._hooks is not None else None
        if listener is None:
            self._check(save, None)
            return
        with listener.unit(_UNIT, _UNIT):
            listener.event("DUPLICATE_DETECTION_BEGIN")
            self._check(save, listener)
            listener.event("DUPLICATE_DETECTION_END")

    def _check(self, save: Save, listener: Listener | None) -> None:
        for rule in self._rules_of(save.table.type.api_name):
            action = rule.actions.get(save.operation)
            if action is None or not (action.blocks or (action.alerts and not save.caller.duplicate_header.allow_save)):
                continue
            self._apply(rule, action, save, listener)

    def _apply(self, rule: DuplicateRule, action: Action, save: Save, listener: Listener | None) -> None:
        rows = [row for row in save.rows if not row.errors]
        found = self._found(rule, save, rows, _touches)
        if listener is not None:
            counts = {place: sum(len(one.record_ids) for one in every) for place, every in found.items()}
            tell_duplicates(listener, rule.name, save, counts)
        for row in rows:
            if row.position in found:
                row.errors.append(_refusal(rule, action, save.table, found[row.position]))

    def find(self, save: Save) -> list[tuple[DuplicateRule, dict[int, list[Duplicates]]]]:
        """What every active rule finds, by position of the row, whatever the rule does about it and whatever has changed."""
        rules = self._rules_of(save.table.type.api_name)
        return [(rule, self._found(rule, save, save.rows, _always)) for rule in rules]

    def _found(
        self, rule: DuplicateRule, save: Save, rows: Sequence[Pending], is_asked: _IsAsked
    ) -> dict[int, list[Duplicates]]:
        if rule.conditions:
            tests = [compile_filter(save.table, *condition) for condition in rule.conditions]
            rows = [row for row in rows if rule.logic([test(row.content) for test in tests])]
        found: dict[int, list[Duplicates]] = {}
        for matching in rule.matching_rules:
            asked = [row for row in rows if is_asked(save.table, matching, row)]
            for position, ids in self._matches(rule, matching, save, asked).items():
                found.setdefault(position, []).append(Duplicates(matching.name, matching.sobject_type, tuple(ids)))
        return found

    def _matches(
        self, rule: DuplicateRule, matching: MatchingRule, save: Save, rows: Sequence[Pending]
    ) -> dict[int, list[str]]:
        """The ids of the saved records that are the same, by position of the row."""
        table = self._tables.table(matching.sobject_type)
        asks_sharing = rule.enforces_sharing or save.caller.duplicate_header.runs_as_current_user
        seen = self._tables.grant(save.caller, table.type.api_name).may_see if asks_sharing else None
        wanted = [_wanted(save.table, field, rows) for field in matching.fields]
        readers = [table.reader(field.saved) for field in matching.fields]
        itself = {row.position: row.before for row in rows}
        found: dict[int, list[str]] = {}
        for record in _candidates(table, matching, wanted):
            hits = [who.get(_folded(read(record)), _NOBODY) for who, read in zip(wanted, readers, strict=True)]
            if not any(hits) or (seen is not None and not seen(record)):
                continue
            for position in frozenset().union(*hits):
                if record is not itself[position] and matching.logic([position in hit for hit in hits]):
                    found.setdefault(position, []).append(str(record[ID]))
        return found


_NOBODY: frozenset[int] = frozenset()
Wanted = dict[Value, set[int]]


def _wanted(table: RecordTable, field: MatchedField, rows: Iterable[Pending]) -> Wanted:
    """Which rows, by position, ask for which value of a field."""
    read = table.reader(field.incoming)
    wanted: Wanted = {}
    for row in rows:
        value = _folded(read(row.content))
        if value is not None or field.matches_blanks:
            wanted.setdefault(value, set()).add(row.position)
    return wanted


def _candidates(table: RecordTable, matching: MatchingRule, wanted: Sequence[Wanted]) -> Iterable[Row]:
    """Saved records that may be the same: those an index finds, where one can, or all."""
    for field, asked in zip(matching.fields, wanted, strict=True):
        described = table.type.find_field(field.saved)
        usable = described is not None and not described.case_sensitive and table.is_indexed(field.saved)
        if matching.logic is all and usable and None not in asked:
            return {str(row[ID]): row for value in asked for row in table.find(field.saved, value)}.values()
    return table.rows() if any(wanted) else ()


def _folded(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def _touches(table: RecordTable, matching: MatchingRule, row: Pending) -> bool:
    """Whether a row is new, or changes a field that the matching rule reads."""
    if row.before is None:
        return True
    readers = [table.reader(field.incoming) for field in matching.fields]
    return any(read(row.content) != read(row.before) for read in readers)


def _always(_table: RecordTable, _matching: MatchingRule, _row: Pending) -> bool:
    return True


def _refusal(rule: DuplicateRule, action: Action, table: RecordTable, found: Iterable[Duplicates]) -> SaveError:
    return DuplicatesDetected(
        "DUPLICATES_DETECTED",
        rule.alert_text,
        rule=rule.name,
        sobject_type=table.type.api_name,
        may_save=not action.blocks,
        found=tuple(found),
    )
