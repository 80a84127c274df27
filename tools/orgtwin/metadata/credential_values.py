"""What the principals of external credentials know: names and secrets, which are no metadata, and the headers made of them.

    org.settings[VALUES] = with_values(org, "CLM_Api", "Service", {"Token": "s3cret"})
    callout = with_secrets(callout, protocol, values_of(org, callout.principal))

Custom headers name values as `{!$Credential.CLM_Api.Token}`, also joined to texts: `{!'Bearer ' & $Credential.CLM_Api.Token}`. Of
authentication protocols Basic is known: its header is made of Username and Password. Source: "Create and Edit a Custom External
Credential", "Create Custom Headers" (Salesforce Help), "Credential Input" (Connect REST API Developer Guide).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace

from orgtwin.errors import Unsupported
from orgtwin.metadata.credentials import Callout, CalloutRefused
from orgtwin.organization import Organization

VALUES = "credential_values"
_MERGE = re.compile(r"\{!(?P<formula>[^}]*)\}")
_PART = re.compile(r"\s*(?:'(?P<text>[^']*)'|\$Credential\.(?P<external>\w+)\.(?P<name>\w+))\s*(?P<end>&|\+|$)")


def values_of(org: Organization, principal: str | None) -> Mapping[str, str]:
    """Of a principal, written "Credential-Principal"."""
    kept = org.settings.get(VALUES)
    found = kept.get(principal) if isinstance(kept, dict) else None
    return found if isinstance(found, dict) else {}


def with_values(org: Organization, external: str, principal: str, values: Mapping[str, str]) -> Mapping[str, object]:
    """The settings entry in which a principal has these values and no others; without any it is gone."""
    kept = org.settings.get(VALUES)
    others = {key: value for key, value in kept.items() if value} if isinstance(kept, dict) else {}
    others.pop(f"{external}-{principal}", None)
    return {**others, **({f"{external}-{principal}": dict(values)} if values else {})}


def with_secrets(callout: Callout, protocol: str | None, values: Mapping[str, str]) -> Callout:
    """The callout with its headers filled in. Raises CalloutRefused when a value is missing, Unsupported for other protocols."""
    headers = [(name, _merged(text, values)) for name, text in callout.headers]
    if callout.generates_authorization and protocol == "Basic":
        pair = f"{_value('Username', values)}:{_value('Password', values)}"
        headers.insert(0, ("Authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
    elif callout.generates_authorization and protocol != "Custom":
        raise Unsupported("apex.callouts.secrets", f"a callout that signs in by {protocol}")
    return replace(callout, headers=tuple(headers), generates_authorization=False)


def _merged(text: str, values: Mapping[str, str]) -> str:
    return _MERGE.sub(lambda found: _evaluated(found["formula"], values), text)


def _evaluated(formula: str, values: Mapping[str, str]) -> str:
    """Texts and values, joined."""
    made, at = "", 0
    while at < len(formula):
        part = _PART.match(formula, at)
        if part is None:
            raise Unsupported("apex.callouts.secrets", f"a header's formula other than texts and values: {formula}")
        made += _value(part["name"], values) if part["name"] else part["text"]
        at = part.end()
    return made


def _value(name: str, values: Mapping[str, str]) -> str:
    found = values.get(name)
    if found is None:
        raise CalloutRefused(f"The principal of the external credential has no value for {name}")  # ASSUMED text
    return found
