"""How the OAuth endpoints refuse, by name.

Source of codes: "OAuth 2.0 Authorization Errors" (Salesforce Help). The texts are those that orgs answer; ledger.yml says where
each was seen.
"""

from __future__ import annotations

from orgtwin.errors import SalesforceError

# name of the refusal -> (error, error_description)
_REFUSALS = {
    "unknown_client": ("invalid_client_id", "client identifier invalid"),
    "wrong_secret": ("invalid_client", "invalid client credentials"),
    "no_run_as_user": ("invalid_grant", "no client credentials user enabled"),
    "not_approved": ("invalid_app_access", "user is not admin approved to access this app"),
    "user_has_not_approved": ("invalid_grant", "user hasn't approved this consumer"),
    "bad_assertion": ("invalid_grant", "invalid assertion"),
    "expired_assertion": ("invalid_grant", "expired authorization code"),
    "bad_audience": ("invalid_grant", "audience is invalid"),
    "inactive_user": ("inactive_user", "user is inactive"),
    "expired_refresh_token": ("invalid_grant", "expired access/refresh token"),
    "expired_code": ("invalid_grant", "expired authorization code"),
    "wrong_code": ("invalid_grant", "invalid authorization code"),
    "wrong_verifier": ("invalid_grant", "invalid code verifier"),
    "wrong_redirect": ("redirect_uri_mismatch", "redirect_uri must match configuration"),
    "no_password": ("invalid_grant", "authentication failure"),
    "unknown_grant": ("unsupported_grant_type", "grant type not supported"),
    "flow_off": ("unauthorized_client", "client is not authorized to use this grant type"),
    "ip_restricted": ("invalid_grant", "ip restricted"),
    "blocked": ("OAUTH_APP_BLOCKED", "this app is blocked by admin"),
    "no_challenge": ("invalid_request", "missing required code challenge"),
}


def refusal(name: str) -> SalesforceError:
    """The refusal of that name, ready to raise."""
    code, text = _REFUSALS[name]
    return SalesforceError(code, text)
