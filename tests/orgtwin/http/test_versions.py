"""What an API version has, and how it answers, goes by its number: a resource is there from the version that brought it."""

from __future__ import annotations

import pytest

from orgtwin.http.in_process import InProcess

ROWS = {"records": [{"attributes": {"type": "Account"}, "Name": "a"}]}
TREE = {"records": [{"attributes": {"type": "Account", "referenceId": "r"}, "Name": "a"}]}
BATCH = {"batchRequests": [{"method": "GET", "url": "v34.0/limits"}]}
COMPOSITE = {"compositeRequest": [{"method": "GET", "url": "/services/data/v66.0/sobjects", "referenceId": "r"}]}
GRAPH = {"graphs": [{"graphId": "g", "compositeRequest": COMPOSITE["compositeRequest"]}]}
# method and path -> body and the first version that has it
SINCE: dict[tuple[str, str], tuple[object, int]] = {
    ("POST", "composite/tree/Account"): (TREE, 34),
    ("POST", "composite/batch"): (BATCH, 34),
    ("GET", "parameterizedSearch?q=some"): (None, 36),
    ("POST", "composite"): (COMPOSITE, 38),
    ("GET", "limits/recordCount"): (None, 40),
    ("POST", "jobs/ingest"): ({"object": "Account", "operation": "insert"}, 41),
    ("POST", "composite/sobjects"): (ROWS, 42),
    ("GET", "composite/sobjects/Account?ids=&fields=Name"): (None, 42),
    ("PATCH", "composite/sobjects/Account/Id"): (ROWS, 46),
    ("POST", "jobs/query"): ({"operation": "query", "query": "SELECT Id FROM Account"}, 47),
    ("POST", "composite/graph"): (GRAPH, 50),
}


@pytest.mark.parametrize(("place", "what"), SINCE.items(), ids=[" ".join(place) for place in SINCE])
def test_a_resource_is_there_from_the_version_that_brought_it(
    org_twin_client: InProcess, place: tuple[str, str], what: tuple[object, int]
) -> None:
    (method, path), (body, since) = place, what
    answers = {
        version: org_twin_client.request(method, f"/services/data/v{version}.0/{path}", json=body).status
        for version in (31, since - 1, since, 68)
    }
    assert [answers[31] if since > 31 else 404, answers[since - 1]] == [404, 404]
    assert 404 not in (answers[since], answers[68])


@pytest.mark.parametrize("version", range(31, 69))
def test_every_version_saves_and_queries(org_twin_client: InProcess, version: int) -> None:
    root = f"/services/data/v{version}.0"
    made = org_twin_client.post(f"{root}/sobjects/Account", {"Name": "a"})
    found = org_twin_client.get(f"{root}/query?q=SELECT Id, Name FROM Account").json()["records"]
    assert made.status == 201
    assert [row["attributes"]["url"] for row in found] == [f"{root}/sobjects/Account/{made.json()['id']}"]


@pytest.mark.parametrize(("version", "status"), [(31, 204), (45, 204), (46, 200), (68, 200)])
def test_an_upsert_that_updates_answers_by_its_version(org_twin_client: InProcess, version: int, status: int) -> None:
    root = f"/services/data/v{version}.0/sobjects/Account"
    account = org_twin_client.post(root, {"Name": "a"}).json()["id"]
    answer = org_twin_client.patch(f"{root}/Id/{account}", {"Name": "b"})
    assert answer.status == status
    if status == 200:
        assert answer.json() == {"id": account, "success": True, "errors": [], "created": False}


RETIRED = {
    "/services/data/v30.0/limits": (410, "GONE"),
    "/services/data/v7.0/query?q=SELECT Id FROM Account": (410, "GONE"),
    "/services/async/20.0/job/750000000000001AAA": (400, "InvalidVersion"),
}


@pytest.mark.parametrize(("path", "told"), RETIRED.items(), ids=RETIRED)
def test_a_retired_version_is_told_in_the_word_of_its_api(
    org_twin_client: InProcess, path: str, told: tuple[int, str]
) -> None:
    answer = org_twin_client.get(path)
    assert (answer.status, told[1] in answer.text) == (told[0], True)
    assert "The requested API version has been retired." in answer.text


@pytest.mark.parametrize("api", ["u", "c", "m"])
def test_a_retired_version_of_soap_is_a_fault(org_twin_client: InProcess, api: str) -> None:
    answer = org_twin_client.request("POST", f"/services/Soap/{api}/30.0", body=b"<a/>")
    assert (answer.status, "UNSUPPORTED_API_VERSION" in answer.text) == (500, True)
