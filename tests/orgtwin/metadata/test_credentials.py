"""A callout goes where its named credential leads, for those who may use it."""

from __future__ import annotations

from typing import Any

import pytest

from orgtwin.metadata.credentials import Callout, CalloutRefused, granted_principals, resolve_callout
from orgtwin.metadata.deploy_model import DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.records.model import Caller

PRINCIPAL = "Clm-Service"


def parameter(owner: str, kind: str, name: str, value: str = "", more: str = "") -> str:
    text = f"<parameterValue>{value}</parameterValue>" if value else ""
    inner = f"{more}<parameterName>{name}</parameterName><parameterType>{kind}</parameterType>{text}"
    return f"<{owner}CredentialParameters>{inner}</{owner}CredentialParameters>"


EXTERNAL = (
    "<ExternalCredential><authenticationProtocol>Custom</authenticationProtocol>"
    + parameter("external", "NamedPrincipal", "Service")
    + parameter("external", "AuthHeader", "X-Tenant", "acme")
    + "<label>Clm</label></ExternalCredential>"
)
NAMED = (
    "<NamedCredential><generateAuthorizationHeader>true</generateAuthorizationHeader><label>Clm</label>"
    + parameter("named", "Url", "Url", "https://clm.example.com/api")
    + parameter("named", "HttpHeader", "Accept", "application/json")
    + parameter("named", "Authentication", "Clm", more="<externalCredential>Clm</externalCredential>")
    + "<namedCredentialType>SecuredEndpoint</namedCredentialType></NamedCredential>"
)
SITE = "<RemoteSiteSetting><disableProtocolSecurity>false</disableProtocolSecurity><isActive>{active}</isActive><url>https://{host}.example.com</url></RemoteSiteSetting>"
SET = (
    "<PermissionSet><externalCredentialPrincipalAccesses><enabled>true</enabled>"
    f"<externalCredentialPrincipal>{PRINCIPAL}</externalCredentialPrincipal></externalCredentialPrincipalAccesses>"
    "<label>Callers</label></PermissionSet>"
)


@pytest.fixture
def deployed(deploy: Any, service: MetadataService) -> MetadataService:
    files = {
        "externalCredentials/Clm.externalCredential": EXTERNAL,
        "namedCredentials/Clm.namedCredential": NAMED,
        "remoteSiteSettings/Open.remoteSite": SITE.format(active="true", host="open"),
        "remoteSiteSettings/Shut.remoteSite": SITE.format(active="false", host="shut"),
        "permissionsets/Callers.permissionset": SET,
    }
    members = {
        "ExternalCredential": ["Clm"],
        "NamedCredential": ["Clm"],
        "RemoteSiteSetting": ["Open", "Shut"],
        "PermissionSet": ["Callers"],
    }
    job = deploy(files, members)
    assert [message.problem for message in job.outcome.failures] == []
    assert job.status is DeployStatus.SUCCEEDED
    return service


def test_a_named_credential_gives_address_headers_and_principal(deployed: MetadataService) -> None:
    assert resolve_callout(deployed.components, "callout:Clm/v1/agreements?limit=1", {PRINCIPAL}) == Callout(
        "https://clm.example.com/api/v1/agreements?limit=1",
        (("Accept", "application/json"), ("X-Tenant", "acme")),
        "Clm",
        PRINCIPAL,
        generates_authorization=True,
    )


def test_an_active_remote_site_opens_its_addresses(deployed: MetadataService) -> None:
    url = "https://open.example.com/x?y=1"
    assert resolve_callout(deployed.components, url, ()) == Callout(url)


_NO_ACCESS = (
    "The callout couldn't access the endpoint. You might not have the required permissions, or the named credential "
    '"{}" might not exist.'
)
_NO_SITE = "Unauthorized endpoint, please check Setup->Security->Remote site settings. endpoint = {}"


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        ("callout:Clm/v1", _NO_ACCESS.format("Clm")),
        ("callout:Other/v1", _NO_ACCESS.format("Other")),
        ("https://shut.example.com/x", _NO_SITE.format("https://shut.example.com/x")),
        ("https://open.example.com.evil.com/", _NO_SITE.format("https://open.example.com.evil.com/")),
        ("http://open.example.com/", _NO_SITE.format("http://open.example.com/")),
    ],
)
def test_a_callout_without_leave_is_refused_in_the_orgs_words(
    deployed: MetadataService, endpoint: str, text: str
) -> None:
    with pytest.raises(CalloutRefused) as refused:
        resolve_callout(deployed.components, endpoint, ())
    assert str(refused.value) == text


def test_a_permission_set_grants_its_principals_to_those_who_have_it(
    deployed: MetadataService, org: Org, admin: Caller
) -> None:
    assert granted_principals(org, deployed.components, admin.user_id) == frozenset()
    sets = org.table("PermissionSet")
    set_id = next(str(row[0]) for row in sets.rows() if sets.reader("Name")(row) == "Callers")
    values = {"AssigneeId": admin.user_id, "PermissionSetId": set_id}
    assert org.dml.insert(admin, "PermissionSetAssignment", [values])[0].success
    assert granted_principals(org, deployed.components, admin.user_id) == {PRINCIPAL}
