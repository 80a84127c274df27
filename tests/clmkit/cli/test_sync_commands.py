"""`clmkit sync ...` without systems behind it: what it says when it cannot begin, and what it shows of the state."""

import errno
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from clmkit.cli.main import main
from clmkit.mapping.model import Latency
from clmkit.sync.inbox import InboxEvent, Settled
from clmkit.sync.outage import Place, note_outage
from clmkit.sync.schedule import Pace
from clmkit.sync.sole import sole_sync
from clmkit.sync.state import Link, Parked, State

SPEC = Path(__file__).parents[3] / "mappings/contract.yml"
ROW = Parked("contract", "AGR-1", "account", "AGR-1", "row", "PTY-9", "Salesforce has no Account.", "legal_ops")
VALUE = Parked("contract", "AGR-2", "end_date", "AGR-2", "value", "[]/[]/2030", "It leaves the day blank.", "legal_ops")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("s")
    text = (
        f"spec: {SPEC}\nstate: sync.sqlite\n"
        "clm: {url: 'http://127.0.0.1:9', client_id: kit, client_secret: {file: secret}}\n"
        "salesforce: {url: 'http://127.0.0.1:9', client_id: app, client_secret: {file: secret}}\n"
    )
    path = tmp_path / "sync.yml"
    path.write_text(text)
    return path


def call(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def fill(config: Path) -> None:
    state = State(config.with_name("sync.sqlite"))
    state.park([ROW, VALUE], "2026-11-21T20:00:00.000Z")
    state.inbox.add([InboxEvent("E1", "clm", "AGR-1", 1, "user"), InboxEvent("E2", "clm", "AGR-2", 1, "user")], "now")
    state.inbox.settle([Settled(1, "parked", "")])
    state.record("2026-11-21T20:00:00.000Z", "created", {"key": "AGR-2"})
    state.close()


@pytest.mark.parametrize(
    "command",
    [("sync", "run"), ("sync", "status"), ("sync", "redrive"), ("sync", "alerts"), ("audit", "verify"), ("reconcile",)],
)
def test_a_missing_configuration_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    result = call(tmp_path / "none.yml", *command)
    assert result.exit_code == 2
    assert (
        result.stderr
        == f"clmkit: {tmp_path}/none.yml: No such file or directory. Name an existing file with --config.\n"
    )


def test_a_spec_with_errors_stops_before_anything_is_touched(config: Path) -> None:
    broken = config.with_name("broken.yml")
    broken.write_text("spec: clmkit/v1\n")
    config.write_text(config.read_text().replace(str(SPEC), "broken.yml"))
    result = call(config, "sync", "run")
    assert result.exit_code == 2
    assert (
        result.stderr == f"clmkit: {broken} has errors; run `clmkit lint {broken}` to see them. Nothing was changed.\n"
    )
    assert not config.with_name("sync.sqlite").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("sync", "run"),
        ("sync", "run", "--follow"),
        ("sync", "backfill"),
        ("sync", "cutover"),
        ("sync", "cutover", "--rehearse"),
        ("sync", "cutover", "--fall-back"),
        ("sync", "keep", "point.jsonl"),
        ("sync", "rollback", "point.jsonl"),
        ("audit", "erase", "AGR-1", "--reason", "request"),
    ],
    ids=" ".join,
)
def test_a_state_that_is_in_use_is_said_in_one_line_with_the_process(config: Path, command: tuple[str, ...]) -> None:
    with sole_sync(config.with_name("sync.sqlite"), "clmkit sync run --follow (process 4711 on db7)"):
        result = call(config, *command)
    assert result.exit_code == 2
    words = (
        "clmkit sync run --follow (process 4711 on db7) works with this state; end it or wait for its end, or give this one"
        " another state file."
    )
    assert result.stderr == f"clmkit: {config.with_name('sync.sqlite')}: {words}\n"


def test_the_state_is_told_and_changed_while_a_sync_works_with_it(config: Path) -> None:
    running = State(config.with_name("sync.sqlite"))
    assert call(config, "sync", "pause", "--reason", "release night").stdout == "paused: release night\n"
    assert "Paused since" in running.get_cursor("pause")
    assert "release night. `clmkit sync resume` lets it go on.\n" in call(config, "sync", "status").stdout
    resumed = [call(config, "sync", "resume").stdout for _ in range(2)]
    assert resumed == ["the sync goes on\n", "the sync was not paused\n"]
    assert [entry.kind for entry in running.read_audit()] == ["paused", "resumed"]
    running.close()


