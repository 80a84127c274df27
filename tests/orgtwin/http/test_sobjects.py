"""Single records over REST: create, read, update, upsert, delete, and every way to be refused."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES
from orgtwin.schema.model import Field, FieldType

V = "/services/data/v66.0"
ACCOUNT = f"{V}/sobjects/Account"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MISSING = {"message": "The requested resource does not exist", "errorCode": "NOT_FOUND"}


def no_such_id(text: str) -> dict[str, str]:
    message = f"Provided external ID field does not exist or is not accessible: {text}"
    return {"message": message, "errorCode": "NOT_FOUND"}


class Org:
    """An org with two external ids on Account: a unique text and a number that may repeat."""

    def __init__(self) -> None:
        self.now = NOW
        started = start_twin(clock=lambda: self.now)
        self.org = started.twin.org
        account = self.org.schema.find_type("Account")
        assert account is not None
        text = Field("Key__c", "Key", FieldType.STRING, length=40, external_id=True, unique=True, custom=True)
        number = Field("No__c", "No", FieldType.DOUBLE, precision=18, external_id=True, custom=True)
        fields = (*account.fields, *(structs.replace(f, permissionable=False) for f in (text, number)))
        self.org.replace_schema(self.org.schema.with_types([replace(account, fields=fields)]))
        self.client = InProcess(Application(started.twin, ROUTES), started.access_token)

    def create(self, **values: object) -> str:
        answer = self.client.post(ACCOUNT, {"Name": "Acme", **values})
        assert answer.status == 201, answer.text
        record_id: str = answer.json()["id"]
        return record_id


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{V}/query?q=SELECT+Id+FROM+SocialPost", None),
        ("GET", f"{V}/sobjects/socialpost/describe", None),
        ("POST", f"{V}/sobjects/SocialPost", {"Action": "x"}),
        ("POST", f"{V}/composite/sobjects", {"records": [{"attributes": {"type": "SocialPost"}}]}),
        ("POST", f"{V}/jobs/ingest", {"object": "SocialPost", "operation": "insert"}),
    ],
)
def test_a_standard_object_that_the_twin_has_not_is_refused_by_name(
    org: Org, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = org.client.get(path) if method == "GET" else org.client.post(path, body)
    told = "orgtwin does not emulate the standard object SocialPost (ledger: schema.standard-object)"
    assert (answer.status, answer.json()) == (501, [{"message": told, "errorCode": "TWIN_UNSUPPORTED"}])


def test_a_new_record_answers_201_with_its_id_and_its_place(org: Org) -> None:
    answer = org.client.post(ACCOUNT, {"attributes": {"type": "Account"}, "Name": "Acme"})
    record_id = answer.json()["id"]
    assert answer.status == 201
    assert answer.json() == {"id": record_id, "success": True, "errors": []}
    assert answer.headers["location"] == f"{ACCOUNT}/{record_id}"


def test_a_record_reads_back_with_attributes_first_and_fields_as_asked(org: Org) -> None:
    record_id = org.create(AnnualRevenue=12.5, BillingCity="Bern")
    shown = org.client.get(f"{ACCOUNT}/{record_id}?fields=annualrevenue,BillingCity,CreatedDate").json()
    assert list(shown.items()) == [
        ("attributes", {"type": "Account", "url": f"{ACCOUNT}/{record_id}"}),
        ("AnnualRevenue", 12.5),
        ("BillingCity", "Bern"),
        ("CreatedDate", "2026-03-01T12:00:00.000+0000"),
    ]


def test_a_record_without_a_list_of_fields_shows_all_of_them(org: Org) -> None:
    shown = org.client.get(f"{ACCOUNT}/{org.create(BillingCity='Bern')}").json()
    assert {"Id", "Name", "OwnerId", "SystemModstamp", "Key__c", "BillingAddress"} <= set(shown)
    assert shown["BillingAddress"]["city"] == "Bern"
    assert shown["ShippingAddress"] is None


def test_a_fifteen_character_id_is_the_same_record(org: Org) -> None:
    record_id = org.create()
    assert org.client.get(f"{ACCOUNT}/{record_id[:15]}?fields=Id").json()["Id"] == record_id


def test_an_update_answers_204_and_changes_what_it_names(org: Org) -> None:
    record_id = org.create(Site="a")
    answer = org.client.patch(f"{ACCOUNT}/{record_id}", {"Name": "New"})
    shown = org.client.get(f"{ACCOUNT}/{record_id}?fields=Name,Site").json()
    assert (answer.status, answer.body) == (204, b"")
    assert (shown["Name"], shown["Site"]) == ("New", "a")


def test_a_deleted_record_is_gone_and_says_so(org: Org) -> None:
    record_id = org.create()
    assert org.client.delete(f"{ACCOUNT}/{record_id}").status == 204
    for answer in (
        org.client.get(f"{ACCOUNT}/{record_id}"),
        org.client.patch(f"{ACCOUNT}/{record_id}", {"Name": "x"}),
        org.client.delete(f"{ACCOUNT}/{record_id}"),
    ):
        assert answer.status == 404
        assert answer.json()[0]["errorCode"] == "ENTITY_IS_DELETED"
        assert answer.json()[0]["message"] == "entity is deleted"


REFUSED: dict[str, tuple[str, str, Any, int, Any]] = {
    "a required field is missing": (
        "POST",
        ACCOUNT,
        {},
        400,
        {
            "message": "Required fields are missing: [Name]",
            "errorCode": "REQUIRED_FIELD_MISSING",
            "fields": ["Name"],
        },
    ),
    "a field nobody has": (
        "POST",
        ACCOUNT,
        {"Foo": 1},
        400,
        {"message": "No such column 'Foo' on sobject of type Account", "errorCode": "INVALID_FIELD"},
    ),
    "an object nobody has": ("POST", f"{V}/sobjects/Nope", {"Name": "x"}, 404, MISSING),
    "an id that is no id": ("GET", f"{ACCOUNT}/xyz", None, 404, no_such_id("xyz")),
    "an id of nothing": ("GET", f"{ACCOUNT}/001TW0000000999", None, 404, MISSING),
    "a delete of another object's id": (
        "DELETE",
        f"{ACCOUNT}/003TW0000000001",
        None,
        404,
        no_such_id("003TW0000000001"),
    ),
    "a field list with a stranger": (
        "GET",
        f"{ACCOUNT}/{{id}}?fields=Name,Foo",
        None,
        400,
        {"message": "No such column 'Foo' on sobject of type Account", "errorCode": "INVALID_FIELD"},
    ),
    "an id in the body of an update": (
        "PATCH",
        f"{ACCOUNT}/{{id}}",
        {"Id": "x"},
        400,
        {
            "message": "The Id field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
            "fields": ["Id"],
        },
    ),
    "a key in the body of an upsert": (
        "PATCH",
        f"{ACCOUNT}/Key__c/k",
        {"Key__c": "k"},
        400,
        {
            "message": "The Key__c field should not be specified in the sobject data.",
            "errorCode": "INVALID_FIELD",
            "fields": ["Key__c"],
        },
    ),
    "a key field that is no key": ("PATCH", f"{ACCOUNT}/Site/k", {"Name": "x"}, 404, no_such_id("Site")),
    "a key field that is not there": ("PATCH", f"{ACCOUNT}/Nope__c/k", {"Name": "x"}, 404, no_such_id("Nope__c")),
    "a list for a record": (
        "POST",
        ACCOUNT,
        [],
        400,
        {
            "message": "The HTTP entity body was expected to be a JSON object. or request may be missing a required field",
            "errorCode": "JSON_PARSER_ERROR",
        },
    ),
    "a child nobody has": ("GET", f"{ACCOUNT}/{{id}}/Nephews", None, 404, MISSING),
}


@pytest.mark.parametrize(("method", "path", "body", "status", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_right_is_refused_in_the_orgs_words(
    org: Org, method: str, path: str, body: Any, status: int, error: Any
) -> None:
    answer = org.client.request(method, path.replace("{id}", org.create()), json=body)
    assert (answer.status, answer.json()) == (status, [error])


def test_text_that_is_no_json_is_refused(org: Org) -> None:
    answer = org.client.request("POST", ACCOUNT, body=b'{"Name": ')
    assert (answer.status, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


def test_values_within_values_without_end_are_refused(org: Org) -> None:
    for nested in (b"[" * 100_000, b'[{"a":' * 50_000, b"[" * 100_000 + b"]" * 100_000):
        answer = org.client.request("POST", ACCOUNT, body=b'{"Name":' + nested)
        assert (answer.status, answer.json()[0]["message"]) == (400, "values are nested deeper than 5000")


def test_an_upsert_creates_then_updates(org: Org) -> None:
    first = org.client.patch(f"{ACCOUNT}/Key__c/A%2F1", {"Name": "one"})
    second = org.client.patch(f"{ACCOUNT}/Key__c/A%2F1", {"Name": "two"})
    record_id = first.json()["id"]
    assert (first.status, first.json()) == (201, {"id": record_id, "success": True, "errors": [], "created": True})
    assert (second.status, second.json()) == (200, {"id": record_id, "success": True, "errors": [], "created": False})
    shown = org.client.get(f"{ACCOUNT}/{record_id}?fields=Name,Key__c").json()
    assert (shown["Name"], shown["Key__c"]) == ("two", "A/1")


def test_before_version_46_an_upsert_that_updates_answers_204(org: Org) -> None:
    old = f"{ACCOUNT}/Key__c/k".replace("v66.0", "v45.0")
    created, updated = (org.client.patch(old, {"Name": "x"}) for _ in range(2))
    assert (created.status, "created" in created.json()) == (201, False)
    assert (updated.status, updated.body) == (204, b"")


def test_an_update_only_upsert_creates_nothing(org: Org) -> None:
    answer = org.client.patch(f"{ACCOUNT}/Key__c/k?updateOnly=true", {"Name": "x"})
    assert (answer.status, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")
    assert org.client.get(f"{V}/query?q=SELECT COUNT() FROM Account").json()["totalSize"] == 0


def test_a_key_that_meets_several_records_answers_300_and_writes_nothing(org: Org) -> None:
    ids = [org.create(No__c=7), org.create(No__c=7)]
    places = [f"{ACCOUNT}/{record_id}" for record_id in ids]
    for answer in (
        org.client.patch(f"{ACCOUNT}/No__c/7", {"Name": "x"}),
        org.client.get(f"{ACCOUNT}/No__c/7"),
        org.client.delete(f"{ACCOUNT}/No__c/7"),
    ):
        assert (answer.status, answer.json()) == (300, places)
    assert org.client.get(f"{places[0]}?fields=Name").json()["Name"] == "Acme"


def test_a_record_is_read_and_deleted_by_external_id(org: Org) -> None:
    record_id = org.create(Key__c="k")
    assert org.client.get(f"{ACCOUNT}/Key__c/k?fields=Id").json()["Id"] == record_id
    assert org.client.delete(f"{ACCOUNT}/Key__c/k").status == 204
    assert org.client.get(f"{ACCOUNT}/Key__c/k").status == 404


def test_relationships_lead_to_parents_and_children(org: Org) -> None:
    parent = org.create(Name="Parent")
    child = org.create(Name="Child", ParentId=parent)
    up = org.client.get(f"{ACCOUNT}/{child}/Parent?fields=Name").json()
    down = org.client.get(f"{ACCOUNT}/{parent}/ChildAccounts?fields=Name").json()
    assert up["Name"] == "Parent"
    assert [row["Name"] for row in down["records"]] == ["Child"]
    assert org.client.get(f"{ACCOUNT}/{parent}/Parent").status == 404
    assert org.client.get(f"{ACCOUNT}/{child}/ChildAccounts").json() == {"totalSize": 0, "done": True, "records": []}


def test_a_path_climbs_five_parents_and_ends_at_one_set_of_children(org: Org) -> None:
    at = top = org.create(Name="0")
    for level in range(1, 7):
        at = org.create(Name=str(level), ParentId=at)
    five = "/".join(["Parent"] * 5)
    assert org.client.get(f"{ACCOUNT}/{at}/{five}?fields=Name").json()["Name"] == "1"
    assert [row["Name"] for row in org.client.get(f"{ACCOUNT}/{at}/{five}/ChildAccounts").json()["records"]] == ["2"]
    assert org.client.get(f"{ACCOUNT}/{at}/{five}/Parent").json()[0]["errorCode"] == "INVALID_FIELD"
    assert org.client.get(f"{ACCOUNT}/{top}/ChildAccounts/Parent").status == 404


def test_a_parent_is_changed_and_deleted_by_its_childs_path_and_children_are_not(org: Org) -> None:
    parent = org.create(Name="Parent")
    child = org.create(Name="Child", ParentId=parent)
    assert org.client.patch(f"{ACCOUNT}/{child}/Parent", {"Name": "Changed"}).status == 204
    assert org.client.get(f"{ACCOUNT}/{parent}?fields=Name").json()["Name"] == "Changed"
    for method in ("PATCH", "DELETE"):
        answer = org.client.request(method, f"{ACCOUNT}/{parent}/ChildAccounts", json={})
        assert (answer.status, answer.json()[0]["errorCode"]) == (405, "METHOD_NOT_ALLOWED")
    assert org.client.delete(f"{ACCOUNT}/{child}/Parent").status == 204
    assert [org.client.get(f"{ACCOUNT}/{record}").status for record in (parent, child)] == [404, 200]
    assert org.client.delete(f"{ACCOUNT}/{child}/Parent").status == 404


CONDITIONS = {
    "unmodified since, and it is": ("PATCH", "If-Unmodified-Since", 1, 204),
    "unmodified since, and it is not": ("PATCH", "If-Unmodified-Since", -1, 412),
    "modified since, and it is": ("GET", "If-Modified-Since", -1, 200),
    "modified since, and it is not": ("GET", "If-Modified-Since", 1, 304),
}


@pytest.mark.parametrize(("method", "header", "minutes", "status"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_decides_whether_a_request_counts(
    org: Org, method: str, header: str, minutes: int, status: int
) -> None:
    record_id = org.create()
    moment = (NOW + timedelta(minutes=minutes)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    body = {"Name": "x"} if method == "PATCH" else None
    answer = org.client.request(method, f"{ACCOUNT}/{record_id}", json=body, headers={header: moment})
    assert answer.status == status


def test_a_date_of_whole_seconds_does_not_see_parts_of_one(org: Org) -> None:
    org.now = NOW + timedelta(milliseconds=400)
    record_id = org.create()
    moment = NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")
    answers = [
        org.client.request("GET", f"{ACCOUNT}/{record_id}", headers={"If-Modified-Since": moment}),
        org.client.request(
            "PATCH", f"{ACCOUNT}/{record_id}", json={"Name": "x"}, headers={"If-Unmodified-Since": moment}
        ),
    ]
    assert [answer.status for answer in answers] == [304, 204]


def test_updated_and_deleted_list_what_changed_in_a_span(org: Org) -> None:
    kept, gone = org.create(), org.create()
    org.client.delete(f"{ACCOUNT}/{gone}")
    org.now += timedelta(hours=1)
    span = "start=2026-03-01T12:00:45Z&end=2026-03-01T13:00:59%2B00:00"  # seconds do not count
    changed = org.client.get(f"{ACCOUNT}/updated?{span}").json()
    deleted = org.client.get(f"{ACCOUNT}/deleted?{span}").json()
    assert changed == {"ids": [kept], "latestDateCovered": "2026-03-01T13:00:00.000+0000"}
    assert deleted["deletedRecords"] == [{"deletedDate": "2026-03-01T12:00:00.000+0000", "id": gone}]


BAD_SPANS = {
    "start=2026-01-30T11:00:00Z&end=2026-03-01T12:00:00Z": "startDate cannot be more than 30 days ago",
    "start=2026-03-01T12:00:00Z&end=2026-03-01T11:00:00Z": "startDate before endDate required",
    "start=2026-03-01T12:00:05Z&end=2026-03-01T12:00:55Z": "startDate before endDate required",
    "start=yesterday&end=2026-03-01T11:00:00Z": "start: 'yesterday' is not an ISO 8601 date and time",
}


@pytest.mark.parametrize(("span", "text"), BAD_SPANS.items())
def test_a_span_that_is_none_or_too_long_is_refused(org: Org, span: str, text: str) -> None:
    for kind in ("updated", "deleted"):
        answer = org.client.get(f"{ACCOUNT}/{kind}?{span}")
        assert (answer.status, answer.json()) == (400, [{"message": text, "errorCode": "INVALID_REPLICATION_DATE"}])


def test_a_describe_is_not_sent_again_until_the_schema_changes(org: Org) -> None:
    first = org.client.get(f"{ACCOUNT}/describe")
    seen = {"If-Modified-Since": first.headers["last-modified"]}
    again = org.client.request("GET", f"{ACCOUNT}/describe", headers=seen)
    account = org.org.schema.find_type("Account")
    assert account is not None
    org.org.replace_schema(org.org.schema.with_types([replace(account, label="Customer")]))
    changed = org.client.request("GET", f"{ACCOUNT}/describe", headers=seen)
    assert (first.status, again.status, changed.status) == (200, 304, 200)
    assert changed.json()["label"] == "Customer"


def test_record_counts_leave_out_objects_that_are_not_there(org: Org) -> None:
    org.create()
    answer = org.client.get(f"{V}/limits/recordCount?sObjects=Account,Contact,Nope").json()
    assert answer == {"sObjects": [{"count": 1, "name": "Account"}, {"count": 0, "name": "Contact"}]}


def test_limits_show_the_calls_that_are_left(org: Org) -> None:
    limits = org.client.get(f"{V}/limits").json()
    assert limits["DailyApiRequests"]["Max"] == 15_000
    assert limits["DailyApiRequests"]["Remaining"] == 14_999
    assert limits["DataStorageMB"] == {"Max": 5, "Remaining": 5}


def test_stored_records_use_up_storage(org: Org) -> None:
    for _ in range(3):
        rows = [{"attributes": {"type": "Account"}, "Name": str(number)} for number in range(200)]
        org.client.post(f"{V}/composite/sobjects", {"records": rows})
    assert org.client.get(f"{V}/limits").json()["DataStorageMB"] == {"Max": 5, "Remaining": 4}


@pytest.mark.parametrize(
    ("row", "first", "last"),
    [
        ("DailyBulkApiRequests", 31, 48),
        ("DailyBulkApiBatches", 49, 68),
        ("DailyBulkV2QueryJobs", 47, 68),
        ("MonthlyPlatformEvents", 31, 47),
        ("MonthlyPlatformEventsUsageEntitlement", 48, 68),
        ("DurableStreamingApiConcurrentClients", 37, 68),
        ("PermissionSets", 41, 68),
        ("DailyAsyncApexTests", 56, 68),
    ],
)
def test_a_limit_is_shown_in_the_versions_that_have_it(org: Org, row: str, first: int, last: int) -> None:
    shown = [
        version for version in range(31, 69) if row in org.client.get(f"/services/data/v{version}.0/limits").json()
    ]
    assert shown == list(range(first, last + 1))


def test_a_blob_comes_in_as_a_part_and_goes_out_as_bytes(org: Org) -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="entity_content"\r\nContent-Type: application/json\r\n\r\n'
        b'{"Title": "Contract", "PathOnClient": "contract.pdf"}\r\n'
        b'--B\r\nContent-Disposition: form-data; name="VersionData"; filename="contract.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF\x00\xff\r\n\r\n--B--\r\n"
    )
    place = f"{V}/sobjects/ContentVersion"
    made = org.client.request("POST", place, body=body, headers={"content-type": 'multipart/form-data; boundary="B"'})
    assert made.status == 201, made.text
    record_id = made.json()["id"]
    shown = org.client.get(f"{place}/{record_id}?fields=Title,VersionData").json()
    assert (shown["Title"], shown["VersionData"]) == ("Contract", f"{place}/{record_id}/VersionData")
    blob = org.client.get(f"{place}/{record_id}/VersionData")
    assert (blob.status, blob.headers["content-type"], blob.body) == (
        200,
        "application/octet-stream",
        b"%PDF\x00\xff\r\n",
    )


def an_account(org: Org) -> str:
    return f"{V}/sobjects/Account/{org.client.post(f'{V}/sobjects/Account', {'Name': 'a'}).json()['id']}"


def test_the_tag_of_an_account_changes_with_what_it_says(org: Org) -> None:
    place = an_account(org)
    first = org.client.get(place, accept_encoding="gzip").headers["etag"]
    plain = org.client.get(f"{place}?fields=Name").headers["etag"]
    changed = org.client.patch(place, {"Name": "b"}).headers["etag"]
    assert first.endswith('=--gzip"')
    assert plain == first.replace("--gzip", "")
    assert changed == org.client.get(place).headers["etag"] != plain


@pytest.mark.parametrize(
    ("header", "names_it", "read", "changed"),
    [
        ("if_match", True, 200, 204),
        ("if_match", False, 412, 412),
        ("if_none_match", True, 304, 412),
        ("if_none_match", False, 200, 204),
    ],
)
def test_a_tag_decides_whether_a_request_counts(org: Org, header: str, names_it: bool, read: int, changed: int) -> None:
    place = an_account(org)
    tag = org.client.get(place).headers["etag"] if names_it else '"U5iWijwWbQD18jeiXwsqxeGpZQk="'
    condition = {header: f'"other", {tag}'}
    assert org.client.get(place, **condition).status == read
    assert org.client.patch(place, {"Name": "b"}, **condition).status == changed
    assert org.client.get(place).json()["Name"] == ("b" if changed == 204 else "a")


def test_records_of_other_objects_have_no_tag(org: Org) -> None:
    contact = org.client.post(f"{V}/sobjects/Contact", {"LastName": "a"}).json()["id"]
    answer = org.client.get(f"{V}/sobjects/Contact/{contact}", if_match='"x"')
    assert (answer.status, "etag" in answer.headers) == (200, False)


@pytest.mark.parametrize("header", ["if_match", "if_none_match", "if_unmodified_since"])
def test_a_condition_that_is_none_refuses_a_change_and_no_reading(org: Org, header: str) -> None:
    place = an_account(org)
    refused = org.client.patch(place, {"Name": "b"}, **{header: "noon"})
    assert (refused.status, refused.json()[0]["errorCode"]) == (400, "INVALID_HEADER")
    assert org.client.get(place, if_none_match="noon").status == 200


BLOBS = {
    "ContentVersion": ("VersionData", {"Title": "c", "PathOnClient": "c.bin"}),
    "Document": ("Body", {"Name": "c"}),
    "Attachment": ("Body", {"Name": "c"}),
}


@pytest.mark.parametrize("name", BLOBS)
def test_a_blob_comes_in_as_base64_too(org: Org, name: str) -> None:
    field, values = BLOBS[name]
    if name == "Document":
        values = {**values, "FolderId": org.client.get("/services/oauth2/userinfo").json()["user_id"]}
    if name == "Attachment":
        values = {**values, "ParentId": an_account(org).rpartition("/")[2]}
    content = bytes(range(256))
    made = org.client.post(f"{V}/sobjects/{name}", {**values, field: b64encode(content).decode()})
    assert made.status == 201, made.text
    place = f"{V}/sobjects/{name}/{made.json()['id']}"
    assert org.client.get(place).json()[field] == f"{place}/{field}"
    assert org.client.get(f"{place}/{field}").body == content


def test_a_body_in_xml_is_refused_by_name(org: Org) -> None:
    headers = {"Content-Type": "application/xml"}
    answer = org.client.request("POST", ACCOUNT, body=b"<Account><Name>a</Name></Account>", headers=headers)
    assert (answer.status, answer.json()[0]["message"]) == (
        501,
        "orgtwin does not emulate bodies in XML (ledger: rest.xml)",
    )
