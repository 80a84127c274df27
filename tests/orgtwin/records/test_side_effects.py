"""What comes with a saved record of a standard object. Sources: ContentVersion, Order, Opportunity, Case (Object Reference)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from msgspec import structs

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value
from orgtwin.seed import integration_user

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]


def many(read: Read, sobject_type: str, record_id: str | None, *fields: str) -> list[Value]:
    return [read(sobject_type, record_id, field) for field in fields]


def test_a_file_brings_its_document_and_its_links(org: Org, admin: Caller, insert: Save, read: Read) -> None:
    account = insert("Account", Name="Acme").record_id
    data = b64encode(b"hello").decode()
    version = insert("ContentVersion", PathOnClient="a/deal.pdf", VersionData=data, FirstPublishLocationId=account)
    measured = many(
        read, "ContentVersion", version.record_id, "Title", "FileType", "ContentSize", "Checksum", "IsLatest"
    )
    assert measured == ["deal", "PDF", 5, "5d41402abc4b2a76b9719d911017c592", True]
    document = str(read("ContentVersion", version.record_id, "ContentDocumentId"))
    told = many(read, "ContentDocument", document, "Title", "LatestPublishedVersionId", "OwnerId")
    assert told == ["deal", version.record_id, admin.user_id]
    links = org.table("ContentDocumentLink")
    entity, share = links.reader("LinkedEntityId"), links.reader("ShareType")
    assert {(entity(row), share(row)) for row in links.rows()} == {(admin.user_id, "I"), (account, "V")}


def test_a_second_version_becomes_the_latest(insert: Save, read: Read) -> None:
    first = insert("ContentVersion", Title="Deal", PathOnClient="deal.txt", VersionData="YQ==").record_id
    document = read("ContentVersion", first, "ContentDocumentId")
    second = insert("ContentVersion", PathOnClient="deal.txt", VersionData="Yg==", ContentDocumentId=document).record_id
    assert many(read, "ContentVersion", first, "VersionNumber", "IsLatest") == ["1", False]
    assert many(read, "ContentVersion", second, "VersionNumber", "IsLatest") == ["2", True]
    assert read("ContentDocument", str(document), "LatestPublishedVersionId") == second


def test_a_deleted_document_takes_its_versions_and_links_along(
    org: Org, admin: Caller, insert: Save, read: Read
) -> None:
    version = insert("ContentVersion", PathOnClient="deal.txt", VersionData="YQ==").record_id
    document = str(read("ContentVersion", version, "ContentDocumentId"))
    assert org.dml.delete(admin, [document])[0].success
    assert (len(org.table("ContentVersion")), len(org.table("ContentDocumentLink"))) == (0, 0)


def test_every_user_may_store_a_file(org: Org) -> None:
    row = {"PathOnClient": "deal.txt", "VersionData": "YQ=="}
    assert org.dml.insert(integration_user(org), "ContentVersion", [row])[0].success


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ("Prospecting", [Decimal(10), "Pipeline", False, False]),
        ("Closed Won", [Decimal(100), "Closed", True, True]),
        ("Closed Lost", [Decimal(0), "Omitted", True, False]),
    ],
)
def test_a_stage_says_probability_and_outcome(insert: Save, read: Read, stage: str, told: list[Value]) -> None:
    record_id = insert("Opportunity", Name="Deal", CloseDate="2026-06-30", StageName=stage).record_id
    assert many(read, "Opportunity", record_id, "Probability", "ForecastCategory", "IsClosed", "IsWon") == told


def test_a_probability_of_its_own_is_kept(insert: Save, update: Save, read: Read) -> None:
    deal = {"Name": "Deal", "CloseDate": "2026-06-30", "StageName": "Prospecting", "Probability": 33}
    record_id = insert("Opportunity", **deal).record_id
    assert read("Opportunity", record_id, "Probability") == Decimal(33)
    assert update("Opportunity", record_id, StageName="Closed Won").success
    assert read("Opportunity", record_id, "Probability") == Decimal(100)


def test_an_order_has_the_code_of_its_status(insert: Save, read: Read) -> None:
    account = insert("Account", Name="Acme").record_id
    record_id = insert("Order", AccountId=account, EffectiveDate="2026-01-01", Status="Draft").record_id
    assert many(read, "Order", record_id, "StatusCode", "OrderNumber") == ["Draft", "00000001"]


def test_a_case_is_closed_by_its_status_and_may_be_opened_again(
    org: Org, insert: Save, update: Save, read: Read
) -> None:
    record_id = insert("Case", Subject="Help").record_id
    assert many(read, "Case", record_id, "Status", "IsClosed", "ClosedDate") == ["New", False, None]
    update("Case", record_id, Status="Closed")
    assert many(read, "Case", record_id, "IsClosed", "ClosedDate") == [True, org.now]
    update("Case", record_id, Status="Working")
    assert many(read, "Case", record_id, "IsClosed", "ClosedDate") == [False, None]


def test_a_task_is_closed_by_its_status_and_may_be_opened_again(
    org: Org, insert: Save, update: Save, read: Read
) -> None:
    record_id = insert("Task", Subject="Call", Status="Not Started", Priority="Normal").record_id
    assert many(read, "Task", record_id, "IsClosed", "CompletedDateTime") == [False, None]
    update("Task", record_id, Status="Completed")
    assert many(read, "Task", record_id, "IsClosed", "CompletedDateTime") == [True, org.now]
    update("Task", record_id, Status="In Progress")
    assert many(read, "Task", record_id, "IsClosed", "CompletedDateTime") == [False, None]


def test_a_tracked_field_leaves_a_row_of_history_and_a_reference_two(
    org: Org, insert: Save, update: Save, read: Read
) -> None:
    contract = org.schema.find_type("Contract")
    assert contract is not None
    tracked = {"Description", "CompanySignedId", "SpecialTerms", "ContractTerm"}
    fields = tuple(structs.replace(f, track_history=f.api_name in tracked) for f in contract.fields)
    org.replace_schema(org.schema.with_types([replace(contract, fields=fields)]))
    record_id = insert("Contract", AccountId=insert("Account", Name="Acme").record_id, ContractTerm=1).record_id
    signer = integration_user(org).user_id
    update("Contract", record_id, ContractTerm=2, CompanySignedId=signer, SpecialTerms="long", BillingCity="Rome")
    table = org.table("ContractHistory")
    names = ("ContractId", "Field", "DataType", "OldValue", "NewValue")
    rows = [tuple(table.reader(name)(row) for name in names) for row in table.rows()]
    assert rows == [
        (record_id, "created", "Text", None, None),
        (record_id, "ContractTerm", "Integer", 1, 2),
        (record_id, "CompanySigned", "Text", None, "CLM Integration"),
        (record_id, "CompanySigned", "EntityId", None, signer),
        (record_id, "SpecialTerms", "Text", None, None),
    ]
    assert {str(row[0])[:3] for row in table.rows()} == {"017"}


def test_nothing_is_tracked_where_no_field_asks_for_it(org: Org, insert: Save) -> None:
    assert insert("Account", Name="Acme").success
    assert len(org.table("AccountHistory")) == 0


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("2026-03-01", "2026-03-01", "Active"),
        ("2026-03-02", None, "Inactive"),
        ("2026-01-01", "2026-02-28", "Expired"),
        (None, None, "Active"),
    ],
)
def test_an_entitlement_is_active_between_its_dates(
    insert: Save, read: Read, start: str | None, end: str | None, status: str
) -> None:
    account = insert("Account", Name="Acme").record_id
    made = insert("Entitlement", Name="e", AccountId=account, StartDate=start, EndDate=end).record_id
    assert read("Entitlement", made, "Status") == status
    case = insert("Case", Subject="c", AccountId=account, EntitlementId=made).record_id
    assert read("Case", case, "EntitlementId") == made
