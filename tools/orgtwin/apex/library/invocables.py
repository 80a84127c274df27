"""Invocable.Action: what an action is asked to do, and results as a test makes them. Calling one is refused by name.

Source: "Action Class", "Action.Result Class", "Action.Error Class" (Apex Reference Guide). ASSUMED: results and errors are made
from JSON by the names of their getters, as code under test makes them; a parameter set before any invocation opens one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.library.json import untyped
from orgtwin.apex.library.json_results import READERS, WRITERS, Plain
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, Value

_INNER = "Invocable.Action"


@dataclass(slots=True, eq=False)
class Action:
    """An action by type, namespace and name; a standard one has a type alone."""

    type: str | None
    namespace: str | None = None
    name: str | None = None
    invocations: list[ApexMap] = field(default_factory=list)

    @property
    def apex_type(self) -> Type:
        return declare("Action", namespace="Invocable").type


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An Action.Result or Action.Error: its values by name."""

    kind: str
    values: Plain

    @property
    def apex_type(self) -> Type:
        return declare(self.kind, namespace=_INNER).type

    def __str__(self) -> str:
        return f"{_INNER}.{self.kind}"


class Fault(Outcome):
    """An Action.Error, whose values JSON takes as they are."""


def _add_invocation(this: Action) -> Action:
    this.invocations.append(ApexMap(type_of("Map<String,Object>")))
    return this


def _clear_invocations(this: Action) -> Action:
    this.invocations.clear()
    return this


def _set_invocations(this: Action, given: ApexList) -> Action:
    this.invocations = list(given.items)
    return this


def _set_parameter(this: Action, name: str, value: Value) -> Action:
    if not this.invocations:
        _add_invocation(this)
    this.invocations[-1].items[name] = value
    return this


def _invoke(this: Action) -> Value:
    shown = " ".join(part for part in (this.type, this.namespace, this.name) if part)
    context.engine().refuse("apex.Invocable.Action.invoke", f"Invocable.Action.invoke of {shown} in Apex")
    raise AssertionError("refuse() always raises")


system_class(
    "Action",
    {
        "static Invocable.Action createCustomAction(String,String)": lambda kind, name: Action(kind, None, name),
        "static Invocable.Action createCustomAction(String,String,String)": Action,
        "static Invocable.Action createStandardAction(String)": Action,
        "Invocable.Action addInvocation()": _add_invocation,
        "Invocable.Action clearInvocations()": _clear_invocations,
        "Invocable.Action setInvocationParameter(String,Object)": _set_parameter,
        "Invocable.Action setInvocations(List<Map<String,Object>>)": _set_invocations,
        "List<Invocable.Action.Result> invoke()": _invoke,
        "Boolean isStandard()": lambda this: this.name is None,
        "String getName()": lambda this: this.name,
        "String getNamespace()": lambda this: this.namespace,
        "String getType()": lambda this: this.type,
    },
    namespace="Invocable",
)
system_class(
    "Error",
    {
        "String getCode()": lambda this: this.values.get("code"),
        "String getMessage()": lambda this: this.values.get("message"),
    },
    namespace=_INNER,
)
system_class(
    "Result",
    {
        "Boolean isSuccess()": lambda this: this.values.get("success"),
        "Invocable.Action getAction()": lambda this: this.values.get("action"),
        "List<Invocable.Action.Error> getErrors()": lambda this: this.values.get("errors"),
        "Map<String,Object> getInvocationParameters()": lambda this: this.values.get("invocationParameters"),
        "Map<String,Object> getOutputParameters()": lambda this: this.values.get("outputParameters"),
    },
    namespace=_INNER,
)


def _error_from(plain: Plain) -> Fault:
    return Fault("Error", {name: plain.get(name) for name in ("code", "message")})


def _result_from(plain: Plain) -> Outcome:
    errors = [_error_from(error) for error in plain.get("errors") or ()]
    values: dict[str, Value] = {"success": bool(plain.get("success"))}
    values["errors"] = ApexList(type_of("List<Invocable.Action.Error>"), list(errors))
    for name in ("invocationParameters", "outputParameters"):
        values[name] = untyped(plain.get(name) or {})
    return Outcome("Result", values)


WRITERS[Fault] = lambda error: error.values
READERS["invocable.action.error"] = _error_from
READERS["invocable.action.result"] = _result_from
