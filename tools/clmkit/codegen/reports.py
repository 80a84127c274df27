"""Report types, reports and the dashboard over what the CLM writes.

Everything lies in one folder of the prefix's name, readable by all internal users; rows and columns follow the reader's own rights,
because the dashboard runs as whoever looks at it. Sources: Metadata API Developer Guide, "ReportType", "Report", "Dashboard".
"""

from __future__ import annotations

from collections.abc import Iterator

from clmkit.codegen.conditions import filter_item
from clmkit.codegen.layouts import NAME_FIELDS
from clmkit.codegen.names import described, report_folder, report_type
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import FieldKind, FieldMapping, ObjectMapping, Report, Spec, is_foreign
from clmkit.mapping.showing import is_reported

# Components that a dashboard may have. Source: Salesforce Help, "Dashboard Limits".
MOST_COMPONENTS = 20
DESCRIPTION_LIMIT = 255


def plan_reports(spec: Spec) -> Iterator[PlannedFile]:
    """One report type per reported object, the reports, a dashboard; nothing when the spec asks for no report."""
    reports = spec.presentation.reports if spec.presentation else ()
    known = {mapping.name: mapping for mapping in spec.objects}
    reports = tuple(report for report in reports if report.object in known)
    if not reports:
        return
    folder = report_folder(spec)
    for name in dict.fromkeys(report.object for report in reports):
        path = f"reportTypes/{report_type(spec, known[name])}.reportType-meta.xml"
        yield generated(path, MetadataXml("ReportType", report_type_body(spec, known[name])))
    yield generated(f"reports/{folder}.reportFolder-meta.xml", MetadataXml("ReportFolder", _folder(spec)))
    yield generated(f"dashboards/{folder}.dashboardFolder-meta.xml", MetadataXml("DashboardFolder", _folder(spec)))
    for report in reports:
        path = f"reports/{folder}/{report.developer_name}.report-meta.xml"
        yield generated(path, MetadataXml("Report", report_body(spec, known[report.object], report)))
    path = f"dashboards/{folder}/{folder}_Contracts.dashboard-meta.xml"
    yield generated(path, MetadataXml("Dashboard", dashboard_body(spec, reports)))


def _folder(spec: Spec) -> Body:
    everybody = {"accessLevel": "View", "sharedTo": "AllInternalUsers", "sharedToType": "Organization"}
    return {"folderShares": [everybody], "name": f"{spec.prefix} Contracts"}


def _master(mapping: ObjectMapping) -> FieldMapping | None:
    return next((field for field in mapping.parents if field.type.kind is FieldKind.MASTER_DETAIL), None)


def table_of(mapping: ObjectMapping) -> str:
    """The object as its report type calls it: itself, or the way to it from its master."""
    master = _master(mapping)
    return f"{master.type.reference_to}.{master.type.relationship}__r" if master else mapping.salesforce


def reportable(mapping: ObjectMapping) -> list[str]:
    """The name and every field that reports can show."""
    name = NAME_FIELDS.get(mapping.salesforce, "Name")
    fields = [field.salesforce for field in mapping.columns if is_reported(field)]
    return list(dict.fromkeys([name, *fields]))


def report_type_body(spec: Spec, mapping: ObjectMapping) -> Body:
    """The object alone, or its master with it: whose rows it lists follows from the parent's sharing."""
    master = _master(mapping)
    base = master.type.reference_to if master else mapping.salesforce
    sections = [_section(mapping, table_of(mapping))]
    body: dict[str, Value] = {
        "baseObject": base,
        "category": "other",
        "deployed": True,
        "description": described(spec, f"{mapping.plural_label} as the CLM keeps them.", DESCRIPTION_LIMIT),
        "label": f"{spec.prefix} {mapping.plural_label}",
    }
    if master:
        body["join"] = {"outerJoin": False, "relationship": f"{master.type.relationship}__r"}
        above = spec.find_object_of(base)
        sections = [*([_section(above, base)] if above else []), *sections]
    return {**body, "sections": sections}


def _section(mapping: ObjectMapping, table: str) -> Body:
    columns: list[Body] = [{"checkedByDefault": False, "field": name, "table": table} for name in reportable(mapping)]
    return {"columns": columns, "masterLabel": mapping.plural_label}


