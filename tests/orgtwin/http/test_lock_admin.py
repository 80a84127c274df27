"""/twin/admin/locks: another client's transaction, as who tests retries asks for it."""

from __future__ import annotations

from tests.orgtwin.http.deploying import V

from orgtwin.http.in_process import InProcess

PATH = "/twin/admin/locks"


def test_rows_are_held_until_they_are_released(org_twin_client: InProcess) -> None:
    client = org_twin_client
    admin = client.as_caller(client.application.twin.admin_token)
    account = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    held = admin.post(PATH, {"ids": [account[:15]]})
    assert (held.status, held.json()) == (201, {"id": 1, "ids": [account], "until": None})
    refused = client.patch(f"{V}/sobjects/Account/{account}", {"Name": "b"})
    assert refused.status == 400
    assert refused.json() == [
        {
            "message": f"unable to obtain exclusive access to this record or 1 records: {account}",
            "errorCode": "UNABLE_TO_LOCK_ROW",
            "fields": [],
        }
    ]
    assert admin.get(PATH).json() == [held.json()]
    assert admin.delete(f"{PATH}/1").json() == [held.json()]
    assert admin.get(PATH).json() == []
    assert client.patch(f"{V}/sobjects/Account/{account}", {"Name": "b"}).status == 204


def test_what_cannot_be_held_is_said(org_twin_client: InProcess) -> None:
    admin = org_twin_client.as_caller(org_twin_client.application.twin.admin_token)
    for body, text in (
        ({"ids": []}, "ids must be a list of record ids: []"),
        ({"ids": ["nope"]}, "ids must be a list of record ids: ['nope']"),
        ({"ids": ["001000000000001"], "seconds": 0}, "seconds must be a number above 0: 0"),
    ):
        answer = admin.post(PATH, body)
        assert (answer.status, answer.json()[0]["message"]) == (400, text)
    assert admin.delete(f"{PATH}/x").json()[0]["message"] == "'x' is not the id of a lock"


def test_only_the_admin_token_holds_rows(org_twin_client: InProcess) -> None:
    assert org_twin_client.get(PATH).status == 401
