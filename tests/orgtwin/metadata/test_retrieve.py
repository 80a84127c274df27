"""What was deployed comes back the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from orgtwin.errors import SalesforceError
from orgtwin.metadata.archive import read_archive, write_archive
from orgtwin.metadata.deploy_model import DeployOptions, DeployStatus
from orgtwin.metadata.manifest import Manifest, parse_manifest
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import parse_document
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.seed import administrator, new_org

_PROJECT = yaml.safe_load((Path(__file__).parent / "cases" / "project.yml").read_text("utf-8"))


def _retrieve(service: MetadataService, admin: Caller, members: dict[str, list[str]], **more: Any) -> dict[str, bytes]:
    manifest = Manifest({type_name: tuple(names) for type_name, names in members.items()})
    retrieve_id = service.start_retrieve(admin, manifest, (), "66.0", **more)
    return read_archive(service.retrieved(retrieve_id).zip_file())


@pytest.fixture
def project(deploy: Any) -> None:
    job = deploy(_PROJECT["files"], _PROJECT["members"], ignore_warnings=False)
    assert [(message.full_name, message.problem) for message in job.outcome.messages if message.problem] == []
    assert job.status is DeployStatus.SUCCEEDED


@pytest.mark.usefixtures("project")
def test_every_family_comes_back_and_deploys_again_unchanged(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, _PROJECT["members"], single_package=True)

    again = service.deploy(admin, write_archive(files), DeployOptions(single_package=True))

    assert again.outcome is not None
    changed = [message.full_name for message in again.outcome.messages if message.component_type and message.changed]
    assert ([message.problem for message in again.outcome.failures], changed) == ([], [])


@pytest.mark.usefixtures("project")
def test_what_comes_back_makes_an_equal_org(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, _PROJECT["members"], single_package=True)
    other = new_org()
    copy = MetadataService(other)
    job = copy.deploy(administrator(other), write_archive(files), DeployOptions(single_package=True))

    assert job.status is DeployStatus.SUCCEEDED
    assert {c.key: (c.body, c.content, dict(c.files)) for c in copy.components} == {
        c.key: (c.body, c.content, dict(c.files)) for c in service.components
    }


@pytest.mark.usefixtures("project")
def test_the_manifest_of_a_retrieve_names_what_is_in_it(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, {"CustomObject": ["Duty__c"], "ApexClass": ["*"]})

    manifest = parse_manifest(files["unpackaged/package.xml"])
    assert dict(manifest.members) == {
        "ApexClass": ("Sync",),
        "CustomField": ("Duty__c.Contract__c", "Duty__c.Due__c"),
        "CustomObject": ("Duty__c",),
    }
    assert manifest.version == "66.0"
    assert sorted(files) == [
        "unpackaged/classes/Sync.cls",
        "unpackaged/classes/Sync.cls-meta.xml",
        "unpackaged/objects/Duty__c.object",
        "unpackaged/package.xml",
    ]


@pytest.mark.usefixtures("project")
def test_a_single_field_comes_in_the_file_of_its_object(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, {"CustomField": ["Contract.Key__c"]})

    assert files["unpackaged/objects/Contract.object"].decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<CustomObject xmlns="http://soap.sforce.com/2006/04/metadata">\n'
        "    <fields>\n"
        "        <fullName>Key__c</fullName>\n"
        "        <caseSensitive>true</caseSensitive>\n"
        "        <externalId>true</externalId>\n"
        "        <label>Key</label>\n"
        "        <length>64</length>\n"
        "        <type>Text</type>\n"
        "        <unique>true</unique>\n"
        "    </fields>\n"
        "</CustomObject>\n"
    )


def test_a_component_that_is_not_there_is_a_message(service: MetadataService, admin: Caller) -> None:
    manifest = Manifest({"ApexClass": ("Nowhere",)})
    found = service.retrieved(service.start_retrieve(admin, manifest, (), "66.0"))

    assert found.messages == [("unpackaged/package.xml", "Entity of type 'ApexClass' named 'Nowhere' cannot be found")]
    assert list(found.files) == ["unpackaged/package.xml"]


def test_a_package_is_what_was_deployed_under_its_name(deploy: Any, service: MetadataService, admin: Caller) -> None:
    manifest = (
        "<Package><fullName>Clm</fullName><types><members>Skip</members><name>CustomPermission</name></types>"
        "<version>66.0</version></Package>"
    )
    permission = "<CustomPermission><label>Skip</label></CustomPermission>"
    deploy({"package.xml": manifest, "customPermissions/Skip.customPermission": permission})
    found = service.retrieved(service.start_retrieve(admin, None, ["Clm"], "66.0"))

    assert sorted(found.files) == ["Clm/customPermissions/Skip.customPermission", "Clm/package.xml"]
    assert parse_manifest(found.files["Clm/package.xml"]).package == "Clm"


def test_a_package_that_is_not_there_is_a_message(service: MetadataService, admin: Caller) -> None:
    found = service.retrieved(service.start_retrieve(admin, None, ["Nope"], "66.0"))

    assert found.messages == [("Nope/package.xml", "INVALID_CROSS_REFERENCE_KEY: No package named 'Nope' found")]


def test_a_standard_value_set_comes_back_although_nobody_deployed_it(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, {"StandardValueSet": ["ContractStatus"]}, single_package=True)

    root = parse_document(files["standardValueSets/ContractStatus.standardValueSet"]).root
    rows = [(value.value("fullName"), value.value("groupingString")) for value in root.all("standardValue")]
    assert rows == [("Draft", "Draft"), ("In Approval Process", "InApproval"), ("Activated", "Activated")]


def test_a_profile_comes_with_the_objects_that_are_retrieved_with_it(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, {"Profile": ["Admin"], "CustomObject": ["Contract"]}, single_package=True)

    root = parse_document(files["profiles/Admin.profile"]).root
    assert [entry.value("object") for entry in root.all("objectPermissions")] == ["Contract"]
    assert {(entry.value("field") or "").partition(".")[0] for entry in root.all("fieldPermissions")} == {"Contract"}


def test_a_retrieved_profile_deploys(service: MetadataService, admin: Caller) -> None:
    files = _retrieve(service, admin, {"Profile": ["Admin"], "CustomObject": ["*", "Contract"]}, single_package=True)

    job = service.deploy(admin, write_archive(files), DeployOptions(single_package=True))

    assert job.outcome is not None
    assert [message.problem for message in job.outcome.failures] == []


@pytest.mark.usefixtures("project")
def test_a_listing_names_files_and_authors(service: MetadataService, org: Org) -> None:
    (row,) = service.list_metadata("ValidationRule")

    assert (row.component.full_name, row.file_name) == ("Contract.Keyed", "objects/Contract.object")
    assert row.component.created_by == administrator(org).user_id


def test_an_unknown_type_is_not_listed(service: MetadataService) -> None:
    with pytest.raises(SalesforceError, match="INVALID_TYPE: Unknown type:Widget"):
        service.list_metadata("Widget")


@pytest.mark.usefixtures("project")
def test_a_profile_shows_what_it_does_not_grant_so_that_a_tool_can_grant_it(
    service: MetadataService, admin: Caller, org: Org
) -> None:
    members = {"Profile": ["Admin"], "CustomObject": ["Clause__c"]}
    files = _retrieve(service, admin, members, single_package=True)
    assert (
        b"<editable>false</editable>\n        <field>Clause__c.Standard__c</field>" in files["profiles/Admin.profile"]
    )
    granted = files["profiles/Admin.profile"].replace(b">false<", b">true<")

    job = service.deploy(
        admin, write_archive({**files, "profiles/Admin.profile": granted}), DeployOptions(single_package=True)
    )

    assert job.status is DeployStatus.SUCCEEDED
    assert "standard__c" in org.access.editable_fields(admin, "Clause__c")


def test_elements_that_later_versions_added_are_kept(deploy: Any, service: MetadataService) -> None:
    """`description` of a named credential and `shouldEvaluateOnClient` of a rule came after API 63."""
    rule = (
        "<validationRules><fullName>Later</fullName><active>true</active><errorConditionFormula>false</errorConditionFormula>"
        "<errorMessage>No.</errorMessage><shouldEvaluateOnClient>true</shouldEvaluateOnClient></validationRules>"
    )
    files = {
        "objects/Contract.object": f"<CustomObject>{rule}</CustomObject>",
        "namedCredentials/Clm.namedCredential": (
            "<NamedCredential><description>The CLM</description><label>Clm</label>"
            "<namedCredentialType>SecuredEndpoint</namedCredentialType></NamedCredential>"
        ),
    }
    job = deploy(files, {"ValidationRule": ["Contract.Later"], "NamedCredential": ["Clm"]})
    assert [message.problem for message in job.outcome.failures] == []
    kept = service.components.find("NamedCredential", "Clm")
    assert kept is not None
    assert kept.body.value("description") == "The CLM"
