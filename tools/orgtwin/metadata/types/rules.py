"""The table of what each metadata type does at deploy: its place in the order, its rule, and what happens when it is deleted.

A type without a row is checked against the grammar, stored and returned, and has no effect; the ledger says so. Adding an effect is
adding a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types import (
    apex,
    custom_metadata,
    events,
    fields,
    flows,
    groups,
    integration,
    labels,
    matching,
    object_children,
    objects,
    pages,
    permissions,
    profiles,
    reports,
    required,
    settings,
    sharing,
    static_resources,
    value_sets,
    workflows,
)
from orgtwin.metadata.types.setup_rows import remove_row, with_row
from orgtwin.metadata.workspace import Workspace

Deploy = Callable[[Workspace, Component, Component | None], Component]
Remove = Callable[[Workspace, Component], None]

UNORDERED = 60
"""Where types without a row stand: behind the schema and the code, before permissions."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`order` is the place inside one deploy: a component finds what lower orders brought."""

    order: int
    deploy: Deploy = required.check_required
    remove: Remove | None = None
    key_prefix: str | None = None  # of component ids, for types without records of their own


def _keep(_workspace: Workspace, component: Component) -> None:
    """Settings, standard value sets and profiles cannot be deleted here."""
    raise ComponentRefused(f"{component.type} {component.full_name} cannot be deleted")  # ASSUMED text


_CLIENT_APP_PART = Rule(83, integration.deploy_client_app_part)

