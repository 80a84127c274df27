"""Our describe documents beside those that CumulusCI recorded from an org: every property of every standard field they share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
import yaml

from orgtwin.org import Org
from orgtwin.schema.describe import describe_object
from orgtwin.seed import administrator, new_org

RECORDED = ("Account", "Contact", "Lead", "Opportunity", "OpportunityContactRole", "Case", "Event")

# The recorded org has person accounts, other value sets, and objects that the twin does not have.
FIELDS_OF_OTHER_FEATURES = {
    *("LastName", "FirstName", "Salutation", "RecordTypeId", "OperatingHoursId"),
    *("IsPartner", "IsCustomerPortal", "ChannelProgramName", "ChannelProgramLevelName"),
}
NOT_COMPARED = {"picklistValues", "referenceTo"}
DIFFERENCES = {
    ("Account", "Name", "compoundFieldName"),
    ("Account", "Name", "extraTypeInfo"),
    ("Account", "JigsawCompanyId", "relationshipName"),
    ("Contact", "JigsawContactId", "relationshipName"),
    ("Lead", "JigsawContactId", "relationshipName"),
    ("Case", "CaseNumber", "groupable"),
    ("Case", "Comments", "aggregatable"),
    ("Case", "Comments", "byteLength"),
    ("Case", "Comments", "sortable"),
    ("Event", "ActivityDate", "aggregatable"),
    ("Event", "GroupEventType", "defaultValue"),
    ("Event", "OwnerId", "namePointing"),
    ("Event", "OwnerId", "polymorphicForeignKey"),
    ("Event", "ShowAs", "defaultValue"),
    ("Event", "Subject", "groupable"),
    ("Opportunity", "Fiscal", "byteLength"),
    ("Opportunity", "HasOpenActivity", "filterable"),
    ("Opportunity", "HasOpenActivity", "sortable"),
    ("Opportunity", "HasOverdueTask", "filterable"),
    ("Opportunity", "HasOverdueTask", "sortable"),
}
# This recording is older than CumulusCI's other one of Account (API 59), which says 255 where this says 40.
PICKLISTS_THAT_GREW = ("AccountSource", "Industry", "Ownership", "Rating", "Type")
DIFFERENCES |= {("Account", field, key) for field in PICKLISTS_THAT_GREW for key in ("length", "byteLength")}
LOOSE_PROPERTIES = {"searchPrefilterable"}  # a hint for search, differs by release
LOOSE_EXTRA_TYPES = {"imageurl"}


@cache
def recorded(name: str) -> dict[str, Any]:
    folder = files("cumulusci") / "tests" / "shared_cassettes"
    text = (folder / f"GET_sobjects_{name}_describe.yaml").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(yaml.safe_load(text)["response"]["body"]["string"])
    return found


@pytest.fixture(scope="module")
def org() -> Org:
    return new_org(clock=lambda: datetime(2026, 3, 1, tzinfo=UTC))


def standard_fields(describe: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {f["name"]: f for f in describe["fields"]}
    return {name: f for name, f in found.items() if "__" not in name and "Person" not in name}


@pytest.mark.parametrize("name", RECORDED)
def test_every_standard_field_is_described_as_recorded(org: Org, name: str) -> None:
    ours = standard_fields(describe_object(org, administrator(org), name, "/services/data/v66.0"))
    theirs = standard_fields(recorded(name))
    assert set(theirs) - set(ours) <= FIELDS_OF_OTHER_FEATURES
    different = {
        (name, field, key)
        for field in set(theirs) & set(ours)
        for key, value in theirs[field].items()
        if key not in NOT_COMPARED | LOOSE_PROPERTIES and ours[field][key] != value and value not in LOOSE_EXTRA_TYPES
    }
    assert different == {row for row in DIFFERENCES if row[0] == name}


@pytest.mark.parametrize("name", RECORDED)
def test_an_object_is_described_with_every_recorded_property(org: Org, name: str) -> None:
    ours = describe_object(org, administrator(org), name, "/services/data/v66.0")
    assert set(recorded(name)) - set(ours) == set()


@pytest.mark.parametrize("name", ["Account", "Contact", "Lead", "Opportunity", "Case", "Event"])
def test_child_relationships_that_both_have_agree(org: Org, name: str) -> None:
    def rows(describe: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
        return {(row["childSObject"], row["field"]): row for row in describe["childRelationships"]}

    ours, theirs = rows(describe_object(org, administrator(org), name, "/x")), rows(recorded(name))
    shared = set(ours) & set(theirs)
    assert len(shared) >= 1
    assert {key: ours[key]["relationshipName"] for key in shared} == {
        key: theirs[key]["relationshipName"] for key in shared
    }
