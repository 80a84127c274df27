"""Assignment rules of cases and leads: step 9 of a save that asks for one.

Source: "AssignmentRules" (Metadata API Developer Guide), "Assignment Rule Header" (REST API Developer Guide), AssignmentRuleHeader
(SOAP API Developer Guide), "Database.DMLOptions.AssignmentRuleHeader" (Apex Reference Guide).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.orgtwin.apex.live_org import messages
from tests.orgtwin.workflow.conftest import NewOrg, RuledOrg, field_update, item, rule

from orgtwin.records.model import ACTIVE_RULE

SECOND = (
    "User u = new User(Username = 'second@rules.example', LastName = 'Second', Email = 's@example.com', Alias = 'second',"
    " TimeZoneSidKey = 'GMT', LocaleSidKey = 'en_US', EmailEncodingKey = 'UTF-8', LanguageLocaleKey = 'en_US',"
    " ProfileId = UserInfo.getProfileId()); insert u; System.debug(u.Id);"
)


def assignment(name: str, *entries: str, active: bool = True) -> str:
    return (
        f"<assignmentRule><fullName>{name}</fullName><active>{str(active).lower()}</active>{''.join(entries)}"
        "</assignmentRule>"
    )


def entry(criteria: str, user: str = "") -> str:
    to = f"<assignedTo>{user}</assignedTo><assignedToType>User</assignedToType>" if user else ""
    return f"<ruleEntry>{to}{criteria}</ruleEntry>"


def deploy(org: RuledOrg, *rules: str) -> list[str | None]:
    return org.deploy_problems(
        {"assignmentRules/Case.assignmentRules": f"<AssignmentRules>{''.join(rules)}</AssignmentRules>"}
    )


@pytest.fixture
def org(new_org: NewOrg) -> RuledOrg:
    """Second gets cases from the phone, and by a rule that is not active those from the web; e-mail is nobody's."""
    found = new_org()
    found.second = found.run(SECOND)[0]
    active = (entry(item("Case.Origin", "equals", "Email")), entry("<formula>TRUE</formula>", "second@rules.example"))
    assert deploy(
        found,
        assignment("Phone", *active),
        assignment("Web", entry(item("Case.Origin", "equals", "Web"), "second@rules.example"), active=False),
    ) == []  # fmt: skip
    return found


def owners(org: RuledOrg, asked: str | None, *origins: str) -> list[bool]:
    """Whether Second owns the cases that are made."""
    caller = replace(org.caller, assignment=asked)
    assert messages(org.org.dml.insert(caller, "Case", [{"Origin": origin} for origin in origins])) == [""] * len(
        origins
    )
    return [owner == org.second for owner in org.values("Case", "OwnerId")]


def test_the_first_entry_that_a_record_meets_says_who_owns_it(org: RuledOrg) -> None:
    assert owners(org, ACTIVE_RULE, "Phone", "Email", "Web") == [True, False, True]


def test_a_rule_that_is_not_active_is_applied_by_its_id_and_none_where_none_is_asked_for(org: RuledOrg) -> None:
    rules = dict(zip(org.values("AssignmentRule", "Name"), org.values("AssignmentRule", "Id"), strict=True))
    assert owners(org, str(rules["Web"]), "Phone", "Web") == [False, True]
    assert owners(org, None, "Web") == [False, True, False]
    assert org.values("AssignmentRule", "Active") == [True, False]


@pytest.mark.parametrize(
    ("options", "is_assigned"),
    [("", "false"), ("o.assignmentRuleHeader.useDefaultRule = true;", "true")],
)
def test_apex_asks_by_its_options(org: RuledOrg, options: str, is_assigned: str) -> None:
    shown = org.run(
        f"Database.DMLOptions o = new Database.DMLOptions(); {options} Case c = new Case(Origin = 'Phone');"
        f" Database.insert(c, o); System.debug([SELECT OwnerId FROM Case].OwnerId == '{org.second}');"
    )
    assert shown == [is_assigned]


def test_what_a_request_asks_for_holds_for_what_its_triggers_save(org: RuledOrg) -> None:
    org.load(T="trigger T on Account (after insert) { insert new Case(Origin = 'Phone'); }")
    org.org.dml.insert(replace(org.caller, assignment=ACTIVE_RULE), "Account", [{"Name": "Acme"}])
    assert org.values("Case", "OwnerId") == [org.second]


def test_workflow_rules_see_the_new_owner(org: RuledOrg) -> None:
    org.rules(
        "Case",
        field_update("U", "Subject", "<formula>Owner:User.LastName</formula>"),
        rule("R", "<formula>ISNEW()</formula>", "FieldUpdate:U"),
    )
    owners(org, ACTIVE_RULE, "Phone")
    assert org.values("Case", "Subject") == ["Second"]


def test_a_rule_for_a_user_who_is_not_there_is_refused(org: RuledOrg) -> None:
    problems = deploy(org, assignment("Other", entry("<formula>TRUE</formula>", "nobody@rules.example")))
    assert problems == [
        "orgtwin does not emulate the User nobody@rules.example, which this org does not have (ledger: workflow.actions)"
    ]
