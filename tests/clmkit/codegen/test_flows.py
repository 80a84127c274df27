"""The flows around the end of an agreement: what starts them, when their paths run, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import yaml
from tests.clmkit.codegen.specs import project_of
from tests.clmkit.codegen.trees import GOLDEN, SMALL

from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import Body, parse_component
from clmkit.mapping.layers import merge
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.model import Spec

RENEWAL = """
renewal: {{end: start, given: given, remind: [30], steward: legal_ops}}
objects: {{contract: {{fields: {{given: {field}}}}}}}
"""


def read_flow(name: str) -> Body:
    return parse_component(project_of("everything")[f"generated/flows/ACME_Folder_{name}.flow-meta.xml"])[1]


@pytest.fixture(scope="module")
def flow() -> Body:
    return read_flow("Renewal_Reminder")


def small_with(fragment: str) -> Spec:
    data = merge(yaml.safe_load((GOLDEN / f"{SMALL}.yml").read_text()), yaml.safe_load(fragment))
    loaded = load_bytes(yaml.safe_dump(data).encode(), "small.yml")
    assert loaded.spec is not None, loaded.findings
    return loaded.spec


def rows(value: object) -> list[Body]:
    found = value if isinstance(value, list) else [value]
    return [row for row in found if isinstance(row, Mapping)]


def test_reminders_come_before_the_last_day_for_notice_and_the_escalation_after_the_last_reminder(flow: Body) -> None:
    (start,) = rows(flow["start"])
    paths = [(path["offsetNumber"], path["recordField"], path["connector"]) for path in rows(start["scheduledPaths"])]
    assert paths == [
        ("-90", "ACME_Notice_By__c", {"targetReference": "Reminder_Is_Due"}),
        ("-30", "ACME_Notice_By__c", {"targetReference": "Reminder_Is_Due"}),
        ("-16", "ACME_Notice_By__c", {"targetReference": "Escalation_Is_Due"}),
    ]


def filters(start: Body) -> list[tuple[object, object, object]]:
    return [(row["field"], row["operator"], row["value"]) for row in rows(start["filters"])]


def test_only_agreements_in_force_that_the_clm_knows_and_of_which_no_notice_was_given_are_reminded_of(
    flow: Body,
) -> None:
    (start,) = rows(flow["start"])
    assert start["filterLogic"] == "1 AND 2 AND 3 AND (4 OR 5)"
    assert filters(start) == [
        ("ACME_Notice_By__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_Key__c", "IsNull", {"booleanValue": "false"}),
        ("ACME_State__c", "EqualTo", {"stringValue": "Running"}),
        ("Told__c", "EqualTo", {"numberValue": "0"}),
        ("Told__c", "IsNull", {"booleanValue": "true"}),
    ]


def test_a_notice_that_counts_is_told_once_where_its_agreement_is_in_force() -> None:
    flow = read_flow("Notice_Given")
    (start,) = rows(flow["start"])
    assert (start["object"], start["filterLogic"]) == ("ACME_Told__c", "and")
    assert start["doesRequireRecordChangedToMeetCriteria"] == "true"
    assert filters(start) == [
        ("ACME_Key__c", "IsNull", {"booleanValue": "false"}),
        ("Size__c", "EqualTo", {"stringValue": "Large"}),
    ]
    (in_force,) = [row for row in rows(flow["decisions"]) if row["name"] == "Agreement_Is_In_Force"]
    (rule,) = rows(in_force["rules"])
    (condition,) = rows(rule["conditions"])
    assert (condition["leftValueReference"], condition["rightValue"]) == (
        "$Record.Folder__r.ACME_State__c",
        {"stringValue": "Running"},
    )


GIVEN = (
    ("checkbox", "{clm: told, field: CLM_Given__c, type: checkbox, description: Told.}", "true", "false"),
    ("date", "{clm: told, field: CLM_Given__c, type: date, description: Told.}", "false", "true"),
)


@pytest.mark.parametrize(("kind", "field", "said", "unsaid"), GIVEN, ids=[row[0] for row in GIVEN])
def test_notice_may_be_a_field_of_the_agreement_itself(kind: str, field: str, said: str, unsaid: str) -> None:
    files = plan_project(small_with(RENEWAL.format(field=field))).render()
    found = []
    for name in ("Notice_Given", "Renewal_Reminder"):
        (start,) = rows(parse_component(files[f"generated/flows/CLM_Contract_{name}.flow-meta.xml"])[1]["start"])
        found.append(filters(start)[-1])
    operator = "EqualTo" if kind == "checkbox" else "IsNull"
    assert found == [("CLM_Given__c", operator, {"booleanValue": value}) for value in (said, unsaid)]


def test_a_reminder_says_what_happens_when_nobody_decides(flow: Body) -> None:
    (formula,) = rows(flow["formulas"])
    assert formula["expression"] == (
        '"Decide whether to renew. " & IF(OR(ISPICKVAL({!$Record.Renews__c}, "Automatic"), '
        'ISPICKVAL({!$Record.Renews__c}, "It\'s \\"evergreen\\"")), '
        '"It renews by itself unless notice is given by then.", "It ends unless somebody renews it.") & '
        '" Decided by: People\'s law."'
    )


@pytest.mark.parametrize("name", ["Renewal_Reminder", "Notice_Given"])
def test_every_element_leads_to_one_that_is_there(name: str) -> None:
    flow = read_flow(name)
    kinds = ("actionCalls", "assignments", "decisions", "recordCreates", "recordLookups", "recordUpdates")
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
