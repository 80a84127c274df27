"""Flow.Interview: autolaunched flows that Apex starts, by name or as `new Flow.Interview.My_Flow(inputs)`.

Source: "Interview Class" (Apex Reference Guide). Names of variables are compared with case, as flows do. ASSUMED: the texts of the
exceptions; a flow that is not there, or not active, or not autolaunched, is a TypeException when its interview is made; a variable
that is not there is null; a flow's own class is found when it runs, not when code that names it is compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import argument_null, throw
from orgtwin.apex.flow_actions import from_apex, to_apex
from orgtwin.apex.library.signatures import SYSTEM_CLASSES, declare, system_class
from orgtwin.apex.types import BOOLEAN, DATE, DATETIME, DECIMAL, SOBJECT, STRING, Type, list_of
from orgtwin.apex.values import ApexMap, Value
from orgtwin.flows.definition import Flow
from orgtwin.flows.interview import Fault, Interview, Refused
from orgtwin.metadata.xml import Node

_SPACE = "Flow.Interview"
_TYPES: Mapping[str, Type] = {
    "Boolean": BOOLEAN,
    "Currency": DECIMAL,
    "Date": DATE,
    "DateTime": DATETIME,
    "Number": DECIMAL,
}
_INTERVIEW = declare("Interview", namespace="Flow")


@dataclass(slots=True, eq=False)
class FlowInterview:
    """One interview; `run` once it was started."""

    flow: Flow
    inputs: Mapping[str, Value] = field(default_factory=dict)
    run: Interview | None = None
    apex_type: Type = field(default_factory=lambda: _INTERVIEW.type)


def find_flow_class(key: str, name: str) -> ApexClass | None:
    """The class that stands for one flow: Flow.Interview.My_Flow."""
    prefix = f"{_SPACE.lower()}."
    if not key.startswith(prefix):
        return None
    if key not in SYSTEM_CLASSES:
        shown = name[len(prefix) :]
        cls = declare(shown, namespace=_SPACE)
        make = {"(Map<String,Object>)": lambda inputs: _create(shown, inputs, cls.type)}
        system_class(shown, {}, namespace=_SPACE, constructors=make, extends=_INTERVIEW)
    return SYSTEM_CLASSES[key]


def _create(name: str | None, inputs: ApexMap | None, type_: Type | None = None) -> FlowInterview:
    if name is None:
        raise argument_null("flowName")
    flow = context.engine().port.find_flow(name)
    if flow is None:
        raise throw("TypeException", f"Invalid type: {_SPACE}.{name}")
    made = FlowInterview(flow, dict(inputs.items) if inputs is not None else {})
    made.apex_type = type_ or _INTERVIEW.type
    return made


def variables_of(flow: Flow, flag: str) -> Mapping[str, Node]:
    """The variables that are open for input, or for output."""
    return {name: node for name, (kind, node) in flow.resources.items() if kind == "variables" and node.flag(flag)}


def start(flow: Flow, inputs: Mapping[str, Value]) -> Interview:
    """Run a flow; values for what is no input of it are passed over. Raises Fault, Refused."""
    known = variables_of(flow, "isInput")
    return context.engine().port.launch_flow(flow, {k: from_apex(v) for k, v in inputs.items() if k in known})


def _start(this: FlowInterview) -> None:
    try:
        this.run = start(this.flow, this.inputs)
    except (Fault, Refused) as error:
        raise throw("FlowException", f"An error occurred in the flow {this.flow.name}: {error}") from error


def value_of(run: Interview, node: Node, name: str) -> Value:
    """A variable of an interview as Apex has it."""
    return to_apex(context.engine(), run.reference(name), _type_of(node))


def _type_of(node: Node) -> Type:
    if node.value("dataType") == "SObject":
        one = context.engine().find_sobject_type(node.value("objectType") or "") or SOBJECT
    else:
        one = _TYPES.get(node.value("dataType") or "", STRING)
    return list_of(one) if node.flag("isCollection") else one


def _variable(this: FlowInterview, name: str | None) -> Value:
    _kind, node = this.flow.resources.get(name or "", ("", None))
    if node is None or name is None:
        return None
    return this.inputs.get(name) if this.run is None else value_of(this.run, node, name)


system_class(
    "Interview",
    {
        "static Flow.Interview createInterview(String,Map<String,Object>)": _create,
        "static Flow.Interview createInterview(String,String,Map<String,Object>)": lambda _space, name, inputs: _create(
            name, inputs
        ),
        "void start()": _start,
        "Object getVariableValue(String)": _variable,
    },
    namespace="Flow",
)
