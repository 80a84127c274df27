"""What people see: app, tabs, layouts, the record page's panel, list views and reports.

Field names are those of the spec; a name that is not (`is_foreign`) is Salesforce's own, for what the spec does not map.
"""

from __future__ import annotations

import re

import msgspec

from clmkit.mapping.model.fields import Condition

EMPTY_PLACE = "_"
"""Stands for no field: the place on the page stays empty."""
_FOREIGN = re.compile("[A-Z.:-]|__c$|^_$")


def is_foreign(name: str) -> bool:
    """Whether it is a column, field, tab or component by Salesforce's own name, or an empty place."""
    return bool(_FOREIGN.search(name))


class Form(msgspec.Struct, frozen=True, kw_only=True):
    """How fields are placed in two columns, and what may be done with them there."""

    right: tuple[str, ...] | None = None  # None: the second half of the fields
    required: tuple[str, ...] = ()
    read_only: tuple[str, ...] = ()
    editable: tuple[str, ...] = ()


class Section(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    columns: int  # 1 or 2
    fields: tuple[str, ...]  # of the first column alone where the form says what is right of it
    form: Form = Form()
    tab_order: str = "across"
    heading: str = "always"

    @property
    def placed(self) -> tuple[str, ...]:
        """Everything on it."""
        return (*self.fields, *(self.form.right or ()))


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter in Salesforce's words."""

    field: str  # API name, or a column's own
    operation: str
    value: str


class ListView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    developer_name: str
    label: str
    columns: tuple[str, ...]
    where: tuple[Condition, ...]  # conditions name API names
    only: bool = False  # the record's name does not lead the columns
    filters: tuple[Filter, ...] = ()
    logic: str = ""
    scope: str = "Everything"
    shared_with: tuple[tuple[str, tuple[str, ...]], ...] = ()


class RelatedList(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    columns: tuple[str, ...]
    sort_by: str
    descending: bool


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The record page's regions; empty: as every page has it."""

    label: str = ""
    header: tuple[str, ...] = ("highlights",)
    main: tuple[str, ...] = ("panel", "details")
    sidebar: tuple[str, ...] = ("related",)


class Display(msgspec.Struct, frozen=True, kw_only=True):
    """How one object is shown."""

    object: str  # name of the object mapping
    sections: tuple[Section, ...]
    panel: tuple[str, ...]  # the CLM panel of the record page
    compact: tuple[str, ...]  # the compact layout: at most ten
    list_views: tuple[ListView, ...]
    tab: str  # motif of a custom object's tab; "" for none
    related: tuple[str, ...]  # names of the object mappings shown as related lists
    layout: str = ""  # name of the page layout; "" for the object's label and "Layout"
    hidden: tuple[str, ...] = ()
    panel_form: Form = Form()
    page: Page = Page()
    compact_only: bool = False
    related_lists: tuple[RelatedList, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    developer_name: str
    label: str
    object: str  # name of the object mapping
    columns: tuple[str, ...]
    group_by: str  # "" for a plain list
    total: str  # a number field that is summed; "" counts records
    where: tuple[Condition, ...]
    only: bool = False
    then_by: tuple[str, ...] = ()
    dates_by: str = "Day"
    filters: tuple[Filter, ...] = ()
    logic: str = ""
    scope: str = "organization"
    details: bool = False
    sort_by: str = ""
    descending: bool = False


class Presentation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it, defaults applied: a spec without a `presentation` section has one, too."""

    app: str  # DeveloperName; "" for no app
    app_label: str
    app_description: str
    tabs: tuple[str, ...]  # names of object mappings, in the order of the app's navigation
    displays: tuple[Display, ...]
    reports: tuple[Report, ...]
    tabs_only: bool = False  # reports and dashboards do not end the tabs
    navigation: str = "standard"
    personalization: bool = True
    temporary_tabs: bool = True
    tabs_reopen: bool = True
