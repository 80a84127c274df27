"""Random writes, savepoints and rollbacks keep what must hold of a store, and going back is exact."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec import structs

from orgtwin.org import Org, Savepoint
from orgtwin.records.model import Caller, Row, Value
from orgtwin.records.table import RecordTable
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.seed import administrator, new_org

KEYS = st.sampled_from(["a", "A", "b", "c", None])
ID = Field("Id", "ID", FieldType.ID, nillable=False, createable=False, updateable=False)
KEY = Field("Key__c", "Key", FieldType.STRING, length=20, unique=True, external_id=True, permissionable=False)
UP = Field("Up__c", "Up", FieldType.REFERENCE, reference_to=("Node__c",), child_relationship_name="Downs__r",
           relationship_name="Up__r", permissionable=False)  # fmt: skip
OWNER = structs.replace(
    UP, api_name="Owner__c", relationship_name="Owner__r", child_relationship_name="Owned__r", cascade_delete=True
)
NODE = SObjectType("Node__c", "Node", "Nodes", "a05", (ID, KEY, UP, OWNER), custom=True)


def content(table: RecordTable, rows: list[Row]) -> list[dict[str, Value]]:
    readers = [(f.api_name, table.reader(f.api_name)) for f in table.type.fields]
    return sorted(({name: read(row) for name, read in readers} for row in rows), key=lambda row: str(row["Id"]))


def everything(org: Org) -> dict[str, tuple[list[dict[str, Value]], list[dict[str, Value]]]]:
    return {
        name: (content(table, list(table.rows())), content(table, list(table.deleted_rows())))
        for name, table in org.tables.items()
        if table.live or table.recycled
    }


class Writes(RuleBasedStateMachine):
    """Rules pick live records by index; whatever the org refuses changes nothing."""

    @initialize()
    def start(self) -> None:
        self.org = new_org()
        self.org.replace_schema(self.org.schema.with_types([NODE]))
        self.admin: Caller = administrator(self.org)
        self.table = self.org.table("Node__c")
        self.marks: list[tuple[Savepoint, dict[str, object]]] = []

    def pick(self, index: int, *, deleted: bool = False) -> str:
        ids = sorted(self.table.recycled if deleted else self.table.live)
        return ids[index % len(ids)] if ids else "a05000000000001AAA"

    @rule(keys=st.lists(KEYS, max_size=4), up=st.integers(0, 9), all_or_none=st.booleans())
    def insert(self, keys: list[str | None], up: int, all_or_none: bool) -> None:
        parent = self.pick(up) if self.table.live else None
        rows = [{"Key__c": key, "Up__c": parent, "Owner__c": parent if up % 3 == 0 else None} for key in keys]
        self.org.dml.insert(self.admin, "Node__c", rows, all_or_none=all_or_none)

    @rule(keys=st.lists(KEYS, max_size=3), all_or_none=st.booleans())
    def upsert(self, keys: list[str | None], all_or_none: bool) -> None:
        rows = [{"Key__c": key} for key in keys]
        self.org.dml.upsert(self.admin, "Node__c", "Key__c", rows, all_or_none=all_or_none)

    @rule(target_row=st.integers(0, 9), key=KEYS, up=st.integers(0, 9))
    def update(self, target_row: int, key: str | None, up: int) -> None:
        row = {"Id": self.pick(target_row), "Key__c": key, "Up__c": self.pick(up) if self.table.live else None}
        self.org.dml.update(self.admin, "Node__c", [row])

    @rule(target_row=st.integers(0, 9), hard=st.booleans())
    def delete(self, target_row: int, hard: bool) -> None:
        self.org.dml.delete(self.admin, [self.pick(target_row)], hard=hard)

    @rule(target_row=st.integers(0, 9))
    def undelete(self, target_row: int) -> None:
        self.org.dml.undelete(self.admin, [self.pick(target_row, deleted=True)])

    @rule()
    def mark(self) -> None:
        self.marks.append((self.org.savepoint(), dict(everything(self.org))))

    @rule()
    def roll_back(self) -> None:
        if self.marks:
            savepoint, before = self.marks.pop()
            self.org.rollback(savepoint)
            assert everything(self.org) == before

    @invariant()
    def keys_are_unique(self) -> None:
        read = self.table.reader("Key__c")
        counts = Counter(str(value).lower() for row in self.table.rows() if (value := read(row)) is not None)
        assert not [key for key, count in counts.items() if count > 1]

    @invariant()
    def every_index_finds_exactly_its_rows(self) -> None:
        for field in ("Key__c", "Up__c", "Owner__c"):
            read = self.table.reader(field)
            for row in self.table.rows():
                if (value := read(row)) is not None:
                    assert any(found is row for found in self.table.find(field, value))
            for value in {read(row) for row in self.table.rows()} - {None}:
                found = {str(row[0]) for row in self.table.find(field, value)}
                same = str(value).lower()
                assert found == {str(row[0]) for row in self.table.rows() if str(read(row)).lower() == same}

    @invariant()
    def references_lead_to_live_records(self) -> None:
        for field in ("Up__c", "Owner__c"):
            read = self.table.reader(field)
            assert all(value in self.table.live for row in self.table.rows() if (value := read(row)) is not None)

    @invariant()
    def no_record_is_both_live_and_deleted(self) -> None:
        assert not self.table.live.keys() & self.table.recycled.keys()


Writes.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestWrites = Writes.TestCase


def test_a_transaction_that_fails_leaves_nothing(org: Org, admin: Caller) -> None:
    before = everything(org)

    def fail_half_way() -> None:
        with org.transaction():
            org.dml.insert(admin, "Account", [{"Name": "Acme"}])
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert everything(org) == before


def test_a_rollback_brings_schema_and_the_values_of_removed_fields_back(org: Org, admin: Caller) -> None:
    record_id = org.dml.insert(admin, "Sample__c", [{"Text__c": "kept"}])[0].record_id or ""
    savepoint, before = org.savepoint(), everything(org)
    org.settings["Some.setting"] = True
    org.replace_schema(org.schema.with_types([], removed=["Detail__c"]))
    narrow = SObjectType("Sample__c", "Sample", "Samples", "a00", (ID,), custom=True)
    org.replace_schema(org.schema.with_types([narrow]))
    org.dml.update(admin, "Sample__c", [{"Id": record_id}])
    org.rollback(savepoint)
    assert everything(org) == before
    assert org.schema.find_type("Detail__c") is not None
    assert "Some.setting" not in org.settings


def test_a_field_made_anew_under_an_old_name_is_empty(org: Org, admin: Caller) -> None:
    record_id = org.dml.insert(admin, "Sample__c", [{"Text__c": "old"}])[0].record_id or ""
    wide = org.schema.find_type("Sample__c")
    assert wide is not None
    org.replace_schema(org.schema.with_types([SObjectType("Sample__c", "Sample", "Samples", "a00", (ID,))]))
    org.replace_schema(org.schema.with_types([wide]))
    table = org.table("Sample__c")
    row = table.get(record_id)
    assert row is not None
    assert table.reader("Text__c")(row) is None


def test_the_undo_log_is_empty_once_nobody_can_roll_back(org: Org, admin: Caller) -> None:
    savepoint = org.savepoint()
    org.dml.insert(admin, "Account", [{"Name": "Acme"}])
    assert len(org.log) == 1
    del savepoint
    org.dml.insert(admin, "Account", [{"Name": "Other"}])
    assert len(org.log) == 0
