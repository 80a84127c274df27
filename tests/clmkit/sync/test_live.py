"""The sync as a process between both twins, over sockets: the first load, kills, faults of the org and of the CLM, reconcile."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.clmkit.secrets.vault_shape import Vault, serving
from tests.clmkit.sync.live import (
    PATIENCE,
    ROOT,
    Live,
    check_nothing_lost_nothing_doubled,
    is_registered,
    living,
    wait_until,
)
from tests.clmkit.sync.rotation import IN_VAULT, ROTATING, Rotation
from tests.clmkit.twins import BIN
from tests.orgtwin.events.test_pubsub import deploy
from tests.orgtwin.metadata.conftest import package_of

from clmkit.clients.pubsub import Batch
from clmkit.sync.config import load_config
from clmkit.sync.engine import open_engine
from clmkit.sync.listening import EventsConfig, Listening
from clmkit.sync.report import RunReport
from orgtwin.http.ready import read_ready
from orgtwin.metadata.archive import write_archive

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with living(tmp_path_factory.mktemp("live")) as world:
        yield world


def test_a_first_load_that_is_killed_again_and_again_ends_whole(live: Live) -> None:
    kills = [live.sync_and_kill(delay) for delay in (0.3, 0.7, 1.2)]
    assert any(kills)
    live.sync("sync", "run")
    check_nothing_lost_nothing_doubled(live)
    _, status = live.sync("sync", "status")
    assert "waiting" not in status["events"]
    assert status["parked"] == {"value": 70, "row": 6, "conflict": 0, "gone": 0, "unread": 0}


def test_a_further_run_costs_one_query(live: Live) -> None:
    live.sync("sync", "run")
    code, report = live.sync("sync", "run")
    assert code == 0
    assert report["events"] == 0
    assert report["api_calls_by_kind"] == {"clm_changes": 1, "clm_token": 1, "query": 1, "token": 1}


def test_every_compared_field_is_the_same_on_both_sides(live: Live) -> None:
    live.sync("sync", "run")
    code, report = live.sync("reconcile")
    assert (code, report["differing"], report["agreements"], report["rows_compared"]) == (0, 0, 200, 826)
    assert report["fields_compared"] > 7000


def test_a_change_of_the_owner_in_salesforce_reaches_the_clm(live: Live) -> None:
    live.sync("sync", "run")
    users = live.people.query(f"SELECT Id, Email FROM User WHERE Username = '{live.org['username']}'")["records"]
    contract = live.people.query("SELECT Id FROM Contract WHERE CLM_Id__c = 'AGR-000002'")["records"][0]["Id"]
    live.people.restful(f"sobjects/Contract/{contract}", method="PATCH", json={"OwnerId": users[0]["Id"]})
    _, report = live.sync("sync", "run")
    assert report["patches"] == 1
    assert live.call_clm("GET", "/api/v1/agreements/AGR-000002")["business_owner"]["email"] == users[0]["Email"]


ORG_FAULTS = (
    {"name": "unavailable", "path": "*/composite/sobjects/*"},
    {"name": "expired_session", "path": "*/composite/sobjects/*"},
    {"name": "drop_before_commit", "path": "*/composite/sobjects/*"},
    {"name": "drop_after_commit", "path": "*/composite/sobjects/*"},
    {"name": "row_lock", "object": "Contract"},
    {"name": "concurrent_limit", "path": "*/composite/sobjects/*"},
)


@pytest.mark.parametrize("fault", ORG_FAULTS, ids=[one["name"] for one in ORG_FAULTS])
def test_a_fault_of_the_org_that_passes_leaves_no_trace(live: Live, fault: dict[str, str]) -> None:
    live.sync("sync", "run")
    title = f"Title through {fault['name']}"
    for number in (3, 4, 5):
        live.call_clm("PATCH", f"/api/v1/agreements/AGR-00000{number}", {"title": title})
    live.call_org_admin("POST", "faults", fault)
    _, report = live.sync("sync", "run")
    assert [one["fired"] for one in live.call_org_admin("DELETE", "faults")] == [1]
    assert (report["stopped"], report["parked"], report["rows_updated"]) == ("", 0, {"Contract": 3})
    found = live.people.query(f"SELECT CLM_Id__c FROM Contract WHERE CLM_Title__c = '{title}'")
    assert found["totalSize"] == 3


def test_a_used_up_limit_stops_the_run_and_the_next_one_goes_on(live: Live) -> None:
    live.sync("sync", "run")
    live.call_clm("PATCH", "/api/v1/agreements/AGR-000006", {"title": "After the limit"})
    live.call_org_admin("POST", "faults", {"name": "request_limit", "path": "*/composite/sobjects/*"})
    code, report = live.sync("sync", "run")
    live.call_org_admin("DELETE", "faults")
    assert (code, report["waiting"]) == (2, 1)
    assert report["stopped"].startswith(
        "Salesforce PATCH /services/data/v66.0/composite/sobjects/Contract/CLM_Id__c answered 403"
    )
    code, report = live.sync("sync", "run")
    assert (code, report["rows_updated"]) == (0, {"Contract": 1})


CLM_FAULTS = ("http_503", "http_429", "http_401", "dropped_before_commit", "dropped_after_commit")


@pytest.mark.parametrize("fault", CLM_FAULTS)
def test_a_fault_of_the_clm_that_passes_leaves_no_trace(live: Live, fault: str) -> None:
    live.sync("sync", "run")
    live.call_clm("PATCH", "/api/v1/agreements/AGR-000008", {"title": f"Title through {fault}"})
    live.call_clm("POST", "/admin/faults", {"name": fault, "path": "/api/v1/changes"})
    _, report = live.sync("sync", "run")
    (armed,) = live.call_clm("DELETE", "/admin/faults")["disarmed"]
    assert (armed["struck"], report["stopped"], report["rows_updated"]) == (1, "", {"Contract": 1})


def test_a_sync_that_follows_shows_one_waterfall_from_the_click_in_the_clm_to_salesforces_change_event(
    live: Live,
) -> None:
    live.sync("sync", "run")
    grant_view_all(live, "Contract")
    (live.folder / "hook").write_text("whsec_" + base64.b64encode(os.urandom(32)).decode())
    hooked = live.folder / "follow.yml"
    hooked.write_text(
        (live.folder / "sync.yml").read_text()
        + "  topics: [/data/CLM_Changes__chn]\n"
        + "pace: at_once\nwebhook: {listen: '127.0.0.1:0', secrets: [{file: hook}]}\ntraces: {file: traces.jsonl}\n"
    )
    command = [str(BIN / "clmkit"), "sync", "run", "--follow", "--interval", "1", "--config", str(hooked)]
    environment = {**os.environ, "OTEL_BSP_SCHEDULE_DELAY": "50"}
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: is_registered(live))
        # until the stream stands a look may be faster than the event; once it stands no look comes, and the event tells
        wait_until(lambda: click_and_wait(live, uuid4().hex) == "change event")
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
    finally:
        child.kill()
        child.communicate()
    assert "Rung" not in (live.folder / "traces.jsonl").read_text()


def grant_view_all(live: Live, sobject: str) -> None:
    """Let the integration user hear change events of an object ("Required Permissions for Change Event Subscribers")."""
    soql = "SELECT AssigneeId FROM PermissionSetAssignment WHERE PermissionSet.Name = 'CLM_Integration'"
    (assigned,) = live.people.query(soql)["records"]
    sets: Any = live.people.PermissionSet
    parent = sets.create({"Name": f"Hears_{sobject}", "Label": f"Hears {sobject}"})["id"]
    rights: Any = live.people.ObjectPermissions
    rights.create(
        {"ParentId": parent, "SobjectType": sobject, "PermissionsRead": True, "PermissionsViewAllRecords": True}
    )
    assignments: Any = live.people.PermissionSetAssignment
    assignments.create({"AssigneeId": assigned["AssigneeId"], "PermissionSetId": parent})


def click_and_wait(live: Live, trace: str) -> str:
    """Change a title in the CLM as a step of a trace, see the whole waterfall, and say who told of the write."""
    live.click("PATCH", "/api/v1/agreements/AGR-000010", {"title": f"Rung {trace}"}, f"00-{trace}-00f067aa0ba902b7-01")
    wait_until(lambda: any(span["name"] == "change" for span in read_spans(live, trace)))
    titles = live.people.query("SELECT CLM_Title__c FROM Contract WHERE CLM_Id__c = 'AGR-000010'")["records"]
    spans = {span["name"]: span for span in read_spans(live, trace)}
    assert [row["CLM_Title__c"] for row in titles] == [f"Rung {trace}"]
    assert set(spans) == {"change", "take in", "decide", "send", "come back"}
    assert {spans[name]["parentSpanId"] for name in set(spans) - {"change"}} == {spans["change"]["spanId"]}
    (told,) = [one["value"]["stringValue"] for one in spans["come back"]["attributes"] if one["key"] == "clmkit.by"]
    return str(told)


def read_spans(live: Live, trace: str) -> list[dict[str, Any]]:
    """The spans of one trace in the sync's file of OTLP/JSON lines, as far as its lines are whole."""
    path = live.folder / "traces.jsonl"
    text = path.read_text() if path.exists() else ""
    lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    parts = [part for line in lines for one in line["resourceSpans"] for part in one["scopeSpans"]]
    return [span for part in parts for span in part["spans"] if span["traceId"] == trace]


