"""What happens around an agreement: requests from Salesforce, approvals, renewal and notice."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from clmkit.mapping.model.fields import Condition
from clmkit.mapping.model.words import Hit


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What makes Salesforce ask the CLM for an agreement: a record whose field becomes one of some values."""

    name: str
    sobject: str  # Opportunity
    field: str  # StageName
    becomes: tuple[str, ...]
    where: tuple[Condition, ...]  # all must hold as well
    contract_type: str
    prefill: tuple[tuple[str, str], ...]  # CLM path -> field of the record, or of a parent: Account.CLM_Party_Id__c
    needs: tuple[str, ...]  # fields of `prefill` that must be filled, else the request is refused with their names
    description: str


class ApprovalFact(msgspec.Struct, frozen=True, kw_only=True):
    """What the matrix looks at: an amount of money or a number, or one of some values."""

    name: str
    clm: str  # CLM path, from the agreement
    values: tuple[str, ...]  # empty for a number
    currency: str  # "" for a plain number


class Range(msgspec.Struct, frozen=True, kw_only=True):
    """Half-open numbers: at_least <= x < below. None: no bound."""

    at_least: int | None = None
    below: int | None = None

    def holds(self, number: Decimal) -> bool:
        return (self.at_least is None or number >= self.at_least) and (self.below is None or number < self.below)


class ApprovalRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who approves when every condition holds. A fact without a condition may be anything."""

    name: str
    ranges: tuple[tuple[str, Range], ...]  # fact name -> numbers
    values: tuple[tuple[str, tuple[str, ...]], ...]  # fact name -> values
    approvers: tuple[str, ...]  # names in Spec.stewards, in the order of their turn
    within_hours: int  # 0: no deadline


class ApprovalMatrix(msgspec.Struct, frozen=True, kw_only=True):
    """The decision table of approvals; `clmkit.mapping.approvals` reads it."""

    state: str  # the lifecycle state in which people approve
    hit: Hit
    facts: tuple[ApprovalFact, ...]
    rows: tuple[ApprovalRow, ...]


class RenewalRule(msgspec.Struct, frozen=True, kw_only=True):
    """Reminders and the renewal opportunity. Fields are names of the header's fields in the spec; "" when there is none."""

    end: str
    kind: str
    automatic: tuple[str, ...]  # picklist values of `kind` that renew unless somebody gives notice
    notice: str
    notice_unit: str
    remind_days: tuple[int, ...]  # before the last day for notice, or before the end; descending
    steward: str  # who gets the reminder's task
    escalate_days: int  # after an unanswered reminder; 0: never
    escalate_to: str
    opportunity_days: int  # before the end, when the renewal opportunity is made; 0: none
    opportunity_stage: str
    given: str = ""  # says that notice was given: from then on nobody is reminded and nothing is renewed
