"""What each field type keeps of a wire value, and how it refuses one. Source: "Field Types" (Object Reference)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest

from orgtwin.errors import SalesforceError, SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value

Save = Callable[..., SaveResult]
Read = Callable[[str, str | None, str], Value]

KEPT = [
    ("Text__c", "  ab  ", "ab"),
    ("Text__c", "x" * 10, "x" * 10),
    ("Text__c", "", None),
    ("Text__c", "   ", None),
    ("Long__c", "y" * 32768, "y" * 32768),
    ("Flag__c", True, True),
    ("Flag__c", "true", True),
    ("Whole__c", 9999, 9999),
    ("Whole__c", -9999, -9999),
    ("Whole__c", "12", 12),
    ("Number__c", 999.99, Decimal("999.99")),
    ("Number__c", "1.005", Decimal("1.005")),
    ("Money__c", 1e15, Decimal("1000000000000000")),
    ("Money__c", 0.1, Decimal("0.1")),
    ("Share__c", 5, Decimal(5)),
    ("Day__c", "2024-02-29", date(2024, 2, 29)),
    ("Moment__c", "2024-02-29T23:59:59.999Z", datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC)),
    ("Moment__c", "Thu, 29 Feb 2024 23:59:59 GMT", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
    ("Moment__c", 1_709_251_199_999, datetime(2024, 2, 29, 23, 59, 59, 999000, tzinfo=UTC)),
    ("Moment__c", "2024-03-01T01:00:00+0100", datetime(2024, 3, 1, 0, 0, tzinfo=UTC)),
    ("Moment__c", "2024-03-01T01:00:00.1234567+00:00", datetime(2024, 3, 1, 1, 0, 0, 123000, tzinfo=UTC)),
    ("Hour__c", "23:59:59.000Z", time(23, 59, 59)),
    ("Mail__c", "a.b+c@example.co.uk", "a.b+c@example.co.uk"),
    ("Phone__c", "+44 20 7946 0000", "+44 20 7946 0000"),
    ("Link__c", "https://example.com/x?y=1", "https://example.com/x?y=1"),
    ("Colour__c", "Red", "Red"),
    ("Open__c", "Puce", "Puce"),
    ("Colours__c", "Green;Red;Green", "Red;Green"),
    ("Colours__c", ";", None),
]

REFUSED = [
    ("Text__c", "x" * 11, "STRING_TOO_LONG", f"Text: data value too large: {'x' * 11} (max length=10)"),
    ("Whole__c", 10000, "NUMBER_OUTSIDE_VALID_RANGE", "Whole: value outside of valid range on numeric field: 10000"),
    ("Number__c", 1000, "NUMBER_OUTSIDE_VALID_RANGE", "Number: value outside of valid range on numeric field: 1000"),
    ("Mail__c", "not an email", "INVALID_EMAIL_ADDRESS", "Mail: invalid email address: not an email"),
    (
        "Colour__c",
        "Puce",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Colour: bad value for restricted picklist field: Puce",
    ),
    (
        "Colour__c",
        "Mauve",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Colour: bad value for restricted picklist field: Mauve",
    ),
    (
        "Colours__c",
        "Red;Puce",
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        "Colours: bad value for restricted picklist field: Puce",
    ),
    ("Flag__c", None, "INVALID_TYPE_ON_FIELD_IN_RECORD", "Flag: value not of required type: "),
    ("Account__c", "nonsense", "MALFORMED_ID", "Account: id value of incorrect type: nonsense"),
    ("Account__c", "003000000000001AAA", "MALFORMED_ID", "Account: id value of incorrect type: 003000000000001AAA"),
]

NOT_OF_TYPE = [
    ("Money__c", "banana", "currency from VALUE_STRING value banana"),
    ("Number__c", "NaN", "double from VALUE_STRING value NaN"),
    ("Number__c", True, "double from VALUE_TRUE value True"),
    ("Whole__c", 1.5, "int from VALUE_NUMBER_FLOAT value 1.5"),
    ("Text__c", 5, "string from VALUE_NUMBER_INT value 5"),
    ("Flag__c", "yes", "boolean from VALUE_STRING value yes"),
    ("Day__c", "2023-02-29", "date from VALUE_STRING value 2023-02-29"),
    ("Day__c", "2024-02-29T00:00:00Z", "date from VALUE_STRING value 2024-02-29T00:00:00Z"),
    ("Moment__c", "2024-02-29", "datetime from VALUE_STRING value 2024-02-29"),
    ("Moment__c", 253_402_300_800_000, "datetime from VALUE_NUMBER_INT value 253402300800000"),
    ("Moment__c", -62_135_596_800_001, "datetime from VALUE_NUMBER_INT value -62135596800001"),
    ("Moment__c", "Thu, 31 Feb 2024 23:59:59 GMT", "datetime from VALUE_STRING value Thu, 31 Feb 2024 23:59:59 GMT"),
    ("Moment__c", "T", "datetime from VALUE_STRING value T"),
    ("Hour__c", "25:00:00", "time from VALUE_STRING value 25:00:00"),
]


@pytest.mark.parametrize(("field", "wire", "stored"), KEPT)
def test_a_value_is_kept_as_its_type_says(insert: Save, read: Read, field: str, wire: object, stored: Value) -> None:
    result = insert("Sample__c", **{field: wire})
    assert result.errors == ()
    assert read("Sample__c", result.record_id, field) == stored


@pytest.mark.parametrize(("field", "wire", "code", "message"), REFUSED)
def test_a_value_outside_the_field_is_refused_by_row(
    insert: Save, field: str, wire: object, code: str, message: str
) -> None:
    (error,) = insert("Sample__c", **{field: wire}).errors
    assert (error.status_code, error.message, error.fields) == (code, message, (field,))


@pytest.mark.parametrize(("field", "wire", "said"), NOT_OF_TYPE)
def test_json_of_another_type_refuses_the_whole_call(
    org: Org, insert: Save, field: str, wire: object, said: str
) -> None:
    with pytest.raises(SalesforceError) as refusal:
        insert("Sample__c", **{field: wire})
    assert refusal.value.code == "JSON_PARSER_ERROR"
    assert refusal.value.message == (
        f"Cannot deserialize instance of {said} or request may be missing a required field at [line:1, column:2]"
    )
    assert len(org.table("Sample__c")) == 0


@pytest.mark.parametrize(("field", "wire", "_said"), [row for row in NOT_OF_TYPE if isinstance(row[1], str)])
def test_csv_text_of_another_type_refuses_the_row(org: Org, admin: Caller, field: str, wire: str, _said: str) -> None:
    (result,) = org.dml.insert(admin, "Sample__c", [{field: wire}], text=True)
    label = field.removesuffix("__c")
    (error,) = result.errors
    assert error.status_code == "INVALID_TYPE_ON_FIELD_IN_RECORD"
    assert error.message == f"{label}: value not of required type: {wire}"


def test_in_csv_an_empty_cell_leaves_and_na_clears(org: Org, admin: Caller, insert: Save, read: Read) -> None:
    record_id = insert("Sample__c", Text__c="old", Phone__c="1").record_id
    row = {"Id": record_id, "Text__c": "", "Phone__c": "#N/A"}
    assert org.dml.update(admin, "Sample__c", [row], text=True)[0].success
    assert read("Sample__c", record_id, "Text__c") == "old"
    assert read("Sample__c", record_id, "Phone__c") is None


def test_in_json_null_and_the_empty_string_clear(update: Save, insert: Save, read: Read) -> None:
    record_id = insert("Sample__c", Text__c="old", Phone__c="1", Day__c="2024-01-01").record_id
    assert update("Sample__c", record_id, Text__c="", Phone__c=None).success
    assert [read("Sample__c", record_id, f) for f in ("Text__c", "Phone__c")] == [None, None]
    assert read("Sample__c", record_id, "Day__c") == date(2024, 1, 1)


def test_every_error_of_a_row_is_told(insert: Save) -> None:
    result = insert("Sample__c", Text__c="x" * 11, Mail__c="nobody", Whole__c=1)
    assert [error.status_code for error in result.errors] == ["STRING_TOO_LONG", "INVALID_EMAIL_ADDRESS"]
