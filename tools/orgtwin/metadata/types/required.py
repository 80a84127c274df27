"""Elements that the org insists on, for types that need no other rule.

Source: the "required" fields of the types' pages (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.workspace import Workspace

REQUIRED: Mapping[str, tuple[str, ...]] = {
    "RemoteSiteSetting": ("url", "isActive", "disableProtocolSecurity"),
    "CspTrustedSite": ("endpointUrl", "context"),
    "Certificate": ("caSigned", "masterLabel"),
    "CustomTab": ("motif",),
    "CustomApplication": ("label",),
    "FlexiPage": ("masterLabel", "type", "template"),
    "Layout": ("layoutSections",),
    "ReportType": ("baseObject", "category", "deployed", "label"),
    "Report": ("format", "name", "reportType"),
    "Dashboard": ("dashboardType", "title"),
    **dict.fromkeys(
        ("FeatureParameterBoolean", "FeatureParameterDate", "FeatureParameterInteger"),
        ("dataflowDirection", "masterLabel", "value"),
    ),
    "Flow": ("label", "processType"),
    "CustomLabel": ("language", "protected", "shortDescription", "value"),
    "DuplicateRule": ("actionOnInsert", "actionOnUpdate", "isActive", "masterLabel", "securityOption", "sortOrder"),
    "MatchingRule": ("label", "ruleStatus"),
    "SharingCriteriaRule": ("accessLevel", "label", "sharedTo", "criteriaItems"),
    "SharingOwnerRule": ("accessLevel", "label", "sharedTo", "sharedFrom"),
}


def check_required(_workspace: Workspace, component: Component, _before: Component | None) -> Component:
    for name in REQUIRED.get(component.type, ()):
        node = component.body.find(name)
        if node is None or not (node.text or node.children or node.is_nil):
            raise ComponentRefused(f"Required field is missing: {name}")
    return component
