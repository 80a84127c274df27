"""The token endpoint, flow by flow, and what can be done with a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import pytest
from tests.orgtwin.auth.stage import TOKEN, Org, Signer

from orgtwin.auth.apps import CUMULUSCI, ClientApp, Flow
from orgtwin.auth.book import fingerprint


def test_client_credentials_give_a_session_of_the_apps_own_user(org: Org) -> None:
    answer = org.post(TOKEN, grant_type="client_credentials", **org.credentials())
    granted = answer.json()
    user_id = org.started.integration_user.user_id
    org_id = org.started.twin.org.org_id
    assert answer.status == 200
    assert granted["id"] == f"https://localhost/id/{org_id}/{user_id}"
    assert granted["instance_url"] == "https://localhost"
    assert granted["token_type"] == "Bearer"
    assert granted["scope"] == "api"
    assert granted["access_token"].startswith(f"{org_id}!")
    assert "refresh_token" not in granted


def test_the_signature_lets_an_app_check_the_identity_url(org: Org) -> None:
    granted = org.post(TOKEN, grant_type="client_credentials", **org.credentials()).json()
    text = (granted["id"] + granted["issued_at"]).encode()
    expected = hmac.new(org.started.client_secret.encode(), text, hashlib.sha256).digest()
    assert base64.b64decode(granted["signature"]) == expected


def test_a_client_may_prove_itself_in_the_authorization_header(org: Org) -> None:
    basic = base64.b64encode(f"{org.app.client_id}:{org.started.client_secret}".encode()).decode()
    answer = org.send(TOKEN, {"grant_type": "client_credentials"}, authorization=f"Basic {basic}")
    assert answer.status == 200


ACCEPTED_CLAIMS: dict[str, Callable[[Org], dict[str, Any]]] = {
    "exp is now, as CumulusCI sends it": lambda org: org.claims(),
    "exp in milliseconds, as the sf CLI sends it": lambda org: org.claims(exp=org.clock.now.timestamp() * 1_000 + 300),
    "exp a little ago": lambda org: org.claims(exp=org.clock.now.timestamp() - 179),
    "for the sandbox login": lambda org: org.claims(aud="https://test.salesforce.com"),
    "for this org with a slash": lambda org: org.claims(aud="https://localhost/"),
    "for several": lambda org: org.claims(aud=["https://elsewhere.example", "https://localhost"]),
    "for a user in other letters": lambda org: org.claims(sub="Integration@OrgTwin.Example"),
}


@pytest.mark.parametrize("claims", ACCEPTED_CLAIMS.values(), ids=ACCEPTED_CLAIMS.keys())
def test_a_genuine_assertion_gives_a_session(org: Org, signer: Signer, claims: Callable[[Org], dict[str, Any]]) -> None:
    answer = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signer.sign(**claims(org)))
    assert answer.status == 200, answer.text
    assert answer.json()["id"].endswith(org.started.integration_user.user_id)


REFUSED_CLAIMS: dict[str, tuple[Callable[[Org], dict[str, Any]], str, str]] = {
    "expired": (
        lambda org: org.claims(exp=org.clock.now.timestamp() - 181),
        "invalid_grant",
        "expired authorization code",
    ),
    "for another server": (
        lambda org: org.claims(aud="https://login.example.com"),
        "invalid_grant",
        "audience is invalid",
    ),
    "for nobody": (
        lambda org: org.claims(sub="nobody@x.example"),
        "invalid_grant",
        "user hasn't approved this consumer",
    ),
    "from an unknown app": (
        lambda org: org.claims(iss="3MVG9nobody"),
        "invalid_client_id",
        "client identifier invalid",
    ),
    "from an app without certificate": (
        lambda org: org.claims(iss=CUMULUSCI),
        "unauthorized_client",
        "client is not authorized to use this grant type",
    ),
    "expiring at a word": (lambda org: org.claims(exp="soon"), "invalid_grant", "invalid assertion"),
    "never expiring": (lambda org: org.claims(exp=float("inf")), "invalid_grant", "invalid assertion"),
    "for a number": (lambda org: org.claims(aud=7), "invalid_grant", "invalid assertion"),
}


@pytest.mark.parametrize(("claims", "code", "text"), REFUSED_CLAIMS.values(), ids=REFUSED_CLAIMS.keys())
def test_an_assertion_that_is_not_right_is_refused(
    org: Org, signer: Signer, claims: Callable[[Org], dict[str, Any]], code: str, text: str
) -> None:
    answer = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signer.sign(**claims(org)))
    assert (answer.status, answer.json()) == (400, {"error": code, "error_description": text})


def test_an_assertion_signed_by_a_key_that_was_not_registered_is_refused(org: Org) -> None:
    answer = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=Signer().sign(**org.claims()))
    assert answer.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_an_unsigned_assertion_is_refused(org: Org) -> None:
    unsigned = jwt.encode(org.claims(), key="", algorithm="none")
    answer = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=unsigned)
    assert answer.json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


REFUSED_REQUESTS: dict[str, tuple[dict[str, str], str, str]] = {
    "a wrong secret": (
        {"grant_type": "client_credentials", "client_id": "3MVG9orgtwin.integration", "client_secret": "x"},
        "invalid_client",
        "invalid client credentials",
    ),
    "no secret": (
        {"grant_type": "client_credentials", "client_id": "3MVG9orgtwin.integration"},
        "invalid_client",
        "invalid client credentials",
    ),
    "an unknown client": (
        {"grant_type": "client_credentials", "client_id": "x"},
        "invalid_client_id",
        "client identifier invalid",
    ),
    "a password": (
        {"grant_type": "password", "username": "admin@orgtwin.example", "password": "x", "client_id": CUMULUSCI},
        "invalid_grant",
        "authentication failure",
    ),
    "a grant nobody has": ({"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported"),
    "a refresh token nobody gave": (
        {"grant_type": "refresh_token", "refresh_token": "x", "client_id": CUMULUSCI},
        "invalid_grant",
        "expired access/refresh token",
    ),
    "a code nobody gave": (
        {"grant_type": "authorization_code", "code": "x", "client_id": CUMULUSCI},
        "invalid_grant",
        "invalid authorization code",
    ),
    "text that is no token": (
        {"grant_type": Flow.JWT_BEARER, "assertion": "not.a.token"},
        "invalid_grant",
        "invalid assertion",
    ),
}


@pytest.mark.parametrize(("form", "code", "text"), REFUSED_REQUESTS.values(), ids=REFUSED_REQUESTS.keys())
def test_a_token_request_that_is_not_right_is_refused(org: Org, form: dict[str, str], code: str, text: str) -> None:
    answer = org.post(TOKEN, **form)
    assert (answer.status, answer.json()) == (400, {"error": code, "error_description": text})


def test_the_web_flow_ends_with_a_session_and_a_refresh_token(org: Org) -> None:
    sent_back = org.authorize(scope="web full refresh_token", state="s1")
    granted = org.redeem(sent_back["code"]).json()
    assert sent_back["state"] == "s1"
    again = org.post(
        TOKEN, grant_type="refresh_token", refresh_token=granted["refresh_token"], client_id=CUMULUSCI
    ).json()
    assert again["id"] == granted["id"]
    assert again["access_token"] != granted["access_token"]


def test_a_code_counts_once(org: Org) -> None:
    code = org.authorize()["code"]
    assert org.redeem(code).status == 200
    assert org.redeem(code).json() == {"error": "invalid_grant", "error_description": "invalid authorization code"}


def test_a_code_is_gone_after_fifteen_minutes(org: Org) -> None:
    code = org.authorize()["code"]
    org.clock.now += timedelta(minutes=15, seconds=1)
    assert org.redeem(code).json() == {"error": "invalid_grant", "error_description": "expired authorization code"}


VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.mark.parametrize(("verifier", "status"), [(VERIFIER, 200), ("b" * 64, 400), ("", 400)])
def test_a_code_with_a_challenge_needs_its_verifier(org: Org, verifier: str, status: int) -> None:
    code = org.authorize(code_challenge=CHALLENGE, code_challenge_method="S256")["code"]
    assert org.redeem(code, code_verifier=verifier).status == status


def test_a_code_goes_to_no_other_address(org: Org) -> None:
    asked = {"response_type": "code", "client_id": CUMULUSCI, "redirect_uri": "https://thief.example/"}
    answer = org.client.get(f"/services/oauth2/authorize?{urlencode(asked)}")
    assert (answer.status, answer.json()["error"]) == (400, "redirect_uri_mismatch")


def test_the_old_user_agent_flow_is_refused_at_the_redirect(org: Org) -> None:
    assert org.authorize(response_type="token")["error"] == "unsupported_response_type"


def _session(org: Org) -> str:
    token: str = org.post(TOKEN, grant_type="client_credentials", **org.credentials()).json()["access_token"]
    return token


def test_a_session_ends_two_hours_after_its_last_use(org: Org) -> None:
    client = org.client.as_caller(_session(org))
    seen = []
    for minutes in (119, 119, 121):
        org.clock.now += timedelta(minutes=minutes)
        seen.append(client.get("/services/data/v66.0").status)
    assert seen == [200, 200, 401]


def test_the_orgs_own_setting_changes_when_a_session_ends(org: Org) -> None:
    org.started.twin.org.settings["SecuritySettings.sessionSettings.sessionTimeout"] = "FifteenMinutes"
    client = org.client.as_caller(_session(org))
    org.clock.now += timedelta(minutes=16)
    assert client.get("/services/data/v66.0").status == 401


def test_a_revoked_token_is_dead_at_once(org: Org) -> None:
    token = _session(org)
    assert org.post("/services/oauth2/revoke", token=token).status == 200
    assert org.client.as_caller(token).get("/services/data/v66.0").status == 401
    again = org.post("/services/oauth2/revoke", token=token)
    assert (again.status, again.json()["error"]) == (400, "invalid_token")


def test_introspection_tells_a_client_about_its_own_token_only(org: Org) -> None:
    own = org.post("/services/oauth2/introspect", token=_session(org), **org.credentials()).json()
    others = org.post("/services/oauth2/introspect", token=org.started.access_token, **org.credentials()).json()
    assert (own["active"], own["username"], own["scope"]) == (True, "integration@orgtwin.example", "api")
    assert own["exp"] - own["iat"] == 7_200
    assert others == {"active": False}


def test_userinfo_names_user_and_org(org: Org) -> None:
    info = org.client.as_caller(_session(org)).get("/services/oauth2/userinfo").json()
    assert info["user_id"] == org.started.integration_user.user_id
    assert info["organization_id"] == org.started.twin.org.org_id
    assert info["preferred_username"] == "integration@orgtwin.example"


@pytest.mark.parametrize(("token", "text"), [(None, "Missing_OAuth_Token"), ("00D!x", "Bad_OAuth_Token")])
def test_userinfo_without_a_live_token_is_403(org: Org, token: str | None, text: str) -> None:
    answer = org.client.as_caller(token).get("/services/oauth2/userinfo")
    assert (answer.status, answer.text) == (403, text)


def test_the_identity_url_answers_its_own_user_only(org: Org) -> None:
    token = _session(org)
    own = org.post(TOKEN, grant_type="client_credentials", **org.credentials()).json()["id"]
    path = urlsplit(own).path
    client = org.client.as_caller(token)
    assert client.get(path).json()["username"] == "integration@orgtwin.example"
    other = path.replace(org.started.integration_user.user_id, org.started.administrator.user_id)
    assert (client.get(other).status, client.get(other).text) == (403, "Bad_Id")


def test_a_front_door_opens_once(org: Org) -> None:
    client = org.client.as_caller(_session(org))
    target = client.get("/services/oauth2/singleaccess").json()["frontdoor_uri"].removeprefix("https://localhost")
    anonymous = org.client.as_caller(None)
    assert [anonymous.get(target).status, anonymous.get(target).status] == [200, 302]


def test_login_history_keeps_every_attempt_and_no_secret(org: Org) -> None:
    org.post(TOKEN, grant_type="client_credentials", **org.credentials())
    org.post(TOKEN, grant_type="client_credentials", client_id=org.app.client_id, client_secret="hunter2")
    attempts = org.started.twin.auth.history.attempts()
    assert [(a.login_type, a.user_id, a.status) for a in attempts] == [
        ("client_credentials", org.started.integration_user.user_id, "Success"),
        ("client_credentials", None, "invalid client credentials"),
    ]
    assert "hunter2" not in repr(attempts)
    assert org.started.client_secret not in repr(attempts)


def test_sign_ins_can_be_queried(org: Org) -> None:
    _session(org)
    admin = org.client.as_caller(org.started.access_token)
    text = "SELECT UserId, Status, Application, SourceIp FROM LoginHistory"
    rows = admin.get(f"/services/data/v66.0/query?q={text}").json()["records"]
    assert [(row["UserId"], row["Status"], row["Application"], row["SourceIp"]) for row in rows] == [
        (org.started.integration_user.user_id, "Success", "orgtwin integration", "127.0.0.1")
    ]


POLICIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no user to run as": ({"run_as_user_id": None}, "invalid_grant", "no client credentials user enabled"),
    "users not approved": (
        {"approved_user_ids": frozenset()},
        "invalid_app_access",
        "user is not admin approved to access this app",
    ),
    "an address outside the ranges": ({"ip_ranges": ("10.0.0.0/8",)}, "invalid_grant", "ip restricted"),
    "the flow switched off": (
        {"flows": frozenset({Flow.WEB_SERVER})},
        "unauthorized_client",
        "client is not authorized to use this grant type",
    ),
}


@pytest.mark.parametrize(("policy", "code", "text"), POLICIES.values(), ids=POLICIES.keys())
def test_an_apps_policies_are_enforced(org: Org, policy: dict[str, Any], code: str, text: str) -> None:
    basis: dict[str, Any] = {
        "client_id": "app",
        "name": "app",
        "secret_prints": (fingerprint("s"),),
        "flows": frozenset({Flow.CLIENT_CREDENTIALS}),
        "run_as_user_id": org.started.integration_user.user_id,
    }
    org.started.twin.auth.apps.add(ClientApp(**{**basis, **policy}))
    answer = org.post(TOKEN, grant_type="client_credentials", client_id="app", client_secret="s")
    assert (answer.status, answer.json()) == (400, {"error": code, "error_description": text})


def _deactivate(org: Org) -> None:
    twin = org.started.twin
    change = {"Id": org.started.integration_user.user_id, "IsActive": False}
    result = twin.org.dml.update(twin.org.system_caller(), "User", [change])[0]
    assert result.success, result.errors


def test_a_deactivated_user_loses_the_open_session(org: Org) -> None:
    client = org.client.as_caller(_session(org))
    assert client.get("/services/data/v66.0").status == 200
    _deactivate(org)
    assert client.get("/services/data/v66.0").status == 401


def test_a_deactivated_user_gets_no_token(org: Org) -> None:
    _deactivate(org)
    answer = org.post(TOKEN, grant_type="client_credentials", **org.credentials())
    assert answer.json() == {"error": "inactive_user", "error_description": "user is inactive"}


def _soap_login(org: Org, api: str) -> str:
    envelope = (
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        b'<n:login xmlns:n="urn:partner.soap.sforce.com"><n:username>a</n:username></n:login></s:Body></s:Envelope>'
    )
    answer = org.client.request("POST", f"/services/Soap/{api}/59.0", body=envelope)
    assert (answer.status, answer.headers["content-type"]) == (500, "text/xml;charset=UTF-8")
    return answer.text


def test_soap_login_is_refused_in_the_words_of_a_new_org(org: Org) -> None:
    assert (
        "<faultcode>sf:INVALID_OPERATION</faultcode><faultstring>INVALID_OPERATION: SOAP API login() is disabled by default "
        "in this org. Contact the org administrator to enable SOAP API login().</faultstring>"
    ) in _soap_login(org, "u")


SOAP_APIS = {"partner": "u", "enterprise": "c"}


@pytest.mark.parametrize(("name", "api"), SOAP_APIS.items(), ids=SOAP_APIS.keys())
def test_a_soap_fault_tells_its_code_once_more_in_an_exception_of_its_api(org: Org, name: str, api: str) -> None:
    admin = org.client.as_caller(org.started.twin.admin_token)
    assert admin.request("PUT", "/twin/admin/passwords", body=b'{"admin@orgtwin.example": "right"}').status == 204
    words = "Invalid username, password, security token; or user locked out."
    assert _soap_login(org, api) == (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:sf="urn:fault.{name}.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f"<soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: {words}</faultstring>"
        '<detail><sf:LoginFault xsi:type="sf:LoginFault">'
        f"<sf:exceptionCode>INVALID_LOGIN</sf:exceptionCode><sf:exceptionMessage>{words}</sf:exceptionMessage>"
        "</sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    )


NO_CERTIFICATES = {
    "no certificate at all": "hello",
    "an empty one": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
}


@pytest.mark.parametrize("text", NO_CERTIFICATES.values(), ids=NO_CERTIFICATES.keys())
def test_only_a_certificate_can_be_trusted(org: Org, text: str) -> None:
    admin = org.client.as_caller(org.started.twin.admin_token)
    place = f"/twin/admin/apps/{org.app.client_id}/certificate"
    answer = admin.request("PUT", place, body=text.encode())
    assert answer.status == 400
    assert answer.json()[0]["message"].startswith("the certificate cannot be used: ")


def test_an_app_made_by_the_admin_works_at_once(org: Org, signer: Signer) -> None:
    admin = org.client.as_caller(org.started.twin.admin_token)
    made = admin.post(
        "/twin/admin/apps",
        {
            "name": "clm",
            "flows": ["jwt_bearer"],
            "certificate": signer.certificate,
            "approved": ["admin@orgtwin.example"],
        },
    ).json()
    signed = signer.sign(**org.claims(iss=made["client_id"], sub="admin@orgtwin.example"))
    stranger = signer.sign(**org.claims(iss=made["client_id"]))
    assert org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=signed).status == 200
    refused = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=stranger).json()
    assert refused["error_description"] == "user is not admin approved to access this app"
