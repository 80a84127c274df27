"""Client apps: who may ask for tokens, by which flows, on whose behalf.

Source: "External Client Apps" and "Configure the External Client App OAuth Policies" (Salesforce Help).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from orgtwin.auth.refusal import refusal


class Flow(StrEnum):
    """The OAuth flows of an org, by the grant type that ends each."""

    CLIENT_CREDENTIALS = "client_credentials"
    JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    WEB_SERVER = "authorization_code"
    REFRESH = "refresh_token"


@dataclass(frozen=True, slots=True)
class ClientApp:
    """One External Client App or connected app.

    No secret: a public client. `run_as_user_id` is the user of the client-credentials flow. `approved_user_ids` None: all users may
    authorize themselves; otherwise only these. `ip_ranges` (CIDR) empty: any address.
    """

    client_id: str
    name: str
    flows: frozenset[Flow]
    client_secret: str | None = None
    run_as_user_id: str | None = None
    certificates: tuple[str, ...] = ()
    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token")
    approved_user_ids: frozenset[str] | None = None
    ip_ranges: tuple[str, ...] = ()

    def require_flow(self, flow: Flow) -> None:
        if flow not in self.flows:
            raise refusal("flow_off")

    def require_secret(self, secret: str | None) -> None:
        """A confidential client proves itself; a public one has nothing to prove."""
        if self.client_secret is None:
            return
        if secret is None or not hmac.compare_digest(secret.encode(), self.client_secret.encode()):
            raise refusal("wrong_secret")

    def require_approved(self, user_id: str) -> None:
        if self.approved_user_ids is not None and user_id not in self.approved_user_ids:
            raise refusal("not_approved")

    def require_address(self, remote_address: str) -> None:
        """The caller's address lies in the app's ranges ("Enforce IP restrictions")."""
        if not self.ip_ranges:
            return
        address = ipaddress.ip_address(remote_address)
        if not any(address in ipaddress.ip_network(text) for text in self.ip_ranges):
            raise refusal("ip_restricted")


_PUBLIC_FLOWS = frozenset({Flow.WEB_SERVER, Flow.REFRESH})
_PUBLIC_SCOPES = ("web", "full", "api", "refresh_token", "id")

CUMULUSCI = "3MVG9i1HRpGLXp.or6OVlWVWyn8DXi9xueKNM4npq_AWh.yqswojK9sE5WY7f.biP0w7bNJIENfXc7JMDZGO1"

# Salesforce's own apps, known in every org: the sf CLI's, and the one that ships inside CumulusCI.
BUILT_IN_APPS = (
    ClientApp(
        "PlatformCLI",
        "Salesforce CLI",
        _PUBLIC_FLOWS,
        callback_urls=("http://localhost:1717/OauthRedirect",),
        scopes=_PUBLIC_SCOPES,
    ),
    ClientApp(
        CUMULUSCI,
        "CumulusCI",
        _PUBLIC_FLOWS,
        callback_urls=("http://localhost:7788/callback",),
        scopes=_PUBLIC_SCOPES,
    ),
)


class ClientApps:
    """The apps of one org by client id."""

    def __init__(self, apps: Iterable[ClientApp] = BUILT_IN_APPS) -> None:
        self._apps = {app.client_id: app for app in apps}

    def add(self, app: ClientApp) -> None:
        """Register an app, or take a changed one into use."""
        self._apps[app.client_id] = app

    def remove(self, client_id: str) -> None:
        self._apps.pop(client_id, None)

    def get(self, client_id: str) -> ClientApp:
        """The app of a client id. Raises invalid_client_id."""
        app = self._apps.get(client_id)
        if app is None:
            raise refusal("unknown_client")
        return app

    def __iter__(self) -> Iterator[ClientApp]:
        return iter(self._apps.values())

    def trust_certificate(self, client_id: str, certificate: str) -> ClientApp:
        """Let a client sign assertions with the key of this certificate (PEM)."""
        app = self.get(client_id)
        trusted = replace(app, certificates=(*app.certificates, certificate), flows=app.flows | {Flow.JWT_BEARER})
        self._apps[client_id] = trusted
        return trusted
