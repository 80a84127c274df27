"""Apps and their tabs: `Schema.describeTabs()`.

Sources: "Schema Class", "DescribeTabSetResult Class", "DescribeTabResult Class", "DescribeColorResult Class",
"DescribeIconResult Class" (Apex Reference Guide). ASSUMED: the picture of all apps, the mobile address, getTabEnumOrId.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.records import to_id
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, Value
from orgtwin.metadata.tabs import COLORS, Color, Picture, Tab, TabSet
from orgtwin.records.global_variables import ORIGIN

_SPACE = "Schema"
_LOGO = "/img/seasonLogos/2014_winter_aloha.png"


@dataclass(frozen=True)
class _Described:
    """A result of the describe; `told` is what the org tells."""

    name: str
    told: TabSet | Tab | Color | Picture

    @property
    def apex_type(self) -> Type:
        return declare(self.name, namespace=_SPACE).type


def _listed(name: str, told: Iterable[TabSet | Tab | Color | Picture]) -> ApexList:
    return ApexList(type_of(f"List<{_SPACE}.{name}>"), [_Described(name, one) for one in told])


def _describe_tabs() -> ApexList:
    found = context.engine().port.tab_sets()
    context.spend(sum(1 + len(app.tabs) for app in found))
    return _listed("DescribeTabSetResult", found)


def _address(path: str) -> str:
    return path if "://" in path else f"{ORIGIN}{path}"


def _tab_picture(position: int) -> Value:
    return lambda this: _address(this.told.pictures[position].path)


system_class("Schema", {"static List<Schema.DescribeTabSetResult> describeTabs()": _describe_tabs})
system_class(
    "DescribeTabSetResult",
    {
        "String getDescription()": lambda this: this.told.description,
        "String getLabel()": lambda this: this.told.label,
        "String getLogoUrl()": lambda this: _address(_LOGO),
        "String getNamespace()": lambda this: "",
        "String getTabSetId()": lambda this: to_id(this.told.id),
        "List<Schema.DescribeTabResult> getTabs()": lambda this: _listed("DescribeTabResult", this.told.tabs),
        "Boolean isSelected()": lambda this: this.told.selected,
    },
    namespace=_SPACE,
)
system_class(
    "DescribeTabResult",
    {
        "List<Schema.DescribeColorResult> getColors()": lambda this: _listed("DescribeColorResult", COLORS),
        "List<Schema.DescribeIconResult> getIcons()": lambda this: _listed("DescribeIconResult", this.told.pictures),
        "String getIconUrl()": _tab_picture(0),
        "String getLabel()": lambda this: this.told.label,
        "String getMiniIconUrl()": _tab_picture(1),
        "String getMobileUrl()": lambda this: _address(this.told.path),
        "String getName()": lambda this: this.told.name,
        "String getSobjectName()": lambda this: this.told.sobject_name,
        "String getTabEnumOrId()": lambda this: this.told.name.removeprefix("standard-"),
        "String getUrl()": lambda this: _address(this.told.path),
        "Boolean isCustom()": lambda this: this.told.custom,
    },
    namespace=_SPACE,
)
system_class(
    "DescribeColorResult",
    {
        "String getColor()": lambda this: this.told.color,
        "String getContext()": lambda this: this.told.context,
        "String getTheme()": lambda this: this.told.theme,
    },
    namespace=_SPACE,
)
system_class(
    "DescribeIconResult",
    {
        "String getContentType()": lambda this: this.told.content_type,
        "Integer getHeight()": lambda this: this.told.size,
        "String getTheme()": lambda this: this.told.theme,
        "String getUrl()": lambda this: _address(this.told.path),
        "Integer getWidth()": lambda this: this.told.size,
    },
    namespace=_SPACE,
)
