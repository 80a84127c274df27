"""Subrequests of a composite that are saved together. Source: "Composite Request Body" (REST API Developer Guide)."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.http.in_process import InProcess

V = "/services/data/v66.0"
# A trigger notes in each record how many it was given together.
COUNTING = "for ({0} r : Trigger.isDelete ? Trigger.old : Trigger.new) r.{1} = String.valueOf(Trigger.size);"
LEAVING = "insert new Task(Subject = Trigger.size + ' went');"
TRIGGERS = {
    "Account": f"trigger A on Account (before insert, before update) {{ {COUNTING.format('Account', 'Site')} }}",
    "Contact": f"trigger C on Contact (before insert) {{ {COUNTING.format('Contact', 'Title')} }}",
    "Lead": f"trigger L on Lead (after delete) {{ {LEAVING} }}",
}


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    for name, body in TRIGGERS.items():
        answer = org_twin_client.post(
            f"{V}/tooling/sobjects/ApexTrigger", {"Name": body.split()[1], "TableEnumOrId": name, "Body": body}
        )
        assert answer.status == 201, answer.text
    return org_twin_client


def subrequest(reference: str, method: str, path: str, version: str = "v66.0", **values: object) -> dict[str, object]:
    url = f"/services/data/{version}/sobjects/{path}"
    row: dict[str, object] = {"method": method, "url": url, "referenceId": reference}
    return {**row, "body": values} if values else row


def account(name: str, **more: Any) -> dict[str, object]:
    return {**subrequest(name, "POST", "Account", Name=name), **more}


def composite(
    client: InProcess, *rows: dict[str, object], version: str = "v66.0", **options: object
) -> list[dict[str, Any]]:
    answer = client.post(f"/services/data/{version}/composite", {**options, "compositeRequest": list(rows)})
    assert answer.status == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return shown


def noted(client: InProcess, fields: str = "Name, Site", name: str = "Account") -> list[list[object]]:
    records = client.get(f"{V}/query?q=SELECT {fields} FROM {name} ORDER BY {fields}").json()["records"]
    return [[record[field] for field in fields.split(", ")] for record in records]


def test_neighbours_are_one_batch_of_each_object_and_answer_in_order(client: InProcess) -> None:
    contact = subrequest("c", "POST", "Contact", LastName="c")
    shown = composite(client, account("a"), contact, account("b"))
    assert [(row["referenceId"], row["httpStatusCode"], row["body"]["id"][:3]) for row in shown] == [
        ("a", 201, "001"),
        ("c", 201, "003"),
        ("b", 201, "001"),
    ]
    assert (noted(client), noted(client, "LastName, Title", "Contact")) == ([["a", "2"], ["b", "2"]], [["c", "1"]])


ALONE: dict[str, tuple[list[dict[str, object]], dict[str, object]]] = {
    "told otherwise": ([account("a"), account("b")], {"collateSubrequests": False}),
    "of v48.0, where it is asked for": ([account("a"), account("b")], {"version": "v48.0"}),
    "of v47.0, which has it not": ([account("a"), account("b")], {"version": "v47.0", "collateSubrequests": True}),
    "with headers": ([account("a"), account("b", httpHeaders={"Sforce-Auto-Assign": "false"})], {}),
    "that name each other": ([account("a"), {**account("b"), "body": {"Name": "b", "ParentId": "@{a.id}"}}], {}),
    "of two versions": ([account("a"), subrequest("b", "POST", "Account", "v65.0", Name="b")], {}),
    "with another method between them": ([account("a"), subrequest("x", "GET", "Account"), account("b")], {}),
}


@pytest.mark.parametrize(("rows", "options"), ALONE.values(), ids=ALONE)
def test_some_are_saved_alone(client: InProcess, rows: list[dict[str, object]], options: dict[str, Any]) -> None:
    composite(client, *rows, **options)
    assert noted(client) == [["a", "1"], ["b", "1"]]


def test_collation_may_be_asked_for_from_v48(client: InProcess) -> None:
    composite(client, account("a"), account("b"), version="v48.0", collateSubrequests=True)
    assert noted(client) == [["a", "2"], ["b", "2"]]


def test_a_sixth_object_begins_another_group(client: InProcess) -> None:
    others = [subrequest(name, "POST", name, LastName="x", Company="x") for name in ("Lead", "Contact")]
    tasks = [subrequest(name, "POST", name, Subject="x") for name in ("Task", "Event", "Case")]
    shown = composite(client, account("a"), *others, *tasks, account("b"))
    assert (shown[0]["httpStatusCode"], shown[-1]["httpStatusCode"]) == (201, 201)
    assert noted(client) == [["a", "1"], ["b", "1"]]


def test_updates_and_deletes_are_collated_too(client: InProcess) -> None:
    first, second = (row["body"]["id"] for row in composite(client, account("a"), account("b")))
    changes = [subrequest(f"u{at}", "PATCH", f"Account/{key}", Name="x") for at, key in enumerate((first, second))]
    assert [row["httpStatusCode"] for row in composite(client, *changes, account("c"))] == [204, 204, 201]
    assert noted(client) == [["c", "1"], ["x", "2"], ["x", "2"]]
    rows = [subrequest(f"l{at}", "POST", "Lead", LastName="l", Company="l") for at in range(2)]
    leads = [row["body"]["id"] for row in composite(client, *rows)]
    went = [subrequest(f"d{at}", "DELETE", f"Lead/{key}") for at, key in enumerate(leads)]
    assert [row["httpStatusCode"] for row in composite(client, *went)] == [204, 204]
    assert noted(client, "Subject", "Task") == [["2 went"]]


def test_a_refused_neighbour_leaves_the_others_and_each_tells_its_own(client: InProcess) -> None:
    rows = [account("a"), subrequest("no", "POST", "Account", Site="x"), subrequest("nowhere", "POST", "Nothing", A=1)]
    shown = composite(client, *rows, account("b"))
    codes = [row["body"][0]["errorCode"] if row["httpStatusCode"] >= 400 else None for row in shown]
    assert codes == [None, "REQUIRED_FIELD_MISSING", "NOT_FOUND", None]
    assert [name for name, _site in noted(client)] == ["a", "b"]


def test_a_field_that_is_not_there_refuses_its_own_row(client: InProcess) -> None:
    shown = composite(client, account("a"), subrequest("no", "POST", "Account", Nothing="x"))
    assert [row["httpStatusCode"] for row in shown] == [201, 400]
    assert shown[1]["body"][0]["errorCode"] == "INVALID_FIELD"


def test_all_or_none_shows_the_refusal_and_takes_the_neighbours_back(client: InProcess) -> None:
    shown = composite(client, account("a"), subrequest("no", "POST", "Account", Site="x"), account("b"), allOrNone=True)
    assert [row["body"][0]["errorCode"] for row in shown] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
        "PROCESSING_HALTED",
    ]
    assert noted(client) == []
