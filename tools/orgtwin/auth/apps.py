"""Client apps: who may ask for tokens, by which flows, on whose behalf.

Apps come from three places: the org's own, those that the twin's admin surface registered, and External Client Apps that were
deployed (external_apps.py), which are looked up last.
Source: "External Client Apps" and "Configure the External Client App OAuth Policies" (Salesforce Help).
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import msgspec

from orgtwin.auth.book import AuthBook, fingerprint
from orgtwin.auth.refusal import refusal


class Flow(StrEnum):
    """The OAuth flows of an org, by the grant type that ends each."""

    CLIENT_CREDENTIALS = "client_credentials"
    JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    WEB_SERVER = "authorization_code"
    REFRESH = "refresh_token"


class RefreshEnd(StrEnum):
    """When a refresh token ends: never, at once, some time after it was issued, or some time without use."""

    NEVER = "Infinite"
    AT_ONCE = "Zero"
    LIFETIME = "SpecificLifetime"
    INACTIVITY = "SpecificInactivity"


@dataclass(frozen=True, slots=True)
class RefreshPolicy:
    """`rotates`: every refresh gives a new token in place of the one that was used."""

    end: RefreshEnd = RefreshEnd.NEVER
    after: timedelta = timedelta(0)
    rotates: bool = False


@dataclass(frozen=True, slots=True)
class ClientApp:
    """One External Client App or connected app.

    Without a secret it is a public client; after a rotation the last two secrets count. `run_as_user_id` is the user of the
    client-credentials flow. `approved_user_ids` None: all users may authorize themselves, which `asks_users` demands before an
    assertion counts; otherwise only these. `ip_ranges` (CIDR) empty: any address. `keeps_login_ranges`: the login IP ranges of
    the user's profile hold, on refreshes too unless `relaxes_refresh`. `session_timeout` None: the org's.
    """

    client_id: str
    name: str
    flows: frozenset[Flow]
    secret_prints: tuple[str, ...] = ()
    run_as_user_id: str | None = None
    certificates: tuple[str, ...] = ()
    callback_urls: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("api", "refresh_token")
    approved_user_ids: frozenset[str] | None = None
    ip_ranges: tuple[str, ...] = ()
    keeps_login_ranges: bool = False
    relaxes_refresh: bool = False
    asks_users: bool = False
    needs_challenge: bool = False
    needs_secret_to_refresh: bool = True
    introspects_all: bool = False
    is_blocked: bool = False
    session_timeout: timedelta | None = None
    refresh: RefreshPolicy = RefreshPolicy()

    @property
    def is_public(self) -> bool:
        return not self.secret_prints

    def with_secret(self, secret: str) -> ClientApp:
        """The app with a further secret; of the earlier ones the last stays, as an org's staged rotation keeps it."""
        return replace(self, secret_prints=(*self.secret_prints[-(_SECRETS - 1) :], fingerprint(secret)))

    def require_flow(self, flow: Flow) -> None:
        if flow not in self.flows:
            raise refusal("flow_off")

    def require_secret(self, secret: str | None) -> None:
        """A confidential client proves itself; a public one has nothing to prove."""
        if self.is_public:
            return
        given = fingerprint(secret or "")
        if not any(hmac.compare_digest(given, known) for known in self.secret_prints):
            raise refusal("wrong_secret")

    def require_open(self) -> None:
        if self.is_blocked:
            raise refusal("blocked")

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


_SECRETS = 2
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


_KIND = "app"
FindApp = Callable[[str], ClientApp | None]


def _no_app(_client_id: str) -> ClientApp | None:
    return None


class ClientApps:
    """The apps of one org by client id."""

    def __init__(
        self, apps: Iterable[ClientApp] = BUILT_IN_APPS, book: AuthBook | None = None, deployed: FindApp = _no_app
    ) -> None:
        self._apps = {app.client_id: app for app in apps}
        self._book = book or AuthBook()
        self._deployed = deployed
        self._apps |= self._book.restored(_KIND, lambda text: msgspec.json.decode(text, type=ClientApp))

    def add(self, app: ClientApp) -> None:
        """Register an app, or take a changed one into use."""
        self._apps[app.client_id] = app
        self._book.put(_KIND, app.client_id, app)

    def remove(self, client_id: str) -> None:
        if self._apps.pop(client_id, None) is not None:
            self._book.drop(_KIND, client_id)

    def forget_users(self, is_gone: Callable[[str], bool]) -> None:
        """Apps that run as one of some users go; the others no longer count them among those who are approved."""
        for app in list(self._apps.values()):
            if app.run_as_user_id is not None and is_gone(app.run_as_user_id):
                self.remove(app.client_id)
            elif any(map(is_gone, app.approved_user_ids or ())):
                approved = frozenset(user_id for user_id in app.approved_user_ids or () if not is_gone(user_id))
                self.add(replace(app, approved_user_ids=approved))

    def find(self, client_id: str) -> ClientApp | None:
        """The app of a client id, or None."""
        return self._apps.get(client_id) or self._deployed(client_id)

    def get(self, client_id: str) -> ClientApp:
        """The app of a client id. Raises invalid_client_id."""
        app = self.find(client_id)
        if app is None:
            raise refusal("unknown_client")
        return app

    def __iter__(self) -> Iterator[ClientApp]:
        return iter(self._apps.values())

    def trust_certificate(self, client_id: str, certificate: str) -> ClientApp:
        """Let a client sign assertions with the key of this certificate (PEM)."""
        app = self.get(client_id)
        trusted = replace(app, certificates=(*app.certificates, certificate), flows=app.flows | {Flow.JWT_BEARER})
        self.add(trusted)
        return trusted
