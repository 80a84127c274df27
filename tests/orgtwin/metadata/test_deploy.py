"""A deploy is all or nothing, unless it is asked to be otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orgtwin.errors import SalesforceError
from orgtwin.metadata.deploy_model import DeployStatus, TestFailure, TestLevel, TestReport, TestRequest
from orgtwin.metadata.deploy_run import Hooks
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.seed import integration_user

_FIELD = "<fields><fullName>{name}</fullName><label>{name}</label>{rest}</fields>"
_GOOD = _FIELD.format(name="Good__c", rest="<length>10</length><type>Text</type>")
_BAD = _FIELD.format(name="Bad__c", rest="<type>Text</type>")
_BOTH = {"objects/Account.object": f"<CustomObject>\n    {_BAD}\n    {_GOOD}\n</CustomObject>"}
_BOTH_NAMES = {"CustomField": ["Account.Bad__c", "Account.Good__c"]}
_ONE = {"objects/Account.object": f"<CustomObject>{_GOOD}</CustomObject>"}
_ONE_NAME = {"CustomField": ["Account.Good__c"]}
_CLASS = {
    "classes/SyncTest.cls": b"@isTest private class SyncTest { @isTest static void works() {} }",
    "classes/SyncTest.cls-meta.xml": "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>",
}
_CLASS_NAME = {"ApexClass": ["SyncTest"]}


def _has_field(org: Org, name: str = "Good__c") -> bool:
    account = org.schema.find_type("Account")
    return account is not None and account.find_field(name) is not None


def _delete(*names: tuple[str, str], path: str = "destructiveChanges.xml") -> dict[str, str]:
    types = "".join(f"<types><members>{name}</members><name>{type_name}</name></types>" for type_name, name in names)
    return {path: f"<Package>{types}<version>66.0</version></Package>"}


def test_one_bad_component_keeps_the_others_out(deploy: Any, org: Org) -> None:
    job = deploy(_BOTH, _BOTH_NAMES)

    assert job.status is DeployStatus.FAILED
    assert not _has_field(org)


def test_a_problem_is_placed_behind_the_start_tag_of_its_component(deploy: Any) -> None:
    (failure,) = deploy(_BOTH, _BOTH_NAMES).outcome.failures

    assert (failure.component_type, failure.full_name, failure.file_name) == (
        "CustomField",
        "Account.Bad__c",
        "objects/Account.object",
    )
    assert (failure.line, failure.column, failure.created, failure.problem_type) == (2, 13, False, "Error")


def test_without_rollback_the_good_components_stay(deploy: Any, org: Org) -> None:
    job = deploy(_BOTH, _BOTH_NAMES, rollback_on_error=False)

    assert job.status is DeployStatus.SUCCEEDED_PARTIAL
    assert _has_field(org)
    assert [message.full_name for message in job.outcome.failures] == ["Account.Bad__c"]
    assert [message.full_name for message in job.outcome.successes] == ["package.xml", "Account.Good__c"]


def test_without_rollback_what_needs_a_bad_component_fails_too(deploy: Any, org: Org) -> None:
    entry = "<fieldPermissions><editable>true</editable><field>Account.Bad__c</field><readable>true</readable></fieldPermissions>"
    files = {**_BOTH, "permissionsets/P.permissionset": f"<PermissionSet>{entry}<label>P</label></PermissionSet>"}
    job = deploy(files, {**_BOTH_NAMES, "PermissionSet": ["P"]}, rollback_on_error=False)

    problems = {message.full_name: message.problem for message in job.outcome.failures}
    assert problems["P"] == "In field: field - no CustomField named Account.Bad__c found"
    assert _has_field(org)
    assert find_row(org, "PermissionSet", Name="P") is None


def test_a_check_changes_nothing(deploy: Any, org: Org, service: MetadataService) -> None:
    files = {
        **_ONE,
        "customPermissions/Skip.customPermission": "<CustomPermission><label>Skip</label></CustomPermission>",
    }
    job = deploy(files, {**_ONE_NAME, "CustomPermission": ["Skip"]}, check_only=True)

    assert job.status is DeployStatus.SUCCEEDED
    assert [message.full_name for message in job.outcome.successes if message.created] == ["Skip", "Account.Good__c"]
    assert not _has_field(org)
    assert find_row(org, "CustomPermission", DeveloperName="Skip") is None
    assert len(service.components) == 0
    assert service.source_members() == []


def test_the_same_again_changes_nothing(deploy: Any) -> None:
    deploy(_ONE, _ONE_NAME)
    second = deploy(_ONE, _ONE_NAME).outcome.successes[-1]

    assert (second.full_name, second.created, second.changed) == ("Account.Good__c", False, False)


def test_a_wildcard_takes_every_file_of_the_type(deploy: Any, org: Org) -> None:
    job = deploy(_ONE, {"CustomObject": ["*"]})

    assert [message.full_name for message in job.outcome.successes] == ["package.xml", "Account", "Account.Good__c"]
    assert _has_field(org)


def test_a_file_that_the_manifest_does_not_name_is_left_out_with_a_warning(deploy: Any, org: Org) -> None:
    job = deploy(_ONE, {"CustomPermission": ["*"]})

    (message,) = [message for message in job.outcome.messages if message.problem]
    assert (message.full_name, message.problem, message.problem_type) == ("Account", "Not in package.xml", "Warning")
    assert not _has_field(org)


def test_warnings_fail_a_deploy_that_does_not_ignore_them(deploy: Any) -> None:
    assert deploy(_ONE, {"CustomPermission": ["*"]}, ignore_warnings=False).status is DeployStatus.FAILED


def test_auto_update_takes_files_that_the_manifest_does_not_name(deploy: Any, org: Org) -> None:
    deploy(_ONE, {}, auto_update_package=True)

    assert _has_field(org)


def test_missing_files_are_a_warning_where_they_are_allowed(deploy: Any) -> None:
    job = deploy({}, _ONE_NAME, allow_missing_files=True)

    assert job.status is DeployStatus.SUCCEEDED
    expected = "An object 'Account.Good__c' of type CustomField was named in package.xml, but was not found in zipped directory"
    assert [(m.problem, m.problem_type) for m in job.outcome.messages if m.problem] == [(expected, "Warning")]


def test_packages_lie_in_folders_unless_there_is_a_single_one(deploy: Any, org: Org) -> None:
    manifest = "<Package><types><members>Account.Good__c</members><name>CustomField</name></types><version>66.0</version></Package>"
    files = {f"shape_1/{path}": body for path, body in {**_ONE, "package.xml": manifest}.items()}

    assert deploy(files, None, single_package=False).status is DeployStatus.SUCCEEDED
    assert _has_field(org)


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        pytest.param({"a/b.txt": b"x"}, "No package.xml found", id="none"),
        pytest.param(
            {"package.xml": "<Package><version>99.0</version></Package>"},
            "Invalid version specified:99.0",
            id="version",
        ),
        pytest.param({"package.xml": "<Package/>"}, "Required field is missing: version", id="no version"),
        pytest.param({"package.xml": "<Package>"}, "Error parsing file: no element found", id="cut off"),
    ],
)
def test_a_zip_without_a_good_manifest_is_refused(files: dict[str, str], problem: str, deploy: Any) -> None:
    job = deploy(files, None)

    assert job.status is DeployStatus.FAILED
    assert [message.problem for message in job.outcome.failures] == [problem]


@pytest.mark.parametrize("purge", [True, False])
def test_a_field_is_deleted_with_its_values(purge: bool, deploy: Any, org: Org) -> None:
    deploy(_ONE, _ONE_NAME)
    (result,) = org.dml.insert(org.system_caller(), "Account", [{"Name": "A", "Good__c": "x"}])

    job = deploy(_delete(("CustomField", "Account.Good__c")), {}, purge_on_delete=purge)

    deleted = job.outcome.successes[-1]
    assert (deleted.full_name, deleted.deleted, deleted.file_name) == (
        "Account.Good__c",
        True,
        "destructiveChanges.xml",
    )
    assert not _has_field(org)
    assert org.table("Account").get(str(result.record_id)) is not None


def test_deleting_what_is_not_there_is_a_warning(deploy: Any) -> None:
    job = deploy(_delete(("CustomField", "Account.Good__c")), {})

    assert job.status is DeployStatus.SUCCEEDED
    assert job.outcome.messages[-1].problem == "No CustomField named: Account.Good__c found"


def test_a_field_in_use_is_not_deleted(deploy: Any, org: Org) -> None:
    rule = (
        "<validationRules><fullName>Keyed</fullName><active>true</active><errorConditionFormula>ISBLANK(Good__c)</errorConditionFormula>"
        "<errorMessage>No.</errorMessage></validationRules>"
    )
    files = {"objects/Account.object": f"<CustomObject>{_GOOD}{rule}</CustomObject>"}
    deploy(files, {"CustomField": ["Account.Good__c"], "ValidationRule": ["Account.Keyed"]})

    job = deploy(_delete(("CustomField", "Account.Good__c")), {})

    expected = "This custom field is referenced elsewhere in salesforce.com. : Validation Rule - Account.Keyed"
    assert [message.problem for message in job.outcome.failures] == [expected]
    assert _has_field(org)


def test_deletions_may_come_first_or_last(deploy: Any, org: Org) -> None:
    deploy(_ONE, _ONE_NAME)

    first = deploy({**_ONE, **_delete(("CustomField", "Account.Good__c"), path="destructiveChangesPre.xml")}, _ONE_NAME)
    assert first.status is DeployStatus.SUCCEEDED
    assert _has_field(org)

    last = deploy({**_ONE, **_delete(("CustomField", "Account.Good__c"), path="destructiveChangesPost.xml")}, _ONE_NAME)
    assert last.status is DeployStatus.SUCCEEDED
    assert not _has_field(org)


@pytest.mark.parametrize(
    ("type_name", "name", "problem"),
    [
        ("RecordType", "Contract.Msa", "Cannot delete record type through API"),
        ("CustomField", "*", "Wildcard characters are not supported in destructiveChanges.xml"),
        ("Flow", "Remind", "insufficient access rights on cross-reference id"),
    ],
)
def test_some_things_are_not_deleted(type_name: str, name: str, problem: str, deploy: Any) -> None:
    record_type = "<recordTypes><fullName>Msa</fullName><active>true</active><label>Msa</label></recordTypes>"
    flow = (
        "<Flow><label>Remind</label><processType>AutoLaunchedFlow</processType><start><locationX>1</locationX><locationY>1</locationY>"
        "</start><status>Active</status></Flow>"
    )
    files = {"objects/Contract.object": f"<CustomObject>{record_type}</CustomObject>", "flows/Remind.flow": flow}
    assert deploy(files, {"RecordType": ["Contract.Msa"], "Flow": ["Remind"]}).status is DeployStatus.SUCCEEDED

    job = deploy(_delete((type_name, name)), {})

    assert [message.problem for message in job.outcome.failures] == [problem]


def test_an_object_takes_its_children_along(deploy: Any, org: Org, service: MetadataService) -> None:
    body = (
        f"<CustomObject><deploymentStatus>Deployed</deploymentStatus>{_GOOD}<label>Line</label><nameField><label>Name</label>"
        "<type>Text</type></nameField><pluralLabel>Lines</pluralLabel><sharingModel>Read</sharingModel></CustomObject>"
    )
    deploy({"objects/Line__c.object": body}, {"CustomObject": ["Line__c"]})
    deploy(_delete(("CustomObject", "Line__c")), {})

    assert org.schema.find_type("Line__c") is None
    assert service.components.find("CustomField", "Line__c.Good__c") is None


# ---- Apex


def test_what_is_no_apex_is_refused_where_it_is_wrong(deploy: Any, org: Org) -> None:
    job = deploy(
        {**_CLASS, "classes/SyncTest.cls": b"public class SyncTest {\n    void go() { Integer i = ; }\n}"}, _CLASS_NAME
    )

    (failure,) = job.outcome.failures
    assert (failure.component_type, failure.full_name, failure.file_name) == (
        "ApexClass",
        "SyncTest",
        "classes/SyncTest.cls",
    )
    assert (failure.line, failure.column, failure.problem) == (2, 29, "Unexpected token ';'.")
    assert find_row(org, "ApexClass", Name="SyncTest") is None


def test_where_there_are_no_tests_none_are_run(deploy: Any) -> None:
    job = deploy(_ONE, _ONE_NAME, test_level=TestLevel.RUN_LOCAL_TESTS)

    assert (job.status, job.outcome.tests.run) == (DeployStatus.SUCCEEDED, 0)


_TESTED = (
    "@isTest private class SyncTest {{ @isTest static void works() {{ "
    "insert new Account(Name = 'T', Good__c = 'x'); System.assertEquals({count}, [SELECT COUNT() FROM Account]); }} }}"
)


@pytest.mark.parametrize(("count", "status"), [(1, "Succeeded"), (2, "Failed")])
def test_tests_run_on_the_org_as_the_deploy_left_it(count: int, status: str, deploy: Any, org: Org) -> None:
    files = {**_ONE, **_CLASS, "classes/SyncTest.cls": _TESTED.format(count=count).encode()}
    job = deploy(files, {**_ONE_NAME, **_CLASS_NAME}, test_level=TestLevel.RUN_LOCAL_TESTS)

    assert (job.status.value, job.outcome.tests.run, job.outcome.error_message) == (status, 1, None)
    messages = [failure.message for failure in job.outcome.tests.failures]
    assert messages == ([] if count == 1 else ["System.AssertException: Assertion Failed: Expected: 2, Actual: 1"])
    assert len(org.table("Account")) == 0
    assert _has_field(org) is (count == 1)


def _runner(report: TestReport) -> Hooks:
    def run(request: TestRequest) -> TestReport:
        assert request.class_names == ("SyncTest",)
        return report

    return Hooks(run_tests=run)


def test_a_failing_test_takes_the_deploy_back(deploy: Any, org: Org, service: MetadataService) -> None:
    service.hooks = _runner(TestReport(1, (TestFailure("SyncTest", "works", "Assertion Failed"),)))

    job = deploy({**_ONE, **_CLASS}, {**_ONE_NAME, **_CLASS_NAME}, test_level=TestLevel.RUN_LOCAL_TESTS)

    assert job.status is DeployStatus.FAILED
    assert not _has_field(org)


def test_a_checked_deploy_can_follow_quickly(deploy: Any, org: Org, service: MetadataService, admin: Caller) -> None:
    service.hooks = _runner(TestReport(1))
    checked = deploy(
        {**_ONE, **_CLASS}, {**_ONE_NAME, **_CLASS_NAME}, check_only=True, test_level=TestLevel.RUN_LOCAL_TESTS
    )

    quick = service.quick_deploy(admin, checked.id)

    assert (quick.status, quick.id != checked.id) == (DeployStatus.SUCCEEDED, True)
    assert _has_field(org)


@pytest.mark.parametrize("quick", [True, False], ids=["a quick one", "any other"])
def test_a_deploy_ends_the_use_of_every_check_before_it(
    deploy: Any, service: MetadataService, admin: Caller, quick: bool
) -> None:
    service.hooks = _runner(TestReport(1))
    checked = deploy(_CLASS, _CLASS_NAME, check_only=True, test_level=TestLevel.RUN_LOCAL_TESTS)
    if quick:
        service.quick_deploy(admin, checked.id)
    else:
        deploy(_ONE, _ONE_NAME)

    with pytest.raises(SalesforceError) as refused:
        service.quick_deploy(admin, checked.id)

    assert str(refused.value) == f"INVALID_ID_FIELD: No recent validation with id {checked.id} can be deployed"


def test_a_check_without_tests_is_no_ground_for_a_quick_deploy(
    deploy: Any, service: MetadataService, admin: Caller
) -> None:
    checked = deploy(_ONE, _ONE_NAME, check_only=True)

    with pytest.raises(SalesforceError) as refused:
        service.quick_deploy(admin, checked.id)

    assert str(refused.value) == "INVALID_ID_FIELD: Source validate did not run tests in the org"


def test_a_check_is_good_for_ten_days(deploy: Any, org: Org, service: MetadataService, admin: Caller) -> None:
    service.hooks = _runner(TestReport(1))
    checked = deploy(_CLASS, _CLASS_NAME, check_only=True, test_level=TestLevel.RUN_LOCAL_TESTS)
    org.clock = lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC) + timedelta(days=10, seconds=1)

    with pytest.raises(SalesforceError) as refused:
        service.quick_deploy(admin, checked.id)

    assert refused.value.code == "INVALID_ID_FIELD"


# ---- jobs


def test_a_waiting_deploy_can_be_cancelled(deploy: Any, org: Org, service: MetadataService, admin: Caller) -> None:
    service.hold()
    job = deploy(_ONE, _ONE_NAME)
    waiting = job.status.value

    service.cancel(admin, job.id)
    service.release()

    assert (waiting, job.status.value) == ("Pending", "Canceled")
    assert not _has_field(org)


def test_a_held_deploy_is_carried_out_when_it_is_released(deploy: Any, org: Org, service: MetadataService) -> None:
    service.hold()
    job = deploy(_ONE, _ONE_NAME)
    service.release()

    assert job.status is DeployStatus.SUCCEEDED
    assert _has_field(org)


def test_a_finished_deploy_is_not_cancelled(deploy: Any, service: MetadataService, admin: Caller) -> None:
    job = deploy(_ONE, _ONE_NAME)

    with pytest.raises(SalesforceError, match="INVALID_ID_FIELD: Deployment already completed"):
        service.cancel(admin, job.id)


def test_who_may_not_change_metadata_may_not_deploy(org: Org, service: MetadataService) -> None:
    with pytest.raises(SalesforceError) as refused:
        service.start_retrieve(integration_user(org), None, [], "66.0")

    assert refused.value.code == "INSUFFICIENT_ACCESS"


def test_a_deploy_is_one_commit(deploy: Any, org: Org) -> None:
    commits: list[int] = []
    org.log.on_commit(lambda entries: commits.append(len(entries)))
    files = {
        "customPermissions/One.customPermission": "<CustomPermission><label>One</label></CustomPermission>",
        "customPermissions/Two.customPermission": "<CustomPermission><label>Two</label></CustomPermission>",
    }
    deploy(files, {"CustomPermission": ["One", "Two"]})
    deploy(files, {"CustomPermission": ["One", "Two"]}, check_only=True)

    assert len(commits) == 1