def report_body(spec: Spec, mapping: ObjectMapping, report: Report) -> Body:
    """A list, or a summary by one field."""
    table = table_of(mapping)
    listed = reportable(mapping)
    total = mapping.get_field(report.total).salesforce if report.total else ""
    grouped = [_api_name(mapping, name) for name in (report.group_by, *report.then_by) if name]
    led = [] if report.only else [NAME_FIELDS.get(mapping.salesforce, "Name")]
    foreign = {name for name in report.columns if is_foreign(name)}
    names = [*led, *(_api_name(mapping, name) for name in report.columns), total]
    columns = [name for name in dict.fromkeys(names) if name in {*listed, *foreign} and name not in grouped]
    body: dict[str, Value] = {
        "columns": [_report_column(f"{table}${name}", is_summed=name == total) for name in columns],
        "description": described(spec, "", DESCRIPTION_LIMIT),
        "format": "Summary" if grouped else "Tabular",
        "name": report.label,
        "params": [{"name": "co", "value": "0"}],
        "reportType": f"{report_type(spec, mapping)}__c",
        "scope": report.scope,
        "showDetails": report.details,
        "showGrandTotal": True,
        "showSubTotals": True,
    }
    if grouped:
        body["groupingsDown"] = [
            {"dateGranularity": report.dates_by, "field": f"{table}${name}", "sortOrder": "Asc"} for name in grouped
        ]
    if report.sort_by:
        body["sortColumn"] = f"{table}${_api_name(mapping, report.sort_by)}"
        body["sortOrder"] = "Desc" if report.descending else "Asc"
    if report.where or report.filters:
        body["filter"] = _filter(report, table)
    return body


def _filter(report: Report, table: str) -> Body:
    items: list[dict[str, str]] = [
        filter_item(condition, lambda name: f"{table}${name}", "column") for condition in report.where
    ]
    for one in report.filters:
        item = {"column": f"{table}${one.field}", "operator": one.operation}
        items.append({**item, "value": one.value} if one.value else item)
    body: dict[str, Value] = {
        "criteriaItems": [{**item, "columnToColumn": False, "isUnlocked": True} for item in items]
    }
    return {**body, "booleanFilter": report.logic} if report.logic else body


def _api_name(mapping: ObjectMapping, name: str) -> str:
    return name if is_foreign(name) else mapping.get_field(name).salesforce


def _report_column(field: str, *, is_summed: bool) -> Body:
    return {"aggregateTypes": ["Sum"], "field": field} if is_summed else {"field": field}


def dashboard_body(spec: Spec, reports: tuple[Report, ...]) -> Body:
    """A component per report: a chart of a summary, the count of a list."""
    shown = [_component(spec, report) for report in reports[:MOST_COMPONENTS]]
    half = (len(shown) + 1) // 2
    return {
        "backgroundEndColor": "#FFFFFF",
        "backgroundFadeDirection": "Diagonal",
        "backgroundStartColor": "#FFFFFF",
        "dashboardType": "LoggedInUser",
        "description": described(spec, "", DESCRIPTION_LIMIT),
        "isGridLayout": False,
        "leftSection": {"columnSize": "Medium", "components": shown[:half]},
        "rightSection": {"columnSize": "Medium", "components": shown[half:]}
        if shown[half:]
        else {"columnSize": "Medium"},
        "textColor": "#000000",
        "title": f"{spec.prefix} Contracts",
        "titleColor": "#000000",
        "titleSize": 12,
    }


def _component(spec: Spec, report: Report) -> Body:
    common: Body = {"header": report.label, "report": f"{report_folder(spec)}/{report.developer_name}"}
    if not report.group_by:
        return {
            **common,
            "componentType": "Metric",
            "indicatorHighColor": "#54C254",
            "indicatorLowColor": "#C25454",
            "indicatorMiddleColor": "#D9C636",
            "metricLabel": report.label,
        }
    return {
        **common,
        "autoselectColumnsFromReport": True,
        "chartAxisRange": "Auto",
        "componentType": "Bar",
        "displayUnits": "Auto",
        "drillEnabled": False,
        "drillToDetailEnabled": True,
        "enableHover": True,
        "expandOthers": False,
        "legendPosition": "Bottom",
        "showPercentage": False,
        "showPicturesOnCharts": False,
        "showValues": True,
        "sortBy": "RowLabelAscending",
        "useReportChart": False,
    }
