"""External Client Apps as they were deployed: five components, one ClientApp.

    ExternalClientApplication             the app
    ExtlClntAppGlobalOauthSettings        consumer key, callback, certificate, which flows, PKCE, rotation of refresh tokens
    ExtlClntAppOauthSettings              scopes, trusted IP ranges
    ExtlClntAppOauthConfigurablePolicies  who may use it, from where, as whom, for how long
    ExtlClntAppConfigurablePolicies       whether it is enabled at all

Consumer secrets are no part of the components: only their fingerprints are kept, among the org's settings under SECRETS.
Source: the pages of those types (Metadata API Developer Guide); "External Client Apps" (Salesforce Help).
ASSUMED: an app without a policy lets all users authorize themselves and keeps the login IP ranges of their profiles.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from orgtwin.auth.apps import ClientApp, Flow, RefreshEnd, RefreshPolicy
from orgtwin.auth.assertion import read_certificate
from orgtwin.auth.users import UserRecord, find_by_username
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.types.profiles import PROFILE_NAMES
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

SECRETS = "orgtwin.client-secrets"
_SCOPES = {
    "Address": "address",
    "Api": "api",
    "Basic": "id",
    "Chatter": "chatter_api",
    "Content": "content",
    "CustomApplications": "visualforce",
    "CustomPermissions": "custom_permissions",
    "Email": "email",
    "Full": "full",
    "Lightning": "lightning",
    "OfflineAccess": "refresh_token",
    "OpenID": "openid",
    "Phone": "phone",
    "Profile": "profile",
    "RefreshToken": "refresh_token",
    "Web": "web",
}
_UNITS = {"Hours": timedelta(hours=1), "Days": timedelta(days=1), "Months": timedelta(days=30)}
_APP_LABELS = {label: name for name, label in PROFILE_NAMES.items()}
_EMPTY = Node("none")


def consumer_key(org_id: str, app_name: str) -> str:
    """The key that the org gives an app whose file names none."""
    return "3MVG9" + hashlib.sha256(f"{org_id} {app_name.lower()}".encode()).hexdigest()


class ExternalApps:
    """The deployed apps of the org that the twin has at the moment."""

    def __init__(self, org: Callable[[], Organization], components: Callable[[], ComponentStore]) -> None:
        self._org = org
        self._components = components

    def find(self, client_id: str) -> ClientApp | None:
        """The app of a consumer key, or None."""
        for settings in self._components().of_type("ExtlClntAppGlobalOauthSettings"):
            if settings.body.value("consumerKey") == client_id:
                return self._app(settings, client_id)
        return None

    def _app(self, settings: Component, client_id: str) -> ClientApp | None:
        name = settings.body.value("externalClientApplication") or ""
        app = self._components().find("ExternalClientApplication", name)
        if app is None:
            return None
        body, policy = settings.body, self._part("ExtlClntAppOauthConfigurablePolicies", name)
        kept = self._org().settings.get(SECRETS)
        secrets = kept.get(client_id, ()) if isinstance(kept, dict) else ()
        runs_as = find_by_username(self._org(), policy.value("clientCredentialsFlowUser") or "")
        certificates = tuple(self._certificates(body.value("certificate") or ""))
        pre_authorized = policy.value("permittedUsersPolicyType") == "AdminApprovedPreAuthorized"
        relaxation = policy.value("ipRelaxationPolicyType") or "Enforce"
        minutes = policy.number("sessionTimeoutInMinutes")
        return ClientApp(
            client_id,
            app.body.value("label") or name,
            frozenset(_flows(body, policy, has_certificate=bool(certificates))),
            tuple(secrets),
            run_as_user_id=runs_as.user_id if runs_as is not None else None,
            certificates=certificates,
            callback_urls=tuple((body.value("callbackUrl") or "").split()),
            scopes=self._scopes(name),
            approved_user_ids=self._approved(policy) if pre_authorized else None,
            keeps_login_ranges=relaxation.startswith("Enforce"),
            relaxes_refresh=relaxation == "Enforce_RelaxRefresh",
            asks_users=not pre_authorized,
            needs_challenge=body.flag("isPkceRequired"),
            needs_secret_to_refresh=body.flag("isSecretRequiredForRefreshToken"),
            introspects_all=body.flag("isIntrospectAllTokens"),
            is_blocked=self._is_blocked(name),
            session_timeout=timedelta(minutes=minutes) if minutes else None,
            refresh=_refresh_policy(body, policy),
        )

    def _part(self, type_name: str, app: str) -> Node:
        """The body of the component of that type that belongs to an app."""
        parts = self._components().of_type(type_name)
        wanted = app.lower()
        return next(
            (p.body for p in parts if (p.body.value("externalClientApplication") or "").lower() == wanted), _EMPTY
        )

    def _is_blocked(self, name: str) -> bool:
        policies = self._part("ExtlClntAppConfigurablePolicies", name)
        return any(policies.value(switch) == "false" for switch in ("isEnabled", "isOauthPluginEnabled"))

    def _scopes(self, name: str) -> tuple[str, ...]:
        listed = self._part("ExtlClntAppOauthSettings", name).value("commaSeparatedOauthScopes") or ""
        names = [part.strip() for part in listed.split(",") if part.strip()]
        return tuple(dict.fromkeys(_SCOPES.get(part, part) for part in names))

    def _certificates(self, text: str) -> Iterator[str]:
        """The certificate itself, or the name of a Certificate component that holds it."""
        named = self._components().find("Certificate", text) if text else None
        content = (named.content or b"").decode("ascii", "replace") if named is not None else text
        try:
            read_certificate(content)
        except ValueError:
            return
        yield content

    def _approved(self, policy: Node) -> frozenset[str]:
        """Users of the profiles and permission sets that the policy names."""
        org = self._org()
        users, assignments = org.table("User"), org.table("PermissionSetAssignment")
        assignee_of = assignments.reader("AssigneeId")
        found = set[str]()
        for name in _names(policy.value("commaSeparatedPermissionSet")):
            for row in _rows_named(org, "PermissionSet", "Name", name):
                found.update(str(assignee_of(one)) for one in assignments.find("PermissionSetId", row))
        for name in _names(policy.value("commaSeparatedProfile")):
            for row in _rows_named(org, "Profile", "Name", PROFILE_NAMES.get(name, name)):
                found.update(str(user[0]) for user in users.find("ProfileId", row))
        return frozenset(found)

    # ---- login IP ranges

    def admits_address(self, user: UserRecord, address: str) -> bool:
        """Whether a profile's login IP ranges hold an address; a profile without ranges has them all."""
        org = self._org()
        row = org.table("Profile").get(user.profile_id)
        label = str(org.table("Profile").reader("Name")(row)) if row is not None else ""
        profile = self._components().find("Profile", _APP_LABELS.get(label, label))
        ranges = list(profile.body.all("loginIpRanges")) if profile is not None else []
        here = ipaddress.ip_address(address)
        return not ranges or any(_holds(one, here) for one in ranges)


