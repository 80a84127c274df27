"""Invocable.Action: Apex and flows called as actions; results as a test makes them. Standard actions are refused by name.

Source: "Action Class", "Action.Result Class", "Action.Error Class" (Apex Reference Guide). ASSUMED: results and errors are made
from JSON by the names of their getters, as code under test makes them; a parameter set before any invocation opens one; the codes
of errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.faults import ApexThrow, Uncatchable
from orgtwin.apex.flow_actions import call_with_values
from orgtwin.apex.library.flow_interviews import start, value_of, variables_of
from orgtwin.apex.library.json import untyped
from orgtwin.apex.library.json_results import READERS, WRITERS, Plain
from orgtwin.apex.library.signatures import declare, system_class, type_of
from orgtwin.apex.types import Type
from orgtwin.apex.values import ApexList, ApexMap, Value
from orgtwin.flows.interview import Fault, Refused

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


class ActionError(Outcome):
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


def _invoke(this: Action) -> ApexList:
    """One result for each invocation."""
    call = _CALLS.get((this.type or "").lower())
    if call is None:
        shown = " ".join(part for part in (this.type, this.namespace, this.name) if part)
        context.engine().refuse("apex.Invocable.Action.invoke", f"Invocable.Action.invoke of {shown} in Apex")
        raise AssertionError("refuse() always raises")
    given = [dict(one.items) for one in this.invocations or [ApexMap(_PARAMETERS)]]
    try:
        found = call(this.name or "", given)
        results = [_result(this, inputs, outputs) for inputs, outputs in zip(given, found, strict=True)]
    except (Fault, Refused, ApexThrow) as error:
        if isinstance(error, Uncatchable):
            raise
        results = [_result(this, inputs, {}, str(error)) for inputs in given]
    return ApexList(type_of("List<Invocable.Action.Result>"), list(results))


def _call_flow(name: str, given: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    flow = context.engine().port.find_flow(name)
    if flow is None:
        raise Fault(f"the flow {name} is not there, or cannot be started by name")
    outputs = variables_of(flow, "isOutput")
    found: list[Mapping[str, Value]] = []
    for inputs in given:
        run = start(flow, inputs)
        found.append({one: value_of(run, node, one) for one, node in outputs.items()})
    return found


def _call_class(name: str, given: Sequence[Mapping[str, Value]]) -> list[Mapping[str, Value]]:
    return call_with_values(context.engine(), name, given)


_CALLS: Mapping[str, Callable[[str, Sequence[Mapping[str, Value]]], list[Mapping[str, Value]]]] = {
    "apex": _call_class,
    "flow": _call_flow,
}
_PARAMETERS = type_of("Map<String,Object>")


def _result(
    action: Action, inputs: Mapping[str, Value], outputs: Mapping[str, Value], message: str | None = None
) -> Outcome:
    errors = [] if message is None else [ActionError("Error", {"code": "UNKNOWN_EXCEPTION", "message": message})]
    values: dict[str, Value] = {"success": message is None, "action": action}
    values["errors"] = ApexList(type_of("List<Invocable.Action.Error>"), list(errors))
    values["invocationParameters"] = ApexMap(_PARAMETERS, dict(inputs))
    values["outputParameters"] = ApexMap(_PARAMETERS, dict(outputs))
    return Outcome("Result", values)


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


def _error_from(plain: Plain) -> ActionError:
    return ActionError("Error", {name: plain.get(name) for name in ("code", "message")})


def _result_from(plain: Plain) -> Outcome:
    errors = [_error_from(error) for error in plain.get("errors") or ()]
    values: dict[str, Value] = {"success": bool(plain.get("success"))}
    values["errors"] = ApexList(type_of("List<Invocable.Action.Error>"), list(errors))
    for name in ("invocationParameters", "outputParameters"):
        values[name] = untyped(plain.get(name) or {})
    return Outcome("Result", values)


WRITERS[ActionError] = lambda error: error.values
READERS["invocable.action.error"] = _error_from
READERS["invocable.action.result"] = _result_from
