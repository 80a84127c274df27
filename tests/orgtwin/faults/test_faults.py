"""Named faults: what each does to a request or to rows, and when it fires."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.faults.table import FaultTable, Where
from orgtwin.http.app import Application
from orgtwin.http.in_process import Aborted, Answer, InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES

V = "/services/data/v66.0"
ACCOUNT = f"{V}/sobjects/Account"
ROWS = f"{V}/composite/sobjects"
LOCKED = {
    "statusCode": "UNABLE_TO_LOCK_ROW",
    "message": "unable to obtain exclusive access to this record",
    "fields": [],
}


class Org:
    def __init__(self) -> None:
        started = start_twin()
        self.client = InProcess(Application(started.twin, ROUTES), started.access_token)
        self.admin = self.client.as_caller(started.twin.admin_token)

    def arm(self, name: str, **where: object) -> int:
        answer = self.admin.post("/twin/admin/faults", {"name": name, **where})
        assert answer.status == 201, answer.text
        fault_id: int = answer.json()["id"]
        return fault_id

    def create(self, name: str = "a") -> Answer:
        return self.client.post(ACCOUNT, {"Name": name})

    def count(self) -> int:
        total: int = self.client.get(f"{V}/query?q=SELECT COUNT() FROM Account").json()["totalSize"]
        return total


@pytest.fixture
def org() -> Org:
    return Org()


REFUSALS: dict[str, tuple[int, dict[str, str]]] = {
    "request_limit": (403, {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}),
    "concurrent_limit": (
        403,
        {
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
        },
    ),
    "unavailable": (503, {"message": "Server too busy", "errorCode": "SERVER_UNAVAILABLE"}),
    "read_only": (
        503,
        {
            "message": "Updates can't be made during maintenance. Try again when maintenance is complete.",
            "errorCode": "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
        },
    ),
    "expired_session": (401, {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}),
}


@pytest.mark.parametrize(("name", "answer"), REFUSALS.items(), ids=REFUSALS.keys())
def test_a_refusing_fault_answers_in_the_orgs_words_and_saves_nothing(
    org: Org, name: str, answer: tuple[int, dict[str, str]]
) -> None:
    org.arm(name)
    refused = org.create()
    assert (refused.status, refused.json()) == (answer[0], [answer[1]])
    assert name == "expired_session" or org.count() == 0


def test_an_expired_session_stays_expired(org: Org) -> None:
    org.arm("expired_session")
    assert [org.create().status, org.create().status] == [401, 401]


def test_maintenance_lets_reading_through(org: Org) -> None:
    org.arm("read_only", count=None)
    assert org.count() == 0
    assert org.create().status == 503


@pytest.mark.parametrize(("name", "saved"), [("drop_before_commit", 0), ("drop_after_commit", 1)])
def test_a_cut_connection_answers_nothing(org: Org, name: str, saved: int) -> None:
    org.arm(name)
    with pytest.raises(Aborted, match=r"^POST /services/data/v66.0/sobjects/Account$"):
        org.create()
    assert org.count() == saved


def test_a_slow_answer_is_still_an_answer(org: Org) -> None:
    org.arm("slow", seconds=0.001)
    assert org.create().status == 201
    assert org.admin.get("/twin/admin/faults").json()["armed"][0]["fired"] == 1


def test_a_locked_row_is_refused_alone(org: Org) -> None:
    org.arm("row_lock", object="account", after=1)
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "abc"]
    first, second, third = org.client.post(ROWS, {"records": rows}).json()
    assert (first["success"], second, third["success"]) == (True, {"success": False, "errors": [LOCKED]}, True)
    assert org.count() == 2


ROW_FAULTS = {
    "row_lock": LOCKED,
    "partial_success": {
        "statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "message": "refused by the fault partial_success",
        "fields": [],
    },
    "duplicate_rule": {"statusCode": "DUPLICATES_DETECTED", "message": "Use one of these records?", "fields": []},
}


@pytest.mark.parametrize(("name", "error"), ROW_FAULTS.items(), ids=ROW_FAULTS.keys())
def test_a_fault_of_rows_refuses_as_many_as_it_is_told(org: Org, name: str, error: dict[str, object]) -> None:
    org.arm(name, count=2, after=1)
    rows = [{"attributes": {"type": "Account"}, "Name": letter} for letter in "abcd"]
    results = org.client.post(ROWS, {"records": rows}).json()
    assert [row["success"] for row in results] == [True, False, False, True]
    assert [row["errors"] for row in results[1:3]] == [[error], [error]]
    assert org.count() == 2


def test_a_locked_row_refuses_a_single_save_with_400(org: Org) -> None:
    org.arm("row_lock")
    answer = org.create()
    assert answer.status == 400
    assert answer.json() == [{"message": LOCKED["message"], "errorCode": "UNABLE_TO_LOCK_ROW", "fields": []}]


def test_a_locked_row_takes_an_all_or_none_save_with_it(org: Org) -> None:
    org.arm("row_lock")
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in "ab"]
    codes = [
        row["errors"][0]["statusCode"] for row in org.client.post(ROWS, {"allOrNone": True, "records": rows}).json()
    ]
    assert codes == ["UNABLE_TO_LOCK_ROW", "ALL_OR_NONE_OPERATION_ROLLED_BACK"]
    assert org.count() == 0


def test_a_locked_row_of_another_object_is_none_of_this_ones_business(org: Org) -> None:
    org.arm("row_lock", object="Contact")
    assert org.create().status == 201


def test_deletes_meet_row_faults_too(org: Org) -> None:
    record_id = org.create().json()["id"]
    org.arm("row_lock", object="Account")
    assert org.client.delete(f"{ACCOUNT}/{record_id}").status == 400
    assert org.client.delete(f"{ACCOUNT}/{record_id}").status == 204


PLACES: dict[str, tuple[dict[str, Any], list[int]]] = {
    "once, by default": ({}, [503, 201, 201]),
    "twice": ({"count": 2}, [503, 503, 201]),
    "for good": ({"count": None}, [503, 503, 503]),
    "after one": ({"after": 1}, [201, 503, 201]),
    "on this path": ({"path": "/services/data/*/sobjects/Account"}, [503, 201, 201]),
    "on another path": ({"path": "/services/data/*/sobjects/Contact"}, [201, 201, 201]),
    "on this object": ({"object": "ACCOUNT"}, [503, 201, 201]),
    "for another method": ({"method": "PATCH"}, [201, 201, 201]),
}


@pytest.mark.parametrize(("where", "statuses"), PLACES.values(), ids=PLACES.keys())
def test_a_fault_fires_where_and_as_often_as_it_is_told(org: Org, where: dict[str, Any], statuses: list[int]) -> None:
    org.arm("unavailable", **where)
    assert [org.create().status for _ in range(3)] == statuses


def test_an_unknown_fault_cannot_be_armed(org: Org) -> None:
    answer = org.admin.post("/twin/admin/faults", {"name": "gremlin"})
    assert answer.status == 400
    assert answer.json() == [
        {
            "message": "there is no fault 'gremlin'; known faults: concurrent_limit, drop_after_commit, drop_before_commit, "
            "duplicate_rule, event_delivery_limit, event_gap, event_overflow, event_stream_cut, expired_session, "
            "invalid_replay_id, partial_success, read_only, request_limit, row_lock, slow, unavailable",
            "errorCode": "TWIN_UNKNOWN_FAULT",
        }
    ]


def test_an_unknown_condition_cannot_be_armed(org: Org) -> None:
    answer = org.admin.post("/twin/admin/faults", {"name": "slow", "when": "noon"})
    assert (answer.status, answer.json()[0]["message"]) == (400, "unknown keys: when")


def test_a_condition_of_the_wrong_type_cannot_be_armed(org: Org) -> None:
    answer = org.admin.post("/twin/admin/faults", {"name": "unavailable", "after": "noon"})
    assert (answer.status, answer.json()[0]["message"]) == (
        400,
        "this fault cannot be armed so: Expected `int`, got `str` - at `$.after`",
    )


def test_a_slow_fault_needs_to_know_how_slow() -> None:
    with pytest.raises(SalesforceError, match=r"^TWIN_BAD_FAULT: the fault 'slow' needs seconds > 0$"):
        FaultTable().arm("slow", Where())


def test_disarming_a_fault_that_never_fired_is_an_error(org: Org) -> None:
    fired, idle = org.arm("unavailable"), org.arm("row_lock", object="Contact")
    org.create()
    answer = org.admin.delete("/twin/admin/faults")
    assert answer.status == 409
    assert answer.json()[0]["message"] == f"disarmed, but never fired: row_lock ({idle})"
    assert org.admin.get("/twin/admin/faults").json()["armed"] == []
    assert fired != idle


def test_disarming_a_fault_that_fired_gives_its_count(org: Org) -> None:
    fault_id = org.arm("unavailable", count=None)
    org.create()
    org.create()
    gone = org.admin.delete(f"/twin/admin/faults/{fault_id}").json()
    assert [(row["name"], row["met"], row["fired"]) for row in gone] == [("unavailable", 2, 2)]
    assert org.create().status == 201


def test_the_twins_own_addresses_ask_for_its_own_token(org: Org) -> None:
    answer = org.client.get("/twin/admin/faults")
    assert answer.status == 401
    assert answer.json() == [
        {
            "message": "this address is the twin's own: send Authorization: Bearer with admin_token of the ready file",
            "errorCode": "TWIN_ADMIN_REFUSED",
        }
    ]


def test_faults_do_not_touch_the_twins_own_addresses(org: Org) -> None:
    org.arm("unavailable", count=None)
    assert org.admin.get("/twin/admin/faults").status == 200
