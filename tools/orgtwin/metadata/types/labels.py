"""Custom labels: formulas read them as $Label.Name, Apex as System.Label.Name.

Source: "CustomLabels" (Metadata API Developer Guide). Translations are not emulated: everybody reads the label's own text.
"""

from __future__ import annotations

from orgtwin.metadata.component import Component
from orgtwin.metadata.global_names import uses_of
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.records.global_variables import LABEL


def deploy_label(workspace: Workspace, component: Component, before: Component | None) -> Component:
    checked = check_required(workspace, component, before)
    workspace.settings[LABEL + component.full_name.lower()] = component.body.value("value") or ""
    return checked


def remove_label(workspace: Workspace, component: Component) -> None:
    uses = uses_of(workspace, "$Label", component.full_name)
    if uses:
        raise ComponentRefused(
            f"This custom label is referenced elsewhere in salesforce.com. : {', '.join(uses)}"
        )  # ASSUMED text
    workspace.settings[LABEL + component.full_name.lower()] = None
