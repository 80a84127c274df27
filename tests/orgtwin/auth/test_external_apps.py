"""External Client Apps that were deployed are asked at sign-in: who, from where, as whom, for how long."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from tests.orgtwin.auth.stage import TOKEN, Org, Signer
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.auth.apps import Flow
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.records.model import Caller

CALLBACK = "http://localhost:7788/callback"
KEY = "3MVG9.deployed"
SECRET = "s3cr3t-of-the-deployed-app"
VERIFIER = "a" * 64
CHALLENGE = "_-Bw2YK3FRApBGnmFwAwpnBhM8uBMj0BCf8k1Hc5cKs"

_KEYS = {
    "callbackUrl": CALLBACK,
    "consumerKey": KEY,
    "consumerSecret": SECRET,
    "isClientCredentialsFlowEnabled": "true",
    "isConsumerSecretOptional": "false",
    "isPkceRequired": "false",
    "isSecretRequiredForRefreshToken": "true",
}
_POLICY = {
    "clientCredentialsFlowUser": "integration@orgtwin.example",
    "ipRelaxationPolicyType": "Enforce",
    "isClientCredentialsFlowEnabled": "true",
    "permittedUsersPolicyType": "AllSelfAuthorized",
    "refreshTokenPolicyType": "Infinite",
}
_SWITCHES = {"isEnabled": "true", "isOauthPluginEnabled": "true"}


def _part(tag: str, values: dict[str, str]) -> str:
    rows = {**values, "externalClientApplication": "CLM", "label": tag}
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in sorted(rows.items()) if value)
    return f"<{tag}>{inside}</{tag}>"


def deploy(
    org: Org,
    keys: dict[str, str] | None = None,
    policy: dict[str, str] | None = None,
    switches: dict[str, str] | None = None,
    files: dict[str, str] | None = None,
    **members: list[str],
) -> MetadataService:
    """Deploy the app CLM, whose parts may differ from the usual ones, and further files."""
    service = org.started.twin.part(MetadataService)
    app = (
        "<ExternalClientApplication><contactEmail>a@b.example</contactEmail><distributionState>Local</distributionState>"
        "<label>CLM sync</label></ExternalClientApplication>"
    )
    scopes = {"commaSeparatedOauthScopes": "Api, RefreshToken"}
    whole = {
        "externalClientApps/CLM.eca": app,
        "extlClntAppOauthSettings/CLM_oauth.ecaOauth": _part("ExtlClntAppOauthSettings", scopes),
        "extlClntAppGlobalOauthSets/CLM_glbl.ecaGlblOauth": _part(
            "ExtlClntAppGlobalOauthSettings", _KEYS | (keys or {})
        ),
        "extlClntAppOauthPolicies/CLM_oauthPlcy.ecaOauthPlcy": _part(
            "ExtlClntAppOauthConfigurablePolicies", _POLICY | (policy or {})
        ),
        "extlClntAppPolicies/CLM_plcy.ecaPlcy": _part("ExtlClntAppConfigurablePolicies", _SWITCHES | (switches or {})),
        **(files or {}),
    }
    named = {
        "ExternalClientApplication": ["CLM"],
        "ExtlClntAppOauthSettings": ["CLM_oauth"],
        "ExtlClntAppGlobalOauthSettings": ["CLM_glbl"],
        "ExtlClntAppOauthConfigurablePolicies": ["CLM_oauthPlcy"],
        "ExtlClntAppConfigurablePolicies": ["CLM_plcy"],
        **members,
    }
    job = service.deploy(
        Caller(org.started.administrator.user_id),
        write_archive(package_of(whole, named)),
        DeployOptions(single_package=True, ignore_warnings=True),
    )
    assert job.outcome is not None
    assert [message.problem for message in job.outcome.failures] == []
    return service


def ask(org: Org) -> tuple[int, str]:
    """Status and error of the client-credentials flow."""
    answer = org.post(TOKEN, grant_type="client_credentials", client_id=KEY, client_secret=SECRET)
    return answer.status, answer.json().get("error_description", "")


def test_a_deployed_app_grants_a_session_of_its_run_as_user(org: Org) -> None:
    service = deploy(org)
    answer = org.post(TOKEN, grant_type="client_credentials", client_id=KEY, client_secret=SECRET)
    granted = answer.json()
    assert (answer.status, granted["scope"]) == (200, "api refresh_token")
    assert granted["id"].endswith(org.started.integration_user.user_id)
    kept = service.find("ExtlClntAppGlobalOauthSettings", "CLM_glbl")
    assert kept is not None
    assert (kept.body.value("consumerKey"), kept.body.value("consumerSecret")) == (KEY, None)
    assert SECRET not in repr(org.started.twin.org.settings)


def test_the_org_gives_a_key_and_the_admin_a_secret(org: Org) -> None:
    service = deploy(org, keys={"consumerKey": "", "consumerSecret": ""})
    kept = service.find("ExtlClntAppGlobalOauthSettings", "CLM_glbl")
    assert kept is not None
    key = str(kept.body.value("consumerKey"))
    admin = org.client.as_caller(org.started.twin.admin_token)
    first, second, third = (admin.post(f"/twin/admin/apps/{key}/secret").json()["client_secret"] for _ in range(3))
    answers = [
        org.post(TOKEN, grant_type="client_credentials", client_id=key, client_secret=secret).status
        for secret in (first, second, third)
    ]
    assert (key[:5], answers) == ("3MVG9", [400, 200, 200])


REFUSALS: dict[str, tuple[dict[str, dict[str, str]], str]] = {
    "users who are not approved": (
        {"policy": {"permittedUsersPolicyType": "AdminApprovedPreAuthorized"}},
        "user is not admin approved to access this app",
    ),
    "the flow switched off in the policy": (
        {"policy": {"isClientCredentialsFlowEnabled": "false"}},
        "client is not authorized to use this grant type",
    ),
    "the flow switched off in the settings": (
        {"keys": {"isClientCredentialsFlowEnabled": "false"}},
        "client is not authorized to use this grant type",
    ),
    "an app that is not enabled": ({"switches": {"isEnabled": "false"}}, "this app is blocked by admin"),
    "an app whose OAuth plugin is off": (
        {"switches": {"isOauthPluginEnabled": "false"}},
        "this app is blocked by admin",
    ),
}


@pytest.mark.parametrize(("parts", "text"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_policy_is_enforced(org: Org, parts: dict[str, dict[str, str]], text: str) -> None:
    deploy(org, **parts)  # type: ignore[arg-type]
    assert ask(org) == (400, text)


def test_a_policy_approves_users_by_permission_set_and_by_profile(org: Org) -> None:
    sync = "<PermissionSet><label>Sync</label></PermissionSet>"
    approved = {"permittedUsersPolicyType": "AdminApprovedPreAuthorized", "commaSeparatedPermissionSet": "Sync"}
    deploy(org, policy=approved, files={"permissionsets/Sync.permissionset": sync}, PermissionSet=["Sync"])
    assert ask(org) == (400, "user is not admin approved to access this app")
    made = org.started.twin.org
    (sync_id,) = [
        str(row[0])
        for row in made.table("PermissionSet").rows()
        if made.table("PermissionSet").reader("Name")(row) == "Sync"
    ]
    assignment = {"PermissionSetId": sync_id, "AssigneeId": org.started.integration_user.user_id}
    assert made.dml.insert(Caller(org.started.administrator.user_id), "PermissionSetAssignment", [assignment])[
        0
    ].success
    assert ask(org) == (200, "")
    by_profile = {
        **approved,
        "commaSeparatedPermissionSet": "",
        "commaSeparatedProfile": "Minimum Access - API Only Integrations",
    }
    deploy(org, policy=by_profile)
    assert ask(org) == (200, "")


@pytest.mark.parametrize(("relaxation", "status"), [("Enforce", 400), ("Enforce_RelaxRefresh", 400), ("Bypass", 200)])
def test_the_login_ip_ranges_of_the_profile_hold_unless_the_policy_relaxes_them(
    org: Org, relaxation: str, status: int
) -> None:
    ranges = "<loginIpRanges><endAddress>10.0.0.9</endAddress><startAddress>10.0.0.1</startAddress></loginIpRanges>"
    name = "Minimum Access - API Only Integrations"
    profile = {f"profiles/{name}.profile": f"<Profile><custom>false</custom>{ranges}</Profile>"}
    deploy(org, policy={"ipRelaxationPolicyType": relaxation}, files=profile, Profile=[name])
    assert ask(org)[0] == status
    history = "SELECT Status FROM LoginHistory WHERE Application = 'CLM sync'"
    rows = (
        org.client.as_caller(org.started.access_token).get(f"/services/data/v66.0/query?q={history}").json()["records"]
    )
    assert [row["Status"] for row in rows] == ["Success" if status == 200 else "Restricted IP"]


def test_the_policy_says_when_a_session_ends(org: Org) -> None:
    deploy(org, policy={"sessionTimeoutInMinutes": "15"})
    token = org.post(TOKEN, grant_type="client_credentials", client_id=KEY, client_secret=SECRET).json()["access_token"]
    client = org.client.as_caller(token)
    org.clock.now += timedelta(minutes=14)
    assert client.get("/services/data/v66.0").status == 200
    org.clock.now += timedelta(minutes=16)
    assert client.get("/services/data/v66.0").status == 401


# ---- assertions


def test_an_assertion_counts_when_the_deployed_certificate_signed_it_and_the_user_approved(
    org: Org, signer: Signer
) -> None:
    deploy(org, keys={"certificate": signer.certificate})
    signed = signer.sign(**org.claims(iss=KEY, sub=org.started.administrator.username))
    refused = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signed).json()
    assert refused == {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
    sign_in(org)
    granted = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signed).json()
    assert set(granted) == {"access_token", "scope", "instance_url", "id", "token_type", "issued_at"}


def test_an_assertion_of_an_unsigned_kind_counts_for_nothing(org: Org, signer: Signer) -> None:
    deploy(org, keys={"certificate": signer.certificate})
    forged = jwt.encode(org.claims(iss=KEY), "secret-of-thirty-two-characters!", algorithm="HS256")
    assert org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=forged).json()["error"] == "invalid_grant"


# ---- the web flow and what follows it


def sign_in(org: Org, **form: str) -> dict[str, str]:
    code = org.authorize(client_id=KEY, redirect_uri=CALLBACK)["code"]
    granted: dict[str, str] = org.redeem(
        code, client_id=KEY, client_secret=SECRET, redirect_uri=CALLBACK, **form
    ).json()
    return granted


def refresh(org: Org, token: str) -> dict[str, str]:
    form = {"client_id": KEY, "client_secret": SECRET, "refresh_token": token}
    answer: dict[str, str] = org.post(TOKEN, grant_type="refresh_token", **form).json()
    return answer


def test_pkce_is_demanded_where_the_app_demands_it(org: Org) -> None:
    deploy(org, keys={"isPkceRequired": "true"})
    assert org.authorize(client_id=KEY, redirect_uri=CALLBACK) == {
        "error": "invalid_request",
        "error_description": "missing required code challenge",
    }
    assert "code" in org.authorize(client_id=KEY, redirect_uri=CALLBACK, code_challenge=CHALLENGE)


def test_a_rotated_refresh_token_counts_once_and_its_second_use_ends_everything(org: Org) -> None:
    deploy(org, keys={"isRefreshTokenRotationEnabled": "true"})
    first = sign_in(org)
    second = refresh(org, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    client = org.client.as_caller(second["access_token"])
    assert client.get("/services/data/v66.0").status == 200
    expired = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    assert refresh(org, first["refresh_token"]) == expired
    assert refresh(org, second["refresh_token"]) == expired
    assert client.get("/services/data/v66.0").status == 401


@pytest.mark.parametrize(
    ("policy", "after", "works"),
    [
        ({"refreshTokenPolicyType": "Infinite"}, timedelta(days=900), True),
        ({"refreshTokenPolicyType": "SpecificLifetime"}, timedelta(hours=9), True),
        ({"refreshTokenPolicyType": "SpecificLifetime"}, timedelta(hours=11), False),
        ({"refreshTokenPolicyType": "SpecificInactivity"}, timedelta(hours=9), True),
        ({"refreshTokenPolicyType": "SpecificInactivity"}, timedelta(hours=11), False),
    ],
)
def test_a_refresh_token_ends_as_the_policy_says(
    org: Org, policy: dict[str, str], after: timedelta, works: bool
) -> None:
    deploy(org, policy={"refreshTokenValidityPeriod": "10", "refreshTokenValidityUnit": "Hours", **policy})
    token = sign_in(org)["refresh_token"]
    org.clock.now += after
    assert ("access_token" in refresh(org, token)) is works


def test_use_keeps_a_token_alive_whose_policy_ends_idle_ones(org: Org) -> None:
    idle = {
        "refreshTokenPolicyType": "SpecificInactivity",
        "refreshTokenValidityPeriod": "1",
        "refreshTokenValidityUnit": "Days",
    }
    deploy(org, policy=idle)
    token = sign_in(org)["refresh_token"]
    for _day in range(3):
        org.clock.now += timedelta(hours=20)
        assert "access_token" in refresh(org, token)


def test_a_policy_that_ends_refresh_tokens_at_once_gives_none(org: Org) -> None:
    deploy(org, policy={"refreshTokenPolicyType": "Zero"})
    granted = sign_in(org)
    assert ("access_token" in granted, "refresh_token" in granted) == (True, False)


def test_revoking_a_refresh_token_ends_the_sessions_that_came_of_it(org: Org) -> None:
    deploy(org)
    granted = sign_in(org)
    client = org.client.as_caller(refresh(org, granted["refresh_token"])["access_token"])
    assert org.post("/services/oauth2/revoke", token=granted["refresh_token"]).status == 200
    assert client.get("/services/data/v66.0").status == 401


def test_introspection_tells_of_refresh_tokens_too(org: Org) -> None:
    deploy(org)
    granted = sign_in(org)
    form = {"client_id": KEY, "client_secret": SECRET, "token": granted["refresh_token"]}
    told = org.post("/services/oauth2/introspect", **form).json()
    assert (told["active"], told["token_type"], told["scope"]) == (True, "refresh_token", "api refresh_token")


def test_a_token_without_an_api_scope_calls_no_api(org: Org) -> None:
    deploy(org)
    code = org.authorize(client_id=KEY, redirect_uri=CALLBACK, scope="id")["code"]
    token = org.redeem(code, client_id=KEY, client_secret=SECRET, redirect_uri=CALLBACK).json()["access_token"]
    client = org.client.as_caller(token)
    refused = client.get("/services/data/v66.0")
    message = "This session is not valid for use with the REST API"
    assert (refused.status, refused.json()) == (401, [{"errorCode": "INVALID_SESSION_ID", "message": message}])
    assert client.get("/services/oauth2/userinfo").status == 200
