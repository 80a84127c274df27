"""What a formula names outside of the schema keeps what it names."""

from __future__ import annotations

import pytest
from tests.orgtwin.http.deploying import deploy_well

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

FILES = {
    "customPermissions/Bypass.customPermission": (
        "<CustomPermission><isLicensed>false</isLicensed><label>Bypass</label></CustomPermission>"
    ),
    "labels/CustomLabels.labels": (
        "<CustomLabels><labels><fullName>Site</fullName><language>en_US</language><protected>false</protected>"
        "<shortDescription>Site</shortDescription><value>Bonn</value></labels></CustomLabels>"
    ),
    "objects/Account.object": (
        "<CustomObject><validationRules><fullName>Guard</fullName><active>true</active>"
        "<errorConditionFormula>AND(NOT($Permission.bypass), Site = $Label.Site)</errorConditionFormula>"
        "<errorMessage>No</errorMessage></validationRules></CustomObject>"
    ),
}
MEMBERS = {"CustomPermission": ["Bypass"], "CustomLabel": ["Site"], "ValidationRule": ["Account.Guard"]}
MANIFEST = '<Package xmlns="http://soap.sforce.com/2006/04/metadata">{types}<version>66.0</version></Package>'


def delete(client: InProcess, **named: str) -> list[str | None]:
    """Why each deletion was refused."""
    types = "".join(f"<types><members>{name}</members><name>{type_}</name></types>" for type_, name in named.items())
    twin = client.application.twin
    files = {
        "package.xml": MANIFEST.format(types="").encode(),
        "destructiveChanges.xml": MANIFEST.format(types=types).encode(),
    }
    job = twin.part(MetadataService).deploy_files(administrator(twin.org), files, DeployOptions(single_package=True))
    assert job.outcome is not None
    return [message.problem for message in job.outcome.failures]


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        ({"CustomPermission": "Bypass"}, "This custom permission is referenced elsewhere in salesforce.com."),
        ({"CustomLabel": "Site"}, "This custom label is referenced elsewhere in salesforce.com."),
    ],
)
def test_what_a_rule_names_is_not_deleted_before_the_rule(
    org_twin_client: InProcess, named: dict[str, str], problem: str
) -> None:
    deploy_well(org_twin_client, FILES, MEMBERS)
    assert delete(org_twin_client, **named) == [f"{problem} : ValidationRule - Account.Guard"]
    assert delete(org_twin_client, **named, ValidationRule="Account.Guard") == []
