"""A Flow component as data. Source: "Flow" (Metadata API Developer Guide)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from orgtwin.metadata.component import Component
from orgtwin.metadata.xml import Node

ELEMENTS = (
    *("assignments", "decisions", "recordLookups", "recordUpdates", "recordCreates", "recordDeletes", "loops"),
    *("customErrors", "actionCalls", "subflows"),
)
RESOURCES = ("variables", "constants", "formulas", "textTemplates")
_SETTINGS = frozenset(
    (
        *(
            "apiVersion",
            "areMetricsLoggedToDataCloud",
            "description",
            "environments",
            "fullName",
            "interviewLabel",
            "label",
        ),
        *(
            "isAdditionalPermissionRequiredToRun",
            "isOverridable",
            "isTemplate",
            "migratedFromWorkflowRuleName",
            "processType",
        ),
        *(
            "processMetadataValues",
            "runInMode",
            "segment",
            "sourceTemplate",
            "start",
            "startElementReference",
            "status",
        ),
        "timeZoneSidKey",
        *("triggerOrder", "customProperties", "overriddenFlow"),
    )
)
_UNITS = {"Minutes": timedelta(minutes=1), "Hours": timedelta(hours=1), "Days": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Path:
    """A scheduled path. `field` is the record's date it counts from; None counts from the save."""

    name: str
    target: str
    field: str | None
    offset: timedelta
    at_once: bool


@dataclass(frozen=True, slots=True)
class Flow:
    """One active flow. `events` are insert, update, delete; none of a flow that is launched by name. `elements` are (kind, node)
    by name."""

    name: str
    label: str
    sobject_type: str
    before_save: bool
    events: frozenset[str]
    order: int
    start: Node
    target: str | None
    paths: tuple[Path, ...]
    elements: Mapping[str, tuple[str, Node]]
    resources: Mapping[str, tuple[str, Node]]
    unknown: tuple[str, ...]
    is_orchestration: bool = False

    @property
    def only_on_change(self) -> bool:
        """Runs only when an update makes a record meet the entry conditions that it did not meet before."""
        return self.start.flag("doesRequireRecordChangedToMeetCriteria")


_EVENTS = {
    "Create": frozenset(("insert",)),
    "Update": frozenset(("update",)),
    "CreateAndUpdate": frozenset(("insert", "update")),
    "Delete": frozenset(("delete",)),
}
_NO_ORDER = 2_001  # flows without a trigger order run after those that have one: 1 to 2,000


def find_flow(component: Component) -> Flow | None:
    """The flow of a component if it is active and a record's save starts it."""
    body = component.body
    start = body.find("start")
    moment = start.value("triggerType") if start is not None else None
    if (
        start is None
        or body.value("status") != "Active"
        or moment
        not in (
            "RecordBeforeSave",
            "RecordAfterSave",
            "RecordBeforeDelete",
        )
    ):
        return None
    events = _EVENTS["Delete" if moment == "RecordBeforeDelete" else start.value("recordTriggerType") or "Create"]
    return _flow(component, start, target_of(start), events)


def find_heard(component: Component) -> Flow | None:
    """The flow of a component if it is active and a platform event starts it: "Platform Event-Triggered Flow" (Salesforce Help)."""
    start = component.body.find("start")
    is_active = component.body.value("status") == "Active"
    if start is None or not is_active or start.value("triggerType") != "PlatformEvent":
        return None
    return _flow(component, start, target_of(start), frozenset())


def find_launched(component: Component) -> Flow | None:
    """The flow of a component if it is active and Apex may start it by name: an autolaunched flow without a trigger."""
    body = component.body
    start = body.find("start")
    is_started = start is not None and start.value("triggerType") is not None
    if body.value("status") != "Active" or body.value("processType") != "AutoLaunchedFlow" or is_started:
        return None
    target = target_of(start) if start is not None else body.value("startElementReference")
    return _flow(component, start or body, target, frozenset())


def _flow(component: Component, start: Node, target: str | None, events: frozenset[str]) -> Flow:
    body = component.body
    return Flow(
        component.full_name,
        body.value("label") or component.full_name,
        start.value("object") or "",
        start.value("triggerType") != "RecordAfterSave",
        events,
        body.number("triggerOrder") or _NO_ORDER,
        start,
        target,
        tuple(_path(node) for node in start.all("scheduledPaths")),
        {node.value("name") or "": (node.tag, node) for node in body.children if node.tag in ELEMENTS},
        {node.value("name") or "": (node.tag, node) for node in body.children if node.tag in RESOURCES},
        tuple(sorted({c.tag for c in body.children} - {*ELEMENTS, *RESOURCES, *_SETTINGS})),
        body.value("processType") == "Orchestrator",
    )


def outputs_of(flow: Flow) -> list[str]:
    """The variables that are open for output."""
    return [name for name, (kind, node) in flow.resources.items() if kind == "variables" and node.flag("isOutput")]


def target_of(node: Node, connector: str = "connector") -> str | None:
    """The name of the element that a connector leads to."""
    found = node.find(connector)
    return None if found is None else found.value("targetReference")


def _path(node: Node) -> Path:
    unit = _UNITS.get(node.value("offsetUnit") or "", timedelta())
    return Path(
        node.value("name") or node.value("label") or "",
        target_of(node) or "",
        node.value("recordField") if node.value("timeSource") == "RecordField" else None,
        unit * (node.number("offsetNumber") or 0),
        node.value("pathType") == "AsyncAfterCommit",
    )