BY_ROLE = """\
          - {states: [intake, draft, negotiation], roles: [steward], wins: salesforce}
          - {wins: clm}
"""
WITHOUT_ROLE = BY_ROLE.replace("roles: [steward], ", "")


def test_a_sync_that_follows_hears_what_people_change_in_salesforce(live: Live) -> None:
    live.sync("sync", "run")
    hasty = live.folder / "hasty.yml"
    hasty.write_text((live.folder / "sync.yml").read_text() + "pace: at_once\n")
    command = [
        str(BIN / "clmkit"),
        "sync",
        "run",
        "--follow",
        "--interval",
        "3600",
        "--config",
        str(hasty),
    ]
    contracts: Any = live.people.Contract
    contract = live.people.query("SELECT Id, OwnerId FROM Contract WHERE CLM_Id__c = 'AGR-000011'")["records"][0]
    users = live.people.query(f"SELECT Id FROM User WHERE IsActive = true AND Id != '{contract['OwnerId']}'")["records"]
    with Path("/dev/full").open("w") as full:  # a log without room ends nothing
        child = subprocess.Popen(command, stdout=full, stderr=subprocess.PIPE, text=True)
    try:
        for user in (users[0]["Id"], contract["OwnerId"]):
            contracts.update(contract["Id"], {"OwnerId": user})
            email = live.people.query(f"SELECT Email FROM User WHERE Id = '{user}'")["records"][0]["Email"]
            wait_until(partial(_is_owner_in_the_clm, live, "AGR-000011", email))
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
        child.communicate()
    words = "No space left on device. The sync goes on; `clmkit sync status` tells of it."
    assert f"clmkit: The output finds no room: {words}\n" in said


