"""What happens around an agreement: lifecycle, requests from Salesforce, approvals, renewal and notice."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from clmkit.mapping.document.conditions import ConditionBlock, FieldPath
from clmkit.mapping.document.words import ApiName, Block, Label, Name, Path, Period, Text
from clmkit.mapping.model import Hit


class StateBlock(Block, frozen=True, kw_only=True):
    """One lifecycle state on both sides."""

    clm: Annotated[str, Meta(min_length=1, description="The CLM's stage.")]
    status: Annotated[str, Meta(min_length=1, max_length=255, description="The Salesforce status value.")]
    category: Annotated[
        Literal["Draft", "InApproval", "Activated"],
        Meta(
            description="Salesforce's StatusCode. There is no Terminated or Expired category: those are statuses of Activated."
        ),
    ]
    description: Annotated[Text, Meta(description="What an agreement in this state is.")] | UnsetType = UNSET


class LifecycleBlock(Block, frozen=True, kw_only=True):
    """The state machine, the same on both sides."""

    clm: Annotated[Path, Meta(description="Path of the CLM's stage.")]
    field: Annotated[ApiName, Meta(description="The Salesforce field that holds the status.")]
    states: Annotated[dict[Name, StateBlock], Meta(min_length=2, description="Every CLM stage, once.")]
    moves: Annotated[
        dict[Name, list[Name]],
        Meta(description="From each state, the states it may go to. A state that is absent is final."),
    ]
    frozen_after: Annotated[
        dict[Name, list[Name]],
        Meta(description="From this state on (and in every state that follows) these fields no longer change."),
    ] = msgspec.field(default_factory=dict)
    stages: Annotated[
        list[Annotated[str, Meta(min_length=1)]],
        Meta(
            description="Every stage that the CLM can send; lint checks that each has a state and no state has another."
        ),
    ] = msgspec.field(default_factory=list)
    old_statuses: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=255)], Name],
        Meta(description="Statuses that old records still hold, and the state each of them means."),
    ] = msgspec.field(default_factory=dict)


class EventBlock(Block, frozen=True, kw_only=True):
    """The event that starts a request: a field of a record becomes one of some values."""

    object: Annotated[ApiName, Meta(description="The Salesforce object: Opportunity.")]
    field: Annotated[ApiName, Meta(description="The field that changes: StageName.")]
    becomes: Annotated[
        Annotated[list[Annotated[str, Meta(min_length=1, max_length=255)]], Meta(min_length=1)],
        Meta(description="Its new value is one of these."),
    ]


class RequestBlock(Block, frozen=True, kw_only=True):
    """What makes Salesforce ask the CLM for an agreement."""

    event: Annotated[EventBlock, Meta(description="The event.")]
    where: Annotated[
        list[ConditionBlock], Meta(description="Conditions on the same record that hold as well: thresholds, kinds.")
    ] = msgspec.field(default_factory=list)
    contract_type: Annotated[Label, Meta(description="The type of agreement that is asked for.")]
    prefill: Annotated[
        Annotated[dict[Path, FieldPath], Meta(min_length=1)],
        Meta(description="CLM path: field of the record, or of its parent (Account.CLM_Party_Id__c)."),
    ]
    needs: Annotated[
        list[Path], Meta(description="Paths of `prefill` without which the request is refused, with their names.")
    ] = msgspec.field(default_factory=list)
    description: Annotated[Text, Meta(description="Why.")] | UnsetType = UNSET


class FactBlock(Block, frozen=True, kw_only=True):
    """Something that the matrix looks at: a number, an amount of money, or one of some values."""

    clm: Annotated[Path, Meta(description="CLM path, from the agreement.")]
    one_of: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=80)]],
        Meta(description="Every value it can have; absent for a number."),
    ] = msgspec.field(default_factory=list)
    currency: (
        Annotated[
            Annotated[str, Meta(pattern=r"^[A-Z]{3}$")],
            Meta(description="Its thresholds are amounts in this currency."),
        ]
        | UnsetType
    ) = UNSET


class RangeBlock(Block, frozen=True, kw_only=True):
    """Numbers from a threshold on, below another."""

    at_least: Annotated[int, Meta(description="The smallest number that is in it.")] | UnsetType = UNSET
    below: Annotated[int, Meta(description="The first number that is not.")] | UnsetType = UNSET


class ApprovalRowBlock(Block, frozen=True, kw_only=True):
    """One row of the matrix."""

    when: Annotated[
        dict[Name, list[Annotated[str, Meta(min_length=1, max_length=80)]] | RangeBlock],
        Meta(description="Fact: values, or a range. A fact that is absent may be anything."),
    ] = msgspec.field(default_factory=dict)
    approvers: Annotated[
        Annotated[list[Name], Meta(min_length=1)], Meta(description="Names in `stewards`, in the order of their turn.")
    ]
    within: Annotated[Period, Meta(description="How long they have.")] | UnsetType = UNSET


class ApprovalsBlock(Block, frozen=True, kw_only=True):
    """The approval matrix: total, without overlap or read from the top, and without a row that nobody reaches."""

    state: Annotated[Name, Meta(description="The lifecycle state in which people approve.")]
    hit: Annotated[Hit, Meta(description="only: rows may not overlap. first: the first row that fits counts.")] = (
        Hit.ONLY
    )
    facts: Annotated[Annotated[dict[Name, FactBlock], Meta(min_length=1)], Meta(description="What rows look at.")]
    rows: Annotated[Annotated[dict[Name, ApprovalRowBlock], Meta(min_length=1)], Meta(description="The rows, by name.")]


class EscalationBlock(Block, frozen=True, kw_only=True):
    """What happens when nobody answers a reminder."""

    after: Annotated[Period, Meta(description="How long it may stay unanswered.")]
    to: Annotated[Name, Meta(description="A name in `stewards`.")]


class RenewalOpportunityBlock(Block, frozen=True, kw_only=True):
    """The opportunity that is made before an agreement ends."""

    before: Annotated[Period, Meta(description="How long before the end.")]
    stage: Annotated[Label, Meta(description="Its stage.")]


class RenewalBlock(Block, frozen=True, kw_only=True):
    """Reminders before the last day for notice, and the renewal opportunity. Fields are those of the header object."""

    end: Annotated[Name, Meta(description="The date field on which the agreement ends.")]
    kind: Annotated[Name, Meta(description="The field that says how it renews.")] | UnsetType = UNSET
    automatic: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=255)]],
        Meta(description="Picklist values of `kind` that renew unless somebody gives notice."),
    ] = msgspec.field(default_factory=list)
    notice: Annotated[Name, Meta(description="The number field of the notice period.")] | UnsetType = UNSET
    notice_unit: Annotated[Name, Meta(description="The picklist field of its unit: days or months.")] | UnsetType = (
        UNSET
    )
    given: (
        Annotated[
            Name,
            Meta(
                description="The field that says that notice was given: a roll-up that counts notices, a checkbox or a date."
                " From then on nobody is reminded, and no opportunity is made."
            ),
        ]
        | UnsetType
    ) = UNSET
    remind: Annotated[
        Annotated[list[Annotated[int, Meta(ge=1, le=730)]], Meta(min_length=1, max_length=5)],
        Meta(description="Days before the last day for notice (before the end when there is no notice)."),
    ]
    steward: Annotated[Name, Meta(description="Who gets the task.")]
    escalate: Annotated[EscalationBlock, Meta(description="When nobody answers.")] | UnsetType = UNSET
    opportunity: Annotated[RenewalOpportunityBlock, Meta(description="The renewal opportunity.")] | UnsetType = UNSET
