"""Metadata.Operations: components that Apex retrieves, and deploys after its transaction.

Source: "Metadata", "Retrieving and Deploying Metadata", "Testing Metadata Deployments" (Apex Developer Guide), "Operations Class",
"DeployCallback Interface" (Apex Reference Guide): retrieving is synchronous and gives the components that match; a deploy is
queued, creates and updates, deletes nothing, and calls its callback as asynchronous Apex. A test makes the results itself and calls
its callback with them. ASSUMED: what says that a test may not deploy; that the callback is a job of type Queueable in AsyncApexJob;
that who deploys needs what the Metadata API asks of a caller, and that an AsyncException says so.
"""

from __future__ import annotations

from orgtwin.apex import context
from orgtwin.apex.faults import throw
from orgtwin.apex.job_state import kept
from orgtwin.apex.library.jobs import enqueue_callback
from orgtwin.apex.library.json import from_plain
from orgtwin.apex.library.metadata_values import SPACE, component_of, element_of
from orgtwin.apex.library.properties import Properties
from orgtwin.apex.library.signatures import declare, system_class, system_interface, type_of
from orgtwin.apex.values import ApexList, EnumConstant, Id, Instance, Value
from orgtwin.errors import SalesforceError
from orgtwin.metadata.results import deploy_result

_RESULT = "Metadata.DeployResult"


class Container:
    """What a deploy takes."""

    def __init__(self) -> None:
        self.apex_type = declare("DeployContainer", namespace=SPACE).type
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
    namespace=SPACE,
    constructors={"()": Container},
)


def _retrieve(kind: EnumConstant, names: ApexList) -> ApexList:
    port = context.engine().port
    found = [(str(name), port.find_component(kind.name, str(name))) for name in names.items]
    components = [component_of(kind.name, name, one.body) for name, one in found if one is not None]
    return ApexList(type_of("List<Metadata.Metadata>"), components)


def _deploy(container: Container, callback: Value) -> Value:
    """Queue a deploy; its id is that of the Metadata API's deploy."""
    engine = context.engine()
    if engine.is_testing:
        raise throw("AsyncException", "Metadata cannot be deployed from within a test")
    elements = [(str(one.values.get("fullname") or ""), element_of(one)) for one in container.components]
    deploy_id = _new_deploy()
    waiting = kept(callback) if callback is not None else None
    name = waiting.cls.name if waiting is not None else _RESULT

    def run(job_id: Id) -> tuple[Value, str, tuple[Value, ...]] | None:
        """Deploy; what is to be called then."""
        job = engine.port.deploy(deploy_id, elements)
        told = Properties(CALLBACK_CONTEXT.type)
        told.values["jobid"] = job_id
        result = from_plain(deploy_result(job, include_details=True), type_of(_RESULT), strict=False)
        return None if waiting is None else (waiting, "handleResult", (result, told))

    enqueue_callback(engine, name, run)
    return Id(deploy_id)


def _new_deploy() -> str:
    try:
        return context.engine().port.new_deploy()
    except SalesforceError as error:
        raise throw("AsyncException", error.message) from error


system_interface(
    "DeployCallback", "void handleResult(Metadata.DeployResult,Metadata.DeployCallbackContext)", namespace=SPACE
)
CALLBACK_CONTEXT = declare("DeployCallbackContext", namespace=SPACE)
CALLBACK_CONTEXT.virtual = True


def _new_context(made: Instance | None = None) -> Instance:
    """A test makes one, or a class that extends it."""
    return made or Instance(CALLBACK_CONTEXT)


system_class(
    "DeployCallbackContext",
    {"Id getCallbackJobId()": lambda this: this.values["jobid"] if isinstance(this, Properties) else None},
    namespace=SPACE,
    constructors={"()": _new_context},
)
system_class(
    "Operations",
    {
        "static Id enqueueDeployment(Metadata.DeployContainer,Metadata.DeployCallback)": _deploy,
        "static List<Metadata.Metadata> retrieve(Metadata.MetadataType,List<String>)": _retrieve,
    },
    namespace=SPACE,
)
