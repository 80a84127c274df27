"""For every field type: what describe tells of a field is what a save accepts and a read gives back."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from orgtwin.org import Org
from orgtwin.records.model import Caller, Value
from orgtwin.schema.describe import describe_object
from orgtwin.schema.model import Field, FieldType, PicklistValue, SObjectType
from orgtwin.seed import administrator, new_org

VALUES = tuple(PicklistValue(v, v) for v in ("One", "Two", "Three"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ID = Field("Id", "ID", FieldType.ID, nillable=False, createable=False, updateable=False)

# Text without surrounding blanks (the org trims) and without lone surrogates (no wire can carry them).
TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(str.strip).filter(bool)
CASES: dict[FieldType, tuple[Field, st.SearchStrategy[object]]] = {
    FieldType.STRING: (Field("F__c", "F", FieldType.STRING, length=255), TEXT.filter(lambda s: len(s) <= 255)),
    FieldType.TEXTAREA: (Field("F__c", "F", FieldType.TEXTAREA, length=32768), TEXT),
    FieldType.BOOLEAN: (Field("F__c", "F", FieldType.BOOLEAN, nillable=False), st.booleans()),
    FieldType.INT: (Field("F__c", "F", FieldType.INT, precision=9), st.integers(-999_999_999, 999_999_999)),
    FieldType.DOUBLE: (
        Field("F__c", "F", FieldType.DOUBLE, precision=18, scale=6),
        st.decimals(Decimal("-999999999999"), Decimal("999999999999"), places=6),
    ),
    FieldType.CURRENCY: (
        Field("F__c", "F", FieldType.CURRENCY, precision=18, scale=2),
        st.decimals(Decimal(-(10**16) + 1), Decimal(10**16 - 1), places=2),
    ),
    FieldType.PERCENT: (
        Field("F__c", "F", FieldType.PERCENT, precision=5, scale=2),
        st.decimals(Decimal("-999.99"), Decimal("999.99"), places=2),
    ),
    FieldType.DATE: (Field("F__c", "F", FieldType.DATE), st.dates(date(1700, 1, 1), date(4000, 12, 31))),
    FieldType.DATETIME: (
        Field("F__c", "F", FieldType.DATETIME),
        st.integers(-8_500_000_000_000, 64_000_000_000_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms)),
    ),
    FieldType.TIME: (Field("F__c", "F", FieldType.TIME), st.times().map(lambda t: t.replace(microsecond=0))),
    FieldType.EMAIL: (Field("F__c", "F", FieldType.EMAIL, length=80), st.sampled_from(["a@b.co", "x.y+z@example.org"])),
    FieldType.PHONE: (Field("F__c", "F", FieldType.PHONE, length=40), st.from_regex(r"\+[0-9]{1,39}", fullmatch=True)),
    FieldType.URL: (Field("F__c", "F", FieldType.URL, length=255), st.just("https://example.com/a?b=c")),
    FieldType.PICKLIST: (
        Field("F__c", "F", FieldType.PICKLIST, length=255, picklist=VALUES, restricted_picklist=True),
        st.sampled_from(["One", "Two", "Three"]),
    ),
    FieldType.MULTIPICKLIST: (
        Field("F__c", "F", FieldType.MULTIPICKLIST, length=4099, picklist=VALUES, restricted_picklist=True),
        st.lists(st.sampled_from(["One", "Two", "Three"]), min_size=1, unique=True).map(
            lambda chosen: ";".join(sorted(chosen, key=["One", "Two", "Three"].index))
        ),
    ),
    FieldType.BASE64: (Field("F__c", "F", FieldType.BASE64), st.binary(min_size=1)),
}  # fmt: skip


def wire(value: object) -> object:
    """As a JSON client sends it."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


@pytest.fixture(scope="module", params=list(CASES), ids=lambda kind: kind.value)
def place(request: pytest.FixtureRequest) -> tuple[Org, Caller, FieldType]:
    kind: FieldType = request.param
    f = CASES[kind][0]
    org = new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))
    custom = structs.replace(f, custom=True, permissionable=False)
    org.replace_schema(org.schema.with_types([SObjectType("T__c", "T", "Ts", "a09", (ID, custom), custom=True)]))
    return org, administrator(org), kind


def read(org: Org, record_id: str | None) -> Value:
    table = org.table("T__c")
    row = table.get(record_id or "")
    assert row is not None
    return table.reader("F__c")(row)


def test_a_created_value_reads_back_as_it_was(place: tuple[Org, Caller, FieldType]) -> None:
    org, caller, kind = place

    @given(CASES[kind][1])
    @settings(max_examples=40, deadline=None)
    def round_trip(value: object) -> None:
        (result,) = org.dml.insert(caller, "T__c", [{"F__c": wire(value)}])
        assert result.errors == ()
        assert read(org, result.record_id) == value

    round_trip()


def test_describe_tells_the_type_and_that_it_can_be_written(place: tuple[Org, Caller, FieldType]) -> None:
    org, caller, kind = place
    described = describe_object(org, caller, "T__c", "/services/data/v66.0")["fields"]
    assert isinstance(described, list)
    told = next(f for f in described if f["name"] == "F__c")
    assert (told["type"], told["createable"], told["updateable"], told["custom"]) == (kind.value, True, True, True)


def test_null_reads_back_as_null_except_for_a_checkbox(place: tuple[Org, Caller, FieldType]) -> None:
    org, caller, kind = place
    (result,) = org.dml.insert(caller, "T__c", [{}])
    assert read(org, result.record_id) is (False if kind is FieldType.BOOLEAN else None)
