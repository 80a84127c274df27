"""A deployed trigger takes part in what any client saves, from the deploy on and until the org is made new."""

from __future__ import annotations

import pytest

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

META = b"""<ApexTrigger xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></ApexTrigger>"""
MANIFEST = b"""<Package xmlns="http://soap.sforce.com/2006/04/metadata">
<types><members>Accounts</members><name>ApexTrigger</name></types><version>66.0</version></Package>"""
TRIGGER = b"""trigger Accounts on Account (before insert, before update) {
  for (Account a : Trigger.new) {
    if (a.Name == 'bad') { a.Name.addError('no bad names'); }
    a.Description = 'seen ' + Trigger.operationType + (Type.forName('Account') == null ? ' nowhere' : '');
  }
}"""
ACCOUNTS = "/services/data/v66.0/sobjects/Account"


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    twin = org_twin_client.application.twin
    files = {"package.xml": MANIFEST, "triggers/Accounts.trigger": TRIGGER, "triggers/Accounts.trigger-meta.xml": META}
    job = twin.part(MetadataService).deploy_files(administrator(twin.org), files, DeployOptions(single_package=True))
    assert job.status is DeployStatus.SUCCEEDED
    return org_twin_client


def test_a_before_trigger_writes_into_the_record(client: InProcess) -> None:
    created = client.post(ACCOUNTS, {"Name": "good"}).json()
    assert client.get(f"{ACCOUNTS}/{created['id']}").json()["Description"] == "seen BEFORE_INSERT"
    client.patch(f"{ACCOUNTS}/{created['id']}", {"Name": "better"})
    assert client.get(f"{ACCOUNTS}/{created['id']}").json()["Description"] == "seen BEFORE_UPDATE"


def test_an_error_that_a_trigger_adds_refuses_the_record_in_its_words(client: InProcess) -> None:
    refused = client.post(ACCOUNTS, {"Name": "bad"})
    assert refused.status == 400
    assert refused.json() == [
        {"message": "no bad names", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["Name"]}
    ]


def test_one_refused_row_of_a_collection_leaves_the_others_in(client: InProcess) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("good", "bad", "fair")]
    answer = client.post("/services/data/v66.0/composite/sobjects", {"allOrNone": False, "records": records})
    assert [row["success"] for row in answer.json()] == [True, False, True]


def test_the_first_save_after_going_back_to_a_snapshot_runs_the_trigger(client: InProcess) -> None:
    admin = client.as_caller(client.application.twin.admin_token)
    assert admin.request("PUT", "/twin/admin/snapshots/one").status == 204
    assert admin.post("/twin/admin/snapshots/one/restore").status == 204
    created = client.post(ACCOUNTS, {"Name": "good"}).json()
    assert client.get(f"{ACCOUNTS}/{created['id']}").json()["Description"] == "seen BEFORE_INSERT"


def test_a_new_org_has_no_triggers(client: InProcess) -> None:
    twin = client.application.twin
    client.post(ACCOUNTS, {"Name": "good"})
    twin.reset()
    fresh = client.as_caller(twin.sessions.issue(administrator(twin.org).user_id, None, ("full",), "Admin").token)
    assert fresh.post(ACCOUNTS, {"Name": "bad"}).status == 201
