"""The tabs of an org: those of standard objects, and every custom tab that was deployed.

Source: "Tabs" (REST API Developer Guide), DescribeTab (SOAP API Developer Guide), "CustomTab" (Metadata API Developer Guide).
ASSUMED: a tab is shown to whoever may read its object; tab settings of profiles and permission sets hide none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.organization import Organization
from orgtwin.records.model import Caller

_STANDARD = (
    "Account",
    "Asset",
    "Campaign",
    "Case",
    "Contact",
    "Contract",
    "Lead",
    "Opportunity",
    "Order",
    "Pricebook2",
    "Product2",
    "Quote",
)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. `path` is where it leads, below the org's address; `icon` is the name of its 32 pixel picture without size."""

    name: str
    label: str
    sobject_name: str | None
    custom: bool
    path: str
    icon: str


def tabs_of(org: Organization, store: ComponentStore, caller: Caller) -> Iterator[Tab]:
    """The tabs that this caller can have, standard ones first."""
    for name in _STANDARD:
        found = org.schema.find_type(name)
        if found is not None and org.access.can(caller, name, "read"):
            label = found.label_plural
            yield Tab(f"standard-{name}", label, name, False, f"/{found.key_prefix}/o", f"{label.lower()}")
    for component in store.of_type("CustomTab"):
        if not component.body.flag("customObject") or org.access.can(caller, component.full_name, "read"):
            yield _custom_tab(org, component)


def _custom_tab(org: Organization, component: Component) -> Tab:
    body = component.body
    icon = (body.value("motif") or "custom").partition(":")[0].lower()
    if body.flag("customObject"):
        shown = org.schema.find_type(component.full_name)
        label, prefix = (shown.label_plural, shown.key_prefix) if shown else (component.full_name, "")
        return Tab(component.full_name, label, component.full_name, True, f"/{prefix}/o", icon)
    path = body.value("url") or f"/lightning/n/{component.full_name}"
    return Tab(component.full_name, body.value("label") or component.full_name, None, True, path, icon)
