"""DataWeave: the scripts of the org, found by their names. Running one is refused by name: the language is not emulated.

Source: "Implementing DataWeave in Apex" (Apex Developer Guide), "Script Class" (Apex Reference Guide): every script that is
deployed has a class `DataWeaveScriptResource.Name` that extends DataWeave.Script; what goes wrong in DataWeave is a
DataWeaveScriptException. ASSUMED: that a name no script has is one, too, and its text.
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass, Method
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.signatures import Refusing, declare, system_class
from orgtwin.apex.types import Kind, Type

_SPACE = "DataWeave"
_RESOURCES = "dataweavescriptresource."


@dataclass(slots=True, eq=False)
class Script:
    """DataWeave.Script, or the class of one script."""

    name: str
    apex_type: Type

    def __str__(self) -> str:
        return self.apex_type.name


def _create(name: str | None) -> Script:
    if name is None:
        raise argument_null("scriptName")
    found = _find_script(name)
    if found is None:
        raise throw("DataWeaveScriptException", f"DataWeave script not found: {name}")
    return Script(found, SCRIPT.type)


def _find_script(name: str) -> str | None:
    scripts = context.engine().port.components("DataWeaveResource")
    return next((one.full_name for one in scripts if one.full_name.lower() == name.lower()), None)


declare("Result", namespace=_SPACE)
SCRIPT = system_class(
    "Script",
    {
        "static DataWeave.Script createScript(String)": _create,
        "static DataWeave.Script createScript(String,String)": Refusing(
            "DataWeave.Script.createScript", "a script of another namespace"
        ),
        "DataWeave.Result execute()": Refusing("DataWeave.Script.execute"),
        "DataWeave.Result execute(Map<String,Object>)": Refusing("DataWeave.Script.execute"),
    },
    namespace=_SPACE,
)


def is_script_class(name: str) -> bool:
    """Whether a name is that of a script's class, if there is such a script."""
    return name.lower().startswith(_RESOURCES)


def find_script_type(name: str) -> Type | None:
    """The type of a script's class: DataWeaveScriptResource.Name."""
    found = _find_script(name[len(_RESOURCES) :])
    if found is None:
        return None
    cls = ApexClass(found, namespace=_RESOURCES.removesuffix("."), superclass=SCRIPT)
    cls.type.kind, cls.type.name = Kind.SYSTEM, f"DataWeaveScriptResource.{found}"
    cls.constructors.append(Method(cls, found, (), cls.type, lambda: Script(found, cls.type), static=True))
    return cls.type
