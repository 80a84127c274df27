"""/twin/admin: jobs that wait for their time, and the e-mails that Apex sent, as who tests with a twin asks for them."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.http.in_process import InProcess

META = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
NIGHTLY = """public class Nightly implements Schedulable {
  public void execute(SchedulableContext context) {
    insert new Account(Name = 'by ' + UserInfo.getUserName());
    System.enqueueJob(new Follow());
  }
  public class Follow implements Queueable {
    public void execute(QueueableContext context) { insert new Account(Name = 'followed'); }
  }
}"""
OTHER = "public class Other { }"


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    deploy_classes(org_twin_client, Nightly=NIGHTLY)
    return org_twin_client


def deploy_classes(client: InProcess, **sources: str) -> None:
    files = {f"classes/{name}.cls": source for name, source in sources.items()}
    files |= {f"classes/{name}.cls-meta.xml": META for name in sources}
    deploy_well(client, files, {"ApexClass": list(sources)})


def admin(client: InProcess) -> InProcess:
    return client.as_caller(client.application.twin.admin_token)


def run(client: InProcess, source: str) -> None:
    answer = client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(source, safe='')}")
    assert answer.json()["success"], answer.text


def due(client: InProcess, at: str) -> object:
    answer = admin(client).post("/twin/admin/due", {"at": at})
    assert answer.status == 200, answer.text
    return answer.json()


def rows(client: InProcess, soql: str) -> list[tuple[object, ...]]:
    found = client.get(f"{V}/query?q={quote(soql)}").json()["records"]
    return [tuple(value for name, value in row.items() if name != "attributes") for row in found]


def names(client: InProcess) -> list[object]:
    return [name for (name,) in rows(client, "SELECT Name FROM Account ORDER BY CreatedDate, Id")]


def test_a_job_of_the_far_future_runs_when_its_time_is_said_to_have_come(client: InProcess) -> None:
    run(client, "System.schedule('once', '0 0 12 1 1 ? 2090', new Nightly());")
    assert rows(client, "SELECT State, TimesTriggered, NextFireTime FROM CronTrigger") == [
        ("WAITING", 0, "2090-01-01T12:00:00.000+0000")
    ]
    assert due(client, "2089-12-31T23:59:59Z") == {"ran": 0}
    assert due(client, "2090-01-01T12:00:00Z") == {"ran": 1}
    assert names(client) == [f"by {client.application.twin.admin_username}", "followed"]
    assert rows(client, "SELECT State, TimesTriggered, NextFireTime FROM CronTrigger") == [("COMPLETE", 1, None)]
    assert due(client, "2091-01-01T12:00:00Z") == {"ran": 0}


def test_a_job_that_comes_again_waits_for_the_next_time(client: InProcess) -> None:
    run(client, "System.schedule('nightly', '0 30 2 * * ?', new Nightly());")
    assert [due(client, f"2099-05-0{day}T03:00:00Z") for day in (1, 2, 2)] == [{"ran": 1}, {"ran": 1}, {"ran": 0}]
    assert rows(client, "SELECT State, TimesTriggered, NextFireTime, PreviousFireTime FROM CronTrigger") == [
        ("WAITING", 2, "2099-05-03T02:30:00.000+0000", "2099-05-02T03:00:00.000+0000")
    ]


def test_a_job_still_runs_after_another_class_was_deployed(client: InProcess) -> None:
    run(client, "System.schedule('once', '0 0 12 1 1 ? 2090', new Nightly());")
    deploy_classes(client, Other=OTHER)
    run(client, "Integer i = 1;")
    assert due(client, "2090-01-01T12:00:00Z") == {"ran": 1}
    assert "followed" in names(client)


def test_a_job_that_was_aborted_does_not_run(client: InProcess) -> None:
    run(client, "System.abortJob(System.schedule('once', '0 0 12 1 1 ? 2090', new Nightly()));")
    run(client, "System.schedule('other', '0 0 12 1 1 ? 2090', new Nightly());")
    run(client, "for (CronTrigger t : [SELECT Id FROM CronTrigger]) { System.abortJob(t.Id); }")
    assert due(client, "2090-02-01T12:00:00Z") == {"ran": 0}
    assert names(client) == []


def test_a_job_queued_where_no_trigger_is_runs_after_the_commit(client: InProcess) -> None:
    run(client, "System.enqueueJob(new Nightly.Follow());")
    assert names(client) == ["followed"]


@pytest.mark.parametrize("at", ["noon", "2090-01-01T12:00:00"])
def test_a_time_that_is_none_is_refused(client: InProcess, at: str) -> None:
    answer = admin(client).post("/twin/admin/due", {"at": at})
    assert (answer.status, answer.json()[0]["errorCode"]) == (400, "TWIN_BAD_REQUEST")


MAIL = """Messaging.SingleEmailMessage m = new Messaging.SingleEmailMessage();
m.setToAddresses(new List<String>{'ada@example.com'}); m.setSubject('Signed'); m.setPlainTextBody('It is signed.');
Messaging.EmailFileAttachment f = new Messaging.EmailFileAttachment();
f.setFileName('a.txt'); f.setBody(Blob.valueOf('abc')); m.setFileAttachments(new List<Messaging.EmailFileAttachment>{f});
Messaging.sendEmail(new List<Messaging.SingleEmailMessage>{m});"""


def test_an_email_is_in_the_outbox_until_it_is_forgotten(client: InProcess) -> None:
    run(client, MAIL)
    assert admin(client).get("/twin/admin/outbox").json() == [
        {
            "toaddresses": ["ada@example.com"],
            "subject": "Signed",
            "plaintextbody": "It is signed.",
            "fileattachments": [{"fileName": "a.txt", "bytes": 3}],
        }
    ]
    assert admin(client).request("DELETE", "/twin/admin/outbox").json() == {"forgotten": 1}
    assert admin(client).get("/twin/admin/outbox").json() == []


@pytest.mark.parametrize(("method", "path"), [("GET", "outbox"), ("DELETE", "outbox"), ("POST", "due")])
def test_these_addresses_ask_for_the_admin_token(client: InProcess, method: str, path: str) -> None:
    answer = client.request(method, f"/twin/admin/{path}")
    assert (answer.status, answer.json()[0]["errorCode"]) == (401, "TWIN_ADMIN_REFUSED")
