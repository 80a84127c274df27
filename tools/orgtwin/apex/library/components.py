"""Visualforce components that Apex makes: values with attributes, expressions, facets and children. Nothing is rendered.

    new Component.Apex.OutputPanel(layout = 'block')      any attribute, by name, in the constructor or as a property

Source: "Dynamic Visualforce Components" (Visualforce Developer Guide), "Component Class", "Action Class" (Apex Reference Guide).
ASSUMED: which attributes a component has, and whether a component of the org exists, is not checked; an attribute is an Object, but
for `id` and `rendered`; one that was not set is null.
"""

from __future__ import annotations

from collections.abc import Iterator

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Variable
from orgtwin.apex.heap import Holder
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, Refusing, declare, system_class, type_of
from orgtwin.apex.types import BOOLEAN, OBJECT, STRING, Type
from orgtwin.apex.values import ApexList, Value

_SPACE = "Component"
STANDARD = frozenset(
    (
        "actionfunction", "actionpoller", "actionregion", "actionstatus", "actionsupport", "areaseries", "axis", "barseries",
        "canvasapp", "chart", "chartlabel", "charttips", "column", "commandbutton", "commandlink", "datalist", "datatable",
        "detail", "emailpublisher", "enhancedlist", "facet", "flash", "form", "gaugeseries", "iframe", "image",
        "includelightning", "includescript", "inlineeditsupport", "input", "inputcheckbox", "inputfield", "inputfile",
        "inputhidden", "inputsecret", "inputtext", "inputtextarea", "legend", "lineseries", "listviews", "logcallpublisher",
        "map", "mapmarker", "message", "messages", "milestonetracker", "outputfield", "outputlabel", "outputlink",
        "outputpanel", "outputtext", "page", "pageblock", "pageblockbuttons", "pageblocksection", "pageblocksectionitem",
        "pageblocktable", "pagemessage", "pagemessages", "panelbar", "panelbaritem", "panelgrid", "panelgroup", "pieseries",
        "radarseries", "relatedlist", "remoteobjectfield", "remoteobjectmodel", "remoteobjects", "repeat", "scatterseries",
        "scontrol", "sectionheader", "selectcheckboxes", "selectlist", "selectoption", "selectoptions", "selectradio", "slds",
        "stylesheet", "tab", "tabpanel", "toolbar", "toolbargroup", "vote",
    )
)  # fmt: skip
"""Standard components that Apex may make. Source: "Standard Component Reference", without those that "Dynamic Components
Restrictions" takes out (Visualforce Developer Guide)."""
_TYPED = {"id": STRING, "rendered": BOOLEAN}


class OpenClass(ApexClass):
    """A class whose objects have a property of any name."""

    def find_field(self, name: str) -> Variable | None:
        found = super().find_field(name)
        if found is None:
            add_property(self, name, _TYPED.get(name.lower(), OBJECT))
            found = self.variables[name.lower()]
        return found

    def find_variable(self, name: str) -> Variable | None:
        return self.find_field(name)


class Attributes(Properties, Holder):
    """The attributes of a component, or its expressions or facets."""

    __slots__ = ()

    def held_values(self) -> Iterator[Value]:
        return iter(list(self.values.values()))


def _open_class(name: str, namespace: str, superclass: ApexClass | None = None) -> OpenClass:
    """An open class in place of the one that `declare` would make."""
    declare(name, namespace=namespace)
    key = f"{namespace}.{name}".lower()
    cls = OpenClass(name, namespace=namespace, superclass=superclass)
    cls.type.kind = SYSTEM_CLASSES[key].type.kind
    cls.type.name = f"{namespace}.{name}"
    SYSTEM_CLASSES[key] = cls
    return cls


COMPONENT = _open_class("Component", "ApexPages")
_EXPRESSIONS = _open_class("ComponentExpressions", "Component")
_FACETS = _open_class("ComponentFacets", "Component")


def make_component(type_: Type) -> Attributes:
    """A component without attributes."""
    made = Attributes(type_)
    made.values["childcomponents"] = ApexList(type_of("List<ApexPages.Component>"), [])
    made.values["expressions"] = Attributes(_EXPRESSIONS.type)
    made.values["facets"] = Attributes(_FACETS.type)
    return made


def _find(this: Attributes, wanted: str | None) -> Attributes | None:
    """Among its children and theirs, by id."""
    waiting: list[Attributes] = list(this.values["childcomponents"].items)
    while waiting:
        one = waiting.pop(0)
        if wanted is not None and one.values.get("id") == wanted:
            return one
        waiting += one.values["childcomponents"].items
        context.spend(1)
    return None


system_class("Component", {"ApexPages.Component getComponentById(String)": _find}, namespace="ApexPages")
COMPONENT.abstract = True
add_property(COMPONENT, "childComponents", type_of("List<ApexPages.Component>"))
add_property(COMPONENT, "expressions", _EXPRESSIONS.type)
add_property(COMPONENT, "facets", _FACETS.type)


def find_component_class(key: str) -> ApexClass | None:
    """Component.Apex.OutputPanel, Component.c.Mine, Component.Mine, in any case."""
    if not key.startswith("component.") or key.count(".") > 2:
        return None
    space, _, name = key.removeprefix("component.").rpartition(".")
    if not name or (space == "apex" and name not in STANDARD):
        return None
    shown = name if space == "c" else key.removeprefix("component.")  # c is the org itself
    found = SYSTEM_CLASSES.get(f"component.{shown}")
    if found is None:
        found = _open_class(shown, _SPACE, COMPONENT)
        cls = found
        system_class(
            shown, {}, namespace=_SPACE, constructors={"()": lambda: make_component(cls.type)}, extends=COMPONENT
        )
    return found


# Actions


def _action(expression: str | None) -> Properties:
    made = Properties(declare("Action", namespace="ApexPages").type)
    made.values["expression"] = expression
    return made


_invoke = Refusing("ApexPages.Action.invoke", "an action of a page that is not rendered")
system_class(
    "Action",
    {"String getExpression()": lambda this: this.values["expression"], "PageReference invoke()": _invoke},
    namespace="ApexPages",
    constructors={"(String)": _action},
)
