"""What people change of pages, lists, reports and the app in Setup is written into `presentation`, in its place alone."""

from __future__ import annotations

import difflib

import pytest
from tests.clmkit.release.setup_edits import (
    Change,
    adds,
    component_change,
    drops,
    inserts,
    sets,
    turns_round,
    within,
)
from tests.clmkit.release.test_adopt import PARTY, WHOLE

from clmkit.release.adopt import adopt
from clmkit.release.components import Key
from clmkit.release.judge_pages import judge_page
from clmkit.release.spec_edit import AdoptError

RENEWING, LINES = Key("ListView", "Contract.SUB_Renewing"), Key("ListView", "SUB_Line__c.SUB_All")
BY_PLAN, BY_STATUS = Key("Report", "SUB/SUB_Arr_By_Plan"), Key("Report", "SUB/SUB_By_Status")
APP, TAB = Key("CustomApplication", "SUB_Contracts"), Key("CustomTab", "SUB_Line__c")
COMPACT, LINE_COMPACT = Key("CompactLayout", "Contract.SUB_Compact"), Key("CompactLayout", "SUB_Line__c.SUB_Compact")
LAYOUT, PAGE = Key("Layout", "SUB_Line__c-Subscription Line Layout"), Key("FlexiPage", "SUB_Subscription_Record_Page")
TITLE, LINE = Key("CustomField", "Contract.SUB_Title__c"), Key("CustomObject", "SUB_Line__c")


def filter_item(field: str, operation: str, value: str) -> dict[str, str]:
    return {"field": field, "operation": operation, "value": value}


def layout_item(field: str, behavior: str = "Edit") -> dict[str, str]:
    return {"behavior": behavior, "field": field}


def layout_section(label: str, style: str, *columns: list[dict[str, str]]) -> dict[str, object]:
    seen = {"customLabel": "true", "detailHeading": "true", "editHeading": "true"}
    return {**seen, "label": label, "layoutColumns": [{"layoutItems": one} for one in columns], "style": style}


def panel_item(field: str, behaviour: str) -> dict[str, object]:
    use = {"name": "uiBehavior", "value": behaviour}
    return {"fieldInstance": {"fieldInstanceProperties": use, "fieldItem": f"Record.{field}", "identifier": field}}


ACTIVITIES = {"componentInstance": {"componentName": "runtime_sales_activities:activityPanel", "identifier": "a"}}
VIEW = "        renewing: {label: Renewing in 120 days, columns: %s, where: %s}"
AS_WRITTEN, SOON = "[title, end_date, arr]", "[{field: end_date, within_next: 120}]"
ABOUT = "label: ARR by plan, object: subscription, columns: [title, arr%s], group_by: plan, total: arr"
REPORT = f"    arr_by_plan: {{{ABOUT}%s}}"
SHOWN = "  app: {label: Subscriptions, description: Subscriptions and what they bring., objects: %s}"
GROUPS = [
    {"dateGranularity": "Month", "field": f"Contract${one}", "sortOrder": "Asc"} for one in ("SUB_Plan__c", "Status")
]

