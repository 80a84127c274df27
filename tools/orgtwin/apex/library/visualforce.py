"""SelectOption and Cookie: what controllers give to pages.

Source: "SelectOption Class", "Cookie Class" (Apex Reference Guide).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.apex.library.signatures import declare, system_class
from orgtwin.apex.types import Type
from orgtwin.apex.values import Value


@dataclass(slots=True, eq=False)
class SelectOption:
    """One choice of a list on a page."""

    value: str | None
    label: str | None
    disabled: bool = False
    escape_item: bool = True

    @property
    def apex_type(self) -> Type:
        return declare("SelectOption").type

    def __gt__(self, other: SelectOption) -> bool:
        """Sorted by value and label. Source: "sort()" (List Class)."""
        return (self.value or "", self.label or "") > (other.value or "", other.label or "")

    def __lt__(self, other: SelectOption) -> bool:
        return other > self

    def __str__(self) -> str:
        """As debug shows it (ASSUMED)."""
        return (
            f'System.SelectOption[value="{self.value}", label="{self.label}", disabled="{str(self.disabled).lower()}"]'
        )


def _writer(name: str) -> Callable[[SelectOption, Value], None]:
    def write(this: SelectOption, value: Value) -> None:
        setattr(this, name, value)

    return write


system_class(
    "SelectOption",
    {
        "String getValue()": lambda this: this.value,
        "String getLabel()": lambda this: this.label,
        "Boolean getDisabled()": lambda this: this.disabled,
        "Boolean getEscapeItem()": lambda this: this.escape_item,
        "void setValue(String)": _writer("value"),
        "void setLabel(String)": _writer("label"),
        "void setDisabled(Boolean)": _writer("disabled"),
        "void setEscapeItem(Boolean)": _writer("escape_item"),
    },
    constructors={"(String,String)": SelectOption, "(String,String,Boolean)": SelectOption},
)


@dataclass(slots=True, eq=False)
class Cookie:
    """One cookie of a page: no domain, and the path / where none is given (ASSUMED)."""

    name: str
    value: str | None
    path: str | None
    max_age: int
    is_secure: bool
    same_site: str | None = None
    is_http_only: bool = False

    @property
    def apex_type(self) -> Type:
        return declare("Cookie").type


system_class(
    "Cookie",
    {
        "String getName()": lambda this: this.name,
        "String getValue()": lambda this: this.value,
        "String getPath()": lambda this: this.path or "/",
        "String getDomain()": lambda this: None,
        "Integer getMaxAge()": lambda this: this.max_age,
        "Boolean isSecure()": lambda this: this.is_secure,
        "String getSameSite()": lambda this: this.same_site,
        "Boolean isHttpOnly()": lambda this: this.is_http_only,
    },
    constructors={
        "(String,String,String,Integer,Boolean)": Cookie,
        "(String,String,String,Integer,Boolean,String)": Cookie,
        "(String,String,String,Integer,Boolean,String,Boolean)": Cookie,
    },
)
