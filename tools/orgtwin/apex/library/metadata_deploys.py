"""Metadata: the components and results of a deploy from Apex, as values. A deploy itself is refused by name.

Source: the class pages of the Metadata namespace (Apex Reference Guide), "Metadata" (Apex Developer Guide): a
test makes the results itself and calls its callback with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orgtwin.apex import context
from orgtwin.apex.classes import ApexClass
from orgtwin.apex.faults import throw
from orgtwin.apex.library.objects import STATUS_CODES
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import declare, system_class, system_enum, system_interface, type_of
from orgtwin.apex.values import ApexList, Instance, Value

_SPACE = "Metadata"
system_enum(
    "DeployStatus",
    "Pending InProgress Succeeded SucceededPartial Failed Canceling Canceled FinalizingDeploy FinalizingDeployFailed",
    namespace=_SPACE,
)
system_enum("DeployProblemType", "Warning Error Info", namespace=_SPACE)
system_enum("MetadataType", "CustomMetadata Layout", namespace=_SPACE)
system_enum("StatusCode", STATUS_CODES, namespace=_SPACE)

_VALUES: Mapping[str, Mapping[str, str]] = {
    "Metadata": {"fullName": "String"},
    "CustomMetadataValue": {"field": "String", "value": "Object"},
    "DeployMessage": {
        **dict.fromkeys(("changed", "created", "deleted", "success"), "Boolean"),
        **dict.fromkeys(("componentType", "fileName", "fullName", "id", "problem"), "String"),
        **dict.fromkeys(("columnNumber", "lineNumber"), "Integer"),
        "createdDate": "Datetime",
        "problemType": "Metadata.DeployProblemType",
    },
    "DeployDetails": {
        "componentFailures": "List<Metadata.DeployMessage>",
        "componentSuccesses": "List<Metadata.DeployMessage>",
    },
    "DeployResult": {
        **dict.fromkeys(("checkOnly", "done", "ignoreWarnings", "rollbackOnError", "runTestsEnabled", "success"), "Boolean"),
        **dict.fromkeys(("completedDate", "createdDate", "lastModifiedDate", "startDate"), "Datetime"),
        **dict.fromkeys(
            ("numberComponentErrors", "numberComponentsDeployed", "numberComponentsTotal", "numberTestErrors"), "Integer"
        ),
        **dict.fromkeys(("numberTestsCompleted", "numberTestsTotal"), "Integer"),
        **dict.fromkeys(("canceledBy", "canceledByName", "createdBy", "createdByName", "errorMessage", "id"), "String"),
        "stateDetail": "String",
        "details": "Metadata.DeployDetails",
        "errorStatusCode": "Metadata.StatusCode",
        "messages": "List<Metadata.DeployMessage>",
        "status": "Metadata.DeployStatus",
    },
}  # fmt: skip


MAKERS: dict[ApexClass, Callable[[], Properties]] = {}
"""What makes an empty value of each class; JSON makes them too (ASSUMED, from public tests)."""


def _value_class(name: str, fields: Mapping[str, str], extends: ApexClass | None = None) -> ApexClass:
    """A class of public properties; those that are lists start empty."""
    cls = declare(name, namespace=_SPACE)
    lists = {field.lower(): type_name for field, type_name in fields.items() if type_name.startswith("List<")}

    def make() -> Properties:
        made = Properties(cls.type)
        made.values.update({key: ApexList(type_of(type_name), []) for key, type_name in lists.items()})
        return made

    MAKERS[cls] = make
    system_class(name, {}, namespace=_SPACE, constructors={"()": make}, extends=extends)
    for field, type_name in fields.items():
        add_property(cls, field, type_of(type_name))
    return cls


for _name, _fields in _VALUES.items():
    _value_class(_name, _fields)
_value_class(
    "CustomMetadata",
    {
        "description": "String",
        "label": "String",
        "protected_x": "Boolean",
        "values": "List<Metadata.CustomMetadataValue>",
    },
    extends=declare("Metadata", namespace=_SPACE),
)


class Container:
    """What a deploy takes."""

    def __init__(self) -> None:
        self.apex_type = declare("DeployContainer", namespace=_SPACE).type
        self.components: list[Properties] = []


def _remove_named(this: Container, name: str) -> bool:
    return _remove(this, next((c for c in this.components if c.values.get("fullname") == name), None))


def _remove(this: Container, component: Properties | None) -> bool:
    found = component in this.components
    if component is not None and found:
        this.components.remove(component)
    return found


system_class(
    "DeployContainer",
    {
        "void addMetadata(Metadata.Metadata)": lambda this, component: this.components.append(component),
        "List<Metadata.Metadata> getMetadata()": lambda this: ApexList(
            type_of("List<Metadata.Metadata>"), list(this.components)
        ),
        "Boolean removeMetadata(Metadata.Metadata)": _remove,
        "Boolean removeMetadataByFullName(String)": _remove_named,
    },
    namespace=_SPACE,
    constructors={"()": Container},
)


def _deploy(*_: Value) -> Value:
    """ASSUMED: the text; that a test may not deploy is documented."""
    engine = context.engine()
    if engine.is_testing:
        raise throw("AsyncException", "Metadata cannot be deployed from within a test")
    engine.refuse("apex.Metadata.Operations.enqueueDeployment", "Metadata.Operations.enqueueDeployment in Apex")
    return None


def _retrieve(*_: Value) -> Value:
    context.engine().refuse("apex.Metadata.Operations.retrieve", "Metadata.Operations.retrieve in Apex")
    return None


system_interface(
    "DeployCallback", "void handleResult(Metadata.DeployResult,Metadata.DeployCallbackContext)", namespace=_SPACE
)
CALLBACK_CONTEXT = declare("DeployCallbackContext", namespace=_SPACE)
CALLBACK_CONTEXT.virtual = True


def _new_context(made: Instance | None = None) -> Instance:
    """A test makes one, or a class that extends it."""
    return made or Instance(CALLBACK_CONTEXT)


system_class(
    "DeployCallbackContext",
    {"Id getCallbackJobId()": lambda this: None},
    namespace=_SPACE,
    constructors={"()": _new_context},
)
system_class(
    "Operations",
    {
        "static Id enqueueDeployment(Metadata.DeployContainer,Metadata.DeployCallback)": _deploy,
        "static List<Metadata.Metadata> retrieve(Metadata.MetadataType,List<String>)": _retrieve,
    },
    namespace=_SPACE,
)
