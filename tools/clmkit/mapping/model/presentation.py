"""What people see: app, tabs, layouts, the record page's panel, list views and reports. Field names are those of the spec."""

from __future__ import annotations

import msgspec

from clmkit.mapping.model.fields import Condition


class Section(msgspec.Struct, frozen=True, kw_only=True):
    label: str
    columns: int  # 1 or 2
    fields: tuple[str, ...]


class ListView(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    developer_name: str
    label: str
    columns: tuple[str, ...]
    where: tuple[Condition, ...]  # conditions name API names


class Display(msgspec.Struct, frozen=True, kw_only=True):
    """How one object is shown."""

    object: str  # name of the object mapping
    sections: tuple[Section, ...]
    panel: tuple[str, ...]  # the CLM panel of the record page
    compact: tuple[str, ...]  # the compact layout: at most ten
    list_views: tuple[ListView, ...]
    tab: str  # motif of a custom object's tab; "" for none
    related: tuple[str, ...]  # names of the object mappings shown as related lists


class Report(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    developer_name: str
    label: str
    object: str  # name of the object mapping
    columns: tuple[str, ...]
    group_by: str  # "" for a plain list
    total: str  # a number field that is summed; "" counts records
    where: tuple[Condition, ...]


class Presentation(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it, defaults applied: a spec without a `presentation` section has one, too."""

    app: str  # DeveloperName; "" for no app
    app_label: str
    app_description: str
    tabs: tuple[str, ...]  # names of object mappings, in the order of the app's navigation
    displays: tuple[Display, ...]
    reports: tuple[Report, ...]
