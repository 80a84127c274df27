"""Who may do what with a record, by person and by the way it is shared. Expected cells are those of the documented rules.

Sources: "Organization-Wide Sharing Defaults", "Role Hierarchy", "Sharing Rules", "Controlled by Parent" (Salesforce Help);
"AccountShare" (Object Reference). A cell holds r (read), e (edit), d (delete), t (transfer to another owner).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from tests.orgtwin.access.stage import PEOPLE, Stage

from orgtwin.errors import SaveResult

Step = Callable[[Stage], object]


@dataclass(frozen=True)
class Scenario:
    """`steps` make records; the one called `record` is asked about. Who is not in `cells` may nothing."""

    fact: str
    defaults: Mapping[str, str]
    steps: tuple[Step, ...]
    cells: Mapping[str, str]
    sobject_type: str = "Account"
    always: Mapping[str, str] = field(default_factory=lambda: {"viewer": "r", "modifier": "redt"})


def record(sobject_type: str, owner: str, name: str = "record", **values: str) -> Step:
    """A record of that owner; values that are names of records stand for their ids."""

    def step(stage: Stage) -> None:
        found = {key: stage.ids.get(value, value) for key, value in values.items()}
        stage.make(sobject_type, name, OwnerId=stage.ids[owner], **_NEEDED.get(sobject_type, {}), **found)

    return step


_NEEDED: Mapping[str, dict[str, str]] = {
    "Account": {"Name": "Acme"},
    "Lead": {"LastName": "Doe", "Company": "Acme", "Status": "Open - Not Contacted"},
    "Campaign": {"Name": "Spring"},
    "Contact": {"LastName": "Signer"},
    "Opportunity": {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-04-01"},
    "Case": {"Subject": "Question"},
    "Task": {"Subject": "Call", "Status": "Not Started", "Priority": "Normal"},
}


def share(sharee: str, level: str, on: str = "record", **levels: str) -> Step:
    """A manual share of an account."""

    def step(stage: Stage) -> None:
        target = stage.ids.get(sharee) or stage.role_group(*sharee.split(":"))
        more = {"OpportunityAccessLevel": "None", "CaseAccessLevel": "None", **levels}
        stage.make("AccountShare", "", AccountId=stage.ids[on], UserOrGroupId=target, AccountAccessLevel=level, **more)

    return step


def rule(sobject_type: str, to: tuple[str, str], level: str, **more: object) -> Step:
    whole: dict[str, object] = {
        "name": "Rule",
        "level": level,
        "to": list(to),
        "from": None,
        "criteria": [],
        "logic": None,
        "children": {},
    }
    return lambda stage: stage.set_rules({sobject_type: [whole | more]})


def group(name: str, member: str, *, bosses: bool) -> Step:
    def step(stage: Stage) -> None:
        stage.make("Group", name, Name=name, DeveloperName=name, Type="Regular", DoesIncludeBosses=bosses)
        stage.make("GroupMember", "", GroupId=stage.ids[name], UserOrGroupId=stage.ids[member])

    return step


def role_gives(role: str, **levels: str) -> Step:
    def step(stage: Stage) -> None:
        (result,) = stage.org.dml.update(stage.admin, "UserRole", [{"Id": stage.ids[role], **levels}])
        assert result.success

    return step


def others(rights: str, **cells: str) -> dict[str, str]:
    """Everybody has these rights; those named have theirs."""
    return {**dict.fromkeys(PEOPLE, rights), **cells}


PRIVATE = {"Account": "Private"}
PRIVATE_DEALS = {"Account": "Private", "Opportunity": "Private", "Case": "Private", "Contract": "Private"}
OWNED = {"owner": "redt", "boss": "redt"}

SCENARIOS = (
    Scenario("private: the owner and those above", PRIVATE, (record("Account", "owner"),), OWNED),
    Scenario(
        "public read only: everybody reads", {"Account": "Read"}, (record("Account", "owner"),), others("r", **OWNED)
    ),
    Scenario(
        "public read/write: everybody edits, the owner's side deletes and gives away",
        {"Account": "ReadWrite"},
        (record("Account", "owner"),),
        others("re", **OWNED),
        always={"modifier": "redt"},
    ),
    Scenario(
        "public read/write/transfer: everybody gives away, too",
        {"Lead": "ReadWriteTransfer"},
        (record("Lead", "owner"),),
        others("ret", **OWNED),
        "Lead",
        always={"modifier": "redt"},
    ),
    Scenario(
        "public full access: everybody does everything",
        {"Campaign": "FullAccess"},
        (record("Campaign", "owner"),),
        others("redt"),
        "Campaign",
        always={},
    ),
    Scenario(
        "a manual share to read reaches one person",
        PRIVATE,
        (record("Account", "owner"), share("stranger", "Read")),
        {**OWNED, "stranger": "r"},
    ),
    Scenario(
        "a manual share to edit reaches the members of a group",
        PRIVATE,
        (record("Account", "owner"), share("Readers", "Edit")),
        {**OWNED, "member": "re"},
    ),
    Scenario(
        "a share with a role reaches its people and those above",
        PRIVATE,
        (record("Account", "clerk"), share("Under:Role", "Edit")),
        {"clerk": "redt", "owner": "re", "peer": "re", "boss": "re"},
    ),
    Scenario(
        "a share with a role and its subordinates reaches those below",
        PRIVATE,
        (record("Account", "clerk"), share("Top:RoleAndSubordinates", "Read")),
        {"clerk": "redt", "owner": "r", "peer": "r", "boss": "r"},
    ),
    Scenario(
        "a share with a group stops at its members unless it grants access using hierarchies",
        PRIVATE,
        (group("Team", "peer", bosses=False), record("Account", "clerk"), share("Team", "Read")),
        {"clerk": "redt", "peer": "r"},
    ),
    Scenario(
        "a share with a group that grants access using hierarchies reaches those above",
        PRIVATE,
        (group("Team", "peer", bosses=True), record("Account", "clerk"), share("Team", "Read")),
        {"clerk": "redt", "peer": "r", "boss": "r"},
    ),
    Scenario(
        "a member of a group in a group is a member",
        PRIVATE,
        (group("Team", "Readers", bosses=False), record("Account", "owner"), share("Team", "Read")),
        {**OWNED, "member": "r"},
    ),
    Scenario(
        "an owner-based rule shares what a role owns",
        PRIVATE,
        (
            record("Account", "owner"),
            rule("Account", ("group", "Readers"), "Read", **{"from": ["role", "Under"]}),
        ),
        {**OWNED, "member": "r"},
    ),
    Scenario(
        "an owner-based rule leaves what others own",
        PRIVATE,
        (record("Account", "clerk"), rule("Account", ("group", "Readers"), "Read", **{"from": ["role", "Under"]})),
        {"clerk": "redt"},
    ),
    Scenario(
        "a criteria-based rule shares what meets its criteria with everybody inside",
        PRIVATE,
        (
            record("Account", "owner", Industry="Banking"),
            rule("Account", ("allInternalUsers", ""), "Edit", criteria=[["Industry", "equals", "Banking,Energy"]]),
        ),
        others("re", **OWNED),
        always={"modifier": "redt"},
    ),
    Scenario(
        "a criteria-based rule leaves what does not meet its logic",
        PRIVATE,
        (
            record("Account", "owner", Industry="Banking"),
            rule(
                "Account",
                ("allInternalUsers", ""),
                "Edit",
                criteria=[["Industry", "equals", "Banking"], ["Name", "startsWith", "Z"]],
                logic="1 AND 2",
            ),
        ),
        OWNED,
    ),
    Scenario(
        "controlled by parent: what one may do with the account, owner or not",
        {**PRIVATE, "Contact": "ControlledByParent"},
        (record("Account", "owner", "account"), record("Contact", "clerk", AccountId="account")),
        OWNED,
        "Contact",
    ),
    Scenario(
        "a contact without an account is its owner's",
        {**PRIVATE, "Contact": "ControlledByParent"},
        (record("Contact", "clerk"),),
        {"clerk": "redt"},
        "Contact",
    ),
    Scenario(
        "an account's owner edits its opportunities where the role says so",
        PRIVATE_DEALS,
        (
            role_gives("Under", OpportunityAccessForAccountOwner="Edit"),
            record("Account", "owner", "account"),
            record("Opportunity", "clerk", AccountId="account"),
        ),
        {"clerk": "redt", "owner": "re", "boss": "re"},
        "Opportunity",
    ),
    Scenario(
        "an account's owner sees nothing of its opportunities where the role says so",
        PRIVATE_DEALS,
        (
            role_gives("Under", OpportunityAccessForAccountOwner="None"),
            record("Account", "owner", "account"),
            record("Opportunity", "clerk", AccountId="account"),
        ),
        {"clerk": "redt"},
        "Opportunity",
    ),
    Scenario(
        "a share of an account tells how far its opportunities go with it",
        PRIVATE_DEALS,
        (
            role_gives("Under", OpportunityAccessForAccountOwner="None"),
            record("Account", "owner", "account"),
            record("Opportunity", "clerk", AccountId="account"),
            share("stranger", "Read", "account", OpportunityAccessLevel="Edit"),
        ),
        {"clerk": "redt", "stranger": "re"},
        "Opportunity",
    ),
    Scenario(
        "a rule on accounts tells how far their cases go with it",
        PRIVATE_DEALS,
        (
            record("Account", "owner", "account"),
            record("Case", "clerk", AccountId="account"),
            rule(
                "Account",
                ("group", "Readers"),
                "Read",
                criteria=[["Name", "equals", "Acme"]],
                children={"Case": "Read", "Contact": "None", "Opportunity": "None"},
            ),
        ),
        {"clerk": "redt", "member": "r"},
        "Case",
    ),
    Scenario(
        "who owns an opportunity reads its account",
        PRIVATE_DEALS,
        (record("Account", "owner"), record("Opportunity", "clerk", "deal", AccountId="record")),
        {**OWNED, "clerk": "r"},
    ),
    Scenario(
        "who owns a contract reads its account",
        PRIVATE_DEALS,
        (record("Account", "owner"), record("Contract", "clerk", "contract", AccountId="record")),
        {**OWNED, "clerk": "r"},
    ),
    Scenario(
        "a contract is open to those who own its account or share in it",
        PRIVATE_DEALS,
        (
            record("Account", "owner", "account"),
            record("Contract", "clerk", AccountId="account"),
            share("stranger", "Read", "account"),
        ),
        {"clerk": "redt", "owner": "re", "boss": "re", "stranger": "r"},
        "Contract",
    ),
    Scenario(
        "a record of a queue belongs to who is in it",
        PRIVATE_DEALS,
        (record("Case", "Desk"),),
        {"helper": "redt"},
        "Case",
    ),
    Scenario(
        "a task is read by who sees what it is about",
        {**PRIVATE, "Task": "Private"},
        (
            record("Account", "owner", "account"),
            share("stranger", "Read", "account"),
            record("Task", "clerk", WhatId="account"),
        ),
        {"clerk": "redt", "owner": "r", "boss": "r", "stranger": "r"},
        "Task",
    ),
)


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: scenario.fact)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    found: Scenario = request.param
    return found


@pytest.fixture
def stage(scenario: Scenario) -> Stage:
    made = Stage()
    made.set_defaults(scenario.defaults)
    for step in scenario.steps:
        step(made)
    return made


_REFUSALS = {"INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"}


def rights_of(stage: Stage, sobject_type: str, person: str) -> str:
    """What a person is not refused for want of access, each try taken back."""
    record_id, caller, dml = stage.ids["record"], stage.caller(person), stage.org.dml
    tries: dict[str, Callable[[], list[SaveResult]]] = {
        "e": lambda: dml.update(caller, sobject_type, [{"Id": record_id}]),
        "d": lambda: dml.delete(caller, [record_id]),
        "t": lambda: dml.update(caller, sobject_type, [{"Id": record_id, "OwnerId": stage.ids["spare"]}]),
    }
    found = "r" if stage.query(person, f"SELECT Id FROM {sobject_type} WHERE Id = '{record_id}'") else ""
    for letter, attempt in tries.items():
        savepoint = stage.org.savepoint()
        codes = {error.status_code for error in attempt()[0].errors}
        found += "" if _REFUSALS & set(codes) else letter
        stage.org.rollback(savepoint)
    return found


def test_everybody_has_the_documented_rights(stage: Stage, scenario: Scenario) -> None:
    stage.make_user("spare")
    expected = {**dict.fromkeys(PEOPLE, ""), **scenario.cells, **scenario.always}
    assert {person: rights_of(stage, scenario.sobject_type, person) for person in PEOPLE} == expected


def test_user_record_access_tells_the_same(stage: Stage, scenario: Scenario) -> None:
    letters = {"HasReadAccess": "r", "HasEditAccess": "e", "HasDeleteAccess": "d", "HasTransferAccess": "t"}
    told = {}
    for person in PEOPLE:
        where = f"UserId = '{stage.ids[person]}' AND RecordId = '{stage.ids['record']}'"
        (row,) = stage.query("modifier", f"SELECT {', '.join(letters)} FROM UserRecordAccess WHERE {where}")
        told[person] = "".join(letter for name, letter in letters.items() if row[name])
    assert told == {**dict.fromkeys(PEOPLE, ""), **scenario.cells, **scenario.always}


def test_a_count_counts_what_a_person_reads(stage: Stage, scenario: Scenario) -> None:
    cells = {**dict.fromkeys(PEOPLE, ""), **scenario.cells, **scenario.always}
    where = f"FROM {scenario.sobject_type} WHERE Id = '{stage.ids['record']}'"
    counted = {person: stage.query(person, f"SELECT COUNT(Id) n {where}")[0]["n"] for person in PEOPLE}
    assert counted == {person: int("r" in rights) for person, rights in cells.items()}