CASES: dict[str, tuple[Key, Change, str, list[str]]] = {
    "a column": (
        RENEWING, adds("columns", "SUB_Plan__c", "CREATED_DATE"), "page_widened",
        [VIEW % ("[title, end_date, arr, plan, CREATED_DATE]", SOON)],
    ),
    "columns in another order, the name not first": (
        RENEWING, turns_round("columns"), "page_arranged",
        [VIEW % ("{only: [arr, end_date, title, CONTRACT.CONTRACT_NUMBER]}", SOON)],
    ),
    "a column less": (
        RENEWING, drops("columns", 1), "page_narrowed", [VIEW % ("[end_date, arr]", SOON)],
    ),
    "another filter": (
        RENEWING, sets(filters=filter_item("CONTRACT.END_DATE", "equals", "NEXT_N_DAYS:60")), "list_filtered",
        [VIEW % (AS_WRITTEN, "[{field: end_date, within_next: 60}]")],
    ),
    "two filters of one field, joined by or": (
        RENEWING,
        sets(
            filters=[filter_item("SUB_ARR__c", "lessThan", "5"), filter_item("SUB_ARR__c", "greaterThan", "1000")],
            booleanFilter="1 OR 2",
        ),
        "list_filtered",
        [VIEW % (AS_WRITTEN, "[{field: arr, below: 5}, {field: arr, over: 1000}], logic: 1 OR 2")],
    ),
    "a filter that conditions have no word for": (
        RENEWING, adds("filters", filter_item("SUB_Title__c", "contains", "frame")), "list_filtered",
        [VIEW % (AS_WRITTEN, f"{SOON}, filters: [{{field: title, operation: contains, value: frame}}]")],
    ),
    "own records, for a group": (
        RENEWING, sets(filterScope="Mine", sharedTo={"group": ["Sales", "Legal"]}), "list_filtered",
        [VIEW % (AS_WRITTEN, f"{SOON}, scope: Mine, shared_with: {{group: [Sales, Legal]}}")],
    ),
    "a list view that nobody wrote": (
        LINES, adds("columns", "SUB_Id__c"), "page_widened",
        ["    line:", "      list_views:", "        all:", "          label: 'SUB: all Subscription Lines'",
         "          columns: [contract, product, quantity, amount, key]",
         "          where: [{field: key, not_one_of: ['']}]"],
    ),
    "a report's column": (
        BY_PLAN, adds("columns", {"field": "Contract$SUB_Renews__c"}), "page_widened", [REPORT % (", renews", "")],
    ),
    "a report's groups and order": (
        BY_PLAN,
        sets(groupingsDown=GROUPS, sortColumn="Contract$SUB_Title__c", sortOrder="Desc", showDetails="true"),
        "report_counts_otherwise",
        [REPORT % ("", ", dates_by: Month, then_by: [status], details: true, sort_by: title, descending: true")],
    ),
    "a report that nobody wrote": (
        BY_STATUS, drops("columns", 2), "page_narrowed",
        ["    by_status:", "      label: Contracts by status", "      object: subscription",
         "      columns: [account, renews, plan, start_date, end_date, end_date_flag, total_value]",
         "      group_by: status", "      total: total_value"],
    ),
    "a tab": (APP, inserts("tabs", 0, "standard-home"), "page_widened", [SHOWN % "[standard-home, subscription]"]),
    "tabs without reports and dashboards": (
        APP, sets(tabs=["standard-Contract", "SUB_Line__c"]), "tab_dropped", [SHOWN % "{only: [subscription, line]}"],
    ),
    "a console": (
        APP, sets(navType="Console", isNavPersonalizationDisabled="true"), "page_arranged",
        [SHOWN % "[subscription], navigation: console, personalization: false"],
    ),
    "a tab's motif": (TAB, sets(motif="Custom20: Airplane"), "page_arranged", ["    line: {tab: 'Custom20: Airplane'}"]),
    "a compact layout's order": (
        LINE_COMPACT, turns_round("fields"), "page_arranged",
        ["    line: {compact: {only: [amount, quantity, product, contract, Name]}}"],
    ),
    "a field less in the compact layout": (
        COMPACT, drops("fields", 5), "page_narrowed", ["      compact: [account, renews, title, plan]"],
    ),
    "a section, and fields in it": (
        LAYOUT,
        inserts(
            "layoutSections", 1,
            layout_section("Money: all", "TwoColumnsTopToBottom",
                           [layout_item("SUB_Id__c", "Required"), {"emptySpace": "true"}],
                           [layout_item("CreatedById", "Readonly")]),
        ),
        "page_widened",
        ["    line:", "      sections:", "        'Money: all': {fields: [key, _, CreatedById], tab_order: down, required: [key]}",
         "        Subscription Line (SUB): {fields: [contract, product, quantity, amount]}",
         "        Synchronisation: {fields: [key]}"],
    ),
    "a field moved to the other column": (
        LAYOUT,
        within("layoutSections", 1, sets(layoutColumns=[
            {"layoutItems": layout_item("Contract__c", "Required")},
            {"layoutItems": [layout_item(f"{one}__c", "Readonly") for one in ("Quantity", "Amount", "Product")]},
        ])),
        "page_arranged",
        ["    line: {sections: {Subscription Line (SUB): {fields: [contract], right: [quantity, amount, product]}}}"],
    ),
    "a section less": (LAYOUT, drops("layoutSections", 2), "page_narrowed", ["    line: {hidden: [key]}"]),
    "a related list": (
        LAYOUT, sets(relatedLists={"fields": ["Name"], "relatedList": "Audit__c.Line__c"}), "page_widened",
        ["    line: {related: [Audit__c.Line__c], related_lists: {Audit__c.Line__c: {columns: [Name]}}}"],
    ),
    "details above the panel": (
        PAGE, within("flexiPageRegions", 4, turns_round("itemInstances")), "page_arranged",
        ["      page: {main: [details, panel]}"],
    ),
    "the panel's order": (
        PAGE, within("flexiPageRegions", 1, turns_round("itemInstances")), "page_arranged",
        ["      panel: [end_date, status, days_left, arr]"],
    ),
    "a field in the panel, a component beside it": (
        PAGE,
        lambda body: (
            within("flexiPageRegions", 1, adds("itemInstances", panel_item("SUB_Plan__c", "none")))(body),
            within("flexiPageRegions", 5, adds("itemInstances", ACTIVITIES))(body),
        )[0],
        "page_widened",
        ["      panel: {fields: [status, end_date, plan, days_left, arr], editable: [plan]}",
         "      page: {sidebar: [related, 'runtime_sales_activities:activityPanel']}"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_edit_in_setup_is_written_into_the_presentation(case: str) -> None:
    """`adopt` itself makes sure that the mapping then asks for exactly what the org holds."""
    key, change, _, lines = CASES[case]
    text, spec, _ = WHOLE["saas"]()
    found = adopt(text, "saas.yml", spec, [component_change("saas", key, change)])
    told = list(difflib.ndiff(text.splitlines(), found.text.splitlines()))
    assert [line[2:] for line in told if line.startswith("+ ")] == lines
    assert sum(line.startswith("- ") for line in told) <= 1


@pytest.mark.parametrize("case", CASES)
def test_an_edit_in_setup_is_told_by_what_it_takes_from_people(case: str) -> None:
    key, change, kind, _ = CASES[case]
    told = judge_page(component_change("saas", key, change))
    assert (told.kind, told.subject) == (kind, str(key))
    assert told.after


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("a column", "columns: + SUB_Plan__c + CREATED_DATE"),
        ("another filter", "filters[CONTRACT.END_DATE].value: NEXT_N_DAYS:120 -> NEXT_N_DAYS:60"),
        ("tabs without reports and dashboards", "tabs: + SUB_Line__c - standard-report - standard-Dashboard"),
        ("details above the panel", "flexiPageRegions[main].itemInstances: order force:detailPanel, flexipage:fieldSection"),
        ("a section less",
         "layoutSections[Synchronisation].layoutColumns[#1].layoutItems: - SUB_Id__c; layoutSections: - Synchronisation"),
    ],
)  # fmt: skip
def test_an_edit_in_setup_is_told_with_what_came_went_or_moved(case: str, words: str) -> None:
    key, change, _, _ = CASES[case]
    assert judge_page(component_change("saas", key, change)).after == words


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        (
            BY_STATUS, sets(chart={"size": "Medium"}),
            "Report SUB/SUB_By_Status: the mapping has no word for `chart.size`; revert it, or accept it until a day",
        ),
        (
            APP, sets(brand={"headerColor": "#000000"}),
            "CustomApplication SUB_Contracts: the mapping has no word for `brand.headerColor`; revert it, or accept it until a day",
        ),
        (
            RENEWING, sets(label="Soon", language="de"),
            "ListView Contract.SUB_Renewing: language would still differ from the org; nothing was written",
        ),
        (
            PAGE, adds("flexiPageRegions", {"name": "footer", "type": "Region"}),
            "FlexiPage SUB_Subscription_Record_Page: the mapping has no word for `flexiPageRegions[footer].name`, "
            "`flexiPageRegions[footer].type`; revert it, or accept it until a day",
        ),
        (
            TITLE, sets(complianceGroup="PersonalInfo"),
            "CustomField Contract.SUB_Title__c: the mapping has no tag for complianceGroup PersonalInfo; revert it, or accept it "
            "until a day",
        ),
    ],
)  # fmt: skip
def test_what_the_language_has_no_word_for_is_refused_by_its_name(key: Key, change: Change, message: str) -> None:
    text, spec, _ = WHOLE["saas"]()
    with pytest.raises(AdoptError) as caught:
        adopt(text, "saas.yml", spec, [component_change("saas", key, change)])
    assert str(caught.value) == message


