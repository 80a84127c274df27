"""An org on disk: what was answered is there again, whatever happened to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orgtwin.data_directory import open_org, restore_snapshot, save_snapshot
from orgtwin.errors import SalesforceError
from orgtwin.org import Org
from orgtwin.records.journal import MAGIC, JournalInUse
from orgtwin.records.model import Value
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.seed import administrator

THING = SObjectType(
    "Thing__c",
    "Thing",
    "Things",
    "a07",
    (
        Field("Id", "ID", FieldType.ID, nillable=False, createable=False, updateable=False),
        Field("Key__c", "Key", FieldType.STRING, length=40, unique=True, external_id=True, permissionable=False),
        Field("Amount__c", "Amount", FieldType.CURRENCY, precision=18, scale=2, permissionable=False),
        Field("Day__c", "Day", FieldType.DATE, permissionable=False),
        Field("Hour__c", "Hour", FieldType.TIME, permissionable=False),
        Field("At__c", "At", FieldType.DATETIME, permissionable=False),
        Field("Blob__c", "Blob", FieldType.BASE64, permissionable=False),
    ),
    custom=True,
)
ROW: dict[str, object] = {
    "Key__c": "k",
    "Amount__c": "12.50",
    "Day__c": "2026-02-28",
    "Hour__c": "10:00:00Z",
    "At__c": "2026-02-28T10:00:00.123Z",
    "Blob__c": "aGVsbG8=",
}


def everything(org: Org) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, table in org.tables.items():
        readers = [table.reader(f.api_name) for f in table.type.fields]
        for state, rows in (("live", table.rows()), ("deleted", table.deleted_rows())):
            values: list[list[Value]] = [[read(row) for read in readers] for row in rows]
            if values:
                found[f"{name} {state}"] = values
    types = sorted(org.schema, key=lambda t: t.api_name)
    return found | {"types": types, "settings": org.settings, "ids": org.ids.position(), "numbers": org.numbers}


@contextmanager
def opened(directory: Path) -> Iterator[Org]:
    org = open_org(directory)
    try:
        yield org
    finally:
        org.close()


def fill(org: Org) -> None:
    org.replace_schema(org.schema.with_types([THING]))
    org.settings["ContractSettings.autoCalculateEndDate"] = False
    admin = administrator(org)
    account = org.dml.insert(admin, "Account", [{"Name": "Acme"}, {"Name": "Gone"}, {"Name": "Binned"}])
    org.dml.insert(admin, "Contract", [{"AccountId": account[0].record_id, "ContractTerm": 12}])
    org.dml.insert(admin, "Thing__c", [ROW])
    org.dml.update(admin, "Account", [{"Id": account[0].record_id, "AnnualRevenue": 1}])
    org.dml.delete(admin, [account[1].record_id or ""], hard=True)
    org.dml.delete(admin, [account[2].record_id or ""])


def test_a_reopened_org_is_the_same_org(tmp_path: Path) -> None:
    with opened(tmp_path) as org:
        fill(org)
        before = everything(org)
        org_id, user_id = org.org_id, org.automated_user_id
    with opened(tmp_path) as again:
        assert everything(again) == before
        assert (again.org_id, again.automated_user_id) == (org_id, user_id)
        (result,) = again.dml.insert(administrator(again), "Account", [{"Name": "Next"}])
        assert result.record_id not in {str(row[0]) for row in again.table("Account").rows()} - {result.record_id}


def test_a_snapshot_restores_an_equal_org(tmp_path: Path) -> None:
    with opened(tmp_path / "data") as org:
        fill(org)
        save_snapshot(org, tmp_path / "org.snapshot")
        before = everything(org)
    assert everything(restore_snapshot(tmp_path / "org.snapshot")) == before


def test_a_long_journal_is_rewritten_as_a_snapshot_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as org:
        fill(org)
        for number in range(200):
            account = next(iter(org.table("Account").rows()))
            org.dml.update(administrator(org), "Account", [{"Id": account[0], "Description": f"{number}" * 100}])
        before, size = everything(org), (tmp_path / "org.journal").stat().st_size
    monkeypatch.setattr("orgtwin.data_directory.COMPACT_ABOVE", 1)
    with opened(tmp_path) as again:
        assert (tmp_path / "org.journal").stat().st_size < size
        assert everything(again) == before
        with pytest.raises(JournalInUse):
            open_org(tmp_path)
        again.dml.insert(administrator(again), "Account", [{"Name": "after"}])
        after = everything(again)
    with opened(tmp_path) as third:
        assert everything(third) == after


def test_a_rolled_back_commit_is_taken_back_on_disk_too(tmp_path: Path) -> None:
    with opened(tmp_path) as org:
        savepoint = org.savepoint()
        fill(org)
        org.rollback(savepoint)
        rows = len(org.table("Account"))
    with opened(tmp_path) as again:
        assert (rows, len(again.table("Account"))) == (0, 0)
        assert again.schema.find_type("Thing__c") is None
        assert again.settings == {}


def test_one_transaction_is_on_disk_whole_or_not_at_all(tmp_path: Path) -> None:
    with opened(tmp_path) as org:
        size = (tmp_path / "org.journal").stat().st_size
        with org.transaction():
            fill(org)
            assert (tmp_path / "org.journal").stat().st_size == size
        assert (tmp_path / "org.journal").stat().st_size > size


@pytest.mark.parametrize("lost", [1, 7, 30])
def test_a_torn_last_frame_is_cut_off(tmp_path: Path, lost: int) -> None:
    with opened(tmp_path) as org:
        fill(org)
        before = everything(org)
        org.dml.insert(administrator(org), "Account", [{"Name": "torn"}])
    journal = tmp_path / "org.journal"
    os.truncate(journal, journal.stat().st_size - lost)
    with opened(tmp_path) as again:
        after = everything(again)
        assert {name: rows for name, rows in after.items() if name != "ids"} == {
            name: rows for name, rows in before.items() if name != "ids"
        }
        again.dml.insert(administrator(again), "Account", [{"Name": "after"}])
    with opened(tmp_path) as third:
        read = third.table("Account").reader("Name")
        assert [read(row) for row in third.table("Account").rows()] == ["Acme", "after"]


def test_a_disk_that_refuses_takes_the_transaction_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as org:
        size = (tmp_path / "org.journal").stat().st_size
        write = os.write

        def full(descriptor: int, data: bytes) -> int:
            write(descriptor, bytes(data)[:10])
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(SalesforceError) as refusal:
            org.dml.insert(administrator(org), "Account", [{"Name": "Acme"}])
        monkeypatch.undo()
        message = f"the org's journal {tmp_path / 'org.journal'} could not be written: No space left on device"
        assert (refusal.value.code, refusal.value.status, refusal.value.message) == ("SERVER_UNAVAILABLE", 503, message)
        assert len(org.table("Account")) == 0
        assert (tmp_path / "org.journal").stat().st_size == size


def test_a_directory_is_open_once(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(JournalInUse) as refusal:
        open_org(tmp_path)
    journal = tmp_path / "org.journal"
    assert str(refusal.value) == f"{journal} is in use by another process: stop it or choose another directory"


def test_what_is_no_journal_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "org.journal").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"org\.journal is not a journal of orgtwin"):
        open_org(tmp_path)
    assert (tmp_path / "org.journal").read_bytes() == b"something else"
    assert not MAGIC.startswith(b"something")


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from orgtwin.data_directory import open_org
from orgtwin.seed import administrator

org = open_org(Path(sys.argv[1]))
admin = administrator(org)
number = 0
while True:
    rows = [{"Name": f"{number} {part}"} for part in range(3)]
    assert all(result.success for result in org.dml.insert(admin, "Account", rows))
    print(number, flush=True)
    number += 1
"""


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline() for _ in range(200)]
        process.send_signal(signal.SIGKILL)
        answered += process.stdout.readlines()
    last = int([line for line in answered if line.endswith("\n")][-1])
    with opened(tmp_path) as org:
        read = org.table("Account").reader("Name")
        names = [read(row) for row in org.table("Account").rows()]
    expected = [f"{number} {part}" for number in range(len(names) // 3) for part in range(3)]
    assert names == expected
    assert len(names) // 3 in (last + 1, last + 2)
