"""The rows of a share object as queries see them: the stored entries, and those that follow from owners and sharing rules.

Only entries that somebody wrote are stored. An owner's entry and a rule's entry are worked out when asked for, with an id that
tells which they are: TWO and the record's number, TR, the rule's place and the record's number.
Source: "AccountShare" (Object Reference), RowCause. Implicit sharing is not told as entries ("for some sharing mechanisms ...
sharing entries aren't stored at all").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

from orgtwin.access.levels import NAMES, Level, default_level
from orgtwin.access.sharing_rules import KEY, SharingRule, compile_rules
from orgtwin.ids import checksum
from orgtwin.records.model import Row, Value
from orgtwin.records.table import ID, MODIFIED_BY, MODIFIED_DATE, RecordTable
from orgtwin.schema.companions import ShareShape
from orgtwin.schema.model import Schema

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_OWNER = "TWO"
_RULE = "TR"
_CHILDREN = ("Case", "Contact", "Opportunity")


class Tables(Protocol):
    @property
    def schema(self) -> Schema: ...

    @property
    def settings(self) -> Mapping[str, object]: ...

    def table(self, sobject_type: str) -> RecordTable: ...


class ShareRows:
    """See `Table` in records/model.py."""

    def __init__(self, tables: Tables, shape: ShareShape) -> None:
        self._shape = shape
        self._entries = tables.table(shape.api_name)
        self._records = tables.table(shape.shared)
        self._owner_of = self._records.reader("OwnerId")
        stored = tables.settings.get(KEY)
        rules = stored.get(shape.shared, ()) if isinstance(stored, dict) else ()
        self._rules: list[SharingRule] = compile_rules(tables, rules, self._records) if rules else []
        self._child_levels = _default_child_levels(tables.schema) if shape.shared == "Account" else {}

    def reader(self, field: str) -> Callable[[Row], Value]:
        return self._entries.reader(field)

    def rows(self) -> Iterable[Row]:
        return chain(self._entries.rows(), chain.from_iterable(map(self._computed, self._records.rows())))

    def deleted_rows(self) -> Iterable[Row]:
        return self._entries.deleted_rows()

    def __len__(self) -> int:
        return sum(1 for _ in self.rows())

    def get(self, record_id: str) -> Row | None:
        stored = self._entries.get(record_id)
        mark = record_id[3:6]
        if stored is not None or not (mark == _OWNER or mark.startswith(_RULE)):
            return stored
        text = self._records.type.key_prefix + "TW0" + record_id[6:15]
        record = self._records.get(text + checksum(text))
        found = self._computed(record) if record is not None else ()
        return next((row for row in found if row[ID] == record_id), None)

    def is_indexed(self, field: str) -> bool:
        return field.lower() in ("id", "userorgroupid", self._shape.parent_field.lower())

    def find(self, field: str, value: Value) -> Sequence[Row]:
        if not isinstance(value, str):
            return ()
        if field.lower() == "id":
            row = self.get(value)
            return () if row is None else (row,)
        stored = self._entries.find(field, value)
        if field.lower() == "userorgroupid":
            return (*stored, *self._computed_for(value))
        record = self._records.get(value)
        return stored if record is None else (*stored, *self._computed(record))

    # ---- what follows from owners and rules

    def _computed(self, record: Row) -> Iterator[Row]:
        owner = self._owner_of(record)
        if isinstance(owner, str):
            yield self._owner_entry(record, owner)
        for place, rule in enumerate(self._rules):
            if rule.matches(record):
                yield self._rule_entry(record, place, rule)

    def _computed_for(self, sharee: str) -> Iterator[Row]:
        for record in self._records.find("OwnerId", sharee):
            yield self._owner_entry(record, sharee)
        for place, rule in enumerate(self._rules):
            if rule.target == sharee:
                yield from (self._rule_entry(row, place, rule) for row in self._records.rows() if rule.matches(row))

    def _owner_entry(self, record: Row, owner: str) -> Row:
        return self._entry(record, _OWNER, owner, "Owner", Level.FULL, {})

    def _rule_entry(self, record: Row, place: int, rule: SharingRule) -> Row:
        mark = _RULE + _DIGITS[place % len(_DIGITS)]
        return self._entry(record, mark, rule.target, "Rule", rule.level, rule.children)

    def _entry(
        self, record: Row, mark: str, sharee: str, cause: str, level: Level, children: Mapping[str, Level]
    ) -> Row:
        text = self._entries.type.key_prefix + mark + str(record[ID])[6:15]
        values: dict[str, Value] = {
            self._shape.parent_field: record[ID],
            "UserOrGroupId": sharee,
            "RowCause": cause,
            self._shape.level_field: NAMES[level],
            **{f"{child}AccessLevel": NAMES[children.get(child, own)] for child, own in self._child_levels.items()},
        }
        row = Row([None] * self._entries.width)
        for name, value in values.items():
            self._entries.write(row, name, value)
        row[ID] = text + checksum(text)
        row[MODIFIED_DATE], row[MODIFIED_BY] = record[MODIFIED_DATE], record[MODIFIED_BY]
        return row


def _default_child_levels(schema: Schema) -> dict[str, Level]:
    found = {child: schema.find_type(child) for child in _CHILDREN}
    return {child: min(default_level(t), Level.EDIT) for child, t in found.items() if t is not None}