def test_a_fields_classification_becomes_its_tags() -> None:
    text, spec, _ = WHOLE["saas"]()
    change = component_change("saas", TITLE, sets(complianceGroup="PII;GDPR", securityClassification="Confidential"))
    (edit,) = adopt(text, "saas.yml", spec, [change]).edits
    assert (edit.path[-2:], edit.value) == (("title", "tags"), ["confidential", "personal", "gdpr"])


@pytest.mark.parametrize(
    ("name", "key", "elements", "paths"),
    [
        (
            "saas", LINE, {"label": "Position"},
            ["objects.line.label", "objects.line.plural_label", "presentation.objects.line", "presentation.objects.line.page",
             "presentation.objects.line.sections"],
        ),
        ("shipped", PARTY, {"pluralLabel": "Sides"}, ["objects.party.plural_label", "presentation"]),
    ],
)  # fmt: skip
def test_an_objects_new_name_leaves_its_pages_as_the_org_has_them(
    name: str, key: Key, elements: dict[str, str], paths: list[str]
) -> None:
    """Layout, record page and list view were named after it, and keep their names."""
    text, spec, _ = WHOLE[name]()
    found = adopt(text, f"{name}.yml", spec, [component_change(name, key, sets(**elements))])
    assert [".".join(edit.path) for edit in found.edits] == paths
