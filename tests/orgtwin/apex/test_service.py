"""Apex in a live org: triggers take part in every save, deploys compile and test."""

from __future__ import annotations

from datetime import UTC, datetime

from orgtwin.apex.coverage import ClassCoverage
from orgtwin.apex.deploys import average_warnings, covered_code
from orgtwin.apex.service import ApexService
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.seed import administrator, new_org

META = '<{0} xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></{0}>'
TRIGGER = """trigger Accounts on Account (before insert, before update, after insert) {
  if (Trigger.isBefore) { for (Account a : Trigger.new) {
    if (a.Name == 'bad') { a.Name.addError('no bad names'); }
    a.Description = 'seen ' + Trigger.operationType; } }
}"""
TEST = """@IsTest private class AccountsTest {
  @TestSetup static void setUp() { insert new Account(Name = 'x'); }
  @IsTest static void marks() { System.assertEquals('seen BEFORE_INSERT', [SELECT Description FROM Account].Description); }
  @IsTest static void refuses() {
    try { insert new Account(Name = 'bad'); Assert.fail(); }
    catch (DmlException e) { System.assertEquals('no bad names', e.getDmlMessage(0)); } }
}"""


def apex_org() -> tuple[Org, MetadataService, ApexService]:
    org = new_org(lambda: datetime(2026, 1, 2, tzinfo=UTC))
    metadata = MetadataService(org)
    service = ApexService(org)
    return org, metadata, service


def deploy(org: Org, metadata: MetadataService, *, meta: str = META, **sources: str) -> DeployJob:
    files: dict[str, bytes] = {}
    members = {"ApexClass": "", "ApexTrigger": ""}
    for name, source in sources.items():
        kind, folder, suffix = (
            ("ApexTrigger", "triggers", "trigger") if source.startswith("trigger") else ("ApexClass", "classes", "cls")
        )
        files[f"{folder}/{name}.{suffix}"] = source.encode()
        files[f"{folder}/{name}.{suffix}-meta.xml"] = meta.format(kind).encode()
        members[kind] += f"<members>{name}</members>"
    types = "".join(f"<types>{names}<name>{kind}</name></types>" for kind, names in members.items() if names)
    package = f'<Package xmlns="http://soap.sforce.com/2006/04/metadata">{types}<version>66.0</version></Package>'
    files["package.xml"] = package.encode()
    return metadata.deploy_files(administrator(org), files, DeployOptions(single_package=True))


def test_a_deployed_trigger_runs_in_a_write_of_the_api() -> None:
    org, metadata, _ = apex_org()
    assert deploy(org, metadata, Accounts=TRIGGER).status is DeployStatus.SUCCEEDED
    created, refused = org.dml.insert(administrator(org), "Account", [{"Name": "A"}, {"Name": "bad"}])
    row = org.table("Account").get(created.record_id or "")
    assert row is not None
    assert org.table("Account").reader("Description")(row) == "seen BEFORE_INSERT"
    assert [(e.status_code, e.message, e.fields) for e in refused.errors] == [
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "no bad names", ("Name",))
    ]


def test_a_trigger_that_is_deployed_inactive_does_not_fire_until_it_is_active() -> None:
    org, metadata, _ = apex_org()
    idle = META.replace("Active", "Inactive")
    assert deploy(org, metadata, meta=idle, Accounts=TRIGGER).status is DeployStatus.SUCCEEDED
    assert [result.success for result in org.dml.insert(administrator(org), "Account", [{"Name": "bad"}])] == [True]
    deploy(org, metadata, Accounts=TRIGGER)
    assert [result.success for result in org.dml.insert(administrator(org), "Account", [{"Name": "bad"}])] == [False]


def test_deployed_apex_runs_by_the_api_version_of_its_own_file() -> None:
    org, metadata, service = apex_org()
    deploy(org, metadata, meta=META.replace("66.0", "58.0"), Old="public class Old {}")
    deploy(org, metadata, Young="public class Young {}")
    assert {cls.name: cls.api_version for cls in service.engine().classes.values()} == {"Old": 58.0, "Young": 66.0}


