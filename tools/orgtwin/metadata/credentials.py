"""Where a callout goes: named credentials, the external credentials behind them, remote sites.

    callout = resolve_callout(service.components, "callout:CLM_Api/v1/agreements", principals)
    callout.url, callout.headers                            CalloutRefused(text) becomes Apex's CalloutException

`principals` are those the calling user was granted (`granted_principals`), as "CLM_Api-CLM_Service".
Secrets are no metadata: an org asks for them in Setup. Whoever carries the callout out adds the Authorization header when
`callout.generates_authorization` says so.
Sources: "NamedCredential", "ExternalCredential", "PermissionSet", "RemoteSiteSetting" (Metadata API Developer Guide), "Named
Credentials as Callout Endpoints" (Apex Developer Guide); texts as pasted by users of orgs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

_ENDPOINT = re.compile(r"callout:(?P<name>[A-Za-z]\w*)(?P<rest>(?:[/?#].*)?)", re.IGNORECASE | re.DOTALL)


class CalloutRefused(Exception):
    """The org does not let this callout out."""


@dataclass(frozen=True, slots=True)
class Callout:
    """An address as it goes out. `external_credential` and `principal` are None for a plain address."""

    url: str
    headers: tuple[tuple[str, str], ...] = ()
    external_credential: str | None = None
    principal: str | None = None
    generates_authorization: bool = False


def resolve_callout(store: ComponentStore, endpoint: str, principals: Collection[str]) -> Callout:
    """Where `endpoint` leads for a user with these principals. Raises CalloutRefused in the org's words."""
    named = _ENDPOINT.fullmatch(endpoint)
    if named is None:
        _require_remote_site(store, endpoint)
        return Callout(endpoint)
    credential = store.find("NamedCredential", named["name"])
    base = None if credential is None else _base_url(credential.body)
    if credential is None or base is None or credential.body.value("calloutStatus") == "Disabled":
        raise _no_access(named["name"])
    external = _external_credential(store, credential.body)
    principal = None
    if external is not None:
        principal = next((name for name in _principals_of(external) if name in principals), None)
        if principal is None:
            raise _no_access(named["name"])
    headers = (*_headers(credential.body, "HttpHeader"), *(_headers(external.body, "AuthHeader") if external else ()))
    return Callout(
        base + named["rest"],
        headers,
        external.full_name if external else None,
        principal,
        credential.body.flag("generateAuthorizationHeader", default=True) and external is not None,
    )


def granted_principals(org: Organization, store: ComponentStore, user_id: str) -> frozenset[str]:
    """The principals that a user's permission sets open, as externalCredentialPrincipalAccesses names them."""
    assigned, sets = org.table("PermissionSetAssignment"), org.table("PermissionSet")
    set_of, user_of, name_of = assigned.reader("PermissionSetId"), assigned.reader("AssigneeId"), sets.reader("Name")
    rows = (sets.get(str(set_of(row))) for row in assigned.rows() if user_of(row) == user_id)
    names = [str(name_of(row)) for row in rows if row is not None]
    return frozenset(_opened_by(store, names))


def _opened_by(store: ComponentStore, permission_sets: Iterable[str]) -> Iterator[str]:
    for name in permission_sets:
        found = store.find("PermissionSet", name)
        for item in found.body.all("externalCredentialPrincipalAccesses") if found is not None else ():
            if item.flag("enabled"):
                yield item.value("externalCredentialPrincipal") or ""


def _base_url(body: Node) -> str | None:
    """The Url parameter, or the `endpoint` of a legacy named credential."""
    return next(_parameters(body, "Url"), (None, body.value("endpoint")))[1]


def _headers(body: Node, kind: str) -> tuple[tuple[str, str], ...]:
    return tuple((name or "", value or "") for name, value in _parameters(body, kind))


def _parameters(body: Node, kind: str) -> Iterator[tuple[str | None, str | None]]:
    """Name and value of the parameters of a kind, by sequence number."""
    items = [*body.all("namedCredentialParameters"), *body.all("externalCredentialParameters")]
    mine = [item for item in items if item.value("parameterType") == kind]
    for item in sorted(mine, key=lambda item: item.number("sequenceNumber") or 0):
        yield item.value("parameterName"), item.value("parameterValue")


def _external_credential(store: ComponentStore, body: Node) -> Component | None:
    for item in body.all("namedCredentialParameters"):
        name = item.value("externalCredential")
        if name is not None:
            return store.find("ExternalCredential", name)
    return None


def _principals_of(external: Component) -> Iterator[str]:
    """ "Credential-Principal", named principals by their sequence number before the one that each user has."""
    for kind in ("NamedPrincipal", "PerUserPrincipal"):
        for name, _value in _parameters(external.body, kind):
            yield f"{external.full_name}-{name}"


def _require_remote_site(store: ComponentStore, endpoint: str) -> None:
    asked = urlsplit(endpoint)
    for site in store.of_type("RemoteSiteSetting"):
        allowed = urlsplit(site.body.value("url") or "")
        if site.body.flag("isActive") and (allowed.scheme, allowed.netloc) == (asked.scheme, asked.netloc):
            return
    raise CalloutRefused(
        f"Unauthorized endpoint, please check Setup->Security->Remote site settings. endpoint = {endpoint}"
    )


def _no_access(name: str) -> CalloutRefused:
    return CalloutRefused(
        "The callout couldn't access the endpoint. You might not have the required permissions, or the named credential "
        f'"{name}" might not exist.'
    )
