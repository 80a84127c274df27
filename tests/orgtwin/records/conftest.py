"""An org at a fixed moment, with one custom object of every kind of field, and its administrator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from msgspec import structs

from orgtwin.errors import SaveResult
from orgtwin.org import Org
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import Field, FieldType, PicklistValue, SObjectType, ValidationRule
from orgtwin.seed import administrator, new_org

NOW = datetime(2026, 3, 1, 12, 0, 0, 123000, tzinfo=UTC)
COLOURS = tuple(PicklistValue(v, v, active=v != "Mauve") for v in ("Red", "Green", "Mauve"))

SYSTEM = (
    Field("Id", "Record ID", FieldType.ID, nillable=False, createable=False, updateable=False, permissionable=False),
    Field("Name", "Sample Name", FieldType.STRING, length=80, name_field=True, permissionable=False),
    Field("OwnerId", "Owner ID", FieldType.REFERENCE, reference_to=("User",), relationship_name="Owner", nillable=False,
          defaulted_on_create=True, permissionable=False),
)  # fmt: skip
SAMPLE_FIELDS = (
    Field("Text__c", "Text", FieldType.STRING, length=10),
    Field("Long__c", "Long", FieldType.TEXTAREA, length=32768),
    Field("Flag__c", "Flag", FieldType.BOOLEAN, nillable=False),
    Field("Whole__c", "Whole", FieldType.INT, precision=4),
    Field("Number__c", "Number", FieldType.DOUBLE, precision=5, scale=2),
    Field("Money__c", "Money", FieldType.CURRENCY, precision=18, scale=2),
    Field("Share__c", "Share", FieldType.PERCENT, precision=5, scale=2),
    Field("Day__c", "Day", FieldType.DATE),
    Field("Moment__c", "Moment", FieldType.DATETIME),
    Field("Hour__c", "Hour", FieldType.TIME),
    Field("Mail__c", "Mail", FieldType.EMAIL, length=80),
    Field("Phone__c", "Phone", FieldType.PHONE, length=40),
    Field("Link__c", "Link", FieldType.URL, length=255),
    Field("Colour__c", "Colour", FieldType.PICKLIST, length=255, picklist=COLOURS, restricted_picklist=True),
    Field("Open__c", "Open", FieldType.PICKLIST, length=255, picklist=COLOURS),
    Field("Colours__c", "Colours", FieldType.MULTIPICKLIST, length=4099, picklist=COLOURS, restricted_picklist=True),
    Field("Key__c", "Key", FieldType.STRING, length=64, unique=True, external_id=True),
    Field("Case_Key__c", "Case Key", FieldType.STRING, length=64, unique=True, external_id=True, case_sensitive=True),
    Field("Loose_Key__c", "Loose Key", FieldType.STRING, length=64, external_id=True),
    Field("Account__c", "Account", FieldType.REFERENCE, reference_to=("Account",), relationship_name="Account__r",
          child_relationship_name="Samples__r"),
    Field("Number_Code__c", "Code", FieldType.STRING, length=30, auto_number=True, createable=False, updateable=False,
          display_format="S-{0000}"),
)  # fmt: skip
DETAIL_FIELDS = (
    Field("Parent__c", "Parent", FieldType.REFERENCE, reference_to=("Sample__c",), relationship_name="Parent__r",
          child_relationship_name="Details__r", nillable=False, cascade_delete=True, master_detail_order=0),
    Field("Amount__c", "Amount", FieldType.CURRENCY, precision=18, scale=2),
)  # fmt: skip


def custom(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    return tuple(structs.replace(f, custom=True, permissionable=False) for f in fields)


SAMPLE = SObjectType("Sample__c", "Sample", "Samples", "a00", SYSTEM + custom(SAMPLE_FIELDS), custom=True)
DETAIL = SObjectType("Detail__c", "Detail", "Details", "a01", SYSTEM[:2] + custom(DETAIL_FIELDS), custom=True)

Save = Callable[..., SaveResult]


@pytest.fixture
def org() -> Org:
    made = new_org(clock=lambda: NOW)
    made.replace_schema(made.schema.with_types([SAMPLE, DETAIL]))
    return made


@pytest.fixture
def admin(org: Org) -> Caller:
    return administrator(org)


@pytest.fixture
def insert(org: Org, admin: Caller) -> Save:
    """Insert one row; the result of that row."""

    def run(sobject_type: str, /, **values: object) -> SaveResult:
        return org.dml.insert(admin, sobject_type, [values])[0]

    return run


@pytest.fixture
def update(org: Org, admin: Caller) -> Save:
    def run(sobject_type: str, record_id: str | None, /, **values: object) -> SaveResult:
        return org.dml.update(admin, sobject_type, [{"Id": record_id, **values}])[0]

    return run


@pytest.fixture
def read(org: Org) -> Callable[[str, str | None, str], Value]:
    """The stored value of one field of a live record."""

    def run(sobject_type: str, record_id: str | None, field: str) -> Value:
        table = org.table(sobject_type)
        row = table.get(record_id or "")
        assert row is not None
        return table.reader(field)(row)

    return run


@pytest.fixture
def add_rule(org: Org) -> Callable[[str, ValidationRule], None]:
    def run(sobject_type: str, rule: ValidationRule) -> None:
        known = org.schema.find_type(sobject_type)
        assert known is not None
        org.replace_schema(org.schema.with_types([replace(known, validation_rules=(*known.validation_rules, rule))]))

    return run


@pytest.fixture
def add_field(org: Org) -> Callable[[str, Field], None]:
    def run(sobject_type: str, f: Field) -> None:
        known = org.schema.find_type(sobject_type)
        assert known is not None
        org.replace_schema(org.schema.with_types([replace(known, fields=(*known.fields, *custom((f,))))]))

    return run