def test_a_class_of_another_name_than_its_file_is_refused() -> None:
    org, metadata, _ = apex_org()
    job = deploy(org, metadata, Invoice="public class Bill {}")
    assert job.outcome is not None
    assert [(m.full_name, m.line, m.column, m.problem) for m in job.outcome.failures] == [
        ("Invoice", 1, 1, "File name mismatch with class name: Bill")
    ]


def test_a_class_that_does_not_compile_is_refused_with_line_and_column() -> None:
    org, metadata, _ = apex_org()
    job = deploy(org, metadata, Broken="public class Broken {\n  Integer x = 'a';\n}")
    assert job.outcome is not None
    assert [(m.full_name, m.line, m.column, m.problem) for m in job.outcome.failures] == [
        ("Broken", 2, 11, "Illegal assignment from String to Integer")
    ]


def test_tests_run_on_the_org_and_their_records_are_taken_back() -> None:
    org, metadata, service = apex_org()
    deploy(org, metadata, Accounts=TRIGGER, AccountsTest=TEST)
    run, engine = service.run_with_coverage(["AccountsTest"])
    assert [(o.method_name, o.outcome, o.message) for o in run.outcomes] == [
        ("marks", "Pass", ""),
        ("refuses", "Pass", ""),
    ]
    assert tuple(average_warnings(covered_code(engine))) == ()
    assert len(org.table("Account")) == 0


OBJECT = """<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata"><fields><fullName>{}__c</fullName><label>{}</label>
<type>Text</type><length>20</length></fields></CustomObject>"""


def deploy_field(org: Org, metadata: MetadataService, name: str) -> None:
    manifest = (
        '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types>'
        f"<members>Account.{name}__c</members><name>CustomField</name></types><version>66.0</version></Package>"
    )
    files = {"package.xml": manifest.encode(), "objects/Account.object": OBJECT.format(name, name).encode()}
    job = metadata.deploy_files(administrator(org), files, DeployOptions(single_package=True))
    assert job.status is DeployStatus.SUCCEEDED


def test_a_field_that_a_deploy_adds_is_there_in_the_next_run() -> None:
    org, metadata, service = apex_org()
    caller = administrator(org)
    writes = "insert new Account(Name = 'x', Colour__c = 'red');"
    (problem,) = service.run_anonymous(writes, caller.user_id).problems
    assert problem.message == "Field does not exist: Colour__c on Account"
    deploy_field(org, metadata, "Colour")
    assert service.run_anonymous(writes, caller.user_id).problems == ()
    assert [org.table("Account").reader("Colour__c")(row) for row in org.table("Account").rows()] == ["red"]


def test_a_deployed_class_is_compiled_again_under_the_schema_as_it_is_now() -> None:
    """The class describes its fields when it runs: what an older compile kept of the schema would show."""
    org, metadata, service = apex_org()
    source = "public class Fields { public static Boolean has(String name) {\n"
    source += "  return Schema.SObjectType.Account.fields.getMap().containsKey(name); } }"
    asks = "System.debug(Fields.has('colour__c'));"
    assert deploy(org, metadata, Fields=source).status is DeployStatus.SUCCEEDED
    before, compiled = service.run_anonymous(asks, administrator(org).user_id), service.engine()
    deploy_field(org, metadata, "Colour")
    after = service.run_anonymous(asks, administrator(org).user_id)
    assert ["|DEBUG|false\n" in before.log, "|DEBUG|true\n" in after.log] == [True, True]
    assert service.engine() is not compiled


def test_too_little_coverage_is_told_in_the_platforms_words() -> None:
    org, metadata, service = apex_org()
    idle = "public class Idle {\n  public static void m() {\n    Integer a = 1;\n    a = 2;\n  }\n}"
    test = "@IsTest class T { @IsTest static void t() { System.assert(true); } }"
    deploy(org, metadata, Idle=idle, T=test)
    _, engine = service.run_with_coverage(["T"])
    assert tuple(average_warnings(covered_code(engine))) == (
        "Average test coverage across all Apex Classes and Triggers is 0%, at least 75% test coverage is required.",
    )
    assert engine.coverage.report({"Idle": None}) == [ClassCoverage("Idle", (), (2, 3, 4))]
