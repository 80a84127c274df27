"""Queries over REST: pages, cursors, the Tooling API's own answers."""

from __future__ import annotations

import pytest

from orgtwin.http.in_process import InProcess
from orgtwin.http.refused import REFUSED

V = "/services/data/v66.0"


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    return org_twin_client


def accounts(client: InProcess, count: int) -> None:
    for start in range(0, count, 200):
        rows = [{"attributes": {"type": "Account"}, "Name": f"{n:05}"} for n in range(start, min(start + 200, count))]
        client.post(f"{V}/composite/sobjects", {"records": rows})


def test_a_page_holds_two_thousand_rows_and_the_path_of_the_next(client: InProcess) -> None:
    accounts(client, 2_001)
    first = client.get(f"{V}/query?q=SELECT Name FROM Account ORDER BY Name").json()
    second = client.get(first["nextRecordsUrl"]).json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2_001, False, 2_000)
    assert first["nextRecordsUrl"].startswith(f"{V}/query/0r8")
    assert first["nextRecordsUrl"].endswith("-2000")
    assert (second["totalSize"], second["done"], [row["Name"] for row in second["records"]]) == (2_001, True, ["02000"])
    assert "nextRecordsUrl" not in second


@pytest.mark.parametrize(("asked", "given"), [("batchSize=250", 250), ("batchSize=1", 200), ("batchSize=9999", 301)])
def test_a_client_may_ask_for_smaller_pages(client: InProcess, asked: str, given: int) -> None:
    accounts(client, 301)
    page = client.request("GET", f"{V}/query?q=SELECT Id FROM Account", headers={"Sforce-Query-Options": asked}).json()
    assert len(page["records"]) == given


def test_a_cursor_is_its_own_users_alone(client: InProcess) -> None:
    accounts(client, 201)
    page = client.request(
        "GET", f"{V}/query?q=SELECT Id FROM Account", headers={"Sforce-Query-Options": "batchSize=200"}
    ).json()
    twin = client.application.twin
    other = next(app for app in twin.auth.apps if app.run_as_user_id)
    session = twin.sessions.issue(str(other.run_as_user_id), None, ("api",), "Admin")
    answer = client.as_caller(session.token).get(page["nextRecordsUrl"])
    assert (answer.status, answer.json()) == (
        400,
        [{"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}],
    )


def test_query_all_sees_the_recycle_bin(client: InProcess) -> None:
    record_id = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    client.delete(f"{V}/sobjects/Account/{record_id}")
    text = "SELECT Id, IsDeleted FROM Account"
    assert client.get(f"{V}/query?q={text}").json()["totalSize"] == 0
    assert [row["IsDeleted"] for row in client.get(f"{V}/queryAll?q={text}").json()["records"]] == [True]


def test_a_query_may_be_spelled_with_plus_signs_and_newlines(client: InProcess) -> None:
    accounts(client, 1)
    assert client.get(f"{V}/query/?q=%0Aselect+Id%09FROM%0AAccount").json()["totalSize"] == 1


def test_a_query_that_is_no_query_shows_where(client: InProcess) -> None:
    answer = client.get(f"{V}/query?q=SELECT Foo FROM Account")
    assert answer.status == 400
    assert answer.json() == [
        {
            "message": "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'. "
            "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
            "Please reference your WSDL or the describe call for the appropriate names.",
            "errorCode": "INVALID_FIELD",
        }
    ]


def test_a_query_without_text_is_refused(client: InProcess) -> None:
    answer = client.get(f"{V}/query")
    assert answer.json() == [{"message": "A query string has to be specified", "errorCode": "MALFORMED_QUERY"}]


def test_the_columns_of_a_query_can_be_asked_for(client: InProcess) -> None:
    answer = client.get(f"{V}/query?q=SELECT Id, COUNT(Name) FROM Account GROUP BY Id&columns=true").json()
    assert [column["columnName"] for column in answer["columnMetadata"]] == ["Id", "expr0"]


def test_tooling_answers_carry_size_and_entity(client: InProcess) -> None:
    answer = client.get(f"{V}/tooling/query?q=SELECT Id FROM ApexClass").json()
    assert answer == {
        "size": 0,
        "queryLocator": None,
        "entityTypeName": None,
        "totalSize": 0,
        "done": True,
        "records": [],
    }


@pytest.mark.parametrize("path", sorted(REFUSED), ids=lambda path: path.rpartition("}/")[2].strip("/"))
def test_what_the_twin_does_not_do_it_refuses_by_name(client: InProcess, path: str) -> None:
    key, what = REFUSED[path]
    answer = client.get(path.format(version="v66.0", sobject_type="Account") + "/tail")
    message = f"orgtwin does not emulate {what} (ledger: {key})"
    assert (answer.status, answer.json()) == (501, [{"message": message, "errorCode": "TWIN_UNSUPPORTED"}])


def test_the_list_of_tooling_objects_is_refused_by_name(client: InProcess) -> None:
    answer = client.get(f"{V}/tooling/sobjects")
    text = "orgtwin does not emulate the list of Tooling objects (ledger: tooling.describe-global)"
    assert (answer.status, answer.json()[0]["message"]) == (501, text)


def test_format_is_refused_for_users_of_other_locales(org_twin_client: InProcess) -> None:
    who = org_twin_client.get("/services/oauth2/userinfo").json()["user_id"]
    path = "/services/data/v66.0/query?q=SELECT FORMAT(CreatedDate) made FROM User LIMIT 1"
    before = org_twin_client.get(path).status
    org_twin_client.patch(f"/services/data/v66.0/sobjects/User/{who}", {"LocaleSidKey": "de_DE"})
    answer = org_twin_client.get(path)
    text = "orgtwin does not emulate FORMAT() for the locale de_DE (ledger: soql.format-locale)"
    assert (before, answer.status, answer.json()[0]["message"]) == (200, 501, text)
