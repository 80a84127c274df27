"""The app, its tabs, and the Lightning page of a record with a panel of what the CLM says about it.

The app itself names the page of each object (its action overrides), so that no other app of the org looks different than before.
The panel stands on the page only while the record has a CLM key. Sources: Metadata API Developer Guide, "FlexiPage",
"CustomApplication", "CustomTab"; Salesforce Help, "Dynamic Forms".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clmkit.codegen.layouts import chosen
from clmkit.codegen.names import described, pascal, record_page
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Display, FieldMapping, Form, ObjectMapping, Presentation, Spec, is_foreign

# A region holds at most 100 components. Source: Salesforce Help, "Dynamic Forms Tips and Considerations".
MOST_PANEL_FIELDS = 100
TEMPLATE = "flexipage:recordHomeTemplateDesktop"
STANDARD_TABS = ("standard-report", "standard-Dashboard")


def plan_pages(spec: Spec) -> Iterator[PlannedFile]:
    """Tabs, record pages and the app that the spec shows."""
    shown = spec.presentation
    if shown is None:
        return
    for display in shown.displays:
        mapping = find_object(spec, display.object)
        if mapping is not None and mapping.custom and display.tab:
            body: Body = {"customObject": True, "motif": display.tab}
            yield generated(f"tabs/{mapping.salesforce}.tab-meta.xml", MetadataXml("CustomTab", body))
    for mapping, display in paged_objects(spec):
        path = f"flexipages/{record_page(spec, mapping)}.flexipage-meta.xml"
        yield generated(path, MetadataXml("FlexiPage", page_body(spec, mapping, display)))
    if shown.app:
        yield generated(
            f"applications/{shown.app}.app-meta.xml", MetadataXml("CustomApplication", app_body(spec, shown))
        )


def find_object(spec: Spec, name: str) -> ObjectMapping | None:
    return next((mapping for mapping in spec.objects if mapping.name == name), None)


def paged_objects(spec: Spec) -> list[tuple[ObjectMapping, Display]]:
    """The objects with a record page: those with a panel whose records the CLM writes."""
    displays = spec.presentation.displays if spec.presentation else ()
    found = ((find_object(spec, display.object), display) for display in displays if display.panel)
    return [(mapping, display) for mapping, display in found if mapping is not None and is_guarded(mapping)]


def tab_names(spec: Spec) -> dict[str, str]:
    """The tab of every object that has one, by the object's name in the spec."""
    displays = spec.presentation.displays if spec.presentation else ()
    tabs = {display.object for display in displays if display.tab}
    return {
        mapping.name: mapping.salesforce if mapping.custom else f"standard-{mapping.salesforce}"
        for mapping in spec.objects
        if not mapping.custom or mapping.name in tabs
    }


def app_body(spec: Spec, shown: Presentation) -> Body:
    """The app: its tabs, and the pages of the records that its users open."""
    tabs = tab_names(spec)
    named = (name if is_foreign(name) else tabs.get(name) for name in shown.tabs)
    return {
        "actionOverrides": [_page_override(spec, mapping) for mapping, _ in paged_objects(spec)],
        "description": described(spec, shown.app_description),
        "formFactors": ["Large", "Small"],
        "isNavAutoTempTabsDisabled": not shown.temporary_tabs,
        "isNavPersonalizationDisabled": not shown.personalization,
        "isNavTabPersistenceDisabled": not shown.tabs_reopen,
        "label": shown.app_label,
        "navType": shown.navigation.capitalize(),
        "tabs": [*filter(None, named), *(() if shown.tabs_only else STANDARD_TABS)],
        "uiType": "Lightning",
    }


def _page_override(spec: Spec, mapping: ObjectMapping) -> Body:
    return {
        "actionName": "View",
        "content": record_page(spec, mapping),
        "formFactor": "Large",
        "pageOrSobjectType": mapping.salesforce,
        "skipRecordTypeSelect": False,
        "type": "Flexipage",
    }


