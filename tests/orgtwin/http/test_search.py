"""Search over REST: the answers of each version, and searches by parameters."""

from __future__ import annotations

import pytest

from orgtwin.http.in_process import InProcess

V = "/services/data/v66.0"


@pytest.fixture
def acme(org_twin_client: InProcess) -> str:
    names = ("Acme", "Acme Two", "Zebra")
    ids = [org_twin_client.post(f"{V}/sobjects/Account", {"Name": name}).json()["id"] for name in names]
    return str(ids[0])


def names_in(client: InProcess, path: str) -> list[object]:
    return [record["Name"] for record in client.get(f"{V}{path}").json()["searchRecords"]]


def test_records_stand_under_search_records_since_version_37(org_twin_client: InProcess, acme: str) -> None:
    path = "/search?q=FIND+%7Bacme%7D+RETURNING+Account(Name+ORDER+BY+Name+LIMIT+1)"
    record = {
        "attributes": {"type": "Account", "url": f"{V}/sobjects/Account/{acme}"},
        "Name": "Acme",
    }
    assert org_twin_client.get(V + path).json() == {"searchRecords": [record]}
    older = org_twin_client.get("/services/data/v36.0" + path).json()
    assert older == [
        record | {"attributes": {"type": "Account", "url": f"/services/data/v36.0/sobjects/Account/{acme}"}}
    ]


@pytest.mark.usefixtures("acme")
def test_a_search_by_parameters_asks_each_object_for_its_own(org_twin_client: InProcess) -> None:
    path = "/parameterizedSearch?q=acme&sobject=Account&Account.fields=Id,Name&Account.orderBy=Name+DESC&in=NAME"
    assert names_in(org_twin_client, path) == ["Acme Two", "Acme"]
    assert names_in(org_twin_client, f"{path}&Account.limit=1&Account.offset=1") == ["Acme"]
    assert names_in(org_twin_client, f"{path}&Account.where=Name+LIKE+%27%25Two%27") == ["Acme Two"]
    assert names_in(org_twin_client, f"{path}&overallLimit=1") == ["Acme Two"]


@pytest.mark.usefixtures("acme")
def test_a_search_by_parameters_comes_as_json_too(org_twin_client: InProcess) -> None:
    body = {
        "q": "acme",
        "in": "ALL",
        "fields": ["Name"],
        "sobjects": [
            {"name": "Account", "orderBy": "Name", "where": "Name != 'Acme'"},
            {"name": "Contact", "fields": ["Id"]},
        ],
        "overallLimit": 10,
        "defaultLimit": 5,
        "spellCorrection": False,
    }
    answer = org_twin_client.post(f"{V}/parameterizedSearch", body).json()
    assert [record["Name"] for record in answer["searchRecords"]] == ["Acme Two"]


_REFUSED = (
    ("GET", "/search", 400, "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces."),
    ("GET", "/parameterizedSearch?q=a", 400, "INVALID_SEARCH", "search term must be longer than one character: a"),
    (
        "GET",
        "/parameterizedSearch?q=acme&in=SOME",
        400,
        "MALFORMED_SEARCH",
        "in takes ALL, NAME, EMAIL, PHONE, SIDEBAR",
    ),
    (
        "GET",
        "/parameterizedSearch?q=acme&snippet=x",
        501,
        "TWIN_UNSUPPORTED",
        "orgtwin does not emulate the search parameter snippet (ledger: sosl.parameters)",
    ),
    (
        "GET",
        "/search/scopeOrder",
        501,
        "TWIN_UNSUPPORTED",
        "orgtwin does not emulate layouts, suggestions, scope and order of searches (ledger: rest.search-extras)",
    ),
)


@pytest.mark.parametrize(("method", "path", "status", "code", "message"), _REFUSED, ids=[row[1] for row in _REFUSED])
def test_a_search_that_is_not_right_is_refused(
    org_twin_client: InProcess, method: str, path: str, status: int, code: str, message: str
) -> None:
    answer = org_twin_client.request(method, V + path)
    assert (answer.status, answer.json()) == (status, [{"errorCode": code, "message": message}])
