"""Credentials and client apps: what they must hold and what they must find. The auth service reads the stored components.

Source: "ExternalCredential", "NamedCredential", "ExternalClientApplication" and the ExtlClntApp... pages (Metadata
API Developer Guide).
"""

from __future__ import annotations

from dataclasses import replace

from orgtwin.auth.book import fingerprint
from orgtwin.auth.external_apps import SECRETS, consumer_key, with_secret
from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import leaf

_OAUTH_NEEDS = ("AuthProtocolVariant", "AuthProviderUrl")
_POLICY_TYPE = "ExtlClntAppOauthConfigurablePolicies"
_KEYS_TYPE = "ExtlClntAppGlobalOauthSettings"


def deploy_external_credential(_workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    for name in ("label", "authenticationProtocol"):
        if node.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    parameters = {
        item.value("parameterType"): item.value("parameterValue") for item in node.all("externalCredentialParameters")
    }
    variant = parameters.get("AuthProtocolVariant") or ""
    client_credentials = any(t in parameters for t in _OAUTH_NEEDS) and variant.startswith("ClientCredentials")
    is_flow = client_credentials or "AuthProviderUrl" in parameters
    lacks = any(needed not in parameters for needed in _OAUTH_NEEDS)
    if node.value("authenticationProtocol") == "Oauth" and is_flow and lacks:
        protocol = f"Oauth {variant}".strip()
        raise ComponentRefused(
            f'The authentication protocol "{protocol}" requires the following external credential parameter types: '
            f"{', '.join(_OAUTH_NEEDS)}."
        )
    return component


def deploy_named_credential(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    if node.value("label") is None:
        raise ComponentRefused("Required field is missing: label")
    for item in node.all("namedCredentialParameters"):
        name = item.value("externalCredential")
        if name is not None and workspace.find("ExternalCredential", name) is None:
            raise ComponentRefused(f"In field: externalCredential - no ExternalCredential named {name} found")
    return component


def deploy_client_app(_workspace: Workspace, component: Component, _before: Component | None) -> Component:
    for name in ("distributionState", "label", "contactEmail"):
        if component.body.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    return component


def deploy_client_app_part(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Settings and policies stand beside their app; one OAuth policy an app, and its run-as user must exist."""
    app = component.body.value("externalClientApplication")
    if app is None:
        raise ComponentRefused("Required field is missing: externalClientApplication")
    if workspace.find("ExternalClientApplication", app) is None:
        raise ComponentRefused(f"In field: externalClientApplication - no ExternalClientApplication named {app} found")
    if component.type == _POLICY_TYPE:
        _check_policy(workspace, component, app)
    if component.type == _KEYS_TYPE:
        return _with_key(workspace, component, before, app)
    return component


def _with_key(workspace: Workspace, component: Component, before: Component | None, app: str) -> Component:
    """The org gives a key where the file names none, and keeps of a secret what cannot be read back."""
    body = component.body
    key = body.value("consumerKey") or (before.body.value("consumerKey") if before is not None else None)
    key = key or consumer_key(workspace.org.org_id, app)
    secret = body.value("consumerSecret")
    if secret is not None:
        workspace.settings[SECRETS] = with_secret(workspace.org, key, fingerprint(secret))
    kept = [*body.without(("consumerKey", "consumerSecret")).children, leaf("consumerKey", key)]
    return replace(component, body=canonical(body.with_children(kept)))


def _check_policy(workspace: Workspace, component: Component, app: str) -> None:
    for other in workspace.of_type(_POLICY_TYPE):
        if (
            other.body.value("externalClientApplication") == app
            and other.full_name.lower() != component.full_name.lower()
        ):
            raise ComponentRefused(
                f"duplicate value found: ExtlClntAppOauthSettingsId duplicates value on {other.full_name}"
            )
    names = [
        name.strip() for name in (component.body.value("commaSeparatedPermissionSet") or "").split(",") if name.strip()
    ]
    unknown = [name for name in names if not _has_permission_set(workspace, name)]
    if unknown:
        raise ComponentRefused(f"We couldn't find permission sets called {', '.join(unknown)}")
    user = component.body.value("clientCredentialsFlowUser")
    if component.body.flag("isClientCredentialsFlowEnabled") and (
        user is None or find_row(workspace.org, "User", Username=user) is None
    ):
        raise ComponentRefused("Enter a valid execution user for the OAuth client credentials flow.")


def _has_permission_set(workspace: Workspace, name: str) -> bool:
    return (
        workspace.find("PermissionSet", name) is not None
        or find_row(workspace.org, "PermissionSet", Name=name) is not None
    )


def refuse_connected_app(_workspace: Workspace, component: Component, before: Component | None) -> Component:
    """New connected apps cannot be made since Spring '26; ones that exist go on."""
    if before is None:
        raise ComponentRefused(
            "You can't create a connected app. To enable connected app creation, contact Salesforce Customer Support."
        )
    return component


def deploy_subscriber_config(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    node = component.body
    for name in ("masterLabel", "platformEventConsumer"):
        if node.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    trigger, user = node.value("platformEventConsumer") or "", node.value("user")
    if workspace.find("ApexTrigger", trigger) is None:
        raise ComponentRefused(f"In field: platformEventConsumer - no ApexTrigger named {trigger} found")
    if user is not None and find_row(workspace.org, "User", Username=user) is None:
        raise ComponentRefused(f"Cannot find a user that matches any of the following usernames: {user}.")
    return component
