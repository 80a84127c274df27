import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema_rs import Draft202012Validator
from tests.clmkit.sync.world import World

from clmkit.sync.audit import GENESIS, AuditLog, Entry, LegalHold, find_break, seal
from clmkit.sync.audit.export import FORMATS, to_cef, to_ocsf
from clmkit.sync.audit.log import SCHEMA
from clmkit.sync.database import open_database


def chain(length: int) -> list[Entry]:
    entries: list[Entry] = []
    for number in range(1, length + 1):
        previous = entries[-1].hash if entries else GENESIS
        entries.append(
            seal(number, f"2026-11-21T00:00:0{number}Z", "created", {"key": f"AGR-{number}"}, previous, "salt")
        )
    return entries


def test_an_untouched_chain_holds() -> None:
    assert find_break(chain(5)) is None


def test_an_empty_chain_holds() -> None:
    assert find_break([]) is None


@pytest.mark.parametrize("change", [{"body": '{"key":"AGR-9"}'}, {"at": "2026-11-22T00:00:00Z"}, {"kind": "updated"}])
def test_a_changed_entry_is_named(change: dict[str, str]) -> None:
    entries = chain(4)
    entries[1] = replace(entries[1], **change)  # type: ignore[arg-type]
    assert find_break(entries) == "entry 2 was changed: its content does not match its hash"


def test_an_entry_that_was_changed_together_with_its_hash_is_named_by_its_follower() -> None:
    entries = chain(4)
    entries[1] = seal(2, entries[1].at, "created", {"key": "AGR-9"}, entries[0].hash, "salt")
    assert find_break(entries) == "entry 3 does not follow entry 2: the entry before was changed"


def test_a_removed_entry_is_named() -> None:
    entries = chain(4)
    del entries[2]
    assert find_break(entries) == "entry 3 is missing: entry 4 stands in its place"


AT = "2026-11-21T00:00:00.000Z"


@pytest.fixture
def log() -> AuditLog:
    kept = AuditLog(open_database(":memory:", SCHEMA))
    for number in range(1, 5):
        kept.record(
            f"2026-11-2{number}T00:00:00.000Z",
            "created",
            {"object": "Contract", "key": f"AGR-{number}", "fields": {"Name": "d1"}},
        )
    return kept


def bodies(log: AuditLog) -> list[bool]:
    return [entry.body is not None for entry in log.read()]


def test_an_erased_subject_leaves_no_body_and_the_chain_holds(log: AuditLog) -> None:
    assert log.erase(AT, ["AGR-2"], "request 17") == 1
    entries = list(log.read())
    assert bodies(log) == [True, False, True, True, True]
    assert (entries[-1].kind, entries[-1].facts) == ("erased", {"entries": [2], "reason": "request 17"})
    assert find_break(entries) is None
    assert log.erase(AT, ["AGR-2"], "again") == 0


def test_a_legal_hold_keeps_what_it_names_until_it_is_released(log: AuditLog) -> None:
    log.hold(AT, "AGR-2", "case 4711")
    with pytest.raises(LegalHold) as held:
        log.erase(AT, ["AGR-1", "AGR-2"], "request")
    assert str(held.value) == (
        f"Nothing was erased: a legal hold keeps AGR-2 since {AT} (case 4711). `clmkit audit release` ends it."
    )
    assert log.retain(AT, "2026-11-24T00:00:00.000Z", "two days") == 2
    assert [entry.sequence for entry in log.read() if entry.body is None] == [1, 3]
    assert (log.release(AT, "AGR-2", "settled"), log.release(AT, "AGR-2", "settled")) == (True, False)
    assert log.erase(AT, ["AGR-2"], "request") == 3  # with the two entries about the hold
    assert find_break(log.read()) is None


def test_a_body_that_vanished_without_an_erasure_is_named(log: AuditLog) -> None:
    entries = [replace(entry, body=None) if entry.sequence == 3 else entry for entry in log.read()]
    assert find_break(entries) == "entry 3 was emptied, and no erasure after it says so"


def test_what_is_gone_cannot_be_found_again_by_trying(log: AuditLog) -> None:
    first, *_ = log.read()
    guess = seal(1, first.at, first.kind, dict(first.facts), GENESIS, "")
    assert guess.digest != first.digest


def test_entries_are_found_by_whom_they_name(log: AuditLog) -> None:
    log.record(AT, "updated", {"object": "CLM_Line__c", "key": "LIN-1", "agreement": "AGR-3"})
    assert [entry.sequence for entry in log.read_about("AGR-3")] == [3, 5]


def test_a_siem_gets_names_of_fields_and_no_digests(log: AuditLog) -> None:
    event = json.loads(to_ocsf(next(log.read())))
    assert (event["class_uid"], event["type_uid"], event["time"]) == (3004, 300401, 1795219200000)
    assert event["entity"] == {"name": "Contract", "type": "record", "uid": "AGR-1"}
    assert event["unmapped"] == {"fields": ["Name"], "key": "AGR-1", "object": "Contract"}
    assert event["metadata"]["sequence"] == 1


def test_cef_escapes_what_would_break_its_line(log: AuditLog) -> None:
    log.record(AT, "held", {"reason": "900 | 1000\nrows = \\ all"})
    line = to_cef(list(log.read())[-1])
    assert line.count("\n") == 0
    head, extension = line.split("|rt=", 1)
    assert (head.startswith("CEF:0|clmkit|clmkit|"), head.endswith("|held|held|8")) == (True, True)
    assert "rows \\= " in extension


def play_everything(world: World) -> None:
    """Writes both ways, a pause, a deletion, a hold, an erasure; a key and reasons with every separator."""
    world.agreement(title='a|b=c\\d "q"')
    world.run()
    world.org.edit("Contract", "AGR-000001", OwnerId="005BEA")
    world.run()
    world.state.pause(AT, "release = 1|2\\3\nnight")
    world.state.resume(AT)
    world.org.delete("Contract", "AGR-000001")
    world.run()
    with world.state.transaction():
        world.state.audit.hold(AT, "K|1", "case = 1")
        world.state.audit.release(AT, "K|1", "closed")
        world.state.audit.erase(AT, ["AGR-000002"], "request")


def test_every_entry_is_an_event_by_the_schema_of_ocsf_and_a_message_by_the_lengths_of_cef() -> None:
    """The schema is OCSF's own (1.3.0, Apache-2.0), as the package ocsf-json-schema writes it for class 3004."""
    schema = json.loads((Path(__file__).parent / "ocsf-1.3.0-entity-management.json").read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema)
    world = World()
    play_everything(world)
    entries = list(world.state.read_audit())
    assert {"created", "patched", "deleted in Salesforce", "hold placed", "mapping in force"} <= {
        e.kind for e in entries
    }
    assert [error.message for entry in entries for error in validator.iter_errors(json.loads(to_ocsf(entry)))] == []
    messages = [to_cef(entry).rpartition(" msg=")[2].replace("\\=", "=").replace("\\\\", "\\") for entry in entries]
    assert max(map(len, messages)) <= 1023
    assert not validator.is_valid({**json.loads(to_ocsf(entries[0])), "severity_id": "high"})


@pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS.keys())
def test_an_erased_entry_is_exported_as_erased(log: AuditLog, render: Callable[[Entry], str]) -> None:
    log.erase(AT, ["AGR-1"], "request")
    line = render(next(log.read()))
    assert "AGR-1" not in line
    assert "erased" in line
