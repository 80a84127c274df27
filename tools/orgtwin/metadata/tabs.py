"""The tabs of an org: those of standard objects, and every custom tab that was deployed; the apps that show them.

Source: "Tabs" (REST API Developer Guide), DescribeTab, DescribeTabSetResult, DescribeIcon, DescribeColor (SOAP API Developer
Guide), "CustomTab", "CustomApplication" (Metadata API Developer Guide).
ASSUMED: a tab is shown to whoever may read its object; tab settings of profiles and permission sets hide none, and every app is
open to everybody, Sales selected; which standard apps there are; all colours but those of Account; ids of the standard apps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orgtwin.ids import checksum
from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.organization import Organization
from orgtwin.records.model import Caller

_PICTURES = {
    "Account": "account", "Asset": "asset_object", "Campaign": "campaign", "Case": "case", "Contact": "contact",
    "Contract": "contract", "Lead": "lead", "Opportunity": "opportunity", "Order": "orders", "Pricebook2": "pricebook",
    "Product2": "product", "Quote": "quotes",
}  # fmt: skip
"""The standard tabs, with the name that the Lightning Design System gives their picture."""
_APPS = (
    ("Sales", "The world's most popular sales force automation (SFA) solution",
     "Account Contact Campaign Lead Opportunity Quote Contract Order Product2"),
    ("Service", "Manage customer service with accounts, contacts, cases, and more", "Account Contact Case Asset"),
    ("Marketing", "Best-in-class on-demand marketing automation", "Campaign Lead Contact Opportunity Contract"),
    ("Platform", "The fundamental Lightning Platform", "Account Contact"),
)  # fmt: skip
_SELECTED = "Sales"


@dataclass(frozen=True, slots=True)
class Picture:
    """One icon of a tab, below the org's address. A drawing (SVG) has no size."""

    path: str
    theme: str
    size: int = 0

    @property
    def content_type(self) -> str:
        return "image/png" if self.size else "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Color:
    """One colour of a tab, as a web colour without its #."""

    color: str
    theme: str
    context: str = "primary"


COLORS = (Color("6f7ccb", "theme4"), Color("236FBD", "theme3"))


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab. `path` is where it leads, below the org's address; `icon` is the name of its 32 pixel picture without size,
    `drawing` that of its Lightning picture."""

    name: str
    label: str
    sobject_name: str | None
    custom: bool
    path: str
    icon: str
    drawing: str

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The 32 and 16 pixel pictures of Salesforce Classic first."""
        classic = (Picture(f"/img/icon/{self.icon}{size}.png", "theme3", size) for size in (32, 16))
        base = f"/img/icon/t4v35/{self.drawing}"
        sizes = (Picture(f"{base}_{size}.png", "theme4", size) for size in (60, 120))
        return (*classic, Picture(f"{base}.svg", "theme4"), *sizes)


@dataclass(frozen=True, slots=True)
class TabSet:
    """One app with the tabs that a caller can have of it."""

    id: str
    label: str
    description: str | None
    selected: bool
    tabs: tuple[Tab, ...]


def tabs_of(org: Organization, store: ComponentStore, caller: Caller) -> Iterator[Tab]:
    """The tabs that this caller can have, standard ones first."""
    for name, drawing in _PICTURES.items():
        found = org.schema.find_type(name)
        if found is not None and org.access.can(caller, name, "read"):
            label = found.label_plural
            path = f"/{found.key_prefix}/o"
            yield Tab(f"standard-{name}", label, name, False, path, label.lower(), f"standard/{drawing}")
    for component in store.of_type("CustomTab"):
        if not component.body.flag("customObject") or org.access.can(caller, component.full_name, "read"):
            yield _custom_tab(org, component)


def _custom_tab(org: Organization, component: Component) -> Tab:
    body = component.body
    icon = (body.value("motif") or "custom").partition(":")[0].lower()
    if body.flag("customObject"):
        shown = org.schema.find_type(component.full_name)
        label, prefix = (shown.label_plural, shown.key_prefix) if shown else (component.full_name, "")
        return Tab(component.full_name, label, component.full_name, True, f"/{prefix}/o", icon, f"custom/{icon}")
    path = body.value("url") or f"/lightning/n/{component.full_name}"
    label = body.value("label") or component.full_name
    return Tab(component.full_name, label, None, True, path, icon, f"custom/{icon}")


def tab_sets_of(org: Organization, store: ComponentStore, caller: Caller) -> Iterator[TabSet]:
    """The apps with their tabs: standard ones first, then those that were deployed, each with its tabs in its own order."""
    tabs = {tab.name: tab for tab in tabs_of(org, store, caller)}
    for number, (label, description, names) in enumerate(_APPS, start=1):
        shown = tuple(tabs[name] for one in names.split() if (name := f"standard-{one}") in tabs)
        app_id = f"02u{number:012}"
        yield TabSet(app_id + checksum(app_id), label, description, label == _SELECTED, shown)
    for app in store.of_type("CustomApplication"):
        shown = tuple(tabs[name] for name in app.body.values("tabs") if name in tabs)
        yield TabSet(app.id, app.body.value("label") or app.full_name, app.body.value("description"), False, shown)
