"""Approval processes as they were deployed.

Source: "ApprovalProcess", "Workflow" (Metadata API Developer Guide). What a process asks for and the twin does not do is refused by
name when a record is submitted: actions other than field updates, submitters by portal.
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.metadata.component import Component
from orgtwin.metadata.xml import Node
from orgtwin.workflow.definition import Criteria, Named, read_actions, read_criteria


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    name: str
    label: str
    criteria: Criteria
    otherwise: str
    approvers: tuple[Named, ...]
    unanimous: bool
    goes_back: bool
    approved: tuple[Named, ...]
    rejected: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class ApprovalProcess:
    """One active process of an object. `hierarchy` is the user field of its automated approver."""

    name: str
    sobject_type: str
    order: int
    submitters: tuple[Named, ...]
    criteria: Criteria
    steps: tuple[ApprovalStep, ...]
    hierarchy: str | None
    of_owner: bool
    approver_edits: bool
    allows_recall: bool
    locks_approved: bool
    locks_rejected: bool
    submitted: tuple[Named, ...]
    approved: tuple[Named, ...]
    rejected: tuple[Named, ...]
    recalled: tuple[Named, ...]


def read_process(component: Component) -> ApprovalProcess:
    body = component.body
    sobject_type, _, name = component.full_name.partition(".")
    automated = body.find("nextAutomatedApprover")
    return ApprovalProcess(
        name=name,
        sobject_type=sobject_type,
        order=body.number("processOrder") or 0,
        submitters=tuple(
            Named(n.value("type") or "", n.value("submitter") or "") for n in body.all("allowedSubmitters")
        ),
        criteria=read_criteria(body.find("entryCriteria")),
        steps=tuple(_step(node) for node in body.all("approvalStep")),
        hierarchy=automated.value("userHierarchyField") if automated is not None else None,
        of_owner=automated is not None and automated.flag("useApproverFieldOfRecordOwner"),
        approver_edits=body.value("recordEditability") == "AdminOrCurrentApprover",
        allows_recall=body.flag("allowRecall"),
        locks_approved=body.flag("finalApprovalRecordLock"),
        locks_rejected=body.flag("finalRejectionRecordLock"),
        submitted=_actions(body.find("initialSubmissionActions")),
        approved=_actions(body.find("finalApprovalActions")),
        rejected=_actions(body.find("finalRejectionActions")),
        recalled=_actions(body.find("recallActions")),
    )


def is_active(component: Component) -> bool:
    return component.body.flag("active")


def _step(node: Node) -> ApprovalStep:
    assigned, behavior = node.find("assignedApprover"), node.find("rejectBehavior")
    approvers = [] if assigned is None else list(assigned.all("approver"))
    return ApprovalStep(
        name=node.value("name") or "",
        label=node.value("label") or "",
        criteria=read_criteria(node.find("entryCriteria")),
        otherwise=node.value("ifCriteriaNotMet") or "ApproveRecord",
        approvers=tuple(Named(n.value("type") or "", n.value("name") or "") for n in approvers),
        unanimous=assigned is not None and assigned.value("whenMultipleApprovers") == "Unanimous",
        goes_back=behavior is not None and behavior.value("type") == "BackToPrevious",
        approved=_actions(node.find("approvalActions")),
        rejected=_actions(node.find("rejectionActions")),
    )


def _actions(node: Node | None) -> tuple[Named, ...]:
    return () if node is None else read_actions(node, "action")