RULES: Mapping[str, Rule] = {
    "Settings": Rule(0, settings.deploy_settings, _keep),
    "GlobalValueSet": Rule(5, value_sets.deploy_global_value_set, value_sets.remove_global_value_set, "0Nt"),
    "StandardValueSet": Rule(6, value_sets.deploy_standard_value_set, _keep),
    "CustomLabels": Rule(7),
    "CustomLabel": Rule(8, labels.deploy_label, labels.remove_label, "101"),
    "CustomPermission": Rule(8, permissions.deploy_custom_permission, permissions.remove_custom_permission),
    "ExternalDataSource": Rule(9, key_prefix="0XC"),
    "CustomObject": Rule(10, objects.deploy_object, objects.remove_object, "01I"),
    "CustomField": Rule(20, fields.deploy_field, fields.remove_field, "00N"),
    "Index": Rule(25),
    "SharingReason": Rule(26, sharing.deploy_sharing_reason, sharing.remove_sharing_reason),
    "RecordType": Rule(30, object_children.deploy_record_type, object_children.remove_record_type),
    "ValidationRule": Rule(31, object_children.deploy_validation_rule, object_children.remove_validation_rule, "03d"),
    "FieldSet": Rule(32, object_children.deploy_field_set, object_children.remove_field_set, "0IX"),
    "CompactLayout": Rule(33, object_children.deploy_compact_layout, None, "0AH"),
    "ListView": Rule(34, with_row(object_children.deploy_list_view), remove_row),
    "CustomMetadata": Rule(38, custom_metadata.deploy_custom_metadata, custom_metadata.remove_custom_metadata),
    "StaticResource": Rule(39, static_resources.deploy_static_resource, static_resources.remove_static_resource),
    "ApexClass": Rule(40, apex.deploy_apex, apex.remove_apex),
    "ApexTrigger": Rule(41, apex.deploy_apex, apex.remove_apex),
    "PlatformCachePartition": Rule(44, with_row(required.check_required), remove_row),
    "ApexTestSuite": Rule(42, apex.deploy_test_suite, None, "05F"),
    "PlatformEventChannel": Rule(45, events.deploy_channel, None, "0YL"),
    "PlatformEventChannelMember": Rule(46, events.deploy_channel_member, None, "0v8"),
    "ManagedEventSubscription": Rule(47, events.deploy_managed_subscription, None, "18x"),
    "PlatformEventSubscriberConfig": Rule(47, integration.deploy_subscriber_config),
    "Certificate": Rule(48, key_prefix="0P1"),
    "ExternalCredential": Rule(49, integration.deploy_external_credential, None, "0Xl"),
    "NamedCredential": Rule(50, integration.deploy_named_credential, None, "0XA"),
    "RemoteSiteSetting": Rule(51, key_prefix="0rp"),
    "CspTrustedSite": Rule(51, key_prefix="08y"),
    "MatchingRules": Rule(52),
    "MatchingRule": Rule(53, matching.deploy_matching_rule),
    "DuplicateRule": Rule(54, with_row(matching.deploy_duplicate_rule), remove_row),
    "Role": Rule(53, groups.deploy_role, groups.remove_role),
    "Group": Rule(53, groups.deploy_group, groups.remove_group),
    "Queue": Rule(54, groups.deploy_queue, groups.remove_queue),
    "SharingRules": Rule(55, sharing.deploy_sharing_rules),
    "SharingCriteriaRule": Rule(56, sharing.deploy_sharing_rule, sharing.remove_sharing_rule),
    "SharingOwnerRule": Rule(56, sharing.deploy_sharing_rule, sharing.remove_sharing_rule),
    "WorkflowFieldUpdate": Rule(UNORDERED, key_prefix="04Y"),
    "WorkflowRule": Rule(61, workflows.deploy_workflow_rule, None, "01Q"),
    "AssignmentRule": Rule(61, workflows.deploy_assignment_rule),
    "AutoResponseRule": Rule(61, workflows.refuse_active),
    "EscalationRule": Rule(61, workflows.refuse_active),
    "ApprovalProcess": Rule(69, with_row(required.check_required), remove_row),
    "Flow": Rule(61, flows.deploy_flow, flows.remove_flow, "301"),
    "CustomTab": Rule(62, pages.deploy_tab, None, "01r"),
    "Layout": Rule(63, pages.deploy_layout, None, "00h"),
    "FlexiPage": Rule(64, pages.deploy_flexi_page, None, "0M0"),
    "ReportType": Rule(64, reports.deploy_report_type, None, "070"),
    "ReportFolder": Rule(65, with_row(required.check_required), remove_row),
    "DashboardFolder": Rule(65, with_row(required.check_required), remove_row),
    "DocumentFolder": Rule(65, key_prefix="00l"),
    "EmailFolder": Rule(65, with_row(required.check_required), remove_row),
    "EmailTemplate": Rule(66, with_row(reports.deploy_in_folder), remove_row),
    "Report": Rule(66, with_row(reports.deploy_report), remove_row),
    "Dashboard": Rule(67, reports.deploy_dashboard, None, "01Z"),
    "Document": Rule(67, reports.deploy_in_folder, None, "015"),
    "CustomApplication": Rule(68, pages.deploy_application, None, "02u"),
    "PermissionSet": Rule(70, permissions.deploy_permission_set, permissions.remove_permission_set),
    "MutingPermissionSet": Rule(71, permissions.deploy_muting_permission_set, permissions.remove_muting_permission_set),
    "PermissionSetGroup": Rule(72, permissions.deploy_permission_set_group, permissions.remove_permission_set_group),
    "Profile": Rule(73, profiles.deploy_profile, _keep),
    "ExternalClientApplication": Rule(80, integration.deploy_client_app, None, "0xI"),
    "ExtlClntAppOauthSettings": _CLIENT_APP_PART,
    "ExtlClntAppGlobalOauthSettings": _CLIENT_APP_PART,
    "ExtlClntAppOauthConfigurablePolicies": _CLIENT_APP_PART,
    "ExtlClntAppConfigurablePolicies": _CLIENT_APP_PART,
    "ConnectedApp": Rule(84, integration.refuse_connected_app),
}
_STORED = Rule(UNORDERED)


def rule_of(type_name: str) -> Rule:
    """The row of a type, or the one for types that are stored and returned."""
    return RULES.get(type_name, _STORED)
