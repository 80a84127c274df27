"""How the two systems reach each other, and what shows doubtful counterparties: client app, credentials, matching rules.

The client app is an External Client App (new Connected Apps cannot be made any more). Its policies are generated: only users with
the integration's permission set, enforced IP ranges, no refresh token, short sessions; the JWT bearer flow needs no secret. What is
an org's own, addresses and contact, is a starting point in `extensions/`. The app's global OAuth settings, which hold the consumer
key, are never in source control.

Matching and duplicate rules are off until a steward turns them on: an org's rules are numbered through, and its own come first.
Then they report, and neither block nor warn: a warning would refuse the integration's own writes. Sources: Metadata API Developer
Guide, "ExternalClientApplication", "ExtlClntAppOauthConfigurablePolicies", "ExternalCredential", "NamedCredential",
"MatchingRules", "DuplicateRule".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.names import described
from clmkit.codegen.plan import MetadataXml, PlannedFile, extension, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body
from clmkit.mapping.model import ObjectMapping, Owner, Role, Spec

EXAMPLE = "clm.example.com"
SESSION_MINUTES = 15
DESCRIPTION_LIMIT = 255

# The objects with duplicate rules that counterparties and people live in, and the mapped field that tells two records apart.
MATCHED = {"Account": "Name", "Contact": "Email"}


def plan_trust(spec: Spec) -> Iterator[PlannedFile]:
    """Nothing when the CLM writes no object."""
    if not any(is_guarded(mapping) for mapping in spec.objects):
        return
    yield from _plan_client_app(spec)
    yield from _plan_credentials(spec)
    for mapping in spec.objects:
        if mapping.owner is Owner.SALESFORCE and _has_match(mapping):
            yield from _plan_matching(spec, mapping)


def _plan_client_app(spec: Spec) -> Iterator[PlannedFile]:
    app = f"{spec.prefix}_Integration"
    yield extension(
        f"externalClientApps/{app}.eca-meta.xml",
        MetadataXml(
            "ExternalClientApplication",
            {
                "contactEmail": f"integration@{EXAMPLE}",
                "description": "How the sync signs in. Put your team's address here: this file is yours.",
                "distributionState": "Local",
                "isProtected": False,
                "label": f"{spec.prefix} Integration",
            },
        ),
    )
    settings: Body = {
        "commaSeparatedOauthScopes": "Api, RefreshToken",
        "externalClientApplication": app,
        "label": f"{app}_oauth",
    }
    path = f"extlClntAppOauthSettings/{app}_oauth.ecaOauth-meta.xml"
    yield generated(path, MetadataXml("ExtlClntAppOauthSettings", settings))
    path = f"extlClntAppOauthPolicies/{app}_oauthPlcy.ecaOauthPlcy-meta.xml"
    yield generated(path, MetadataXml("ExtlClntAppOauthConfigurablePolicies", _oauth_policy(spec, app)))
    policy: Body = {
        "externalClientApplication": app,
        "isEnabled": True,
        "isOauthPluginEnabled": True,
        "label": f"{app}_plcy",
    }
    path = f"extlClntAppPolicies/{app}_plcy.ecaPlcy-meta.xml"
    yield generated(path, MetadataXml("ExtlClntAppConfigurablePolicies", policy))


def _oauth_policy(spec: Spec, app: str) -> Body:
    """The whole record, since a deploy replaces it."""
    return {
        "commaSeparatedPermissionSet": spec.integration.permission_set,
        "externalClientApplication": app,
        "ipRelaxationPolicyType": "Enforce",
        "isClientCredentialsFlowEnabled": False,
        "isGuestCodeCredFlowEnabled": False,
        "isTokenExchangeFlowEnabled": False,
        "label": f"{app}_oauthPlcy",
        "permittedUsersPolicyType": "AdminApprovedPreAuthorized",
        "refreshTokenPolicyType": "Zero",
        "requiredSessionLevel": "STANDARD",
        "sessionTimeoutInMinutes": SESSION_MINUTES,
    }


def _plan_credentials(spec: Spec) -> Iterator[PlannedFile]:
    """From the org to the CLM: where it is, how the org signs in there, who may use it. The secret is entered in Setup."""
    name, principal = f"{spec.prefix}_Api", f"{spec.prefix}_Service"
    yield extension(
        f"externalCredentials/{name}.externalCredential-meta.xml",
        MetadataXml(
            "ExternalCredential",
            {
                "authenticationProtocol": "Oauth",
                "externalCredentialParameters": [
                    _parameter("Oauth", "AuthProtocolVariant", "ClientCredentialsClientSecretBasic"),
                    _parameter("TokenEndpoint", "AuthProviderUrl", f"https://auth.{EXAMPLE}/oauth2/token"),
                    {
                        "parameterGroup": principal,
                        "parameterName": principal,
                        "parameterType": "NamedPrincipal",
                        "sequenceNumber": 1,
                    },
                ],
                "label": f"{spec.prefix} Api",
            },
        ),
    )
    yield extension(
        f"namedCredentials/{name}.namedCredential-meta.xml",
        MetadataXml(
            "NamedCredential",
            {
                "allowMergeFieldsInBody": False,
                "allowMergeFieldsInHeader": False,
                "calloutStatus": "Enabled",
                "generateAuthorizationHeader": True,
                "label": f"{spec.prefix} Api",
                "namedCredentialParameters": [
                    {"parameterName": "Url", "parameterType": "Url", "parameterValue": f"https://api.{EXAMPLE}"},
                    {
                        "externalCredential": name,
                        "parameterName": "ExternalCredential",
                        "parameterType": "Authentication",
                    },
                ],
                "namedCredentialType": "SecuredEndpoint",
            },
        ),
    )
    access: Body = {"enabled": True, "externalCredentialPrincipal": f"{name}-{principal}"}
    callout: Body = {
        "description": "Lets its holder call the CLM through the named credential. This file is yours.",
        "externalCredentialPrincipalAccesses": [access],
        "hasActivationRequired": False,
        "label": f"{spec.prefix} Callout",
    }
    path = f"permissionsets/{spec.prefix}_Callout.permissionset-meta.xml"
    yield extension(path, MetadataXml("PermissionSet", callout))


def _parameter(name: str, kind: str, value: str) -> Body:
    return {"parameterGroup": "DefaultGroup", "parameterName": name, "parameterType": kind, "parameterValue": value}


def _has_match(mapping: ObjectMapping) -> bool:
    field = MATCHED.get(mapping.salesforce)
    return any(column.salesforce == field and column.role is Role.VALUE for column in mapping.columns)


def _plan_matching(spec: Spec, mapping: ObjectMapping) -> Iterator[PlannedFile]:
    """Records that may be one counterparty: a steward sees them before somebody links the wrong one."""
    name, field = f"{spec.prefix}_Same_{MATCHED[mapping.salesforce]}", MATCHED[mapping.salesforce]
    item: Body = {"blankValueBehavior": "NullNotAllowed", "fieldName": field, "matchingMethod": "Exact"}
    rule: Body = {
        "fullName": name,
        "description": described(spec, f"Two records with the same {field}.", DESCRIPTION_LIMIT),
        "label": f"{spec.prefix} Same {field}",
        "matchingRuleItems": [item],
        "ruleStatus": "Inactive",
    }
    path = f"matchingRules/{mapping.salesforce}.matchingRule-meta.xml"
    yield generated(path, MetadataXml("MatchingRules", {"matchingRules": [rule]}))
    used: Body = {"matchRuleSObjectType": mapping.salesforce, "matchingRule": name}
    body: Body = {
        "actionOnInsert": "Allow",
        "actionOnUpdate": "Allow",
        "description": described(spec, "Reports records that may be one counterparty.", DESCRIPTION_LIMIT),
        "duplicateRuleMatchRules": [used],
        "isActive": False,
        "masterLabel": f"{spec.prefix} Same {field}",
        "operationsOnInsert": ["Report"],
        "operationsOnUpdate": ["Report"],
        "securityOption": "EnforceSharingRules",
        "sortOrder": 1,
    }
    path = f"duplicateRules/{mapping.salesforce}.{name}.duplicateRule-meta.xml"
    yield generated(path, MetadataXml("DuplicateRule", body))
