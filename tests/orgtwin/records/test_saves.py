"""Insert, update and upsert: who is written, what is refused, in whose words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from orgtwin.errors import SalesforceError, SaveResult
from orgtwin.org import Org
from orgtwin.records.matching import MultipleMatches
from orgtwin.records.model import Caller, Value
from orgtwin.seed import integration_user

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]


def refusal_of(result: SaveResult) -> tuple[str, str, tuple[str, ...]]:
    (error,) = result.errors
    assert not result.success
    assert result.record_id is None
    return error.status_code, error.message, error.fields


# ---- what the org fills in


def test_a_new_record_has_an_id_of_its_object_stamps_and_an_owner(
    org: Org, admin: Caller, insert: Save, read: Read
) -> None:
    result = insert("Sample__c", Name="one")
    assert result.success
    assert result.created
    record_id = result.record_id or ""
    assert (len(record_id), record_id[:3]) == (18, "a00")
    stamps = {read("Sample__c", record_id, name) for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
    people = {read("Sample__c", record_id, name) for name in ("CreatedById", "LastModifiedById", "OwnerId")}
    assert (stamps, people) == ({org.now}, {admin.user_id})
    assert read("Sample__c", record_id, "IsDeleted") is False


def test_a_checkbox_is_false_until_it_is_set(insert: Save, read: Read) -> None:
    assert read("Sample__c", insert("Sample__c").record_id, "Flag__c") is False


def test_auto_numbers_count_up_in_their_format(insert: Save, read: Read) -> None:
    ids = [insert("Sample__c").record_id for _ in range(3)]
    assert [read("Sample__c", i, "Number_Code__c") for i in ids] == ["S-0001", "S-0002", "S-0003"]


def test_the_name_of_a_person_is_made_of_its_parts(insert: Save, update: Save, read: Read) -> None:
    record_id = insert("Contact", FirstName="Grace", LastName="Hopper").record_id
    assert read("Contact", record_id, "Name") == "Grace Hopper"
    assert update("Contact", record_id, FirstName=None).success
    assert read("Contact", record_id, "Name") == "Hopper"


def test_names_of_fields_and_objects_are_known_in_any_case(org: Org, admin: Caller, read: Read) -> None:
    (result,) = org.dml.insert(admin, "SAMPLE__C", [{"TEXT__c": "a", "attributes": {"type": "Sample__c"}}])
    assert read("sample__c", result.record_id, "text__C") == "a"


# ---- refusals of a whole call


@pytest.mark.parametrize(
    ("sobject_type", "row", "code", "message"),
    [
        ("Account", {"Nme": "x"}, "INVALID_FIELD", "No such column 'Nme' on sobject of type Account"),
        (
            "Nothing__c",
            {"Name": "x"},
            "INVALID_TYPE",
            "sObject type 'Nothing__c' is not supported. If you are attempting to use a custom object, be sure to append the "
            "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.",
        ),
        (
            "Sample__c",
            {"Account__r": {"Nope__c": 1}},
            "INVALID_FIELD",
            "No such column 'Nope__c' on sobject of type Account",
        ),
        (
            "ContractStatus",
            {"ApiName": "x"},
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "entity type cannot be inserted: Contract Status Value",
        ),
    ],
)
def test_a_call_that_names_what_is_not_there_is_refused_whole(
    org: Org, admin: Caller, sobject_type: str, row: dict[str, object], code: str, message: str
) -> None:
    with pytest.raises(SalesforceError) as refusal:
        org.dml.insert(admin, sobject_type, [{}, row] if sobject_type == "Sample__c" else [row])
    assert (refusal.value.code, refusal.value.message) == (code, message)
    assert len(org.table("Sample__c")) == 0


# ---- refusals of a row


def test_required_fields_are_named_together(insert: Save) -> None:
    assert refusal_of(insert("Opportunity", Amount=1)) == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [Name, StageName, CloseDate]",
        ("Name", "StageName", "CloseDate"),
    )


def test_a_required_field_cannot_be_cleared(insert: Save, update: Save) -> None:
    record_id = insert("Account", Name="Acme").record_id
    assert refusal_of(update("Account", record_id, Name=None))[:2] == (
        "REQUIRED_FIELD_MISSING",
        "Required fields are missing: [Name]",
    )


def test_a_read_only_field_is_refused_by_name(insert: Save) -> None:
    assert refusal_of(insert("Account", Name="Acme", CreatedDate="2020-01-01T00:00:00Z")) == (
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        "Unable to create/update fields: CreatedDate. Please check the security settings of this field and verify that it is "
        "read/write for your profile or permission set.",
        ("CreatedDate",),
    )


def test_a_unique_value_is_given_once_and_the_15_character_id_of_its_holder_told(insert: Save, update: Save) -> None:
    holder = insert("Sample__c", Key__c="K-1").record_id or ""
    message = f"duplicate value found: Key__c duplicates value on record with id: {holder[:15]}"
    assert refusal_of(insert("Sample__c", Key__c="k-1")) == ("DUPLICATE_VALUE", message, ())
    other = insert("Sample__c", Key__c="K-2").record_id
    assert refusal_of(update("Sample__c", other, Key__c="K-1")) == ("DUPLICATE_VALUE", message, ())
    assert update("Sample__c", holder, Key__c="k-1").success


def test_a_case_sensitive_key_tells_a_from_A(insert: Save) -> None:
    assert insert("Sample__c", Case_Key__c="a").success
    assert insert("Sample__c", Case_Key__c="A").success


def test_two_rows_of_one_call_meet_each_other(org: Org, admin: Caller) -> None:
    first, second = org.dml.insert(admin, "Sample__c", [{"Key__c": "x"}, {"Key__c": "X"}])
    assert first.success
    assert refusal_of(second)[0] == "DUPLICATE_VALUE"


@pytest.mark.parametrize(
    ("record_id", "refused"),
    [
        (None, ("MISSING_ARGUMENT", "Id not specified in an update call", ())),
        ("zzz", ("MALFORMED_ID", "Sample ID: id value of incorrect type: zzz", ("Id",))),
        ("001000000000001AAA", ("MALFORMED_ID", "Sample ID: id value of incorrect type: 001000000000001AAA", ("Id",))),
        ("a00000000000001AAA", ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", ())),
    ],
)
def test_an_update_of_no_record_is_refused(
    update: Save, record_id: str | None, refused: tuple[str, str, tuple[str, ...]]
) -> None:
    assert refusal_of(update("Sample__c", record_id, Text__c="a")) == refused


def test_an_update_takes_the_15_character_id_and_an_id_whose_case_is_lost(insert: Save, update: Save) -> None:
    record_id = insert("Sample__c").record_id or ""
    assert update("Sample__c", record_id[:15], Text__c="a").record_id == record_id
    assert update("Sample__c", record_id.lower(), Text__c="b").record_id == record_id


def test_an_insert_does_not_name_its_id(insert: Save) -> None:
    refused = ("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
    assert refusal_of(insert("Account", Id="001000000000001AAA", Name="Acme")) == refused
    assert insert("Account", Id=None, Name="Acme").success


def test_an_inactive_user_is_given_nothing(org: Org, insert: Save, update: Save) -> None:
    profiles = org.table("Profile")
    name_of = profiles.reader("Name")
    profile = next(str(row[0]) for row in profiles.rows() if name_of(row) == "Standard User")
    address = "clerk@orgtwin.example"
    names = {"LastName": "Clerk", "Alias": "clerk", "Username": address, "Email": address}
    settings = {"TimeZoneSidKey": "Europe/London", "LocaleSidKey": "en_US", "LanguageLocaleKey": "en_US"}
    user = insert("User", ProfileId=profile, EmailEncodingKey="UTF-8", **names, **settings).record_id
    account = insert("Account", Name="Acme", OwnerId=user).record_id
    assert update("User", user, IsActive=False).success
    assert refusal_of(insert("Account", Name="Acme", OwnerId=user)) == (
        "INACTIVE_OWNER_OR_USER",
        f"operation performed with inactive user [{user}] as owner of account",
        (),
    )
    assert update("Account", account, Name="Renamed").success


def test_an_owner_must_be_able_to_read_the_object(org: Org, insert: Save) -> None:
    refusal = refusal_of(insert("Account", Name="Acme", OwnerId=integration_user(org).user_id))
    assert refusal == ("TRANSFER_REQUIRES_READ", "The new owner must have read permission", ("OwnerId",))
    in_system_mode = [{"Name": "Acme", "OwnerId": integration_user(org).user_id}]
    assert org.dml.insert(org.system_caller(), "Account", in_system_mode)[0].success


# ---- parents


def test_a_parent_is_set_by_id_or_by_its_external_id(org: Org, admin: Caller, insert: Save, read: Read) -> None:
    parent = insert("Sample__c", Key__c="P").record_id
    rows: list[dict[str, object]] = [
        {"Parent__c": parent},
        {"Parent__r": {"Key__c": "p"}},
        {"Parent__r": {"type": "Sample__c", "Key__c": "P"}},
    ]
    results = org.dml.insert(admin, "Detail__c", rows)
    assert [read("Detail__c", result.record_id, "Parent__c") for result in results] == [parent] * 3


def test_csv_names_a_parent_in_the_column(org: Org, admin: Caller, insert: Save, read: Read) -> None:
    parent = insert("Sample__c", Key__c="P").record_id
    (result,) = org.dml.insert(admin, "Detail__c", [{"Parent__r.Key__c": "P"}], text=True)
    assert read("Detail__c", result.record_id, "Parent__c") == parent


def test_a_parent_that_is_not_there_is_refused(insert: Save, org: Org, admin: Caller) -> None:
    message = "Foreign key external ID: Q not found for field Key__c in entity Sample__c"
    assert refusal_of(insert("Detail__c", Parent__r={"Key__c": "Q"})) == ("INVALID_FIELD", message, ())
    unknown = insert("Detail__c", Parent__c="a00000000000001AAA")
    assert refusal_of(unknown)[:2] == ("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    gone = insert("Sample__c").record_id or ""
    org.dml.delete(admin, [gone])
    assert refusal_of(insert("Detail__c", Parent__c=gone))[:2] == ("ENTITY_IS_DELETED", "entity is deleted")


def test_a_record_that_comes_twice_in_a_call_keeps_both_changes(
    org: Org, admin: Caller, insert: Save, read: Read
) -> None:
    record_id = insert("Sample__c", Text__c="old").record_id
    rows: list[dict[str, object]] = [{"Id": record_id, "Text__c": "new"}, {"Id": record_id, "Phone__c": "1"}]
    assert [result.success for result in org.dml.update(admin, "Sample__c", rows)] == [True, True]
    assert [read("Sample__c", record_id, name) for name in ("Text__c", "Phone__c")] == ["new", "1"]


# ---- upsert


def upsert(org: Org, admin: Caller, field: str, *rows: dict[str, object], **options: bool) -> list[SaveResult]:
    return org.dml.upsert(admin, "Sample__c", field, list(rows), **options)


def test_upsert_creates_then_updates(org: Org, admin: Caller, read: Read) -> None:
    (created,) = upsert(org, admin, "Key__c", {"Key__c": "A", "Text__c": "1"})
    (updated,) = upsert(org, admin, "key__C", {"key__c": "a", "Text__c": "2"})
    assert (created.created, updated.created, updated.record_id) == (True, False, created.record_id)
    assert read("Sample__c", created.record_id, "Text__c") == "2"


def test_a_key_that_comes_twice_in_a_call_is_refused_the_second_time(org: Org, admin: Caller) -> None:
    first, second = upsert(org, admin, "Key__c", {"Key__c": "A"}, {"Key__c": "a"})
    assert first.success
    assert refusal_of(second) == ("DUPLICATE_VALUE", "Duplicate external id specified: a", ())


def test_upsert_without_a_key_is_refused(org: Org, admin: Caller) -> None:
    (result,) = upsert(org, admin, "Key__c", {"Text__c": "1"})
    assert refusal_of(result) == ("MISSING_ARGUMENT", "Key__c not specified", ())


def test_upsert_with_update_only_creates_nothing(org: Org, admin: Caller) -> None:
    (result,) = upsert(org, admin, "Key__c", {"Key__c": "A"}, update_only=True)
    assert refusal_of(result) == ("NOT_FOUND", "The requested resource does not exist", ())
    assert len(org.table("Sample__c")) == 0


def test_upsert_that_finds_more_than_one_record_names_them_and_writes_nothing(org: Org, admin: Caller) -> None:
    ids = [r.record_id for r in org.dml.insert(admin, "Sample__c", [{"Loose_Key__c": "L"}, {"Loose_Key__c": "l"}])]
    (result,) = upsert(org, admin, "Loose_Key__c", {"Loose_Key__c": "L", "Text__c": "x"})
    (error,) = result.errors
    assert isinstance(error, MultipleMatches)
    assert list(error.record_ids) == ids
    assert error.message == f"Loose_Key__c: more than one record found for external id field: [{ids[0]}, {ids[1]}]"


@pytest.mark.parametrize("field", ["Nope__c", "Text__c"])
def test_upsert_by_a_field_that_is_no_key_is_not_found(org: Org, admin: Caller, field: str) -> None:
    with pytest.raises(SalesforceError) as refusal:
        upsert(org, admin, field, {field: "x"})
    message = f"Provided external ID field does not exist or is not accessible: {field}"
    assert (refusal.value.code, refusal.value.status, refusal.value.message) == ("NOT_FOUND", 404, message)


def test_upsert_by_id_updates_and_without_id_creates(org: Org, admin: Caller, insert: Save) -> None:
    record_id = insert("Sample__c").record_id
    updated, created = upsert(org, admin, "Id", {"Id": record_id, "Text__c": "a"}, {"Text__c": "b"})
    assert (updated.created, created.created) == (False, True)


# ---- all or none


def test_partial_success_keeps_the_good_rows_in_request_order(org: Org, admin: Caller) -> None:
    rows: list[dict[str, object]] = [{"Text__c": "a"}, {"Text__c": "x" * 11}, {"Text__c": "b"}]
    results = org.dml.insert(admin, "Sample__c", rows)
    assert [result.success for result in results] == [True, False, True]
    assert len(org.table("Sample__c")) == 2


def test_all_or_none_takes_everything_back_and_says_why_row_by_row(org: Org, admin: Caller) -> None:
    rows: list[dict[str, object]] = [{"Text__c": "a" if number < 250 else "x" * 11} for number in range(251)]
    results = org.dml.insert(admin, "Sample__c", rows, all_or_none=True)
    assert {result.success for result in results} == {False}
    assert refusal_of(results[0]) == (
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "Record rolled back because not all records were valid and the request was using AllOrNone header",
        (),
    )
    assert refusal_of(results[250])[0] == "STRING_TOO_LONG"
    assert len(org.table("Sample__c")) == 0


def test_a_thousand_rows_are_one_call(org: Org, admin: Caller) -> None:
    results = org.dml.upsert(admin, "Sample__c", "Key__c", [{"Key__c": str(n)} for n in range(1000)])
    assert len({result.record_id for result in results}) == 1000