def test_every_secret_is_replaced_while_changes_flow_and_nothing_is_lost_doubled_or_told(live: Live) -> None:
    live.sync("sync", "run")
    rotation = Rotation(live, Vault({IN_VAULT: {"sf": live.org["client_secret"]}}, {}, clock=lambda: rotation.seconds))
    rotation.vault.lend("token-of-vault", 2)
    (live.folder / "rotating.yml").write_text(ROTATING.format(spec=ROOT / "mappings/contract.yml"))
    command = [str(BIN / "clmkit"), "sync", "run", "--follow", "--interval", "0.5", "--config", "rotating.yml"]
    rotation.write_hook()
    with serving(rotation.vault) as vault:
        environment = {**os.environ, "VAULT_ADDR": vault.url, "VAULT_TOKEN": "token-of-vault"}
        child = subprocess.Popen(
            command, cwd=live.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        try:
            wait_until(lambda: is_registered(live))
            for step in (
                rotation.outlive_token,
                rotation.replace_hook,
                rotation.replace_clm,
                rotation.replace_salesforce,
            ):
                for _ in range(2):
                    rotation.change()
                    step()
                    rotation.change()
                    wait_until(rotation.has_arrived)
            assert (rotation.count_replaced_hooks(), child.poll()) == (2, None)
            child.send_signal(signal.SIGTERM)
            output = child.communicate(timeout=PATIENCE)[0]
        finally:
            child.kill()
            child.communicate()
    assert child.returncode == 0, output
    assert (rotation.forgotten, vault.renewals > 2) == ([401, 400], True)
    rotation.check_nothing_lost_nothing_doubled()
    rotation.check_no_secret_is_told(output)


def _is_owner_in_the_clm(live: Live, agreement: str, email: str) -> bool:
    return bool(live.call_clm("GET", f"/api/v1/agreements/{agreement}")["business_owner"]["email"] == email)


def test_clause_text_is_nowhere_in_the_org_or_in_the_state(live: Live) -> None:
    live.call_clm(
        "PATCH",
        "/api/v1/agreements/AGR-000009",
        {"clauses": [{"type": "X", "present": True, "deviation": "CANARY-7f3"}], "title": "With a clause"},
    )
    live.sync("sync", "run")
    state = b"".join(path.read_bytes() for path in live.folder.glob("sync.sqlite*"))
    assert b"With a clause" in state
    assert b"CANARY-7f3" not in state
    assert "CANARY-7f3" not in json.dumps(live.people.restful("sobjects/Contract/CLM_Id__c/AGR-000009"))


@pytest.mark.parametrize("way", ["collections", "composite", "bulk"])
def test_every_way_to_salesforce_ends_the_same(live: Live, way: str) -> None:
    rows = live.people.query("SELECT CLM_Id__c FROM Contract WHERE CLM_Id__c != null ORDER BY CLM_Id__c LIMIT 3")
    first, second, third = (row["CLM_Id__c"] for row in rows["records"])
    live.call_clm("PATCH", f"/api/v1/agreements/{second}", {"governing_law": "Delaware"})
    live.call_clm("PATCH", f"/api/v1/agreements/{third}", {"title": way})
    live.sync("sync", "run")
    live.call_clm("PATCH", f"/api/v1/agreements/{first}", {"title": f'Über, "{way}"\nline two'})
    live.call_clm("PATCH", f"/api/v1/agreements/{second}", {"governing_law": None})
    live.call_clm("PATCH", f"/api/v1/agreements/{third}", {"title": "#N/A"})
    _, report = live.sync("sync", "run", "--way", way)
    assert (report["stopped"], report["rows_updated"]) == ("", {"Contract": 3})
    assert report["explained"][0].startswith(f"Contract: 3 rows by {way}: as ordered")
    assert live.sync("reconcile")[1]["differences"] == []


SHOUT = b"""trigger Shout on Contract (before insert, before update) {
    for (Contract record : Trigger.new) {
        if (record.CLM_Title__c != null) {
            record.CLM_Title__c = record.CLM_Title__c.toUpperCase();
        }
    }
}"""
SHOUT_META = "<ApexTrigger><apiVersion>66.0</apiVersion><status>Active</status></ApexTrigger>"


APPEND = b"""<Flow xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><label>Append</label>
<processType>AutoLaunchedFlow</processType>
<recordUpdates><name>Append_Mark</name><label>Append</label><locationX>0</locationX><locationY>0</locationY>
  <inputAssignments><field>CLM_Title__c</field><value><stringValue>{!$Record.CLM_Title__c}!</stringValue></value></inputAssignments>
  <inputReference>$Record</inputReference></recordUpdates>
<start><locationX>0</locationX><locationY>0</locationY><connector><targetReference>Append_Mark</targetReference></connector>
  <filterLogic>and</filterLogic><filters><field>CLM_Id__c</field><operator>EqualTo</operator>
  <value><stringValue>AGR-000013</stringValue></value></filters><object>Contract</object>
  <recordTriggerType>CreateAndUpdate</recordTriggerType><triggerType>RecordBeforeSave</triggerType></start>
<status>Active</status></Flow>"""

# what is deployed, an agreement that it meets, what it makes of the title; the last tests here: the automations stay in the org
AUTOMATIONS: dict[str, tuple[str, dict[str, str | bytes], str, str]] = {
    "Append": ("Flow", {"flows/Append.flow": APPEND}, "AGR-000013", "Quiet!"),
    "Shout": (
        "ApexTrigger",
        {"triggers/Shout.trigger": SHOUT, "triggers/Shout.trigger-meta.xml": SHOUT_META},
        "AGR-000012",
        "QUIET",
    ),
}


@pytest.mark.parametrize("name", AUTOMATIONS)
def test_an_automation_that_rewrites_titles_is_left_alone_after_two_writes_and_a_person_is_told(
    live: Live, name: str
) -> None:
    kind, files, agreement, rewritten = AUTOMATIONS[name]
    live.sync("sync", "run")
    deploy(read_ready(live.folder / "org.json"), write_archive(package_of(files, {kind: [name]})))
    live.call_clm("PATCH", f"/api/v1/agreements/{agreement}", {"title": "Quiet"})
    written, events = 0, 1
    for _ in range(6):
        report = live.sync("sync", "run")[1]
        written, events = written + report["rows_updated"].get("Contract", 0), report["events"]
    assert (written, events) == (2, 0)
    held = live.people.query(f"SELECT CLM_Title__c FROM Contract WHERE CLM_Id__c = '{agreement}'")["records"]
    assert held[0]["CLM_Title__c"] == rewritten
    letters: Any = live.sync("sync", "dead-letters", "--kind", "conflict")[1]
    assert [row["reason"] for row in letters if row["key"] == agreement] == [
        "Title: it was put back and did not hold: an automation rewrites it. Change it or the mapping, then redrive."
    ]


def test_a_certificate_of_the_data_owner_ends_with_the_data_and_with_the_mapping(live: Live) -> None:
    live.sync("sync", "run")
    key = Ed25519PrivateKey.generate()
    private, public = live.folder / "owner.pem", live.folder / "owner.pub.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    paper = str(live.folder / "certificate.jws")
    check = ("reconcile", "--check", paper, "--public-key", str(public))
    signed = live.ask("reconcile", "--certify", paper, "--owner", "Revenue accounting", "--key", str(private))
    assert (signed[0], f"certified: {paper}" in signed[1]) == (0, True)
    shutil.copy(ROOT / "mappings/contract.yml", live.folder / "contract.yml")
    plain = (live.folder / "sync.yml").read_text()
    (live.folder / "copied.yml").write_text(plain.replace(str(ROOT / "mappings/contract.yml"), "contract.yml"))
    assert live.ask(*check, config="copied.yml")[0] == 0
    with (live.folder / "contract.yml").open("a") as file:
        file.write("# a word more\n")
    code, words = live.ask(*check, config="copied.yml")
    refusal = (
        f"the certificate no longer holds: the mapping {live.folder}/contract.yml is not the one that was certified"
    )
    assert (code, refusal in words) == (1, True)
    live.call_clm("PATCH", "/api/v1/agreements/AGR-000015", {"title": "Another title"})
    live.sync("sync", "run")
    code, words = live.ask(*check)
    assert (code, "the certificate no longer holds: the data have changed: " in words) == (1, True)


def test_a_person_is_erased_from_all_that_the_sync_keeps_and_a_legal_hold_refuses_that(
    live: Live,
) -> None:
    live.sync("sync", "run")
    party = live.call_clm("GET", "/api/v1/counterparties?limit=1")["counterparties"][0]
    body = {"title": "Kingfisher lease", "counterparty": party, "term": {"start": "2026-01-01", "end": "kingfisher"}}
    agreement = live.click("POST", "/api/v1/agreements", body, "", "ann@kingfisher.example")["id"]
    live.sync("sync", "run")
    letters: Any = live.sync("sync", "dead-letters")[1]
    assert "kingfisher" in [one["value"] for one in letters if one["key"] == agreement]
    erase = ("audit", "erase", agreement, "--reason", "request 17")
    assert live.ask(*erase) == (
        1, f"clmkit: nothing was erased: {agreement} still runs between the systems; delete it there first.\n",
    )  # fmt: skip
    live.ask("audit", "hold", agreement, "--reason", "case 7")
    code, words = live.ask(*erase, "--unlink")
    assert (code, "a legal hold keeps" in words) == (1, True)
    live.ask("audit", "release", agreement, "--reason", "settled")
    code, words = live.ask(*erase, "--unlink")
    assert (code, words.endswith(" dead letters, 1 events, 1 links\n")) == (0, True), words
    assert b"ingfisher" not in b"".join(one.read_bytes() for one in live.folder.glob("sync.sqlite*"))
    assert live.ask("audit", "show", agreement)[0] == 1
    assert live.ask("audit", "verify")[1].endswith(" entries, the chain holds\n")
    told = [live.ask(*one)[1] for one in (("sync", "dead-letters", "--json"), ("sync", "alerts"), ("audit", "export"))]
    assert [one for one in told if "ingfisher" in one or agreement in one] == []


def test_an_entry_that_was_altered_in_the_state_of_a_sync_is_named_first(live: Live) -> None:
    live.sync("sync", "run")
    copy = live.folder / "altered.sqlite"
    live.ask("audit", "verify")
    shutil.copy(live.folder / "sync.sqlite", copy)
    (live.folder / "altered.yml").write_text(
        (live.folder / "sync.yml").read_text().replace("sync.sqlite", "altered.sqlite")
    )
    connection = sqlite3.connect(copy)
    connection.execute("UPDATE audit SET body = replace(body, 'Contract', 'Contrast') WHERE sequence IN (7, 9)")
    connection.commit()
    connection.close()
    code, words = live.ask("audit", "verify", config="altered.yml")
    assert (code, words.partition(", ")[2]) == (1, "entry 7 was changed: its content does not match its hash\n")


class Silent:
    """Streams that tell nothing."""

    async def listen(self, *_: object) -> AsyncIterator[Batch]:
        await asyncio.Event().wait()
        yield Batch((), b"")


def test_what_the_org_itself_remembers_of_changes_is_the_net_below_the_events(live: Live) -> None:
    live.sync("sync", "run")
    contracts: Any = live.people.Contract
    contract = live.people.query("SELECT Id FROM Contract WHERE CLM_Id__c = 'AGR-000012'")["records"][0]
    users = live.people.query("SELECT Id, Email FROM User WHERE IsActive = true")["records"]
    contracts.update(contract["Id"], {"OwnerId": users[-1]["Id"]})
    lost = Silent()

    async def run() -> RunReport:
        config = load_config(live.folder / "sync.yml")
        async with open_engine(config) as engine:
            facts = (EventsConfig(), lambda: None, engine.now, engine.sleep)
            engine.listening = Listening(engine.spec, engine.state, lost.listen, *facts)
            with engine.state.transaction():
                engine.state.put_cursor("look", "The position was older than 72 hours.")
            return await engine.run()

    report = asyncio.run(run())
    assert {"updated", "deleted"} <= set(report.api_calls_by_kind)
    wait_until(partial(_is_owner_in_the_clm, live, "AGR-000012", users[-1]["Email"]))


def test_who_edits_decides_who_wins_a_shared_field_in_the_clm_as_in_salesforce(live: Live) -> None:
    shipped = (ROOT / "mappings/contract.yml").read_text()
    assert WITHOUT_ROLE in shipped
    (live.folder / "by_role.yml").write_text(shipped.replace(WITHOUT_ROLE, BY_ROLE))
    plain = (live.folder / "sync.yml").read_text()
    of_roles = plain.replace(f"spec: {ROOT / 'mappings/contract.yml'}", "spec: by_role.yml")
    of_roles = of_roles.replace("clm:\n", "clm:\n  roles: {steward: ['*@legal.example.com']}\n", 1)
    (live.folder / "roles.yml").write_text(of_roles)
    party = live.call_clm("GET", "/api/v1/counterparties?limit=1")["counterparties"][0]
    accounts: Any = live.people.Account
    account = accounts.get_by_custom_id("CLM_Party_Id__c", party["id"])["Id"]
    people = {
        name: live.call_clm("POST", "/api/v1/people", {"name": name, "email": f"{name}@customer.example"})["id"]
        for name in ("ann", "bob")
    }
    contacts: Any = live.people.Contact
    ids = {
        name: contacts.create({"LastName": name, "AccountId": account, "CLM_Person_Id__c": one})["id"]
        for name, one in people.items()
    }
    names = {one: name for known in (people, ids) for name, one in known.items()}
    contract: Any = live.people.Contract

    def name_in_the_clm(name: str, user: str) -> None:
        body = {"counterparty": {**party, "contact": {"id": people[name]}}}
        live.click("PATCH", f"/api/v1/agreements/{agreement}", body, "", user)

    def named() -> tuple[str, str]:
        """In the CLM and in Salesforce, after the sync."""
        live.sync("sync", "run", config="roles.yml")
        there = contract.get_by_custom_id("CLM_Id__c", agreement)["CustomerSignedId"]
        here = live.call_clm("GET", f"/api/v1/agreements/{agreement}")["counterparty"]["contact"]["id"]
        return names.get(here, here), names.get(there, there)

    body = {"title": "By role", "counterparty": {**party, "contact": {"id": people["ann"]}}}
    agreement = live.call_clm("POST", "/api/v1/agreements", body)["id"]
    assert named() == ("ann", "ann")
    name_in_the_clm("bob", "joe@example.com")
    assert named() == ("bob", "bob")
    name_in_the_clm("ann", "eve@legal.example.com")
    assert named() == ("bob", "bob")
    soql = f"SELECT Id FROM User WHERE Username = '{live.org['username']}'"
    (admin,), (steward,) = (
        live.people.query(one)["records"] for one in (soql, "SELECT Id FROM PermissionSet WHERE Name = 'CLM_Steward'")
    )
    assignments: Any = live.people.PermissionSetAssignment
    assignments.create({"AssigneeId": admin["Id"], "PermissionSetId": steward["Id"]})
    record = contract.get_by_custom_id("CLM_Id__c", agreement)["Id"]
    contract.update(record, {"CustomerSignedId": ids["ann"]})
    assert named() == ("ann", "ann")
