"""The app, its tabs, and the Lightning page of a record with a panel of what the CLM says about it.

The app itself names the page of each object (its action overrides), so that no other app of the org looks different than before.
The panel stands on the page only while the record has a CLM key. Sources: Metadata API Developer Guide, "FlexiPage",
"CustomApplication", "CustomTab"; Salesforce Help, "Dynamic Forms".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from clmkit.codegen.names import described, pascal, record_page
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Display, FieldMapping, ObjectMapping, Presentation, Spec

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
    return {
        "actionOverrides": [_page_override(spec, mapping) for mapping, _ in paged_objects(spec)],
        "description": described(spec, shown.app_description),
        "formFactors": ["Large", "Small"],
        "isNavAutoTempTabsDisabled": False,
        "isNavPersonalizationDisabled": False,
        "isNavTabPersistenceDisabled": False,
        "label": shown.app_label,
        "navType": "Standard",
        "tabs": [*(tabs[name] for name in shown.tabs if name in tabs), *STANDARD_TABS],
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
    """Highlights on top, the CLM's panel and the layout's details below, related lists beside."""
    fields = [mapping.get_field(name) for name in display.panel[:MOST_PANEL_FIELDS]]
    half = (len(fields) + 1) // 2
    return {
        "flexiPageRegions": [
            _region("header", [_component("force:highlightsPanel")]),
            _facet("left", map(_field, fields[:half])),
            _facet("right", map(_field, fields[half:])),
            _facet("columns", (_column(name) for name in ("left", "right"))),
            _region("main", [_panel(spec, mapping), _component("force:detailPanel")]),
            _region("sidebar", [_component("force:relatedListContainer")]),
        ],
        "masterLabel": f"{spec.prefix} {mapping.label} Record Page",
        "sobjectType": mapping.salesforce,
        "template": {"name": TEMPLATE},
        "type": "RecordPage",
    }


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


def _field(field: FieldMapping) -> Body:
    behaviour = "none" if field.editors else "readonly"
    instance: Body = {
        "fieldInstanceProperties": [{"name": "uiBehavior", "value": behaviour}],
        "fieldItem": f"Record.{field.salesforce}",
        "identifier": f"Record{pascal(field.salesforce)}Field",
    }
    return {"fieldInstance": instance}
