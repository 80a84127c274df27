"""Several records or requests in one call: collections, trees, composites, batches, graphs."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.http.in_process import InProcess

V = "/services/data/v66.0"
ROWS = f"{V}/composite/sobjects"
ROLLED_BACK = {
    "statusCode": "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "message": "Record rolled back because not all records were valid and the request was using AllOrNone header",
    "fields": [],
}
NO_NAME = {
    "statusCode": "REQUIRED_FIELD_MISSING",
    "message": "Required fields are missing: [Name]",
    "fields": ["Name"],
}
HALTED = [
    {
        "errorCode": "PROCESSING_HALTED",
        "message": "The transaction was rolled back since another operation in the same transaction failed.",
    }
]


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    return org_twin_client


def account(**values: object) -> dict[str, object]:
    return {"attributes": {"type": "Account"}, **values}


def count(client: InProcess, name: str = "Account") -> int:
    total: int = client.get(f"{V}/query?q=SELECT COUNT() FROM {name}").json()["totalSize"]
    return total


def test_each_row_of_a_collection_has_its_own_result_in_order(client: InProcess) -> None:
    rows = [account(Name="a"), account(), {"attributes": {"type": "Contact"}, "LastName": "c"}]
    answer = client.post(ROWS, {"records": rows})
    first, second, third = answer.json()
    assert answer.status == 200
    assert (first["success"], first["errors"], first["id"][:3]) == (True, [], "001")
    assert second == {"success": False, "errors": [NO_NAME]}
    assert (third["success"], third["id"][:3]) == (True, "003")


@pytest.mark.parametrize("other", [account(Name="b"), {"attributes": {"type": "Contact"}, "LastName": "b"}])
def test_all_or_none_takes_every_row_back_whatever_its_type(client: InProcess, other: dict[str, object]) -> None:
    answer = client.post(ROWS, {"allOrNone": True, "records": [other, account()]})
    assert answer.json() == [{"success": False, "errors": [ROLLED_BACK]}, {"success": False, "errors": [NO_NAME]}]
    assert (count(client), count(client, "Contact")) == (0, 0)


def test_a_row_with_an_unknown_field_does_not_stop_the_others(client: InProcess) -> None:
    rows = [account(Name="a"), {"attributes": {"type": "Contact"}, "LastName": "c", "Foo": 1}]
    first, second = client.post(ROWS, {"records": rows}).json()
    assert first["success"]
    assert second["errors"] == [
        {"statusCode": "INVALID_FIELD", "message": "No such column 'Foo' on sobject of type Contact", "fields": []}
    ]


def test_rows_are_updated_with_their_id_in_either_case(client: InProcess) -> None:
    ids = [row["id"] for row in client.post(ROWS, {"records": [account(Name=n) for n in "ab"]}).json()]
    rows = [account(id=ids[0], Name="A"), account(Id=ids[1], Name="B")]
    assert all(row["success"] for row in client.patch(ROWS, {"records": rows}).json())
    shown = client.get(f"{ROWS}/Account?ids={ids[0]},{ids[1]},001TW0000000999&fields=Name").json()
    assert [row and row["Name"] for row in shown] == ["A", "B", None]


def test_rows_are_deleted_by_id(client: InProcess) -> None:
    ids = [row["id"] for row in client.post(ROWS, {"records": [account(Name=n) for n in "ab"]}).json()]
    answer = client.delete(f"{ROWS}?ids={','.join(ids)}")
    assert answer.json() == [{"id": record_id, "success": True, "errors": []} for record_id in ids]
    assert count(client) == 0


def test_an_upsert_of_rows_tells_which_it_created(client: InProcess) -> None:
    record_id = client.post(f"{V}/sobjects/Account", {"Name": "a"}).json()["id"]
    answer = client.patch(f"{ROWS}/Account/Id", {"records": [account(Id=record_id, Name="A"), account(Name="B")]})
    assert [(row["success"], row["created"]) for row in answer.json()] == [(True, False), (True, True)]


BAD_COLLECTIONS: dict[str, tuple[Any, str, str]] = {
    "more than 200 rows": (
        {"records": [account(Name="a")] * 201},
        "EXCEEDED_MAX_SIZE_REQUEST",
        "record limit reached. cannot submit more than 200 records into this call",
    ),
    "more than ten runs of types": (
        {"records": [account(Name="a"), {"attributes": {"type": "Contact"}, "LastName": "b"}] * 6},
        "LIMIT_EXCEEDED",
        "Cannot have more than 10 chunks in a single operation. Please rearrange the data to reduce chunking.",
    ),
    "a row without a type": ({"records": [{"Name": "a"}]}, "INVALID_INPUT", "Include an entity type with each record"),
    "no rows": ({}, "JSON_PARSER_ERROR", "Invalid parameter value: records is required and must be a list"),
}


@pytest.mark.parametrize(("body", "code", "text"), BAD_COLLECTIONS.values(), ids=BAD_COLLECTIONS.keys())
def test_a_collection_that_is_not_right_saves_nothing(client: InProcess, body: Any, code: str, text: str) -> None:
    answer = client.post(ROWS, body)
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": code}])
    assert count(client) == 0


def tree(*contacts: dict[str, object]) -> dict[str, object]:
    rows = [
        {"attributes": {"type": "Contact", "referenceId": f"c{at}"}, **values} for at, values in enumerate(contacts)
    ]
    root = {"attributes": {"type": "Account", "referenceId": "a"}, "Name": "Acme", "Contacts": {"records": rows}}
    return {"records": [root]}


def test_a_tree_creates_parents_and_children_together(client: InProcess) -> None:
    answer = client.post(f"{V}/composite/tree/Account", tree({"LastName": "x"}, {"LastName": "y"}))
    results = answer.json()["results"]
    assert (answer.status, answer.json()["hasErrors"]) == (201, False)
    assert [row["referenceId"] for row in results] == ["a", "c0", "c1"]
    contact = client.get(f"{V}/sobjects/Contact/{results[1]['id']}?fields=AccountId").json()
    assert contact["AccountId"] == results[0]["id"]


def test_a_tree_with_one_refused_record_creates_nothing(client: InProcess) -> None:
    answer = client.post(f"{V}/composite/tree/Account", tree({"LastName": "x"}, {}))
    assert answer.status == 400
    assert answer.json() == {
        "hasErrors": True,
        "results": [
            {
                "referenceId": "c1",
                "errors": [
                    {
                        "statusCode": "REQUIRED_FIELD_MISSING",
                        "message": "Required fields are missing: [LastName]",
                        "fields": ["LastName"],
                    }
                ],
            }
        ],
    }
    assert count(client) == 0


def subrequest(reference: str, method: str, path: str, body: object = None) -> dict[str, object]:
    row: dict[str, object] = {"method": method, "url": f"{V}/{path}", "referenceId": reference}
    return row if body is None else {**row, "body": body}


CREATE = subrequest("acct", "POST", "sobjects/Account", {"Name": "Acme"})
CHILD = subrequest("child", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{acct.id}"})
BROKEN = subrequest("broken", "POST", "sobjects/Account", {})


def composite(client: InProcess, *rows: dict[str, object], **options: object) -> list[dict[str, Any]]:
    answer = client.post(f"{V}/composite", {**options, "compositeRequest": list(rows)})
    assert answer.status == 200, answer.text
    shown: list[dict[str, Any]] = answer.json()["compositeResponse"]
    return shown


def test_a_composite_hands_answers_on_by_reference(client: InProcess) -> None:
    query = subrequest("q", "GET", "query/?q=SELECT AccountId FROM Contact WHERE Id = '@{child.id}'")
    field = subrequest("f", "GET", "sobjects/Account/@{q.records[0].AccountId}?fields=Name")
    shown = composite(client, CREATE, CHILD, query, field)
    assert [row["httpStatusCode"] for row in shown] == [201, 201, 200, 200]
    assert shown[0]["httpHeaders"] == {"Location": f"{V}/sobjects/Account/{shown[0]['body']['id']}"}
    assert shown[3]["body"]["Name"] == "Acme"


def test_a_composite_goes_on_after_a_refusal_unless_told_otherwise(client: InProcess) -> None:
    shown = composite(client, BROKEN, CREATE)
    assert [row["httpStatusCode"] for row in shown] == [400, 201]
    assert count(client) == 1


def test_an_all_or_none_composite_takes_everything_back(client: InProcess) -> None:
    first, second, third = composite(client, CREATE, BROKEN, CHILD, allOrNone=True)
    assert (first["httpStatusCode"], first["body"]) == (400, HALTED)
    assert (second["httpStatusCode"], second["body"][0]["errorCode"]) == (400, "REQUIRED_FIELD_MISSING")
    assert (third["httpStatusCode"], third["body"]) == (400, HALTED)
    assert (count(client), count(client, "Contact")) == (0, 0)


def test_a_reference_that_leads_nowhere_halts_its_request(client: InProcess) -> None:
    shown = composite(client, BROKEN, {**CHILD, "body": {"LastName": "x", "AccountId": "@{broken.id}"}})
    assert shown[1]["httpStatusCode"] == 400
    assert shown[1]["body"] == [
        {
            "message": "Invalid reference specified. No value for broken.id found in broken",
            "errorCode": "PROCESSING_HALTED",
        }
    ]


BAD_COMPOSITES: dict[str, tuple[list[dict[str, object]], str, str]] = {
    "more than 25 requests": (
        [subrequest(f"r{at}", "GET", "limits") for at in range(26)],
        "LIMIT_EXCEEDED",
        "Cannot have more than 25 subrequests in a single operation.",
    ),
    "one reference twice": ([CREATE, CREATE], "INVALID_INPUT", "Duplicate referenceId found: acct"),
    "no reference": ([{"method": "GET", "url": V}], "JSON_PARSER_ERROR", "Missing required field: referenceId"),
    "a reference with a blank": (
        [CREATE, subrequest("1 a", "GET", "sobjects/Account")],
        "INVALID_INPUT",
        "Invalid referenceId: 1 a. It may have letters, numbers and underscores only.",
    ),
    "a method in small letters": (
        [CREATE, subrequest("a", "get", "sobjects/Account")],
        "INVALID_INPUT",
        "Invalid method: get",
    ),
    "a header that comes from the request": (
        [CREATE, {**subrequest("a", "GET", "sobjects/Account"), "httpHeaders": {"accept": "x"}}],
        "INVALID_INPUT",
        "A subrequest takes the header accept from its request and cannot have its own",
    ),
    "another resource": (
        [CREATE, subrequest("a", "GET", "limits")],
        "INVALID_INPUT",
        f"{V}/limits is not a resource that a composite request takes",
    ),
    "more than five questions": (
        [CREATE, *(subrequest(f"q{at}", "GET", "query?q=SELECT Id FROM Account") for at in range(6))],
        "LIMIT_EXCEEDED",
        "Cannot have more than 5 queries and collections in a single operation.",
    ),
}


@pytest.mark.parametrize(("rows", "code", "text"), BAD_COMPOSITES.values(), ids=BAD_COMPOSITES.keys())
def test_a_composite_that_is_not_right_runs_nothing(
    client: InProcess, rows: list[dict[str, object]], code: str, text: str
) -> None:
    answer = client.post(f"{V}/composite", {"compositeRequest": rows})
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": code}])
    assert count(client) == 0


def test_a_composite_counts_as_one_call(client: InProcess) -> None:
    answer = client.post(f"{V}/composite", {"compositeRequest": [CREATE, CHILD]})
    assert answer.headers["sforce-limit-info"] == "api-usage=1/15000"


@pytest.mark.parametrize(("method", "path"), [("POST", "/twin/admin/reset"), ("GET", "/services/data"), ("GET", "/x")])
def test_a_composite_opens_no_door_that_a_session_does_not(client: InProcess, method: str, path: str) -> None:
    rows = [CREATE, {"method": method, "url": path, "referenceId": "inside"}]
    answer = client.post(f"{V}/composite", {"compositeRequest": rows})
    text = f"{path} does not start with /services/data/vXX.X/"
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "INVALID_INPUT"}])
    assert count(client) == 0


def test_a_collection_that_saves_only_some_rows_fails_the_composite_that_is_all_or_none(client: InProcess) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": "a"}, {"attributes": {"type": "Account"}}]
    some = subrequest("some", "POST", "composite/sobjects", {"allOrNone": False, "records": rows})
    shown = composite(client, some, CREATE, allOrNone=True)
    assert [(row["httpStatusCode"], [part.get("success") for part in row["body"]]) for row in shown] == [
        (200, [True, False]),
        (400, [None]),
    ]
    assert count(client) == 0
    composite(client, some, CREATE)
    assert count(client) == 2


def test_a_reference_may_begin_with_a_number(client: InProcess) -> None:
    child = subrequest("2", "POST", "sobjects/Contact", {"LastName": "x", "AccountId": "@{1.id}"})
    shown = composite(client, {**CREATE, "referenceId": "1"}, child)
    assert [row["httpStatusCode"] for row in shown] == [201, 201]


def test_a_describe_inside_a_composite_may_be_unchanged(client: InProcess) -> None:
    seen = client.get(f"{V}/sobjects/Account/describe").headers["last-modified"]
    row = {**subrequest("d", "GET", "sobjects/Account/describe"), "httpHeaders": {"If-Modified-Since": seen}}
    assert composite(client, row)[0] == {"body": None, "httpHeaders": {}, "httpStatusCode": 304, "referenceId": "d"}


@pytest.mark.parametrize(("halt", "statuses"), [(False, [400, 201]), (True, [400, 412])])
def test_a_batch_stops_at_a_refusal_only_when_told_to(client: InProcess, halt: bool, statuses: list[int]) -> None:
    rows = [
        {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {}},
        {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "a"}},
    ]
    answer = client.post(f"{V}/composite/batch", {"haltOnError": halt, "batchRequests": rows}).json()
    assert answer["hasErrors"] is True
    assert [row["statusCode"] for row in answer["results"]] == statuses


BAD_BATCHES: dict[str, tuple[dict[str, object], str]] = {
    "another resource": (
        {"method": "GET", "url": "v66.0/composite"},
        "v66.0/composite is not a resource that a batch takes",
    ),
    "no version": ({"method": "GET", "url": "limits"}, "limits is not a resource that a batch takes"),
    "a later version": ({"method": "GET", "url": "v67.0/limits"}, "v67.0/limits is not of a version from 34.0 to 66.0"),
    "an older version": (
        {"method": "GET", "url": "v33.0/limits"},
        "v33.0/limits is not of a version from 34.0 to 66.0",
    ),
    "another method": ({"method": "FETCH", "url": "v66.0/limits"}, "Invalid method: FETCH"),
}


@pytest.mark.parametrize(("row", "text"), BAD_BATCHES.values(), ids=BAD_BATCHES.keys())
def test_a_batch_that_is_not_right_runs_nothing(client: InProcess, row: dict[str, object], text: str) -> None:
    good = {"method": "POST", "url": "v66.0/sobjects/Account", "richInput": {"Name": "a"}}
    answer = client.post(f"{V}/composite/batch", {"batchRequests": [good, row]})
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "INVALID_INPUT"}])
    assert count(client) == 0


def test_every_request_of_a_batch_counts_as_a_call(client: InProcess) -> None:
    rows = [{"method": "GET", "url": "v66.0/limits"}] * 3
    answer = client.post(f"{V}/composite/batch", {"batchRequests": rows})
    assert answer.headers["sforce-limit-info"] == "api-usage=3/15000"


def test_each_graph_is_all_or_nothing_on_its_own(client: InProcess) -> None:
    graphs = [
        {"graphId": "good", "compositeRequest": [CREATE, CHILD]},
        {"graphId": "bad", "compositeRequest": [CREATE, BROKEN]},
    ]
    answer = client.post(f"{V}/composite/graph", {"graphs": graphs}).json()["graphs"]
    assert [(row["graphId"], row["isSuccessful"]) for row in answer] == [("good", True), ("bad", False)]
    assert (count(client), count(client, "Contact")) == (1, 1)


def graph(*rows: dict[str, object], name: str = "g") -> dict[str, object]:
    return {"graphId": name, "compositeRequest": list(rows)}


CHAIN = [CREATE] + [
    subrequest(
        f"a{at}", "POST", "sobjects/Account", {"Name": "x", "ParentId": f"@{{{f'a{at - 1}' if at else 'acct'}.id}}"}
    )
    for at in range(15)
]
BAD_GRAPHS: dict[str, tuple[list[dict[str, object]], str, str]] = {
    "one id twice": ([graph(CREATE), graph(CREATE)], "INVALID_INPUT", "Duplicate graphId found: g"),
    "an id with a period": (
        [graph(CREATE, name="g.1")],
        "INVALID_INPUT",
        "Invalid graphId: g.1. It begins with a letter or number, has less than 40 characters and no period.",
    ),
    "a query": (
        [graph(CREATE, subrequest("q", "GET", "query?q=SELECT Id FROM Account"))],
        "INVALID_INPUT",
        f"GET {V}/query?q=SELECT Id FROM Account is not a request that a graph takes",
    ),
    "depth 16": ([graph(*CHAIN)], "LIMIT_EXCEEDED", "A graph cannot be deeper than 15."),
    "16 kinds of nodes": (
        [graph(*(subrequest(f"r{at}", "POST", f"sobjects/Thing{at}__c", {}) for at in range(16)))],
        "LIMIT_EXCEEDED",
        "Cannot have more than 15 different nodes in a single operation.",
    ),
}


@pytest.mark.parametrize(("graphs", "code", "text"), BAD_GRAPHS.values(), ids=BAD_GRAPHS.keys())
def test_a_graph_that_is_not_right_runs_nothing(
    client: InProcess, graphs: list[dict[str, object]], code: str, text: str
) -> None:
    answer = client.post(f"{V}/composite/graph", {"graphs": graphs})
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": code}])
    assert count(client) == 0


def test_depth_15_is_deep_enough(client: InProcess) -> None:
    answer = client.post(f"{V}/composite/graph", {"graphs": [graph(*CHAIN[:15])]}).json()["graphs"]
    assert (answer[0]["isSuccessful"], count(client)) == (True, 15)


def test_after_fifteen_graphs_failed_the_others_are_left_alone(client: InProcess) -> None:
    graphs = [*(graph(BROKEN, name=f"bad{at}") for at in range(15)), graph(CREATE, name="last")]
    answer = client.post(f"{V}/composite/graph", {"graphs": graphs}).json()["graphs"]
    assert [row["isSuccessful"] for row in answer] == [False] * 16
    last = answer[-1]["graphResponse"]["compositeResponse"][0]["body"][0]
    assert (last["errorCode"], count(client)) == ("PROCESSING_HALTED", 0)


def leaf(reference: str, sobject_type: str, **values: object) -> dict[str, object]:
    return {"attributes": {"type": sobject_type, "referenceId": reference}, **values}


def with_children(**children: list[dict[str, object]]) -> dict[str, object]:
    return leaf("a", "Account", Name="Acme", **{name: {"records": rows} for name, rows in children.items()})


BAD_TREES: dict[str, tuple[dict[str, object], str]] = {
    "a reference with a hyphen": (leaf("a-1", "Account"), "Invalid ReferenceId provided in the request: a-1"),
    "a root of another type": (leaf("c", "Contact"), "Record c is of type Contact, where Account is asked for"),
    "six types": (
        with_children(
            Contacts=[leaf("c", "Contact")],
            Cases=[leaf("d", "Case")],
            Contracts=[leaf("e", "Contract")],
            Opportunities=[leaf("f", "Opportunity")],
            Assets=[leaf("g", "Asset")],
        ),
        "The request exceeds the limit of 5 types of records.",
    ),
}


@pytest.mark.parametrize(("root", "text"), BAD_TREES.values(), ids=BAD_TREES.keys())
def test_a_tree_that_is_not_right_creates_nothing(client: InProcess, root: dict[str, object], text: str) -> None:
    answer = client.post(f"{V}/composite/tree/Account", {"records": [root]})
    assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "INVALID_INPUT"}])
    assert count(client) == 0
