"""FeatureManagement: custom permissions of the user, feature parameters of the package that the project is.

Source: "FeatureManagement Class" (Apex Reference Guide), "FeatureParameterBoolean" and its kin (Metadata API Developer Guide). A
parameter starts with the value that was deployed with it. What a test sets ends with the test; outside of one nothing is set, since
the values then travel to the License Management App. ASSUMED: the text for a name that no parameter has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from orgtwin.apex import context
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.library.signatures import system_class
from orgtwin.apex.values import Value

_KINDS: Mapping[str, Callable[[str], Value]] = {
    "Boolean": lambda text: text == "true",
    "Date": date.fromisoformat,
    "Integer": int,
}
_STATE = "feature parameters"


def _known(kind: str, name: str | None) -> tuple[str, Value]:
    """The parameter's name as it was deployed, and its first value. Raises NoDataFoundException."""
    if name is None:
        raise argument_null("apiName")
    for component in context.engine().port.components(f"FeatureParameter{kind}"):
        if component.full_name.lower() == name.lower():
            text = component.body.value("value")
            return component.full_name, None if text is None else _KINDS[kind](text)
    raise throw("NoDataFoundException", f"Feature parameter {name} of type {kind} does not exist")


def _checker(kind: str) -> Callable[[str | None], Value]:
    def check(name: str | None) -> Value:
        full_name, value = _known(kind, name)
        return context.engine().test_state.get(_STATE, {}).get(full_name, value)

    return check


def _setter(kind: str) -> Callable[[str | None, Value], None]:
    def set_value(name: str | None, value: Value) -> None:
        engine = context.engine()
        full_name, _ = _known(kind, name)
        if not engine.is_testing:
            shown = f"System.FeatureManagement.setPackage{kind}Value"
            engine.refuse(f"apex.{shown}", f"{shown} outside of a test in Apex")
        engine.transaction.usage.charge("DMLStatements")
        engine.test_state.setdefault(_STATE, {})[full_name] = value

    return set_value


system_class(
    "FeatureManagement",
    {
        "static Boolean checkPermission(String)": lambda name: context.engine().port.has_permission(name),
        **{f"static {kind} checkPackage{kind}Value(String)": _checker(kind) for kind in _KINDS},
        **{f"static void setPackage{kind}Value(String,{kind})": _setter(kind) for kind in _KINDS},
    },
)