class NoRoom(io.StringIO):
    """An output on a full disk."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_an_output_that_finds_no_room_is_said_and_what_was_done_is_kept(config: Path) -> None:
    fill(config)
    heard = io.StringIO()
    command = ["audit", "hold", "AGR-2", "--reason", "case 7", "--config", str(config)]
    with redirect_stdout(NoRoom()), redirect_stderr(heard), pytest.raises(SystemExit) as ended:
        main(command)
    words = "No space left on device. What was done is kept; make room and run this again."
    assert (ended.value.code, heard.getvalue()) == (2, f"clmkit: The output finds no room: {words}\n")
    with redirect_stdout(NoRoom()), redirect_stderr(NoRoom()), pytest.raises(SystemExit) as ended:
        main(command)
    assert ended.value.code == 2
    assert call(config, "audit", "holds").stdout.endswith("case 7\n")


def test_a_paused_sync_says_so_and_does_nothing(config: Path) -> None:
    call(config, "sync", "pause", "--reason", "release night")
    result = call(config, "sync", "run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["stopped"].endswith("lets it go on.")) == (2, True)


def test_the_status_tells_of_an_outage_and_of_the_circuit(config: Path) -> None:
    state = State(config.with_name("sync.sqlite"))
    for _ in range(3):
        note_outage(state, Place.RUN, "Nobody answers.", "2026-11-22T10:00:00.000Z", 10.0, 0.5)
    state.close()
    words = (
        "outage since 2026-11-22T10:00:00.000Z: Nobody answers. 3 failed in a row, the circuit is open, looks are rare;"
        " next at 2026-11-22T10:00:20.000Z."
    )
    assert call(config, "sync", "status").stdout.splitlines()[-1] == words
    (told,) = json.loads(call(config, "sync", "status", "--json").stdout)["outages"]
    assert (told["failures"], told["reason"]) == (3, "Nobody answers.")
    (alert,) = json.loads(call(config, "sync", "alerts", "--json").stdout)
    assert (alert["cause"], alert["count"]) == ("Nobody answers.", 3)


def test_the_status_adds_up(config: Path) -> None:
    fill(config)
    result = call(config, "sync", "status")
    assert (
        result.stdout
        == "events: 1 parked, 1 waiting\nlinked rows: none\nparked: 1 value, 1 row, 0 conflict, 0 gone, 0 unread\n"
    )


def test_dead_letters_are_listed_with_reason_and_steward(config: Path) -> None:
    fill(config)
    result = call(config, "sync", "dead-letters", "--json", "--kind", "row")
    assert result.exit_code == 1
    (row,) = json.loads(result.stdout)
    assert (row["key"], row["reason"], row["steward"], row["since"], row["attempts"]) == (
        "AGR-1",
        "Salesforce has no Account.",
        "legal_ops",
        "2026-11-21T20:00:00.000Z",
        1,
    )


def test_without_dead_letters_there_is_nothing_to_do(config: Path) -> None:
    result = call(config, "sync", "dead-letters")
    assert (result.exit_code, result.stdout) == (0, "Nothing waits.\n")


def test_a_redrive_is_a_dry_run_unless_it_is_applied(config: Path) -> None:
    fill(config)
    dry = call(config, "sync", "redrive", "--reason", "Account")
    words = "AGR-1: 1 waiting, redriven 0 times; nothing of it was applied yet, 1 is the newest heard of: that or a newer one goes"
    assert dry.stdout == f"1 agreements would go back to work (--apply does it)\n  {words}\n"
    assert call(config, "sync", "redrive", "--reason", "Account", "--apply").stdout == (
        f"1 agreements go back to work with the next run\n  {words}\n"
    )
    assert "2 waiting" in call(config, "sync", "status").stdout


def test_the_audit_chain_is_verified(config: Path) -> None:
    fill(config)
    result = call(config, "audit", "verify")
    assert (result.exit_code, result.stdout) == (0, "1 entries, the chain holds\n")


def test_a_chain_that_was_cut_off_is_known_by_a_hash_that_was_kept_elsewhere(config: Path) -> None:
    fill(config)
    seal = json.loads(call(config, "audit", "verify", "--json").stdout)["seal"]
    call(config, "audit", "hold", "AGR-2", "--reason", "case 7")
    held = call(config, "audit", "verify", "--seal", seal)
    state = State(config.with_name("sync.sqlite"))
    state.database.change("DELETE FROM audit WHERE sequence >= 1")
    state.close()
    cut = call(config, "audit", "verify", "--seal", seal)
    words = f"0 entries, no entry has the hash {seal}: the chain was cut off before it, or written anew\n"
    assert (held.exit_code, cut.exit_code, cut.stdout) == (0, 1, words)


def test_what_waits_is_told_once_for_each_cause(config: Path) -> None:
    fill(config)
    result = call(config, "sync", "alerts", "--json")
    assert result.exit_code == 1
    assert [(one["severity"], one["cause"], one["count"]) for one in json.loads(result.stdout)] == [
        ("error", "Salesforce has no Account.", 1),
        ("warning", "It leaves the day blank.", 1),
    ]


def test_a_subject_is_erased_unless_held_or_still_linked(config: Path) -> None:
    fill(config)
    assert call(config, "audit", "hold", "AGR-2", "--reason", "case 7").stdout == "AGR-2 is held: case 7\n"
    refused = call(config, "audit", "erase", "AGR-2", "--reason", "request")
    assert (refused.exit_code, "a legal hold keeps AGR-2 since" in refused.stderr) == (1, True)
    assert call(config, "audit", "release", "AGR-2", "--reason", "over").stdout == "AGR-2 is no longer held\n"
    erased = call(config, "audit", "erase", "AGR-2", "--reason", "request")
    assert (erased.exit_code, erased.stdout) == (0, "erased: 3 audit entries, 1 dead letters, 1 events, 0 links\n")
    assert call(config, "audit", "show", "AGR-2").exit_code == 1
    assert call(config, "audit", "verify").stdout == "4 entries, the chain holds\n"


def test_what_is_still_linked_is_not_erased(config: Path) -> None:
    fill(config)
    state = State(config.with_name("sync.sqlite"))
    with state.transaction():
        state.put_links([Link("contract", "AGR-2", "AGR-2", "800000000000001AAA", 1, "", {"Name": "Ann Lee"})])
    state.close()
    refused = call(config, "audit", "erase", "AGR-2", "--reason", "request")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "clmkit: nothing was erased: AGR-2 still runs between the systems; delete it there first.\n",
    )
    unlinked = call(config, "audit", "erase", "AGR-2", "--unlink", "--reason", "request")
    assert (unlinked.exit_code, unlinked.stdout) == (0, "erased: 1 audit entries, 1 dead letters, 1 events, 1 links\n")
    assert b"Ann Lee" not in b"".join(one.read_bytes() for one in config.parent.glob("sync.sqlite*"))


def test_entries_are_exported_after_a_number(config: Path) -> None:
    fill(config)
    assert call(config, "audit", "export", "--format", "cef").stdout.startswith("CEF:0|clmkit|")
    assert call(config, "audit", "export", "--after", "1").stdout == ""


def test_the_mapping_is_approved_and_a_value_without_lineage_is_said_to_have_none(config: Path) -> None:
    fill(config)
    approved = call(config, "audit", "approve", "--approver", "Ann Lee", "--ticket", "CHG-1")
    assert (approved.exit_code, approved.stdout.startswith("mapping contract 1.0.0 ")) == (0, True)
    assert approved.stdout.endswith(" is approved by Ann Lee\n")
    unknown = call(config, "audit", "lineage", "AGR-9", "Status")
    assert (unknown.exit_code, unknown.stderr) == (
        1,
        "clmkit: The audit chain has no write of AGR-9: it was never synchronised, or its entries were erased.\n",
    )


def test_what_waits_for_its_time_is_shown_with_its_fields_and_until_when(config: Path) -> None:
    state = State(config.with_name("sync.sqlite"))
    state.inbox.add([InboxEvent("E1", "clm", "AGR-1", 1, "user")], "now")
    pace = Pace({"nightly": Latency(name="nightly", p99_seconds=None, at="02:00", zone="UTC")})
    state.schedule.hold("AGR-1", {"nightly": {"contract.title"}}, [1], pace, "2026-11-22T12:00:00.000Z")
    state.close()
    result = call(config, "sync", "status")
    assert result.stdout == (
        "events: 1 waiting\nlinked rows: none\nparked: 0 value, 0 row, 0 conflict, 0 gone, 0 unread\n"
        "scheduled: 1 agreements until 2026-11-23T02:00:00.000Z (nightly: contract.title)\n"
    )


@pytest.mark.parametrize("command", ["backfill", "reconcile"])
def test_what_needs_both_systems_says_first_that_the_mapping_has_errors(config: Path, command: str) -> None:
    spec = config.with_name("broken.yml")
    spec.write_text("spec: clmkit/v1\n")
    config.write_text(config.read_text().replace(str(SPEC), "broken.yml"))
    result = call(config, "sync", command)
    words = f"clmkit: {spec} has errors; run `clmkit lint {spec}` to see them. Nothing was changed.\n"
    assert (result.exit_code, result.stderr) == (2, words)


def test_a_replay_asks_for_one_instant_that_reads(config: Path) -> None:
    neither = call(config, "sync", "replay", "AGR-1")
    assert (neither.exit_code, "Give either --at or --since." in neither.stderr) == (2, True)
    unread = call(config, "sync", "replay", "AGR-1", "--at", "yesterday")
    words = "'yesterday' is no instant; write it like 2026-11-22T14:30 or 2026-11-22T14:30:00+01:00"
    assert (unread.exit_code, words in " ".join(unread.stderr.split())) == (2, True)


def test_traces_go_to_one_place(config: Path) -> None:
    config.write_text(config.read_text() + "traces: {}\n")
    result = call(config, "sync", "run")
    assert (result.exit_code, result.stderr) == (2, f"clmkit: {config}: traces needs either a file or an endpoint.\n")


def test_without_changes_every_promise_is_kept(config: Path) -> None:
    told = call(config, "sync", "latency", "--json")
    assert (told.exit_code, told.stdout) == (0, "[]\n")
