"""Every surface shows a caller the same rows: whatever the defaults, owners, shares and rules are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.orgtwin.access.stage import PEOPLE, Stage

from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

V = "/services/data/v66.0"
DEAL = {"StageName": "Prospecting", "CloseDate": "2026-04-01"}
ASKERS = ("boss", "owner", "peer", "member", "viewer")


class Served:
    """A stage behind REST, one client a person."""

    def __init__(self) -> None:
        self.started = start_twin()
        self.stage = Stage(self.started.twin.org)
        whole = InProcess(Application(self.started.twin, ROUTES))
        sessions = self.started.twin.sessions
        self.clients = {
            person: whole.as_caller(sessions.issue(self.stage.ids[person], None, ("api",), "Admin").token)
            for person in PEOPLE
        }

    def query(self, person: str, text: str) -> list[dict[str, Any]]:
        answer = self.clients[person].get(f"{V}/query?q={quote(text)}")
        assert answer.status == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["records"]
        return rows


_OWNERS = st.sampled_from(["owner", "peer", "clerk", "boss"])
_WORLDS = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["Private", "Read", "ReadWrite"]),
        "deal": st.sampled_from(["Private", "Read"]),
        "contact": st.sampled_from(["ControlledByParent", "Private"]),
        "owners": st.lists(st.tuples(_OWNERS, _OWNERS), min_size=1, max_size=3),
        "shares": st.lists(st.tuples(st.integers(0, 2), st.sampled_from(["member", "peer", "Readers"])), max_size=2),
        "rule": st.sampled_from([None, "Read", "Edit"]),
    }
)


def build(served: Served, world: dict[str, Any]) -> dict[str, list[str]]:
    """The records of a world by object."""
    stage = served.stage
    models = {"Account": world["account"], "Opportunity": world["deal"], "Contact": world["contact"]}
    stage.set_defaults(models)
    made: dict[str, list[str]] = {name: [] for name in models}
    for n, (account_owner, child_owner) in enumerate(world["owners"]):
        account = stage.make("Account", f"a{n}", Name=f"A{n}", OwnerId=stage.ids[account_owner])
        child = {"AccountId": account, "OwnerId": stage.ids[child_owner]}
        made["Account"].append(account)
        made["Opportunity"].append(stage.make("Opportunity", f"o{n}", Name=f"O{n}", **DEAL, **child))
        made["Contact"].append(stage.make("Contact", f"c{n}", LastName=f"C{n}", **child))
    for place, sharee in world["shares"]:
        entry = {"AccountId": made["Account"][place % len(made["Account"])], "UserOrGroupId": stage.ids[sharee]}
        levels = {"AccountAccessLevel": "Edit", "OpportunityAccessLevel": "Read", "CaseAccessLevel": "None"}
        stage.org.dml.insert(stage.admin, "AccountShare", [entry | levels])
    if world["rule"] is not None:
        rule = {
            "name": "R",
            "level": world["rule"],
            "to": ["group", "Readers"],
            "from": ["role", "Under"],
            "criteria": [],
            "children": {},
        }
        stage.set_rules({"Account": [rule]})
    return made


@settings(max_examples=12)
@given(_WORLDS)
def test_a_row_is_in_a_query_if_it_is_got_by_id_if_user_record_access_says_so(world: dict[str, Any]) -> None:
    served = Served()
    for sobject_type, ids in build(served, world).items():
        for person in ASKERS:
            client, listed = served.clients[person], ", ".join(f"'{one}'" for one in ids)
            queried = {row["Id"] for row in served.query(person, f"SELECT Id FROM {sobject_type}")}
            got = {one for one in ids if client.get(f"{V}/sobjects/{sobject_type}/{one}").status == 200}
            where = f"UserId = '{served.stage.ids[person]}' AND RecordId IN ({listed})"
            told = served.query(
                "modifier", f"SELECT RecordId, HasReadAccess, HasEditAccess FROM UserRecordAccess WHERE {where}"
            )
            may_read = {row["RecordId"] for row in told if row["HasReadAccess"]}
            may_edit = {row["RecordId"] for row in told if row["HasEditAccess"]}
            edited = {one for one in ids if client.patch(f"{V}/sobjects/{sobject_type}/{one}", {}).status == 204}
            assert (queried, got, edited) == (may_read, may_read, may_edit), (sobject_type, person)


@pytest.fixture(scope="module")
def served() -> Served:
    """One private account of `owner`, and its history, contact and attachment."""
    made = Served()
    made.stage.set_defaults({"Account": "Private"})
    account = made.stage.make("Account", "acme", Name="Acme", OwnerId=made.stage.ids["owner"])
    made.stage.make("Contact", "contact", LastName="Signer", AccountId=account)
    made.stage.make("Attachment", "file", Name="a.txt", Body="YQ==", ParentId=account)
    return made


def test_a_record_that_sharing_hides_is_not_found(served: Served) -> None:
    path = f"{V}/sobjects/Account/{served.stage.ids['acme']}"
    missing = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
    answer = served.clients["stranger"].get(path)
    assert (answer.status, answer.json()) == (404, missing)
    assert served.clients["owner"].get(path).status == 200


def test_who_cannot_see_a_record_is_not_told_who_may(served: Served) -> None:
    where = f"UserId = '{served.stage.ids['owner']}' AND RecordId = '{served.stage.ids['acme']}'"
    text = f"SELECT RecordId, HasReadAccess FROM UserRecordAccess WHERE {where}"
    told = {person: [row["HasReadAccess"] for row in served.query(person, text)] for person in ("owner", "stranger")}
    assert told == {"owner": [True], "stranger": []}


UNSEEN = ("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id")
LOCKED = ("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")


@pytest.mark.parametrize(("method", "told"), [("PATCH", UNSEEN), ("DELETE", LOCKED)])
def test_a_record_that_sharing_hides_is_not_changed(served: Served, method: str, told: tuple[str, str]) -> None:
    path = f"{V}/sobjects/Account/{served.stage.ids['acme']}"
    answer = served.clients["stranger"].request(method, path, json={} if method == "PATCH" else None)
    (refusal,) = answer.json()
    assert (answer.status, refusal["errorCode"], refusal["message"]) == (400, *told)


@pytest.mark.parametrize("sobject_type", ["Contact", "Attachment", "AccountShare"])
def test_what_belongs_to_a_hidden_record_is_hidden_with_it(served: Served, sobject_type: str) -> None:
    counted = {person: len(served.query(person, f"SELECT Id FROM {sobject_type}")) for person in ("owner", "stranger")}
    assert counted == {"owner": 1, "stranger": 0}


def test_an_entry_of_an_owner_is_got_by_its_id(served: Served) -> None:
    (entry,) = served.query("owner", "SELECT Id FROM AccountShare")
    shown = served.clients["owner"].get(f"{V}/sobjects/AccountShare/{entry['Id']}").json()
    assert (shown["RowCause"], shown["UserOrGroupId"]) == ("Owner", served.stage.ids["owner"])


def test_recent_changes_and_deletions_tell_of_no_hidden_record() -> None:
    served = Served()
    served.stage.set_defaults({"Account": "Private"})
    kept, gone = (served.stage.make("Account", n, Name=n, OwnerId=served.stage.ids["owner"]) for n in ("kept", "gone"))
    assert served.clients["owner"].delete(f"{V}/sobjects/Account/{gone}").status == 204
    now = served.started.twin.org.clock()
    span = "?start={}&end={}".format(
        *(quote(f"{moment:%Y-%m-%dT%H:%M:00Z}") for moment in (now - timedelta(days=1), now + timedelta(days=1)))
    )
    told = {}
    for person in ("owner", "stranger"):
        updated = served.clients[person].get(f"{V}/sobjects/Account/updated{span}").json()["ids"]
        deleted = served.clients[person].get(f"{V}/sobjects/Account/deleted{span}").json()["deletedRecords"]
        told[person] = (updated, [row["id"] for row in deleted])
    assert told == {"owner": ([kept], [gone]), "stranger": ([], [])}