def page_body(spec: Spec, mapping: ObjectMapping, display: Display) -> Body:
    """Highlights on top, the CLM's panel and the layout's details below, related lists beside, unless the spec orders them."""
    left, right = panel_columns(display)
    page, form = display.page, display.panel_form
    regions = [
        _region(name, [_panel(spec, mapping) if one == PANEL else _component(WORDS.get(one, one)) for one in items])
        for name, items in (("header", page.header), ("main", page.main), ("sidebar", page.sidebar))
        if items
    ]
    facets = [
        _facet("left", (_field(mapping, name, form) for name in left)),
        _facet("right", (_field(mapping, name, form) for name in right)),
        _facet("columns", (_column(name) for name in ("left", "right"))),
    ]
    return {
        "flexiPageRegions": [*regions[:1], *facets, *regions[1:]],
        "masterLabel": page.label or usual_title(spec, mapping),
        "sobjectType": mapping.salesforce,
        "template": {"name": TEMPLATE},
        "type": "RecordPage",
    }


def usual_title(spec: Spec, mapping: ObjectMapping) -> str:
    """What administrators see of a page about whose label the spec says nothing."""
    return f"{spec.prefix} {mapping.label} Record Page"


PANEL = "panel"
WORDS = {
    "highlights": "force:highlightsPanel",
    "details": "force:detailPanel",
    "related": "force:relatedListContainer",
}
"""The language's words for what every record page has; any other component has Salesforce's own name."""


def panel_columns(display: Display) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields of the panel, left and right."""
    fields, right = display.panel[:MOST_PANEL_FIELDS], display.panel_form.right
    half = (len(fields) + 1) // 2
    return (fields[:half], fields[half:]) if right is None else (fields, right)


def _region(name: str, items: list[Body], kind: str = "Region") -> Body:
    return {"itemInstances": items, "name": name, "type": kind}


def _facet(name: str, items: Iterable[Body]) -> Body:
    return _region(f"Facet-clm-{name}", list(items), "Facet")


def _component(name: str) -> Body:
    return {"componentInstance": {"componentName": name, "identifier": name.replace(":", "_")}}


def _instance(name: str, properties: Iterable[tuple[str, str]], identifier: str) -> dict[str, Value]:
    rows = [{"name": key, "value": value} for key, value in properties]
    return {"componentInstanceProperties": rows, "componentName": name, "identifier": identifier}


def _column(name: str) -> Body:
    instance = _instance("flexipage:column", [("body", f"Facet-clm-{name}")], f"flexipage_column_{name}")
    return {"componentInstance": instance}


def _panel(spec: Spec, mapping: ObjectMapping) -> Body:
    """A field section that shows only on records that the CLM knows."""
    properties = (("columns", "Facet-clm-columns"), ("horizontalAlignment", "false"), ("label", f"{spec.prefix} Panel"))
    known: Body = {"leftValue": f"{{!Record.{mapping.key.salesforce}}}", "operator": "NE"}
    return {
        "componentInstance": {
            **_instance("flexipage:fieldSection", properties, "clm_panel"),
            "visibilityRule": {"criteria": [known]},
        }
    }


PANEL_WORDS = ("required", "readonly", "none")


def _field(mapping: ObjectMapping, name: str, form: Form) -> Body:
    field = next((field for field in mapping.columns if field.name == name), None)
    api_name = field.salesforce if field else name
    instance: Body = {
        "fieldInstanceProperties": [{"name": "uiBehavior", "value": chosen(form, name, PANEL_WORDS, usual_use(field))}],
        "fieldItem": f"Record.{api_name}",
        "identifier": f"Record{pascal(api_name)}Field",
    }
    return {"fieldInstance": instance}


def usual_use(field: FieldMapping | None) -> str:
    """What the panel lets people do with a field about which the spec says nothing."""
    return "none" if field is not None and field.editors else "readonly"
