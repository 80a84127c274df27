"""Scratch org definitions: one per scratch environment of the spec, with what the generated metadata needs of an org.

The settings apply when the org is created, before the first deploy: Apex that writes an end date compiles only where the org does
not calculate it. Sources: Salesforce DX Developer Guide, "Scratch Org Definition Configuration Values", "Scratch Org Features".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from clmkit.codegen.names import banner
from clmkit.codegen.objects import wanted_settings
from clmkit.codegen.plan import PlainText, PlannedFile, support
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Value
from clmkit.mapping.model import DataKind, Edition, Environment, EnvironmentKind, Feature, Spec

# A scratch org has no edition above Enterprise.
EDITIONS = {
    Edition.DEVELOPER: "Developer",
    Edition.PROFESSIONAL: "Professional",
    Edition.ENTERPRISE: "Enterprise",
    Edition.PERFORMANCE: "Enterprise",
    Edition.UNLIMITED: "Enterprise",
}
FEATURES = {
    Feature.ADDRESS_PICKLISTS: "StateAndCountryPicklist",
    Feature.MULTI_CURRENCY: "MultiCurrency",
    Feature.REVENUE_CLOUD: "RevSubscriptionManagement",
    Feature.SHIELD: "PlatformEncryption",
}
USUAL = Environment(name="scratch", kind=EnvironmentKind.SCRATCH, data=DataKind.MADE_UP, description="")
SAFE_SIGN_IN: Mapping[str, Value] = {"blockOAuthUnPwFlow": True}


def plan_scratch_orgs(spec: Spec) -> Iterator[PlannedFile]:
    """A definition per scratch environment; one named `scratch` where the spec names none."""
    named = [one for one in spec.environments if one.kind is EnvironmentKind.SCRATCH]
    for environment in named or [USUAL]:
        text = json.dumps(scratch_org(spec, environment), indent=2, ensure_ascii=False)
        yield support(f"orgs/{environment.name}.json", PlainText(f"{text}\n"))


def scratch_org(spec: Spec, environment: Environment) -> dict[str, object]:
    """The definition as JSON data."""
    org: dict[str, object] = {
        "orgName": f"{spec.name} {environment.name}",
        "description": banner(spec),
        "edition": EDITIONS[spec.salesforce.edition] if spec.salesforce else EDITIONS[Edition.DEVELOPER],
        "hasSampleData": False,
        "settings": _settings(spec),
    }
    if features := _features(spec):
        org["features"] = features
    return org


def _features(spec: Spec) -> list[str]:
    wanted = {
        *(spec.salesforce.features if spec.salesforce else ()),
        *((Feature.MULTI_CURRENCY,) if spec.currency.multi else ()),
    }
    return sorted(FEATURES[feature] for feature in wanted if feature in FEATURES)


def _settings(spec: Spec) -> dict[str, object]:
    """The settings of the spec, and those that the generated sign-in needs, in the spelling of a definition file."""
    wanted: dict[str, Mapping[str, Value]] = {"OauthOidcSettings": SAFE_SIGN_IN}
    if any(is_guarded(mapping) for mapping in spec.objects):
        wanted["ExternalClientAppSettings"] = {"enableExternalClientApps": True}
    wanted |= wanted_settings(spec)
    return {
        f"{name[0].lower()}{name[1:]}": {element: _json(value) for element, value in sorted(body.items())}
        for name, body in sorted(wanted.items())
    }


def _json(value: Value) -> object:
    """A setting as metadata spells it, as JSON spells it."""
    return {"true": True, "false": False}.get(str(value).lower(), value)
