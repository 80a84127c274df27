"""Who deleted a component is read out of the sentences of the setup audit trail."""

from __future__ import annotations

import pytest

from clmkit.clients.metadata_api import Listed
from clmkit.release.components import Key
from clmkit.release.deleters import Deletion, find_deleters

AT = "2026-11-20T10:00:00.000Z"
TITLE = Key("CustomField", "Contract.CLM_Title__c")


def by_ada(action: str, display: str) -> Deletion:
    return Deletion(action, display, "Ada Admin", AT)


@pytest.mark.parametrize(
    ("kind", "name", "label", "action", "display"),
    [
        ("CustomField", "Contract.CLM_Title__c", "Title", "deletedCF", "Deleted custom field Title"),
        ("CustomField", "Deal__c.X__c", "X", "deletedCFCustom", "Deleted custom field X from Deal"),
        ("CustomField", "Deal__c.X__c", "X", "hardDeletedCFCustom", "Permanently deleted custom field X from Deal"),
        ("CustomObject", "Deal__c", "Deal", "deletedCustEnt", "Deleted custom object: Deal"),
        ("ApexClass", "CLM_Guard", "", "deletedApexClass", "Deleted CLM_Guard Apex Class code"),
        ("ApexTrigger", "CLM_Contract", "", "deletedApexTrigger", "Deleted Contract Trigger code: CLM_Contract"),
        ("PermissionSet", "CLM_Sync", "CLM (sync)", "PermSetDelete", "Deleted permission set CLM (sync)"),
        ("ValidationRule", "Contract.CLM_Value", "", "removedValidation", 'Removed Contract validation "CLM_Value"'),
        ("CustomPermission", "CLM_Bypass", "", "CustomPermissionDelete", "Deleted custom permission CLM_Bypass"),
        (
            "Flow",
            "CLM_Alert",
            "Alert",
            "deletedinteractiondefinition",
            'Deleted flow with Name "Alert" and Unique Name "CLM_Alert"',
        ),
    ],
)
def test_a_deletion_names_who_and_when(kind: str, name: str, label: str, action: str, display: str) -> None:
    key = Key(kind, name)
    found = find_deleters({key: {"label": label} if label else {}}, [by_ada(action, display)])
    assert found == {key: Listed(kind, name, "Ada Admin", AT)}


@pytest.mark.parametrize(
    ("action", "display"),
    [
        ("deletedCF", "Deleted custom field Title of Ownership"),
        ("changedCF", "Deleted custom field Title"),
        ("deletedApexClass", "Deleted Title Apex Class code"),
    ],
    ids=["a longer label", "another code", "another type"],
)
def test_a_sentence_that_does_not_fit_whole_names_nobody(action: str, display: str) -> None:
    assert find_deleters({TITLE: {"label": "Title"}}, [by_ada(action, display)]) == {}


def test_the_latest_deletion_counts() -> None:
    later = Deletion("deletedCF", "Deleted custom field Title", "Bob", "2026-11-21T10:00:00.000Z")
    found = find_deleters({TITLE: {"label": "Title"}}, [later, by_ada("deletedCF", "Deleted custom field Title")])
    assert found[TITLE].changed_by == "Bob"


def test_one_sentence_for_two_components_names_nobody() -> None:
    other = Key("CustomField", "Order.CLM_Title__c")
    both = {key: {"label": "Title"} for key in (TITLE, other)}
    assert find_deleters(both, [by_ada("deletedCF", "Deleted custom field Title")]) == {}
