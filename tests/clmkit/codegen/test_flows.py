"""The renewal reminder: when its paths run."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.clmkit.codegen.specs import project_of

from clmkit.codegen.xml import Body, parse_component


@pytest.fixture(scope="module")
def flow() -> Body:
    files = project_of("everything")
    return parse_component(files["generated/flows/ACME_Folder_Renewal_Reminder.flow-meta.xml"])[1]


def rows(value: object) -> list[Body]:
    found = value if isinstance(value, list) else [value]
    return [row for row in found if isinstance(row, Mapping)]


def test_reminders_come_before_the_last_day_for_notice_and_the_escalation_after_the_last_reminder(flow: Body) -> None:
    (start,) = rows(flow["start"])
    paths = [(path["offsetNumber"], path["recordField"], path["connector"]) for path in rows(start["scheduledPaths"])]
    assert paths == [
        ("-90", "ACME_Notice_By__c", {"targetReference": "Find_Reminder_Queue"}),
        ("-30", "ACME_Notice_By__c", {"targetReference": "Find_Reminder_Queue"}),
        ("-16", "ACME_Notice_By__c", {"targetReference": "Find_Open_Reminder"}),
    ]


def test_only_agreements_in_force_that_the_clm_knows_are_reminded_of(flow: Body) -> None:
    (start,) = rows(flow["start"])
    assert start["filterLogic"] == "and"
    assert [(row["field"], row["operator"], row["value"]) for row in rows(start["filters"])] == [
        ("ACME_Notice_By__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_Key__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_State__c", "EqualTo", {"stringValue": "Running"}),
    ]


def test_every_element_leads_to_one_that_is_there(flow: Body) -> None:
    kinds = ("actionCalls", "assignments", "decisions", "recordCreates", "recordLookups")
    elements = [row for kind in kinds for row in rows(flow.get(kind, []))]
    names = {str(row["name"]) for row in elements}
    assert len(names) == len(elements)
    assert set(targets([*elements, *rows(flow["start"])])) == names


def targets(value: object) -> list[str]:
    if isinstance(value, list):
        return [target for item in value for target in targets(item)]
    if not isinstance(value, Mapping):
        return []
    own = [str(value["targetReference"])] if "targetReference" in value else []
    return own + [target for inner in value.values() for target in targets(inner)]
