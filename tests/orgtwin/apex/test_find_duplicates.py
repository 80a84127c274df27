"""Duplicate rules as Apex meets them: Datacloud.FindDuplicates.

Source: "Datacloud Namespace" (Apex Reference Guide).
"""

from __future__ import annotations

from functools import cache

from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.faults import ApexThrow

MATCHING = """<MatchingRules><matchingRules><fullName>Same_Mail</fullName><label>Same Mail</label>
<matchingRuleItems><blankValueBehavior>NullNotAllowed</blankValueBehavior><fieldName>Email</fieldName>
<matchingMethod>Exact</matchingMethod></matchingRuleItems><ruleStatus>Active</ruleStatus></matchingRules></MatchingRules>"""
RULE = """<DuplicateRule><actionOnInsert>Allow</actionOnInsert><actionOnUpdate>Allow</actionOnUpdate>
<alertText>Known?</alertText><duplicateRuleMatchRules><matchRuleSObjectType>Contact</matchRuleSObjectType>
<matchingRule>Same_Mail</matchingRule></duplicateRuleMatchRules><isActive>true</isActive><masterLabel>One Mail</masterLabel>
<operationsOnInsert>Report</operationsOnInsert><securityOption>BypassSharingRules</securityOption><sortOrder>1</sortOrder>
</DuplicateRule>"""
TELL = """
for (Datacloud.FindDuplicatesResult one : {found}) {
    Assert.isTrue(one.success && one.errors.isEmpty());
    for (Datacloud.DuplicateResult rule : one.getDuplicateResults()) {
        List<String> names = new List<String>();
        for (Datacloud.MatchResult result : rule.getMatchResults()) {
            for (Datacloud.MatchRecord hit : result.getMatchRecords()) {
                names.add(result.getRule() + ' ' + hit.getRecord().get('LastName'));
            }
        }
        System.debug(rule.getDuplicateRule() + ' ' + rule.isAllowSave() + ' ' + names);
    }
}"""


@cache
def org_with_a_rule() -> LiveOrg:
    org = LiveOrg()
    org.deploy({"matchingRules/Contact.matchingRule": MATCHING, "duplicateRules/Contact.One_Mail.duplicateRule": RULE})
    for name, mail in (("Ada", "a@x.example"), ("Augusta", "A@x.example"), ("Grace", "g@x.example")):
        assert org.insert("Contact", {"LastName": name, "Email": mail})[0].success
    return org


def told(org: LiveOrg, found: str, before: str = "") -> list[str]:
    org.engine.debug_log.clear()
    try:
        assert org.engine.run_anonymous(before + TELL.replace("{found}", found)) == []
    except ApexThrow as error:
        return [str(error)]
    return list(org.engine.debug_log)


def test_records_that_nobody_saved_are_compared_with_those_that_are() -> None:
    asked = "new List<Contact>{new Contact(Email = 'a@X.example'), new Contact(Email = 'n@x.example'), new Contact()}"
    assert told(org_with_a_rule(), f"Datacloud.FindDuplicates.findDuplicates({asked})") == [
        "One_Mail true (Same_Mail Ada, Same_Mail Augusta)",
        "One_Mail true ()",
        "One_Mail true ()",
    ]


def test_a_saved_record_is_no_duplicate_of_itself() -> None:
    ids = "new List<Id>{[SELECT Id FROM Contact WHERE LastName = 'Ada'].Id, [SELECT Id FROM Contact WHERE LastName = 'Grace'].Id}"
    assert told(org_with_a_rule(), f"Datacloud.FindDuplicatesByIds.findDuplicatesByIds({ids})") == [
        "One_Mail true (Same_Mail Augusta)",
        "One_Mail true ()",
    ]


def test_an_object_without_an_active_rule_and_records_of_two_objects_are_refused() -> None:
    org = org_with_a_rule()
    none = "Datacloud.FindDuplicates.findDuplicates(new List<Account>{new Account(Name = 'a')})"
    two = "Datacloud.FindDuplicates.findDuplicates(new List<SObject>{new Account(Name = 'a'), new Contact()})"
    prefix = "System.HandledException: "
    assert told(org, none) == [prefix + "No active duplicate rules are defined for the Account object type."]
    assert told(org, two) == [prefix + "All records must be of the same object type."]
    assert told(org, "Datacloud.FindDuplicates.findDuplicates(new List<Contact>())") == []


def test_what_was_found_tells_the_object_the_rule_and_how_it_was_matched() -> None:
    org = org_with_a_rule()
    org.engine.debug_log.clear()
    program = """
    List<Contact> asked = new List<Contact>{new Contact(Email = 'a@x.example')};
    Datacloud.FindDuplicatesResult one = Datacloud.FindDuplicates.findDuplicates(asked)[0];
    Datacloud.DuplicateResult rule = one.getDuplicateResults()[0];
    Datacloud.MatchResult found = rule.getMatchResults()[0];
    System.debug(one.isSuccess() + ' ' + one.getErrors() + ' ' + rule.getDuplicateRuleEntityType() + ' ' + rule.getErrorMessage());
    System.debug(found.getEntityType() + ' ' + found.getMatchEngine() + ' ' + found.getSize());
    System.debug(found.isSuccess() + ' ' + found.getErrors());
    System.debug(found.getMatchRecords()[0].getMatchConfidence());
    """
    assert org.engine.run_anonymous(program) == []
    assert org.debug_log() == ["true () Contact Known?", "Contact ExactMatchEngine 2", "true ()", "100.0"]