def _holds(one: Node, here: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        start = ipaddress.ip_address(one.value("startAddress") or "")
        end = ipaddress.ip_address(one.value("endAddress") or "")
    except ValueError:
        return False
    return start.version == here.version == end.version and int(start) <= int(here) <= int(end)


def _names(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def _rows_named(org: Organization, sobject_type: str, field: str, name: str) -> list[str]:
    table = org.table(sobject_type)
    name_of = table.reader(field)
    return [str(row[0]) for row in table.rows() if str(name_of(row)).lower() == name.lower()]


def _flows(settings: Node, policy: Node, *, has_certificate: bool) -> Iterator[Flow]:
    if settings.value("callbackUrl"):
        yield Flow.WEB_SERVER
    yield Flow.REFRESH
    if settings.flag("isClientCredentialsFlowEnabled") and policy.flag("isClientCredentialsFlowEnabled"):
        yield Flow.CLIENT_CREDENTIALS
    if has_certificate:
        yield Flow.JWT_BEARER


def _refresh_policy(settings: Node, policy: Node) -> RefreshPolicy:
    end = RefreshEnd(policy.value("refreshTokenPolicyType") or "Infinite")
    unit = _UNITS.get(policy.value("refreshTokenValidityUnit") or "Days", _UNITS["Days"])
    after = unit * (policy.number("refreshTokenValidityPeriod") or 0)
    return RefreshPolicy(end, after, settings.flag("isRefreshTokenRotationEnabled"))


def with_secret(org: Organization, client_id: str, secret_print: str) -> Mapping[str, object]:
    """The settings entry in which an app has one more secret; of the earlier ones the last stays."""
    kept = org.settings.get(SECRETS)
    by_app: dict[str, list[str]] = dict(kept) if isinstance(kept, dict) else {}
    by_app[client_id] = [*by_app.get(client_id, [])[-1:], secret_print]
    return by_app
