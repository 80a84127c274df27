"""Clients that others wrote deploy and retrieve over TLS: CumulusCI's own calls, and simple-salesforce's with zeep."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import yaml
from cumulusci.salesforce_api import metadata as cci
from simple_salesforce.api import Salesforce
from tests.orgtwin.cumulus import task_for, zip_of

from orgtwin.http.ready import ReadyFile

_PROJECT = yaml.safe_load((Path(__file__).parent / "cases" / "project.yml").read_text("utf-8"))


def _project() -> dict[str, str]:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{type_name}</name></types>"
        for type_name, names in _PROJECT["members"].items()
    )
    return {
        **_PROJECT["files"],
        "package.xml": f"<Package><fullName>Clm</fullName>{types}<version>66.0</version></Package>",
    }


@pytest.fixture
def task(org_twin: ReadyFile, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What CumulusCI's calls ask of a task; they do not wait between polls."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org_twin.ca_bundle)
    monkeypatch.setattr(cci.time, "sleep", lambda _seconds: None)
    return task_for(org_twin, org_twin.access_token, logging.getLogger("task"))


def test_cumulusci_deploys_and_retrieves_a_whole_project(task: Any) -> None:
    assert cci.ApiDeploy(task, zip_of(_project()), purge_on_delete=False)() == "Success"

    names = cci.ApiRetrievePackaged(task, "Clm", "66.0")().namelist()
    listed = cci.ApiListMetadata(task, "CustomField")()["CustomField"]

    assert {"Clm/package.xml", "Clm/objects/Contract.object", "Clm/permissionsets/Clm_Sync.permissionset"} <= set(names)
    assert "Contract.Key__c" in {row["fullName"] for row in listed}
    assert "MutingPermissionSet" in cci.ApiListMetadataTypes(task)()
    assert cci.ApiRetrieveInstalledPackages(task)() == {}


def test_simple_salesforce_makes_and_reads_an_object(org_twin: ReadyFile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org_twin.ca_bundle)
    mdapi = Salesforce(instance_url=org_twin.https_url, session_id=org_twin.access_token, version="63.0").mdapi
    line = mdapi.CustomObject(
        fullName="Line__c",
        label="Line",
        pluralLabel="Lines",
        nameField=mdapi.CustomField(label="Name", type=mdapi.FieldType("Text")),
        deploymentStatus=mdapi.DeploymentStatus("Deployed"),
        sharingModel=mdapi.SharingModel("Read"),
    )

    mdapi.CustomObject.create([line])
    read: Any = mdapi.CustomObject.read(["Line__c"])
    listed = [row.fullName for row in mdapi.list_metadata([mdapi.ListMetadataQuery(type="CustomObject")])]

    assert (read.label, read.nameField.label) == ("Line", "Name")
    assert "Line__c" in listed
    assert "Report" in {row.xmlName for row in mdapi.describe_metadata().metadataObjects}
